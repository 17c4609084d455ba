"""SIPp scenarios of a citizen who calls, waits, presses keys (SIP INFO) and hangs up."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Key:
    """A key is pressed."""

    key: str


@dataclass(frozen=True, slots=True)
class Pause:
    """Milliseconds: exactly `least`, or anything up to `most`."""

    least: int
    most: int = 0


Step = Key | Pause
_HEAD = """Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: "[field0]" <sip:[field1]@[local_ip]:[local_port]>;tag=[pid]c[call_number]
To: <sip:[field2]@[remote_ip]:[remote_port]>{tag}
Call-ID: [call_id]
CSeq: {number} {method}
Contact: <sip:c@[local_ip]:[local_port]>
Max-Forwards: 70
{kind}Content-Length: [len]

{body}"""
_OFFER = """v=0
o=u 1 1 IN IP4 [local_ip]
s=-
c=IN IP4 [local_ip]
t=0 0
m=audio [rtpstream_audio_port] RTP/AVP 8
a=rtpmap:8 PCMA/8000
"""
_DONE = '<recv response="481" optional="true" next="1"/><recv response="200"/>'
_OVER = '<label id="1"/><timewait milliseconds="500"/></scenario>'
"""What is asked after the PBX has hung up is answered 481: that call is over."""


def scenario(steps: tuple[Step, ...], sound: Path) -> str:
    """Return SIPp's XML: field0 to field2 are name, number and what is dialled.

    Args:
        steps: What is done between the answer and the hanging up.
        sound: A-law, said all the time.
    """
    parts = [
        '<?xml version="1.0" encoding="UTF-8"?><scenario name="citizen">',
        _send("INVITE", 1, _OFFER, "application/sdp", tag=""),
        '<recv response="100" optional="true"/><recv response="180" optional="true"/>',
        '<recv response="183" optional="true"/><recv response="200"/>',
        _send("ACK", 1).replace(' retrans="500"', ""),
        f'<nop><action><exec rtp_stream="{sound},-1,8"/></action></nop>',
    ]
    number = 1
    for step in steps:
        match step:
            case Pause(least, 0):
                parts.append(f'<pause milliseconds="{least}"/>')
            case Pause(least, most):
                parts.append(f'<pause distribution="uniform" min="{least}" max="{most}"/>')
            case Key(key):
                number += 1
                body = f"Signal={key}\nDuration=120\n"
                parts.append(_send("INFO", number, body, "application/dtmf-relay"))
                parts.append(_DONE)
    parts += [_send("BYE", number + 1), _DONE, _OVER]
    return "\n".join(parts)


def _send(method: str, number: int, body: str = "", kind: str = "", tag: str | None = None) -> str:
    head = _HEAD.format(
        tag="[peer_tag_param]" if tag is None else tag,
        number=number,
        method=method,
        kind=f"Content-Type: {kind}\n" if kind else "",
        body=body,
    )
    line = f"{method} sip:[field2]@[remote_ip]:[remote_port] SIP/2.0"
    return f'<send retrans="500"><![CDATA[\n{line}\n{head}\n]]></send>'

"""Bytes of a packet -> typed packet; pure.

The event's name is looked at first: a packet that nobody wants is never decoded.
Source: docs.asterisk.org, "AMI Events"; tried against Asterisk 22.10.1.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from telephony.ami.packets import (
    AgentCalled,
    BlindTransfer,
    BridgeEnter,
    BridgeLeave,
    DialBegin,
    DialEnd,
    Facts,
    Hangup,
    Hold,
    NewCallerid,
    Newchannel,
    Packet,
    QueueJoin,
    QueueLeave,
    Renamed,
    Touched,
    Unhold,
    UserEvent,
)
from telephony.ami.wire import name_of, unescape, value_of, variable_of
from tongdai.ids import HotlineId, Linkedid, TransferId, Uniqueid

Parser = Callable[[bytes, datetime], Packet | None]


def moment_of(packet: bytes) -> datetime | None:
    """Return the PBX's moment of a packet (aware, UTC), or None without a Timestamp header."""
    start = packet.find(b"\r\nTimestamp: ")
    if start < 0:
        return None
    end = packet.find(b"\r", start + 13)
    try:
        seconds = float(packet[start + 13 : end] if end > 0 else packet[start + 13 :])
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def uniqueid_moment(uniqueid: str) -> datetime | None:
    """Return when a channel was made: its uniqueid is `[system-]seconds.count`."""
    seconds = uniqueid.rpartition("-")[2].partition(".")[0]
    return datetime.fromtimestamp(int(seconds), UTC) if seconds.isdigit() else None


def parse(packet: bytes, received: datetime) -> Packet | None:
    """Return the typed packet, or None when a call's state does not need it.

    Args:
        packet: Its bytes, as `wire.Splitter` cuts them.
        received: The moment to take when it has no Timestamp header.
    """
    parser = PARSERS.get(name_of(packet))
    return None if parser is None else parser(packet, moment_of(packet) or received)


def facts_of(p: bytes, prefix: bytes = b"") -> Facts | None:
    """Return what a packet says of its channel (`prefix` Dest: of the one dialled), if it does.

    A channel's headers stand in one block, always in the same order: one look takes all of them.
    Where they do not (another Asterisk), or are not ASCII, each is looked for.
    """
    found = _BLOCKS[prefix](p.decode("latin-1"))
    if found is None:
        return _facts_one_by_one(p, prefix)
    groups: tuple[Any, ...] = found.groups()
    name, state, context, exten, uniqueid, linkedid, hotline, transfer = groups
    return Facts(
        uniqueid, linkedid, name, int(state), context, exten, hotline or None, transfer or None
    )


def _block(prefix: bytes) -> Callable[[str], re.Match[str] | None]:
    """Compile the look at a block: the headers wanted are taken, those between are passed over."""
    text = r"""
\r\n~Channel:\ ([\x21-\x7e]+)
\r\n~ChannelState:\ ([0-9]+)
\r\n~ChannelStateDesc:[^\r]*
\r\n~CallerIDNum:[^\r]*
\r\n~CallerIDName:[^\r]*
\r\n~ConnectedLineNum:[^\r]*
\r\n~ConnectedLineName:[^\r]*
\r\n~Language:[^\r]*
\r\n~AccountCode:[^\r]*
\r\n~Context:\ ([\x20-\x7e]*)
\r\n~Exten:\ ([\x20-\x7e]*)
\r\n~Priority:[^\r]*
\r\n~Uniqueid:\ ([\x20-\x7e]+)
\r\n~Linkedid:\ ([\x20-\x7e]+)
\r\n~ChanVariable:\ TONGDAI_HOTLINE=([\x20-\x7e]*)
\r\n~ChanVariable:\ TONGDAI_TRANSFER=([\x20-\x7e]*)(?![^\r])
"""
    return re.compile(text.replace("~", prefix.decode()), re.VERBOSE).search


_BLOCKS = {prefix: _block(prefix) for prefix in (b"", b"Dest", b"Transferer")}


def _facts_one_by_one(p: bytes, prefix: bytes) -> Facts | None:
    uniqueid = value_of(p, prefix + b"Uniqueid")
    if not uniqueid:
        return None
    state = value_of(p, prefix + b"ChannelState")
    return Facts(
        Uniqueid(uniqueid),
        Linkedid(value_of(p, prefix + b"Linkedid") or uniqueid),
        value_of(p, prefix + b"Channel"),
        int(state) if state.isdigit() else 0,
        value_of(p, prefix + b"Context"),
        value_of(p, prefix + b"Exten"),
        HotlineId(variable_of(p, b"TONGDAI_HOTLINE", prefix)) or None,
        TransferId(variable_of(p, b"TONGDAI_TRANSFER", prefix)) or None,
    )


def name_and_number(p: bytes) -> tuple[str, str]:
    r"""Return caller id number and name of a packet; `<unknown>` is nothing.

    SIP's own quoted pairs (\" and \\) come through Asterisk as they are: undone here as well.
    """
    number, name = value_of(p, b"CallerIDNum"), value_of(p, b"CallerIDName")
    number = "" if number == "<unknown>" else unescape(number)
    name = "" if name == "<unknown>" else unescape(name)
    return number, name.replace('\\"', '"').replace("\\\\", "\\")


def _of_channel(make: Callable[[datetime, Facts], Packet]) -> Parser:
    def read(p: bytes, at: datetime) -> Packet | None:
        facts = facts_of(p)
        return None if facts is None else make(at, facts)

    return read


def _newchannel(p: bytes, at: datetime) -> Packet | None:
    facts = facts_of(p)
    return None if facts is None else Newchannel(at, facts, *name_and_number(p))


def _new_callerid(p: bytes, at: datetime) -> Packet | None:
    facts = facts_of(p)
    if facts is None:
        return None
    hidden = "Prohib" in value_of(p, b"CID-CallingPres")
    return NewCallerid(at, facts, *name_and_number(p), hidden)


def _renamed(p: bytes, at: datetime) -> Packet | None:
    uniqueid = Uniqueid(value_of(p, b"Uniqueid"))
    if not uniqueid:
        return None
    new = value_of(p, b"Newname")
    return Renamed(at, Facts(uniqueid, Linkedid(""), new, 0, "", "", None, None))


def _hangup(p: bytes, at: datetime) -> Packet | None:
    facts, cause = facts_of(p), value_of(p, b"Cause")
    return None if facts is None else Hangup(at, facts, int(cause) if cause.isdigit() else 0)


def _dial_begin(p: bytes, at: datetime) -> Packet | None:
    dest = facts_of(p, b"Dest")
    if dest is None:
        return None
    number = value_of(p, b"DestCallerIDNum")
    number = "" if number == "<unknown>" else number
    dialled = value_of(p, b"DialString").partition("@")[0]
    return DialBegin(at, dest, number, dialled if dialled.isdecimal() else "")


def _dial_end(p: bytes, at: datetime) -> Packet | None:
    dest = facts_of(p, b"Dest")
    return None if dest is None else DialEnd(at, dest, value_of(p, b"DialStatus"))


def _bridge(make: Callable[[datetime, Facts, str], Packet]) -> Parser:
    def read(p: bytes, at: datetime) -> Packet | None:
        facts = facts_of(p)
        return None if facts is None else make(at, facts, value_of(p, b"BridgeUniqueid"))

    return read


def _queue_join(p: bytes, at: datetime) -> Packet | None:
    facts = facts_of(p)
    return None if facts is None else QueueJoin(at, facts, value_of(p, b"Queue"))


def _agent_called(p: bytes, at: datetime) -> Packet | None:
    facts, dest = facts_of(p), facts_of(p, b"Dest")
    if facts is None or dest is None:
        return None
    return AgentCalled(at, facts, dest, value_of(p, b"MemberName"))


def _blind_transfer(p: bytes, at: datetime) -> Packet | None:
    facts = facts_of(p, b"Transferer")
    return None if facts is None else BlindTransfer(at, facts)


def _user_event(p: bytes, at: datetime) -> Packet | None:
    facts = facts_of(p)
    event = value_of(p, b"UserEvent")
    if facts is None or not event.startswith("Tongdai"):
        return None
    choice = value_of(p, b"Choice") or value_of(p, b"Outcome")
    return UserEvent(at, facts, event, choice)


PARSERS: dict[bytes, Parser] = {
    b"Newchannel": _newchannel,
    b"NewCallerid": _new_callerid,
    b"Newstate": _of_channel(Touched),
    b"MusicOnHoldStart": _of_channel(Touched),
    b"Rename": _renamed,
    b"Hangup": _hangup,
    b"DialBegin": _dial_begin,
    b"DialEnd": _dial_end,
    b"BridgeEnter": _bridge(BridgeEnter),
    b"BridgeLeave": _bridge(BridgeLeave),
    b"Hold": _of_channel(Hold),
    b"Unhold": _of_channel(Unhold),
    b"QueueCallerJoin": _queue_join,
    b"QueueCallerLeave": _of_channel(QueueLeave),
    b"AgentCalled": _agent_called,
    b"BlindTransfer": _blind_transfer,
    b"UserEvent": _user_event,
}
"""Event name -> how to read it. Whatever is not here costs one look at its name."""

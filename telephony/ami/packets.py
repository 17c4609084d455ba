"""Typed packets: the headers that a call's state needs, and no more; pure.

`parse` looks at the event's name first. A packet that nobody wants is never decoded.
Source: docs.asterisk.org, "AMI Events"; tried against Asterisk 22.10.1.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from telephony.ami.wire import headers_of, name_of, unescape, value_of, variable_of
from tongdai.ids import HotlineId, Linkedid, TransferId, Uniqueid

UP = 6
RINGING = 5
RING = 4
_SEAT = re.compile(r"PJSIP/((?:web|desk)-\d+)-[0-9a-f]+")
_MACHINES = ("CBAnn/", "CBRec/", "Announcer/", "Recorder/", "Snoop/", "Surrogate/", "Message/")


class Role(StrEnum):
    """What is at the end of a channel."""

    SEAT = "seat"
    OUTSIDE = "outside"
    PIPE = "pipe"
    MACHINE = "machine"


@dataclass(frozen=True, slots=True)
class Facts:
    """What a packet says of one channel."""

    uniqueid: Uniqueid
    linkedid: Linkedid
    name: str
    state: int
    context: str
    exten: str
    hotline: HotlineId | None
    transfer: TransferId | None


@dataclass(frozen=True, slots=True)
class Packet:
    """One event; `at` is the PBX's own moment (header Timestamp)."""

    at: datetime
    channel: Facts


@dataclass(frozen=True, slots=True)
class Newchannel(Packet):
    """A channel came to be."""

    number: str
    caller_name: str


@dataclass(frozen=True, slots=True)
class NewCallerid(Packet):
    """A channel's caller id was set."""

    number: str
    caller_name: str
    hidden: bool


@dataclass(frozen=True, slots=True)
class Touched(Packet):
    """A channel's state or place changed (Newstate, MusicOnHoldStart)."""


@dataclass(frozen=True, slots=True)
class Renamed(Packet):
    """A channel got another name; `channel.name` is the new one."""


@dataclass(frozen=True, slots=True)
class Hangup(Packet):
    """A channel is gone; `cause` is the Q.850 number, 0 when unknown."""

    cause: int


@dataclass(frozen=True, slots=True)
class DialBegin(Packet):
    """`channel` (the one dialled) begins to ring for `source`, which is None for an Originate."""

    source: Facts | None
    number: str


@dataclass(frozen=True, slots=True)
class DialEnd(Packet):
    """The dialling of `channel` ended; `status` is DIALSTATUS: ANSWER, BUSY, NOANSWER, CANCEL."""

    source: Facts | None
    status: str


@dataclass(frozen=True, slots=True)
class BridgeEnter(Packet):
    """A channel joined a bridge."""

    bridge: str


@dataclass(frozen=True, slots=True)
class BridgeLeave(Packet):
    """A channel left a bridge."""

    bridge: str


@dataclass(frozen=True, slots=True)
class Hold(Packet):
    """A channel's phone put the other side on hold."""


@dataclass(frozen=True, slots=True)
class Unhold(Packet):
    """A channel's phone took the other side back."""


@dataclass(frozen=True, slots=True)
class QueueJoin(Packet):
    """A caller joined a queue."""

    queue: str


@dataclass(frozen=True, slots=True)
class QueueLeave(Packet):
    """A caller left the queue, answered or not."""


@dataclass(frozen=True, slots=True)
class AgentCalled(Packet):
    """A queue rings a member; `channel` is the caller's, `dest` the member's."""

    dest: Facts
    member: str


@dataclass(frozen=True, slots=True)
class BlindTransfer(Packet):
    """A phone sent the other side away (SIP REFER); `channel` is the phone's."""


@dataclass(frozen=True, slots=True)
class UserEvent(Packet):
    """Our dialplan says something (TongdaiMenu, TongdaiOutcome, TongdaiTransfer)."""

    event: str
    choice: str


@dataclass(frozen=True, slots=True)
class Raw:
    """A packet for those who asked for it by name; its headers are read when they are wanted."""

    name: str
    at: datetime
    text: bytes

    def headers(self) -> dict[str, str]:
        """Return all headers, decoded."""
        return headers_of(self.text)

    def __getitem__(self, header: str) -> str:
        """Return one header; nothing when it is not there."""
        return value_of(self.text, header.encode())


Parser = Callable[[bytes, datetime], Packet | None]


def role_of(name: str) -> tuple[Role, str | None]:
    """Say what a channel of that name is, and which seat (`web-1001`), if it is one."""
    seat = _SEAT.match(name)
    if seat:
        return Role.SEAT, seat[1]
    if name.startswith("Local/"):
        return Role.PIPE, None
    return (Role.MACHINE if name.startswith(_MACHINES) else Role.OUTSIDE), None


def moment_of(packet: bytes) -> datetime | None:
    """Return the PBX's moment of a packet (aware, UTC), or None without a Timestamp header."""
    text = value_of(packet, b"Timestamp")
    try:
        return datetime.fromtimestamp(float(text), UTC) if text else None
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
    """Return what a packet says of its channel (`prefix` Dest: of the one dialled), if it does."""
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
    return DialBegin(at, dest, facts_of(p), "" if number == "<unknown>" else number)


def _dial_end(p: bytes, at: datetime) -> Packet | None:
    dest = facts_of(p, b"Dest")
    return None if dest is None else DialEnd(at, dest, facts_of(p), value_of(p, b"DialStatus"))


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

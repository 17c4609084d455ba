"""Typed packets: the headers that a call's state needs, and no more; pure. See parsers.py."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from telephony.ami.wire import headers_of, value_of
from tongdai.ids import HotlineId, Linkedid, TransferId, Uniqueid

UP = 6
RINGING = 5
RING = 4
DIALING = 3
DOWN = 0
_SEAT = re.compile(r"PJSIP/((?:web|desk)-\d+)-[0-9a-f]+")
_MACHINES = ("CBAnn/", "CBRec/", "Announcer/", "Recorder/", "Snoop/", "Surrogate/", "Message/")


class Role(StrEnum):
    """What is at the end of a channel."""

    SEAT = "seat"
    OUTSIDE = "outside"
    PIPE = "pipe"
    MACHINE = "machine"


class Facts(NamedTuple):
    """What a packet says of one channel (a tuple: it is made for every packet)."""

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
    """`channel` is dialled: by another channel of its call, or by an Originate.

    Attributes:
        number: What it is called with, as its caller id has it.
        dialled: The digits dialled, where they are digits.
    """

    number: str
    dialled: str = ""


@dataclass(frozen=True, slots=True)
class DialEnd(Packet):
    """The dialling of `channel` ended; `status` is DIALSTATUS: ANSWER, BUSY, NOANSWER, CANCEL."""

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


def role_of(name: str) -> tuple[Role, str | None]:
    """Say what a channel of that name is, and which seat (`web-1001`), if it is one."""
    seat = _SEAT.match(name)
    if seat:
        return Role.SEAT, seat[1]
    if name.startswith("Local/"):
        return Role.PIPE, None
    return (Role.MACHINE if name.startswith(_MACHINES) else Role.OUTSIDE), None

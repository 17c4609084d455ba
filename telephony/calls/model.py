"""A call: what everybody sees of it (CallView), what the fold keeps of it (Call), its states."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from telephony.ami.packets import Role
from tongdai.ids import AccountId, CallId, HotlineId, Linkedid, TicketId, TransferId, Uniqueid


class CallState(StrEnum):
    """Where a call is."""

    __hash__ = str.__hash__  # a state is a key of TABLE: Enum's own is Python code

    IVR = "ivr"
    QUEUED = "queued"
    ANSWERED = "answered"
    HELD = "held"
    TRANSFERRING = "transferring"
    ENDED = "ended"


class Signal(StrEnum):
    """What moves a call from one state to another."""

    __hash__ = str.__hash__

    JOINED_QUEUE = "joined_queue"
    LEFT_QUEUE = "left_queue"
    CONNECTED = "connected"
    HELD = "held"
    RESUMED = "resumed"
    SENT_AWAY = "sent_away"
    BACK_IN_MENU = "back_in_menu"
    CALLER_GONE = "caller_gone"


class Direction(StrEnum):
    """Who began the call."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"


class Outcome(StrEnum):
    """How a call ended."""

    ANSWERED = "answered"
    ABANDONED = "abandoned"
    SELF_SERVICE = "self_service"
    MESSAGE = "message"
    CALLBACK = "callback"
    FAILED = "failed"


_S, _G = CallState, Signal
TABLE: dict[tuple[CallState, Signal], CallState] = {
    (_S.IVR, _G.JOINED_QUEUE): _S.QUEUED,
    (_S.IVR, _G.CONNECTED): _S.ANSWERED,
    (_S.IVR, _G.SENT_AWAY): _S.TRANSFERRING,
    (_S.IVR, _G.CALLER_GONE): _S.ENDED,
    (_S.QUEUED, _G.LEFT_QUEUE): _S.IVR,
    (_S.QUEUED, _G.CONNECTED): _S.ANSWERED,
    (_S.QUEUED, _G.SENT_AWAY): _S.TRANSFERRING,
    (_S.QUEUED, _G.CALLER_GONE): _S.ENDED,
    (_S.ANSWERED, _G.HELD): _S.HELD,
    (_S.ANSWERED, _G.SENT_AWAY): _S.TRANSFERRING,
    (_S.ANSWERED, _G.JOINED_QUEUE): _S.QUEUED,
    (_S.ANSWERED, _G.BACK_IN_MENU): _S.IVR,
    (_S.ANSWERED, _G.CALLER_GONE): _S.ENDED,
    (_S.HELD, _G.RESUMED): _S.ANSWERED,
    (_S.HELD, _G.SENT_AWAY): _S.TRANSFERRING,
    (_S.HELD, _G.JOINED_QUEUE): _S.QUEUED,
    (_S.HELD, _G.BACK_IN_MENU): _S.IVR,
    (_S.HELD, _G.CALLER_GONE): _S.ENDED,
    (_S.TRANSFERRING, _G.CONNECTED): _S.ANSWERED,
    (_S.TRANSFERRING, _G.JOINED_QUEUE): _S.QUEUED,
    (_S.TRANSFERRING, _G.CALLER_GONE): _S.ENDED,
}
"""The state machine. A pair that is not here changes nothing; nothing leads out of `ended`.

              joined_queue     left_queue  connected  held  resumed   sent_away     back_in_menu
ivr           queued           -           answered   -     -         transferring  -
queued        -                ivr         answered   -     -         transferring  -
answered      queued           -           -          held  -         transferring  ivr
held          queued           -           -          -     answered  transferring  ivr
transferring  queued           -           answered   -     -         -             -

caller_gone ends the call from everywhere. The operator's hanging up alone is no signal: the call
stays as it was until the caller hangs up, joins a queue, or goes on in a menu.
"""


@dataclass(frozen=True, kw_only=True)
class CallView:
    """What everybody sees of a call: one immutable snapshot. Moments are aware, UTC.

    Without slots: see `changed`.

    Attributes:
        caller_number: E.164 when `caller_raw` is a possible public number, else None.
        caller_raw: The citizen's number as received (outbound: as dialled).
        caller_kind: What `caller_raw` is (tongdai.phone.Kind): mobile, anonymous, malformed, ...
        called_number: The hotline's number, in DESIGN.md's form.
        answered_at: When the caller was first connected with a person.
        operator: Who talks or talked last with the caller; outbound, who dials, from the first;
            None for an unknown seat.
        ringing: Whose phones ring for this call now.
        cut_off: A person had answered, and neither side ended it: see step.cut_off.
        version: Grows with every visible change.
    """

    id: CallId
    pbx: str
    linkedid: Linkedid
    hotline: HotlineId
    direction: Direction
    caller_number: str | None
    caller_raw: str
    caller_name: str
    caller_kind: str
    called_number: str
    started_at: datetime
    queue_joined_at: datetime | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    state: CallState = CallState.IVR
    outcome: Outcome | None = None
    operator: AccountId | None = None
    seat: str | None = None
    ringing: tuple[AccountId, ...] = ()
    menu: str | None = None
    ticket: TicketId | None = None
    cut_off: bool = False
    version: int = 1


def changed(view: CallView, changes: Mapping[str, Any]) -> CallView:
    """Return a view with other values and the next version: `replace`, at a tenth of its price.

    A view changes several times in a second of a busy hotline, for every call; what the new one
    holds is filled in before anybody sees it.
    """
    new = object.__new__(CallView)
    held = new.__dict__
    held.update(view.__dict__)
    held.update(changes)
    held["version"] = view.version + 1
    return new


class Channel(NamedTuple):
    """One channel of a call, as last heard of (a tuple: it is copied at every change).

    Attributes:
        bridge: The bridge it is in, since `bridge_since`, as row `leg` of the ledger.
        ring_since: When it began to ring, while it does.
        holding: Its phone has put the other side on hold.
    """

    uniqueid: Uniqueid
    name: str
    role: Role
    seat: str | None
    operator: AccountId | None = None
    number: str = ""
    state: int = 0
    context: str = ""
    transfer: TransferId | None = None
    bridge: str | None = None
    bridge_since: datetime | None = None
    leg: int = 0
    ring_since: datetime | None = None
    holding: bool = False


class Call(NamedTuple):
    """What the fold keeps of a call (a tuple: it is copied at every change).

    Attributes:
        main: The channel whose end is the call's end: the citizen's; outbound, until he has
            answered, the dialling operator's.
        channels: Every channel that belongs to it and still exists.
        queue: The queue the caller waits in, if any.
        connected: The caller is in one bridge with a person.
        talked_in: The dialplan context in which the caller was last connected.
        hint: The outcome that the dialplan has announced.
        legs: How many rows of the ledger were begun.
        broken: The operator's telephone failed while the caller was connected with it.
        last_at: The moment of the last packet that changed something.
    """

    view: CallView
    main: Uniqueid
    channels: Mapping[Uniqueid, Channel]
    last_at: datetime
    queue: str | None = None
    connected: bool = False
    talked_in: str = ""
    hint: Outcome | None = None
    legs: int = 0
    broken: bool = False


class LegKind(StrEnum):
    """What a row of the ledger tells of."""

    RING = "ring"
    TALK = "talk"


class Leg(NamedTuple):
    """A closed row of the ledger: one channel rang, or was in one bridge, from when to when.

    Who was connected with whom: the `talk` rows of one bridge whose times overlap.

    Attributes:
        n: Counts the rows of a call, from 1.
        main: It is the citizen's own channel.
        how: `ring`: the DIALSTATUS it ended with; `talk`: `left`, `hangup` or `lost`.
    """

    call: CallId
    n: int
    kind: LegKind
    channel: str
    uniqueid: Uniqueid
    main: bool
    seat: str | None
    operator: AccountId | None
    number: str
    transfer: TransferId | None
    bridge: str | None
    started_at: datetime
    ended_at: datetime
    how: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallChannels:
    """The names of a call's channels, as AMI actions need them."""

    caller: str | None
    operator: str | None
    others: tuple[str, ...]

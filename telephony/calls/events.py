"""What the calls tell the other parts; published in memory, in the PBX's order."""

from dataclasses import dataclass
from datetime import datetime

from telephony.calls.model import CallView
from tongdai.events import Event
from tongdai.ids import AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEvent(Event):
    """A call changed; `call` is how it is now, `at` the PBX's moment (aware, UTC)."""

    call: CallView
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CallStarted(CallEvent):
    """A citizen calls a hotline, or an operator calls out for one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallQueued(CallEvent):
    """The caller waits for an operator (again)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRinging(CallEvent):
    """An operator's phone rings: the screen-pop. `operator` None: nobody is known at that seat."""

    operator: AccountId | None
    seat: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRingingStopped(CallEvent):
    """An operator's phone rings no more; `why` as DIALSTATUS: ANSWER, CANCEL, NOANSWER, BUSY ..."""

    operator: AccountId | None
    seat: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallAnswered(CallEvent):
    """The caller, out of menu or queue, is connected with a person.

    `operator` None: a person who is no operator, or a seat where nobody is known.
    """

    operator: AccountId | None
    seat: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallHeld(CallEvent):
    """The operator has put the caller on hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallResumed(CallEvent):
    """The operator is back from hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallTransferring(CallEvent):
    """The caller hears music while somebody else is being reached."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallReturned(CallEvent):
    """After a transfer the caller is with an operator."""

    operator: AccountId | None
    seat: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallTransferred(CallEvent):
    """After a transfer the caller is with a person who is no operator: the focal point."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallUpdated(CallEvent):
    """Something else changed: caller's name, menu choice, who talks, back in the menu."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEnded(CallEvent):
    """The caller is gone; `call.outcome` says how it ended. Comes once per call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PbxConnected(Event):
    """The service is logged in at a PBX and its calls are reconciled."""

    pbx: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PbxLost(Event):
    """The connection to a PBX is gone; its calls are kept as last known."""

    pbx: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallsUnheard(Event):
    """Nothing was heard of a PBX for a time; `calls` are those in which a person talked then.

    CEL has told since of answers, bridges, transfers and ends. It does not know of holds.
    """

    pbx: str
    since: datetime
    until: datetime
    calls: tuple[CallView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallsRestored(Event):
    """After a start, before the PBX was asked: `calls` as the journal has them.

    Events between the last start's end and its last journalled packet were perhaps not published:
    whoever owes something to a call asks here whether it was done. Ended calls stand there too.
    """

    pbx: str
    calls: tuple[CallView, ...]

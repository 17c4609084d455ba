"""What a walk asks of its shell, and what the shell answers; frozen values, no I/O."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Say:
    """Say something.

    Attributes:
        text: The words.
        language: In which voice.
        small: Put together from small pieces: numbers, dates, codes; else one prompt.
        key: A key stops it.
    """

    text: str
    language: str = "vi"
    small: bool = False
    key: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The caller was greeted and told that the call is recorded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """The caller gets what needs no person: an information, or how a ticket stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadKey:
    """Wait for a key: answered by Key or Silence."""

    seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadDigits:
    """Wait for digits up to the hash key: answered by Digits (perhaps empty)."""

    most: int
    seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FindTicket:
    """Look a ticket up: TicketFound, TicketUnknown, NumberNeeded, Locked or NotDone.

    Attributes:
        typed: The code or the ticket's number, as keyed.
        phone: The caller's number, as keyed; empty: the one that the network shows.
    """

    typed: str
    phone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """Record a message: answered by Recorded."""

    most_seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepMessage:
    """Hand the recorded message over: Done or NotDone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DropMessage:
    """Throw the recorded message away: Done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteCallBack:
    """Note that the caller wants to be called back: CallBackNoted or NotDone.

    Attributes:
        number: As keyed; empty: the number that the network shows.
    """

    number: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToQueue:
    """Lead the caller to the operators; the walk is over.

    Attributes:
        again: Back to the place that he has in the queue: nothing was chosen anew.
    """

    again: bool = False
    field: str = ""
    priority: int = 0
    skill: str = ""
    language: str = "vi"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToDesk:
    """Connect with a unit's one-stop desk; NotDone when it has no number, else it is over."""

    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave:
    """End the call; the walk is over."""


Effect = (
    Say
    | Told
    | Served
    | ReadKey
    | ReadDigits
    | FindTicket
    | Record
    | KeepMessage
    | DropMessage
    | NoteCallBack
    | ToQueue
    | ToDesk
    | Leave
)
ENDS = (ToQueue, Leave)


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key was pressed: 0 to 9, star, hash."""

    press: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """No key came in time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Digits:
    """The digits that came; a star among them takes the entry back."""

    typed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketFound:
    """What is told of a ticket: sentences, each spoken whole or from small pieces."""

    said: tuple[Say, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketUnknown:
    """There is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberNeeded:
    """The ticket's number alone proves nothing: the caller's own number is needed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """Too many wrong entries from this caller."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A recording has ended; `seconds` of it."""

    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CallBackNoted:
    """It is written down; `number` in words."""

    number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """It was done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotDone:
    """It could not be done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HungUp:
    """The caller is gone."""


Input = (
    Key
    | Silence
    | Digits
    | TicketFound
    | TicketUnknown
    | NumberNeeded
    | Locked
    | Recorded
    | CallBackNoted
    | Done
    | NotDone
    | HungUp
)

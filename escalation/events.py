"""What the law did."""

from dataclasses import dataclass
from datetime import datetime

from tongdai.events import Event
from tongdai.ids import HotlineId, TicketId


@dataclass(frozen=True, slots=True, kw_only=True)
class LawEvent(Event):
    """Something about one ticket's ladder."""

    ticket: TicketId
    hotline: HotlineId


@dataclass(frozen=True, slots=True, kw_only=True)
class ActDone(LawEvent):
    """An act was done."""

    event: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StageMissed(LawEvent):
    """A stage's limit passed."""

    stage: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketOverdue(LawEvent):
    """The overdue mark was set (CT-9.1.4)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LawChanged(Event):
    """The administration put an edition of a procedure or a calendar in force."""

    kind: str
    hotline: HotlineId


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlineSet(LawEvent):
    """Something falls due at `due_at`: the sweep must be awake then."""

    due_at: datetime

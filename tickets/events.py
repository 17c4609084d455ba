"""What happened in the register."""

from dataclasses import dataclass
from typing import TypedDict

from tickets.tables import Ticket
from tongdai.accounts.model import Viewer
from tongdai.events import Event
from tongdai.ids import AccountId, CallId, HotlineId, TicketId, UnitId


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketEvent(Event):
    """Something about one ticket."""

    ticket: TicketId
    hotline: HotlineId
    by: AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketDrafted(TicketEvent):
    """A form was opened, for a call or without one."""

    call: CallId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketLinked(TicketEvent):
    """A call is about this ticket."""

    call: CallId


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketChanged(TicketEvent):
    """Whoever shows the ticket should read it again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftSaved(TicketEvent):
    """What is typed was kept, as this revision."""

    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketFiled(TicketEvent):
    """It has its number and is open."""

    number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketRejected(TicketEvent):
    """It was refused; the sender is to be told why (CT-8.2)."""

    ground: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketDiscarded(TicketEvent):
    """A draft was thrown away: the call was about another ticket, or about nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketReferred(TicketEvent):
    """It is at a unit now."""

    unit: UnitId


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultRecorded(TicketEvent):
    """A unit's result was entered."""

    unit: UnitId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryChanged(Event):
    """Units, people or fields of a hotline changed (CT-14.2)."""

    hotline: HotlineId


class About(TypedDict):
    """What every event about a ticket says."""

    ticket: TicketId
    hotline: HotlineId
    by: AccountId


def about(ticket: Ticket, by: Viewer) -> About:
    """Return what every event about this ticket says."""
    return {"ticket": TicketId(ticket.id), "hotline": HotlineId(ticket.hotline), "by": by.id}

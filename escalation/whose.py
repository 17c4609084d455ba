"""Whose act it is: what a viewer may do to a ticket now, by its procedure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from escalation.act import Act
from escalation.ladder import Ladder
from escalation.names import Event
from escalation.procedure import Procedure
from escalation.rows import ActRule
from escalation.state import State
from tickets import access
from tickets.errors import TicketForbidden
from tickets.tables import Ticket
from tongdai.accounts.model import SYSTEM, Viewer
from tongdai.errors import Invalid

_FIELD = {"written_reply": "document_number"}
"""What a procedure's `needs` is called in the form of the act."""
Rules = Mapping[Event, tuple[ActRule, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenActs:
    """What may be done to a ticket now.

    Attributes:
        procedure: The version that the ticket began with; None: the hotline has none.
        rules: The viewer's acts with the rules under which they fit.
        fitting: Everybody's.
    """

    procedure: Procedure | None
    rules: Rules
    fitting: Rules


def open_acts(
    procedure: Procedure, ladder: Ladder | None, state: State, ticket: Ticket, by: Viewer
) -> OpenActs:
    """Return what may be done in a state; no ladder: a draft, which waits to be received."""
    fitting = {
        event: ladder.allowed(state, event) if ladder else procedure.rules_for(event)
        for event in dict.fromkeys(rule.event for rule in procedure.act)
        if ladder or event == "received"
    }
    mine = {e: tuple(r for r in rules if _is_of(by, ticket, (r,))) for e, rules in fitting.items()}
    return OpenActs(
        procedure=procedure,
        rules={e: r for e, r in mine.items() if r},
        fitting={e: r for e, r in fitting.items() if r},
    )


async def rule_for(
    session: AsyncSession,
    ladder: Ladder,
    state: State,
    ticket: Ticket,
    event: Event,
    by: Viewer,
) -> ActRule | None:
    """Return the rule for an act and a viewer; None: the ladder will refuse it.

    Raises:
        NoSuchTicket: The viewer may not know of the ticket.
        TicketForbidden: The act is somebody else's.
    """
    if by.id != SYSTEM.id:
        await access.get(session, by, ticket.id)
    rules = ladder.allowed(state, event)
    must_be_of(by, ticket, event, rules or ladder.procedure.rules_for(event))
    return rules[0] if rules else None


def must_be_of(by: Viewer, ticket: Ticket, event: Event, rules: tuple[ActRule, ...]) -> None:
    """Refuse an act that none of its rules gives to the viewer; an unknown act is the ladder's.

    Raises:
        TicketForbidden: The act is somebody else's.
    """
    if rules and not _is_of(by, ticket, rules):
        raise TicketForbidden(ticket=ticket.id, deed=event)


def complete(rule: ActRule, act: Act) -> None:
    """Ask for what the act needs (CT-9.1.2c: the written reply).

    Raises:
        Invalid: With what is missing.
    """
    given = {
        "text": act.text,
        "unit_id": act.unit_id,
        "written_reply": act.document_number or act.attachment_id,
    }
    missing = {_FIELD.get(n, str(n)): "required" for n in rule.needs if not given[n]}
    if missing:
        raise Invalid("act_incomplete", fields=missing)


def _is_of(by: Viewer, ticket: Ticket, rules: Iterable[ActRule]) -> bool:
    roles = access.roles_on(by, ticket)
    return by.id == SYSTEM.id or any(not roles.isdisjoint(rule.by) for rule in rules)

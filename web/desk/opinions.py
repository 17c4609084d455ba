"""What senders said by telephone of the answer (CT-10.2, GL-14, TN-11.3), for a ticket's page."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from escalation.acts import Acts
from ivr import survey_book
from ivr.tables import SurveyAnswer
from tickets.tables import Ticket
from tongdai.accounts.model import Role, Viewer

ASKERS = (Role.OPERATOR, Role.SUPERVISOR, Role.COORDINATOR)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinions:
    """What a ticket's page shows of opinions by telephone.

    Attributes:
        lines: Who was asked, the oldest first; ratings of the ticket itself are shown as such.
        may_ask: The viewer may have the sender called now.
    """

    lines: tuple[SurveyAnswer, ...]
    may_ask: bool


async def opinions(session: AsyncSession, acts: Acts, who: Viewer, ticket: Ticket) -> Opinions:
    """Gather what a ticket's page shows."""
    lines = await survey_book.of_ticket(session, ticket.id)
    return Opinions(
        lines=tuple(lines),
        may_ask=(
            who.has_any(ASKERS, ticket.hotline)
            and await is_rated_by_law(session, acts, who, ticket)
            and not await survey_book.was_asked(session, ticket.id)
        ),
    )


async def is_rated_by_law(session: AsyncSession, acts: Acts, who: Viewer, ticket: Ticket) -> bool:
    """Say whether the regulation has a scale, and takes a rating of this ticket now."""
    found = await acts.open_to(session, ticket.id, who)
    return bool(found.procedure and found.procedure.rating and found.fitting.get("rated"))

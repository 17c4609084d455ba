"""Today's figures of each hotline (CT-13.3)."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from telephony.calls.model import Direction, Outcome
from telephony.calls.tables import CallRow
from tickets.model import TicketState
from tickets.tables import Ticket
from tongdai.clock import HCM


@dataclass(frozen=True, slots=True, kw_only=True)
class Today:
    """Figures since midnight in Vietnam.

    Attributes:
        calls: That came in.
        answered: By a person.
        abandoned: The caller hung up, or the wait was too long, before anybody answered.
        filed: Tickets.
        overdue: Tickets that are overdue now and open, whenever they were filed.
    """

    hotline: str
    calls: int
    answered: int
    abandoned: int
    filed: int
    overdue: int

    @property
    def answered_share(self) -> int | None:
        """Return how many of a hundred ended calls were answered; None when none has ended."""
        ended = self.answered + self.abandoned
        return round(100 * self.answered / ended) if ended else None


async def figures(session: AsyncSession, hotlines: tuple[str, ...], now: datetime) -> list[Today]:
    """Return the figures, a line each hotline.

    Args:
        session: To read with.
        hotlines: Which, and in which order.
        now: The moment; the day is Vietnam's.
    """
    since = now.astimezone(HCM).replace(hour=0, minute=0, second=0, microsecond=0)
    calls = await _calls(session, hotlines, since)
    filed = await _filed(session, hotlines, since)
    overdue = await _overdue(session, hotlines)
    return [
        Today(
            hotline=hotline,
            calls=sum(n for (h, _), n in calls.items() if h == hotline),
            answered=calls[hotline, Outcome.ANSWERED],
            abandoned=calls[hotline, Outcome.ABANDONED],
            filed=filed[hotline],
            overdue=overdue[hotline],
        )
        for hotline in hotlines
    ]


async def _calls(
    session: AsyncSession, hotlines: tuple[str, ...], since: datetime
) -> Counter[tuple[str, str | None]]:
    rows = await session.execute(
        select(CallRow.hotline, CallRow.outcome, func.count())
        .where(
            col(CallRow.hotline).in_(hotlines),
            col(CallRow.started_at) >= since,
            col(CallRow.direction) == Direction.INBOUND,
        )
        .group_by(col(CallRow.hotline), col(CallRow.outcome))
    )
    return Counter({(hotline, outcome): count for hotline, outcome, count in rows})


async def _filed(session: AsyncSession, hotlines: tuple[str, ...], since: datetime) -> Counter[str]:
    rows = await session.execute(
        select(Ticket.hotline, func.count())
        .where(
            col(Ticket.hotline).in_(hotlines),
            col(Ticket.created_at) >= since,
            col(Ticket.filed_at).is_not(None),
        )
        .group_by(col(Ticket.hotline))
    )
    return Counter(dict(rows.tuples().all()))


async def _overdue(session: AsyncSession, hotlines: tuple[str, ...]) -> Counter[str]:
    rows = await session.execute(
        select(Ticket.hotline, func.count())
        .where(
            col(Ticket.hotline).in_(hotlines),
            col(Ticket.overdue).is_(True),
            col(Ticket.state) == TicketState.OPEN,
        )
        .group_by(col(Ticket.hotline))
    )
    return Counter(dict(rows.tuples().all()))

"""Opinions by telephone counted: asked, answered, each mark; by unit, of a period (CT-10.2, GL-14).

Counted by when somebody was asked. The unit is the one that has the ticket now; what belongs to no
ticket, or to one that no unit has, is counted by itself.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from ivr.tables import SurveyAnswer
from tickets.tables import Ticket, Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """Opinions of a unit, or all together.

    Attributes:
        unit: Its name; empty: of no unit.
        asked: How many were asked.
        answered: How many of them gave a mark.
        on_ticket: How many of these stand as the rating of a ticket; the others are about a call.
        marks: Mark -> how many gave it.
    """

    unit: str
    asked: int
    answered: int
    on_ticket: int
    marks: Counter[str]


async def counted(
    session: AsyncSession,
    hotline: str,
    begin: datetime,
    end: datetime,
    *,
    units: Sequence[str] | None = None,
) -> list[Count]:
    """Return the counts of a period by unit, in the order of their names, without a unit last.

    Args:
        session: To read with.
        hotline: Whose.
        begin: First moment of the period.
        end: First moment after it.
        units: Only of these units; None: everything.
    """
    query = (
        select(
            Unit.name, col(SurveyAnswer.score), col(SurveyAnswer.on_ticket), func.count().label("n")
        )
        .select_from(SurveyAnswer)
        .outerjoin(Ticket, col(Ticket.id) == col(SurveyAnswer.ticket_id))
        .outerjoin(Unit, col(Unit.id) == col(Ticket.unit_id))
        .where(
            col(SurveyAnswer.hotline) == hotline,
            col(SurveyAnswer.asked_at) >= begin,
            col(SurveyAnswer.asked_at) < end,
        )
        .group_by(col(Unit.name), col(SurveyAnswer.score), col(SurveyAnswer.on_ticket))
    )
    if units is not None:
        query = query.where(col(Ticket.unit_id).in_(units))
    found: dict[str, list[tuple[str, bool, int]]] = {}
    for unit, score, on_ticket, number in await session.execute(query):
        found.setdefault(unit or "", []).append((score, on_ticket, number))
    return [_count(unit, found[unit]) for unit in sorted(found, key=lambda name: (not name, name))]


def together(counts: Sequence[Count]) -> Count:
    """Return the sum of some counts."""
    marks = Counter[str]()
    for one in counts:
        marks.update(one.marks)
    return Count(
        unit="",
        asked=sum(one.asked for one in counts),
        answered=sum(one.answered for one in counts),
        on_ticket=sum(one.on_ticket for one in counts),
        marks=marks,
    )


def _count(unit: str, lines: Sequence[tuple[str, bool, int]]) -> Count:
    marks = Counter[str]()
    for score, _on_ticket, number in lines:
        if score:
            marks[score] += number
    return Count(
        unit=unit,
        asked=sum(number for _score, _on_ticket, number in lines),
        answered=marks.total(),
        on_ticket=sum(number for _score, on_ticket, number in lines if on_ticket),
        marks=marks,
    )

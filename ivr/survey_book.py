"""Who was asked for an opinion, and what was said: never twice for one call or one ticket.

It is written down before it is asked. An opinion about a result goes onto the ticket by the law's
own door; one about a call, whose ticket has no result yet, stays with the call.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import structlog
from sqlalchemy import or_
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from ivr.desk import Visit
from ivr.survey_words import Level
from ivr.tables import SurveyAnswer
from tickets import drafts, ratings
from tickets.tables import Ticket, TicketCall
from tongdai.clock import HCM
from tongdai.db import Database, Tx

log = structlog.get_logger()
AFTER_CALL, CALL_BACK = "after_call", "call_back"


class Opinions(Protocol):
    """What the law says of opinions; filled by the composition root."""

    async def scale(
        self, session: AsyncSession, hotline: str, ticket: Ticket | None
    ) -> tuple[Level, ...]:
        """Return the scale of the procedure: in force, or the one a ticket began with."""
        ...

    async def may_rate(self, session: AsyncSession, ticket: Ticket) -> bool:
        """Say whether the regulation takes a rating of this ticket now."""
        ...

    async def rate(self, tx: Tx, ticket_id: str, score: str, reason: str) -> bool:
        """Put a rating onto a ticket; False: the regulation does not take it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question that may be put.

    Attributes:
        id: The row.
        scale: The marks.
        number: Of the ticket whose result is rated; empty: the call is.
    """

    id: str
    scale: tuple[Level, ...]
    number: str


@dataclass(slots=True, kw_only=True)
class Heard:
    """What was answered so far; the caller may hang up at any point.

    Attributes:
        level: The mark.
        reason_seconds: Length of the reason that was spoken.
    """

    level: Level | None = None
    reason_seconds: float = 0.0


class SurveyBook:
    """Opinions, in the register."""

    def __init__(self, db: Database, opinions: Opinions) -> None:
        self._db, self._opinions = db, opinions

    async def begin(self, visit: Visit, ticket_id: str = "") -> Asked | None:
        """Write down that somebody is asked now; None: there is nothing to ask, or not again.

        Args:
            visit: The call in which it is asked.
            ticket_id: Whose result is asked about (call-back); empty: after the call itself.

        Raises:
            DatabaseAway: Nobody is asked then.
        """
        try:
            async with self._db.write() as tx:
                return await self._begin(tx, visit, ticket_id)
        except IntegrityError:  # another node, or this call, was quicker
            return None

    async def scale(self, hotline: str) -> tuple[Level, ...]:
        """Return the scale of the procedure in force.

        Raises:
            DatabaseAway: It may have been changed.
        """
        async with self._db.read() as session:
            return await self._opinions.scale(session, hotline, None)

    async def finish(self, asked: Asked, heard: Heard) -> None:
        """Write the answer down; done twice it is harmless.

        Raises:
            DatabaseAway: Nothing is written.
        """
        if heard.level is None:
            return
        async with self._db.write() as tx:
            row = await tx.session.get(SurveyAnswer, asked.id)
            if row is None or row.score:
                return
            row.score, row.answered_at = heard.level.id, tx.now
            row.reason_seconds = heard.reason_seconds
            if asked.number and row.ticket_id and (heard.reason_seconds or not _lacks(heard)):
                reason = _words(row) if heard.reason_seconds else ""
                row.on_ticket = await self._opinions.rate(tx, row.ticket_id, row.score, reason)
        log.info("survey.answered", call=row.call, score=row.score, on_ticket=row.on_ticket)

    async def _begin(self, tx: Tx, visit: Visit, ticket_id: str) -> Asked | None:
        session = tx.session
        if ticket_id:
            ticket = await session.get(Ticket, ticket_id)
            if ticket is None or ticket.hotline != visit.hotline:
                return None
        else:
            ticket = await drafts.of_call(session, visit.call)
        of_result = ticket is not None and await self._opinions.may_rate(session, ticket)
        if ticket_id and not of_result:
            return None
        of_ticket = ticket if of_result else None
        if of_ticket is not None and await ratings.of_ticket(session, of_ticket.id):
            return None
        scale = await self._opinions.scale(session, visit.hotline, of_ticket)
        about = f"ticket:{of_ticket.id}" if of_ticket else f"call:{visit.call}"
        known = select(SurveyAnswer.id).where(
            or_(col(SurveyAnswer.about) == about, col(SurveyAnswer.call) == visit.call)
        )
        if not scale or (await session.execute(known.limit(1))).first() is not None:
            return None
        row = SurveyAnswer(
            call=visit.call,
            about=about,
            hotline=visit.hotline,
            ticket_id=ticket.id if ticket else None,
            kind=CALL_BACK if ticket_id else AFTER_CALL,
            asked_at=tx.now,
        )
        session.add(row)
        number = (of_ticket.number or "") if of_ticket else ""
        return Asked(id=row.id, scale=scale, number=number)


async def of_ticket(session: AsyncSession, ticket_id: str) -> list[SurveyAnswer]:
    """Return who was asked about a ticket, or after a call about it, the oldest first."""
    calls = select(TicketCall.call_id).where(col(TicketCall.ticket_id) == ticket_id)
    query = (
        select(SurveyAnswer)
        .where(
            or_(
                col(SurveyAnswer.ticket_id) == ticket_id,
                col(SurveyAnswer.call).in_(calls.scalar_subquery()),
            )
        )
        .order_by(col(SurveyAnswer.asked_at), col(SurveyAnswer.id))
    )
    return list((await session.execute(query)).scalars())


async def of_call(session: AsyncSession, call: str) -> SurveyAnswer | None:
    """Return what was asked in a call: once at the most; None: nothing was."""
    query = select(SurveyAnswer).where(col(SurveyAnswer.call) == call)
    return (await session.execute(query)).scalar_one_or_none()


def of_rating(answers: Sequence[SurveyAnswer], at: datetime) -> SurveyAnswer | None:
    """Return the answer that became a ticket's rating of that moment; None: it came another way.

    Both are written in one transaction, at its moment.
    """
    return next((a for a in answers if a.on_ticket and a.answered_at == at), None)


async def was_asked(session: AsyncSession, ticket_id: str) -> bool:
    """Say whether the sender of a ticket has been asked about its result, or has rated it."""
    about = select(SurveyAnswer.id).where(col(SurveyAnswer.about) == f"ticket:{ticket_id}")
    if (await session.execute(about.limit(1))).first() is not None:
        return True
    return bool(await ratings.of_ticket(session, ticket_id))


def _lacks(heard: Heard) -> bool:
    return heard.level is not None and heard.level.needs_reason and not heard.reason_seconds


def _words(row: SurveyAnswer) -> str:
    """Say where the reason is to be heard: GL-14 wants one, and the caller has spoken it."""
    return f"Nói qua điện thoại lúc {row.asked_at.astimezone(HCM):%H:%M %d/%m/%Y}, nghe ghi âm."

"""What units asked to hear, a page at a time: for whoever decides, and for the unit (CT-11.1b)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from telephony.recordings.access import HEARERS
from telephony.recordings.hearing.requests import OF_UNIT
from telephony.recordings.hearing.tables import RecordingRequest
from tongdai.accounts.model import Viewer


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """How many requests wait for a decision.

    Attributes:
        open: All of them.
        late: Of these, past the moment until which they were to be decided.
    """

    open: int
    late: int


async def page(
    session: AsyncSession,
    viewer: Viewer,
    *,
    only_open: bool = False,
    limit: int = 50,
    before: tuple[datetime, str] | None = None,
) -> list[RecordingRequest]:
    """Return the requests that the viewer may decide, newest first.

    Args:
        session: A session to read with.
        viewer: Who asks.
        only_open: Only what waits.
        limit: How many at most.
        before: `asked_at` and id of the last one of the page before.
    """
    mine = viewer.hotlines_for(*HEARERS)
    query = select(RecordingRequest).where(col(RecordingRequest.hotline).in_(mine))
    if only_open:
        query = query.where(col(RecordingRequest.state) == "open")
    return await _newest(session, query, limit, before)


async def of_units(
    session: AsyncSession,
    viewer: Viewer,
    *,
    limit: int = 50,
    before: tuple[datetime, str] | None = None,
) -> list[RecordingRequest]:
    """Return the requests of the viewer's own units, newest first."""
    units = {g.unit for g in viewer.grants if g.role in OF_UNIT and g.unit}
    query = select(RecordingRequest).where(col(RecordingRequest.unit).in_(sorted(units)))
    return await _newest(session, query, limit, before)


async def of_ticket(
    session: AsyncSession, ticket: str, units: Collection[str]
) -> list[RecordingRequest]:
    """Return what units asked for of one ticket, newest first."""
    query = select(RecordingRequest).where(
        col(RecordingRequest.ticket) == ticket, col(RecordingRequest.unit).in_(sorted(units))
    )
    return await _newest(session, query, 50, None)


async def due_first(
    session: AsyncSession,
    viewer: Viewer,
    *,
    limit: int = 50,
    after: tuple[datetime, str] | None = None,
) -> list[RecordingRequest]:
    """Return what waits for the viewer's decision: what is late first, the latest at the head.

    Args:
        session: A session to read with.
        viewer: Who asks.
        limit: How many at most.
        after: `due_at` and id of the last one of the page before.
    """
    due, ref = col(RecordingRequest.due_at), col(RecordingRequest.id)
    query = select(RecordingRequest).where(
        col(RecordingRequest.hotline).in_(viewer.hotlines_for(*HEARERS)),
        col(RecordingRequest.state) == "open",
    )
    if after is not None:
        query = query.where(tuple_(due, ref) > after)
    return list((await session.execute(query.order_by(due, ref).limit(limit))).scalars())


async def waiting(
    session: AsyncSession, hotlines: Collection[str], now: datetime
) -> dict[str, Waiting]:
    """Return how many requests of each of some hotlines wait for a decision."""
    late = func.sum(case((col(RecordingRequest.due_at) < now, 1), else_=0))
    rows = await session.execute(
        select(RecordingRequest.hotline, func.count(), late)
        .where(col(RecordingRequest.hotline).in_(hotlines), col(RecordingRequest.state) == "open")
        .group_by(col(RecordingRequest.hotline))
    )
    found = {hotline: Waiting(open=0, late=0) for hotline in hotlines}
    return found | {name: Waiting(open=int(n), late=int(past)) for name, n, past in rows}


async def unit_names(session: AsyncSession, requests: Collection[str | None]) -> dict[str, str]:
    """Return request id -> the name of the unit that asked, as it was then."""
    query = select(col(RecordingRequest.id), col(RecordingRequest.unit_name)).where(
        col(RecordingRequest.id).in_({r for r in requests if r})
    )
    return dict((await session.execute(query)).tuples().all())


async def _newest(
    session: AsyncSession,
    query: SelectOfScalar[RecordingRequest],
    limit: int,
    before: tuple[datetime, str] | None,
) -> list[RecordingRequest]:
    at, ref = col(RecordingRequest.asked_at), col(RecordingRequest.id)
    if before is not None:
        query = query.where(tuple_(at, ref) < before)
    found = query.order_by(at.desc(), ref.desc()).limit(limit)
    return list((await session.execute(found)).scalars())

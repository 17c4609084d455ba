"""What units asked to hear, a page at a time: for whoever decides, and for the unit (CT-11.1b)."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from telephony.recordings.access import HEARERS
from telephony.recordings.hearing.requests import OF_UNIT
from telephony.recordings.hearing.tables import RecordingRequest
from tongdai.accounts.model import Viewer


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


async def waiting(session: AsyncSession, viewer: Viewer) -> int:
    """Return how many requests wait for the viewer's decision, at most 100 are counted."""
    return len(await page(session, viewer, only_open=True, limit=100))


async def unit_names(session: AsyncSession, requests: Collection[str | None]) -> dict[str, str]:
    """Return request id -> the name of the unit that asked, as it was then."""
    query = select(col(RecordingRequest.id), col(RecordingRequest.unit_name)).where(
        col(RecordingRequest.id).in_({r for r in requests if r})
    )
    return dict((await session.execute(query)).tuples().all())


async def _newest(
    session: AsyncSession, query: object, limit: int, before: tuple[datetime, str] | None
) -> list[RecordingRequest]:
    at, ref = col(RecordingRequest.asked_at), col(RecordingRequest.id)
    if before is not None:
        query = query.where(tuple_(at, ref) < before)  # type: ignore[attr-defined]
    found = query.order_by(at.desc(), ref.desc()).limit(limit)  # type: ignore[attr-defined]
    return list((await session.execute(found)).scalars())

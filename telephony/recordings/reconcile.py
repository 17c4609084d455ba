"""Calls and recordings held against each other: what has no counterpart is listed."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from telephony.calls.tables import CallRow
from telephony.recordings.model import Kind
from telephony.recordings.tables import Recording

GRACE = timedelta(minutes=2)
"""How long a recording may take from the call's end into the archive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmatched:
    """What has no counterpart in a period.

    Attributes:
        calls: Calls that a person answered and that ended, without a recording.
        recordings: Recordings whose call is not known.
    """

    calls: tuple[CallRow, ...]
    recordings: tuple[Recording, ...]


async def unmatched(
    session: AsyncSession,
    *,
    hotlines: tuple[str, ...],
    since: datetime,
    now: datetime,
    limit: int = 100,
    calls_before: tuple[datetime, str] | None = None,
    recordings_before: tuple[datetime, str] | None = None,
) -> Unmatched:
    """Return the answered calls without a recording and the recordings without a call.

    Args:
        session: A session to read with.
        hotlines: Whose calls.
        since: Calls and recordings that began from here on.
        now: The moment; what ended less than GRACE before it is not missed yet.
        limit: How many of each, newest first.
        calls_before: `started_at` and id of the last call of the page before.
        recordings_before: The same of the last recording of the page before.
    """
    began, ref = col(CallRow.started_at), col(CallRow.id)
    silent = (
        select(CallRow)
        .join(
            Recording,
            and_(col(Recording.call) == col(CallRow.id), col(Recording.kind) == Kind.CALL),
            isouter=True,
        )
        .where(
            col(Recording.id).is_(None),
            col(CallRow.hotline).in_(hotlines),
            began >= since,
            col(CallRow.answered_at).is_not(None),
            col(CallRow.ended_at) < now - GRACE,
        )
        .order_by(began.desc(), ref.desc())
        .limit(limit)
    )
    if calls_before is not None:
        silent = silent.where(tuple_(began, ref) < calls_before)
    at, its = col(Recording.started_at), col(Recording.id)
    loose = select(Recording).where(col(Recording.hotline).is_(None), at >= since)
    if recordings_before is not None:
        loose = loose.where(tuple_(at, its) < recordings_before)
    calls = await session.execute(silent)
    recordings = await session.execute(loose.order_by(at.desc(), its.desc()).limit(limit))
    return Unmatched(calls=tuple(calls.scalars()), recordings=tuple(recordings.scalars()))

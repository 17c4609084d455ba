"""What the checks and the daily reconciliation found, a page at a time."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, func, literal_column, or_, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped
from sqlmodel import col, select

from telephony.capture.reconcile import MOST, ItemKind
from telephony.capture.tables import ReconciliationDay, ReconciliationItem, RecordingFinding


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingsWanted:
    """Which findings are asked for.

    Attributes:
        hotlines: The hotlines of whoever asks; findings of no hotline are everybody's.
        hotline: One of them only.
        kind: A checks.FindingKind.
        since: Found from this moment on.
        until: Found before this moment.
        unseen: Only what somebody must still look at: without a known reason, and not seen.
    """

    hotlines: tuple[str, ...]
    hotline: str | None = None
    kind: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    unseen: bool = False


async def findings(
    session: AsyncSession,
    wanted: FindingsWanted,
    *,
    limit: int,
    before: tuple[datetime, str] | None = None,
) -> list[RecordingFinding]:
    """Return findings, newest first.

    Args:
        session: A session to read with.
        wanted: Which.
        limit: How many at most.
        before: `created_at` and id of the last one of the page before.
    """
    at, ref = col(RecordingFinding.created_at), col(RecordingFinding.id)
    query = select(RecordingFinding).where(_of(col(RecordingFinding.hotline), wanted.hotlines))
    if wanted.hotline is not None:
        query = query.where(col(RecordingFinding.hotline) == wanted.hotline)
    if wanted.kind is not None:
        query = query.where(col(RecordingFinding.kind) == wanted.kind)
    if wanted.since is not None:
        query = query.where(at >= wanted.since)
    if wanted.until is not None:
        query = query.where(at < wanted.until)
    if wanted.unseen:
        query = query.where(
            col(RecordingFinding.seen_at).is_(None),
            col(RecordingFinding.why) == literal_column("''"),
        )
    if before is not None:
        query = query.where(tuple_(at, ref) < before)
    rows = await session.execute(query.order_by(at.desc(), ref.desc()).limit(limit))
    return list(rows.scalars())


async def days(
    session: AsyncSession, *, limit: int, before: date | None = None
) -> list[ReconciliationDay]:
    """Return the days' results, newest first; `before` is the last day of the page before."""
    query = select(ReconciliationDay).order_by(col(ReconciliationDay.day).desc()).limit(limit)
    if before is not None:
        query = query.where(col(ReconciliationDay.day) < before)
    return list((await session.execute(query)).scalars())


async def items(
    session: AsyncSession,
    hotlines: tuple[str, ...],
    day: date,
    *,
    limit: int,
    after: tuple[datetime, str] | None = None,
) -> list[ReconciliationItem]:
    """Return what did not match on a day, in the order of its time.

    Args:
        session: A session to read with.
        hotlines: The hotlines of whoever asks; items of no hotline are everybody's.
        day: The day in Vietnam.
        limit: How many at most.
        after: `at` and id of the last one of the page before.
    """
    at, ref = col(ReconciliationItem.at), col(ReconciliationItem.id)
    query = select(ReconciliationItem).where(
        col(ReconciliationItem.day) == day, _of(col(ReconciliationItem.hotline), hotlines)
    )
    if after is not None:
        query = query.where(tuple_(at, ref) > after)
    return list((await session.execute(query.order_by(at, ref).limit(limit))).scalars())


async def full(session: AsyncSession, day: date) -> list[str]:
    """Return the kinds of a day's items of which there may be more than were kept.

    Of a kind the earliest reconcile.MOST are kept, all hotlines together; of files all.
    """
    kind = col(ReconciliationItem.kind)
    query = select(kind).where(col(ReconciliationItem.day) == day, kind != ItemKind.FILE)
    many = query.group_by(kind).having(func.count() >= MOST).order_by(kind)
    return list((await session.execute(many)).scalars())


def _of(hotline: Mapped[str | None], hotlines: tuple[str, ...]) -> ColumnElement[bool]:
    return or_(hotline.in_(hotlines), hotline.is_(None))

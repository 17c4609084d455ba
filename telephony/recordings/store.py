"""Every query on recordings."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, or_, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from telephony.calls.tables import CallRow
from telephony.recordings.model import SpoolName
from telephony.recordings.tables import Recording
from tongdai.ids import CallId


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFacts:
    """What a recording takes over from its call."""

    hotline: str
    answered_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A recording and its call, where the call is known."""

    recording: Recording
    call: CallRow | None

    @property
    def ticket(self) -> str | None:
        """The ticket of its call."""
        return self.call.ticket if self.call else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a list of recordings is narrowed to; None narrows nothing.

    Attributes:
        hotlines: The hotlines that the asker may hear.
        loose: Also recordings whose call is not known, which belong to no hotline yet.
        hotline: One of them.
        kind: call, consultation, message.
        state: archived, held, deleted.
        call: A call's id.
        calls: Some calls' ids.
        tickets: Some tickets' ids.
        number: The caller's number, E.164. With `tickets` as well: one of the two is enough.
        operator: An account's id.
        since: First moment, inclusive.
        until: Last moment, exclusive.
        shortest: Seconds, at least.
        longest: Seconds, at most.
    """

    hotlines: tuple[str, ...]
    loose: bool = False
    hotline: str | None = None
    kind: str | None = None
    state: str | None = None
    call: str | None = None
    calls: tuple[str, ...] | None = None
    tickets: tuple[str, ...] | None = None
    number: str | None = None
    operator: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    shortest: float | None = None
    longest: float | None = None


async def page(
    session: AsyncSession,
    wanted: Wanted,
    *,
    limit: int,
    before: tuple[datetime, str] | None = None,
) -> list[Listed]:
    """Return recordings, newest first.

    Args:
        session: A session to read with.
        wanted: What to narrow the list to.
        limit: How many at most.
        before: `started_at` and id of the last one of the page before.
    """
    query = _listed().where(*_conditions(wanted))
    if before is not None:
        query = query.where(tuple_(col(Recording.started_at), col(Recording.id)) < before)
    query = query.order_by(col(Recording.started_at).desc(), col(Recording.id).desc())
    rows = await session.execute(query.limit(limit))
    return [Listed(recording=recording, call=call) for recording, call in rows]


async def get(session: AsyncSession, recording_id: str) -> Listed | None:
    """Return one recording with its call."""
    row = (await session.execute(_listed().where(col(Recording.id) == recording_id))).one_or_none()
    return Listed(recording=row[0], call=row[1]) if row else None


async def some(session: AsyncSession, recording_ids: Collection[str]) -> dict[str, Recording]:
    """Return recordings by their id; those that are none are left out."""
    rows = await session.execute(select(Recording).where(col(Recording.id).in_(recording_ids)))
    return {row.id: row for row in rows.scalars()}


async def of_call(session: AsyncSession, call: str) -> list[Recording]:
    """Return the recordings of one call, oldest first."""
    rows = await session.execute(
        select(Recording)
        .where(col(Recording.call) == call)
        .order_by(col(Recording.started_at), col(Recording.id))
    )
    return list(rows.scalars())


async def of_spool_name(session: AsyncSession, pbx: str, name: SpoolName) -> list[Recording]:
    """Return what was archived of one kind of one call, whatever its n."""
    rows = await session.execute(
        select(Recording).where(
            col(Recording.pbx) == pbx,
            col(Recording.linkedid) == name.linkedid,
            col(Recording.kind) == name.kind,
        )
    )
    return list(rows.scalars())


async def call_facts(session: AsyncSession, call: CallId) -> CallFacts | None:
    """Return what is known of a call."""
    row = await session.get(CallRow, call)
    return CallFacts(hotline=row.hotline, answered_at=row.answered_at) if row else None


async def adoptable(session: AsyncSession, pbx: str, limit: int) -> list[tuple[str, str]]:
    """Return (recording, hotline) of recordings that wait for a call that is known by now."""
    rows = await session.execute(
        select(Recording.id, CallRow.hotline)
        .join(CallRow, col(CallRow.id) == col(Recording.call))
        .where(col(Recording.hotline).is_(None), col(Recording.pbx) == pbx)
        .limit(limit)
    )
    return [(recording, hotline) for recording, hotline in rows]


def _listed() -> Select[tuple[Recording, CallRow]]:
    return select(Recording, CallRow).join(
        CallRow, col(CallRow.id) == col(Recording.call), isouter=True
    )


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    mine: ColumnElement[bool] = col(Recording.hotline).in_(wanted.hotlines)
    if wanted.loose:
        mine = or_(mine, col(Recording.hotline).is_(None))
    equal = (
        (col(Recording.hotline), wanted.hotline),
        (col(Recording.kind), wanted.kind),
        (col(Recording.state), wanted.state),
        (col(Recording.call), wanted.call),
        (col(CallRow.operator), wanted.operator),
    )
    conditions = [mine, *(column == value for column, value in equal if value is not None)]
    if wanted.calls is not None:
        conditions.append(col(Recording.call).in_(wanted.calls))
    who: list[ColumnElement[bool]] = []
    if wanted.number is not None:
        who.append(col(CallRow.caller_number) == wanted.number)
    if wanted.tickets is not None:
        who.append(col(CallRow.ticket).in_(wanted.tickets))
    if who:
        conditions.append(or_(*who))
    return [*conditions, *_ranges(wanted)]


def _ranges(wanted: Wanted) -> list[ColumnElement[bool]]:
    ranges = []
    if wanted.since is not None:
        ranges.append(col(Recording.started_at) >= wanted.since)
    if wanted.until is not None:
        ranges.append(col(Recording.started_at) < wanted.until)
    if wanted.shortest is not None:
        ranges.append(col(Recording.seconds) >= wanted.shortest)
    if wanted.longest is not None:
        ranges.append(col(Recording.seconds) <= wanted.longest)
    return [and_(*ranges)] if ranges else []

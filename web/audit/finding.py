"""Recordings found by what an auditor remembers: each way has an index that it walks newest first.

A page costs what it shows, however large the archive. What is asked for decides which table leads:
a caller's number the calls, words the tickets' postings, a unit its tickets, else the recordings;
the order is the leading table's time, and so is the cursor.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Select, and_, func, or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from telephony.calls.tables import TAIL_DIGITS, CallRow
from telephony.recordings.store import Listed
from telephony.recordings.tables import Recording
from tickets import search
from tickets.tables import Posting, Ticket
from tongdai.db import UtcDateTime
from web.audit.meaning import Meaning

Column: TypeAlias = Any  # SQLAlchemy's own types for a column do not fit together
_OTHER = aliased(Ticket)
"""A ticket that is asked after beside the one that leads."""
COMMON = 500
"""Words that so many tickets have narrow less than an operator, a unit or a period does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What recordings are narrowed to; None narrows nothing.

    Attributes:
        hotlines: The hotlines that the asker may hear.
        hotline: One of them.
        meaning: What was typed into the one box.
        kind: call, consultation, message.
        operator: An account's id.
        unit: A unit's id: recordings of the tickets that are at it.
        since: First moment, inclusive.
        until: Last moment, exclusive.
        shortest: Seconds, at least.
        longest: Seconds, at most.
    """

    hotlines: tuple[str, ...]
    hotline: str | None = None
    meaning: Meaning = field(default_factory=Meaning)
    kind: str | None = None
    operator: str | None = None
    unit: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    shortest: float | None = None
    longest: float | None = None

    @property
    def here(self) -> tuple[str, ...]:
        """The hotlines that are asked for and may be heard."""
        return tuple(h for h in self.hotlines if self.hotline in (None, h))

    @property
    def narrow(self) -> bool:
        """Whether something besides the words narrows the list by an index."""
        return any(v is not None for v in (self.operator, self.unit, self.since, self.until))


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A recording that was found, and the time it is sorted by."""

    listed: Listed
    at: datetime

    @property
    def key(self) -> tuple[datetime, str]:
        """Where it stands in the list."""
        return self.at, self.listed.recording.id


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """A query that one index answers in the order of `key`; its conditions come later."""

    query: Select[tuple[Recording, CallRow, datetime]]
    key: Column


async def find(
    session: AsyncSession,
    asked: Asked,
    *,
    limit: int,
    before: tuple[datetime, str] | None = None,
) -> list[Hit]:
    """Return recordings, newest first.

    Args:
        session: A session to read with.
        asked: What to narrow the list to.
        limit: How many at most.
        before: `key` of the last one of the page before.
    """
    found: dict[str, Hit] = {}
    for part in await _parts(session, asked):
        for recording, call, at in await session.execute(_page_of(part, asked, limit, before)):
            hit = Hit(listed=Listed(recording=recording, call=call), at=at)
            found.setdefault(recording.id, hit)
    return sorted(found.values(), key=lambda hit: hit.key, reverse=True)[:limit]


async def _parts(session: AsyncSession, asked: Asked) -> list[_Part]:
    meant = asked.meaning
    if meant.number is not None:
        sent = [(col(Ticket.hotline) == h, *_sent_from(meant.number)) for h in asked.here]
        return [_by_number(meant.number), *(p for one in sent for p in _by_tickets(one))]
    if meant.tail is not None:
        return [_by_tail(meant.tail)]
    if meant.tickets is not None:
        return _by_tickets([col(Ticket.hotline).in_(asked.here), *meant.tickets])
    if meant.words:
        return await _by_words(session, asked)
    return _by_filters(asked)


def _by_filters(asked: Asked) -> list[_Part]:
    if asked.operator is not None:
        return [_of_calls(col(CallRow.operator) == asked.operator)]
    if asked.unit is not None:
        return [
            part
            for hotline in asked.here
            for part in _by_tickets(
                [col(Ticket.hotline) == hotline, col(Ticket.unit_id) == asked.unit]
            )
        ]
    loose = [None] if asked.hotline is None else []
    return [_of_recordings(hotline) for hotline in [*asked.here, *loose]]


async def _by_words(session: AsyncSession, asked: Asked) -> list[_Part]:
    parts: list[_Part] = []
    for hotline in asked.here:
        scope = f"ticket:{hotline}"
        hits = await search.hits(session, scope, asked.meaning.words)
        if asked.narrow and await _are_common(session, hits):
            has = await search.holds(
                session, scope, asked.meaning.words, col(_OTHER.created_at), col(_OTHER.id)
            )
            if has is not None:
                narrowed = replace(asked, hotline=hotline, hotlines=(hotline,))
                parts += [_with_words(part, has) for part in _by_filters(narrowed)]
            continue
        parts += [_of_postings(hit) for hit in hits]
    return parts


async def _are_common(session: AsyncSession, hits: Sequence[Select[Any]]) -> bool:
    for hit in hits:
        some = select(func.count()).select_from(hit.limit(COMMON).subquery())
        if (await session.execute(some)).scalar_one() >= COMMON:
            return True
    return False


def _with_words(part: _Part, has: ColumnElement[bool]) -> _Part:
    held = select(col(_OTHER.id)).where(col(_OTHER.id) == col(CallRow.ticket), has).exists()
    return replace(part, query=part.query.where(held))


def _of_recordings(hotline: str | None) -> _Part:
    key = col(Recording.started_at)
    query = select(Recording, CallRow, key).join(
        CallRow, col(CallRow.id) == col(Recording.call), isouter=True
    )
    return _Part(query=query.where(col(Recording.hotline) == hotline), key=key)


def _of_calls(condition: ColumnElement[bool]) -> _Part:
    key = col(CallRow.started_at)
    query = select(Recording, CallRow, key).join(CallRow, col(CallRow.id) == col(Recording.call))
    return _Part(query=query.where(condition), key=key)


def _of_postings(hit: Select[tuple[datetime, str]]) -> _Part:
    key = col(Posting.at)
    query = (
        hit.with_only_columns(Recording, CallRow, key)
        .select_from(Posting)
        .join(CallRow, col(CallRow.ticket) == col(Posting.ref))
        .join(Recording, col(Recording.call) == col(CallRow.id))
    )
    return _Part(query=query, key=key)


def _by_number(number: str) -> _Part:
    return _of_calls(col(CallRow.caller_number) == number)


def _by_tail(digits: str) -> _Part:
    last = col(CallRow.caller_tail) == digits[-TAIL_DIGITS:]
    if len(digits) == TAIL_DIGITS:
        return _of_calls(last)
    return _of_calls(and_(last, col(CallRow.caller_number).endswith(digits)))


def _sent_from(number: str) -> list[ColumnElement[bool]]:
    """Return the conditions of tickets whose sender has the number, called from elsewhere."""
    other = or_(col(CallRow.caller_number) != number, col(CallRow.caller_number).is_(None))
    return [col(Ticket.sender_e164) == number, other]


def _by_tickets(conditions: Sequence[ColumnElement[bool]]) -> list[_Part]:
    key = col(Ticket.created_at)
    query = (
        select(Recording, CallRow, key)
        .select_from(Ticket)
        .join(CallRow, col(CallRow.ticket) == col(Ticket.id))
        .join(Recording, col(Recording.call) == col(CallRow.id))
    )
    return [_Part(query=query.where(*conditions), key=key)]


def _page_of(
    part: _Part, asked: Asked, limit: int, before: tuple[datetime, str] | None
) -> Select[tuple[Recording, CallRow, datetime]]:
    began: Column = col(Recording.started_at)
    if part.key is not began:
        began = func.coalesce(began, began, type_=UtcDateTime())
    query, ref = part.query.where(*_conditions(asked, began)), col(Recording.id)
    if before is not None:
        at, last = before
        query = query.where(part.key <= at, or_(part.key < at, ref < last))
    return query.order_by(part.key.desc(), ref.desc()).limit(limit)


def _conditions(asked: Asked, began: Column) -> list[ColumnElement[bool]]:
    # not an index's column: where another table leads, it is to lead on a first page, too
    loose = ("",) if asked.hotline is None else ()
    here = func.coalesce(col(Recording.hotline), "").in_((*asked.here, *loose))
    found: list[ColumnElement[bool]] = [here]
    if asked.kind is not None:
        found.append(col(Recording.kind) == asked.kind)
    if asked.operator is not None:
        found.append(col(CallRow.operator) == asked.operator)
    if asked.unit is not None:
        at_unit = select(col(_OTHER.id)).where(
            col(_OTHER.id) == col(CallRow.ticket), col(_OTHER.unit_id) == asked.unit
        )
        found.append(at_unit.exists())
    if asked.since is not None:
        found.append(began >= asked.since)
    if asked.until is not None:
        found.append(began < asked.until)
    if asked.shortest is not None:
        found.append(col(Recording.seconds) >= asked.shortest)
    if asked.longest is not None:
        found.append(col(Recording.seconds) <= asked.longest)
    return found

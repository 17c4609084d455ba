"""Recordings found by what an auditor remembers: each way has an index that it walks newest first.

A page costs what it shows, however large the archive. What is asked for decides which table leads:
a caller's number the calls, words the tickets' postings, a unit its tickets, else the recordings;
the order is the leading table's time, and so is the cursor.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from telephony.calls.tables import CallRow
from telephony.recordings.store import Listed
from telephony.recordings.tables import Recording
from tickets import search
from tickets.tables import Ticket
from tongdai.db import UtcDateTime
from web.audit import leads
from web.audit.leads import Column
from web.audit.meaning import Meaning

_OTHER = aliased(Ticket)
"""A ticket that is asked after beside the one that leads."""
COMMON = 3000
"""Words that so many tickets have narrow less than an operator, a unit or a period does."""
RARE = 2000
"""Fewer recordings than this have a rare length: they are read and sorted. More are met often
enough on a walk through all, newest first."""


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

    def lengths(self, seconds: Column) -> list[ColumnElement[bool]]:
        """Return the conditions that the column `seconds` has to meet."""
        least = [] if self.shortest is None else [seconds >= self.shortest]
        return least if self.longest is None else [*least, seconds <= self.longest]

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
    weighs = session.get_bind().dialect.name != "sqlite"
    for part in await _parts(session, asked):
        query = _page_of(part, asked, limit, before, weighs=weighs)
        for recording, call, at in await session.execute(query):
            hit = Hit(listed=Listed(recording=recording, call=call), at=at)
            found.setdefault(recording.id, hit)
    return sorted(found.values(), key=lambda hit: hit.key, reverse=True)[:limit]


async def _parts(session: AsyncSession, asked: Asked) -> list[leads.Part]:
    meant = asked.meaning
    if meant.number is not None:
        sent = [(col(Ticket.hotline) == h, *leads.sent_from(meant.number)) for h in asked.here]
        return [leads.by_number(meant.number), *(leads.by_tickets(one) for one in sent)]
    if meant.tail is not None:
        return [leads.by_tail(meant.tail)]
    if meant.tickets is not None:
        return [leads.by_tickets([col(Ticket.hotline).in_(asked.here), *meant.tickets])]
    if meant.words:
        return await _by_words(session, asked)
    return await _by_filters(session, asked)


async def _by_filters(session: AsyncSession, asked: Asked) -> list[leads.Part]:
    if await _is_rare(session, asked):
        lengths = asked.lengths(col(Recording.seconds))
        return [leads.of_lengths(hotline, lengths) for hotline in _scopes(asked)]
    if asked.operator is not None:
        return [leads.of_calls(col(CallRow.operator) == asked.operator)]
    if asked.unit is not None:
        return [leads.by_unit(hotline, asked.unit) for hotline in asked.here]
    return [leads.of_recordings(hotline) for hotline in _scopes(asked)]


def _scopes(asked: Asked) -> list[str | None]:
    """Return the hotlines to look in, and None for recordings that have none yet."""
    return [*asked.here, *([None] if asked.hotline is None else [])]


async def _is_rare(session: AsyncSession, asked: Asked) -> bool:
    """Say whether a length is asked for that fewer than RARE have; counts no further."""
    seen, lengths = 0, asked.lengths(col(Recording.seconds))
    if not lengths:
        return False
    for hotline in _scopes(asked):
        some = select(col(Recording.seconds)).where(col(Recording.hotline) == hotline, *lengths)
        counted = select(func.count()).select_from(some.limit(RARE - seen).subquery())
        seen += (await session.execute(counted)).scalar_one()
        if seen >= RARE:
            return False
    return True


async def _by_words(session: AsyncSession, asked: Asked) -> list[leads.Part]:
    parts: list[leads.Part] = []
    narrow = asked.narrow or await _is_rare(session, asked)
    for hotline in asked.here:
        scope = f"ticket:{hotline}"
        hits = await search.hits(session, scope, asked.meaning.words)
        if narrow and await _are_common(session, hits):
            has = await search.holds(
                session, scope, asked.meaning.words, col(_OTHER.created_at), col(_OTHER.id)
            )
            if has is not None:
                narrowed = replace(asked, hotline=hotline, hotlines=(hotline,))
                led = await _by_filters(session, narrowed)
                parts += [_with_words(part, has) for part in led]
            continue
        parts += [leads.of_postings(hit) for hit in hits]
    return parts


def _with_words(part: leads.Part, has: ColumnElement[bool]) -> leads.Part:
    return replace(part, query=part.query.where(_its_ticket(has)))


def _its_ticket(has: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return the condition that the call's ticket meets another: asked of each row that is met.

    As `exists` PostgreSQL would collect everything that meets it first.
    """
    own = select(col(_OTHER.id)).where(col(_OTHER.id) == col(CallRow.ticket), has)
    return own.limit(1).scalar_subquery().is_not(None)


async def _are_common(session: AsyncSession, hits: Sequence[Select[Any]]) -> bool:
    for hit in hits:
        some = select(func.count()).select_from(hit.limit(COMMON).subquery())
        if (await session.execute(some)).scalar_one() >= COMMON:
            return True
    return False


def _page_of(
    part: leads.Part,
    asked: Asked,
    limit: int,
    before: tuple[datetime, str] | None,
    *,
    weighs: bool,
) -> Select[tuple[Recording, CallRow, datetime]]:
    """Return the query of one page.

    Args:
        part: What leads.
        asked: What else is asked.
        limit: How many at most.
        before: `key` of the last one of the page before.
        weighs: Whether the database weighs indexes by what it knows of the columns (PostgreSQL).
            One that does not (SQLite) is shown no column whose index is not to lead.
    """
    query, ref = part.query.where(*_conditions(part, asked, weighs=weighs)), col(Recording.id)
    if before is not None:
        at, last = before
        query = query.where(part.key <= at, or_(part.key < at, ref < last))
    return query.order_by(part.key.desc(), ref.desc()).limit(limit)


def _conditions(part: leads.Part, asked: Asked, *, weighs: bool) -> list[ColumnElement[bool]]:
    began: Column = col(Recording.started_at)
    hotline: Column = col(Recording.hotline)
    seconds: Column = col(Recording.seconds)
    operator: Column = col(CallRow.operator)
    found: list[ColumnElement[bool]] = []
    if not weighs:
        if part.key is not began:
            began = func.coalesce(began, began, type_=UtcDateTime())
        hotline, seconds = func.coalesce(hotline, hotline), func.coalesce(seconds, seconds)
        operator = func.coalesce(operator, operator)
    if not part.scoped:
        here = hotline.in_(asked.here)
        found.append(or_(here, hotline.is_(None)) if asked.hotline is None else here)
    if asked.kind is not None:
        found.append(col(Recording.kind) == asked.kind)
    if asked.operator is not None:
        found.append(operator == asked.operator)
    if asked.unit is not None and not part.at_unit:
        found.append(_its_ticket(col(_OTHER.unit_id) == asked.unit))
    if asked.since is not None:
        found.append(began >= asked.since)
    if asked.until is not None:
        found.append(began < asked.until)
    return [*found, *asked.lengths(seconds)]

"""Lists of tickets, page by page: each page costs what it shows, however large the archive."""

import base64
import binascii
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import product
from typing import Any, Literal, TypeAlias

from sqlalchemy import ColumnElement, Select, and_, or_, union_all
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from tickets import codes, search
from tickets.access import Scope, scope_of
from tickets.tables import Posting, Ticket
from tongdai.accounts.model import SYSTEM, Viewer
from tongdai.errors import Invalid
from tongdai.ids import HotlineId
from tongdai.phone import normalise

Order = Literal["newest", "due"]
Column: TypeAlias = Any  # SQLAlchemy's own types for a column do not fit together
_NUMBER = re.compile(r"\d{4}-\d{1,9}")


class BadCursor(Invalid):
    """The cursor is not one that this list gave out."""

    code = "bad_cursor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some tickets and the cursor of those that follow, None at the end."""

    items: tuple[Ticket, ...]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    hotline: str | None
    states: Sequence[str]
    overdue: bool | None
    unit: str | None
    typed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """A query that one index answers in the order of `key` and `ref`."""

    query: Select[tuple[Ticket]]
    key: Column
    ref: Column


async def page(  # noqa: PLR0913 - what a list may be asked for
    session: AsyncSession,
    viewer: Viewer,
    *,
    hotline: str | None = None,
    state: str | Sequence[str] | None = None,
    overdue: bool | None = None,
    unit: str | None = None,
    q: str | None = None,
    limit: int = 50,
    cursor: str | None = None,
    order: Order = "newest",
) -> Page:
    """Return the tickets that a viewer sees and that are wanted.

    Args:
        session: To read with.
        viewer: Who asks; what is not seen is not counted either.
        hotline: One hotline's; None: of all that the viewer reaches.
        state: In this state, or in one of these.
        overdue: Marked overdue, or not.
        unit: At this unit now.
        q: A number, a look-up code, a telephone number, or words.
        limit: At most so many, 1 to 500.
        cursor: `next` of the page before.
        order: Newest first, or by due time (what is overdue and has none before the others).

    Raises:
        BadCursor: The cursor is none of ours.
    """
    limit = max(1, min(limit, 500))
    states = (state,) if isinstance(state, str) else tuple(state or ())
    wanted = _Wanted(
        hotline=hotline, states=states, overdue=overdue, unit=unit, typed=(q or "").strip()
    )
    after = _read(cursor, order) if cursor else None
    parts = await _parts(session, await scope_of(session, viewer), wanted, order)
    if after is not None:
        parts = [_after(part, order, *after) for part in parts]
    found = await _run(session, parts, order, limit + 1)
    if len(found) <= limit:
        return Page(items=tuple(found), next=None)
    return Page(items=tuple(found[:limit]), next=_write(order, found[limit - 1]))


async def by_number(session: AsyncSession, hotline: str, number: str) -> Ticket | None:
    """Return the ticket of that number (`2026-000123`) at a hotline, whoever asks."""
    query = select(Ticket).where(col(Ticket.hotline) == hotline, col(Ticket.number) == number)
    return (await session.execute(query)).scalar_one_or_none()


async def by_code(session: AsyncSession, typed: str) -> Ticket | None:
    """Return the ticket that a citizen's look-up code stands for."""
    code = codes.read(typed)
    if code is None:
        return None
    return (
        await session.execute(select(Ticket).where(col(Ticket.code) == code))
    ).scalar_one_or_none()


async def _run(
    session: AsyncSession, parts: Sequence[_Part], order: Order, limit: int
) -> list[Ticket]:
    """Take the first of each part through its index, then the first of those."""
    if not parts:
        return []
    first = [p.query.order_by(*_order(order, p.key, p.ref)).limit(limit) for p in parts]
    if len(first) == 1:
        return list((await session.execute(first[0])).scalars())
    every = aliased(Ticket, union_all(*(select(q.subquery()) for q in first)).subquery())
    key = every.created_at if order == "newest" else every.due_at
    query = select(every).order_by(*_order(order, key, every.id)).limit(limit * len(parts))
    found = (await session.execute(query)).scalars()
    return list({t.id: t for t in found}.values())[:limit]


def _order(order: Order, key: Column, ref: Column) -> tuple[Column, Column]:
    if order == "newest":
        return key.desc(), ref.desc()
    return key.asc().nulls_first(), ref.asc()


def _after(part: _Part, order: Order, key: datetime | None, ticket_id: str) -> _Part:
    """Begin behind a row; the first condition is a range, so that the index is entered there."""
    if order == "newest":
        rest = and_(part.key <= key, or_(part.key < key, part.ref < ticket_id))
    elif key is None:
        rest = or_(part.key.is_not(None), part.ref > ticket_id)
    else:
        rest = and_(part.key >= key, or_(part.key > key, part.ref > ticket_id))
    return replace(part, query=part.query.where(rest))


async def _parts(session: AsyncSession, scope: Scope, wanted: _Wanted, order: Order) -> list[_Part]:
    places = _places(scope, wanted)
    conditions = [
        [*place, *([] if state is None else [col(Ticket.state) == state])]
        for place, state in product(places.values(), wanted.states or (None,))
    ]
    if wanted.overdue is not None:
        mark: Column = col(Ticket.overdue) if wanted.overdue else ~col(Ticket.overdue)
        conditions = [[*c, mark] for c in conditions]
    key = col(Ticket.created_at) if order == "newest" else col(Ticket.due_at)
    whole = [_Part(query=select(Ticket), key=key, ref=col(Ticket.id))]
    hotlines = sorted({hotline for hotline, _ in places})
    bases = await _named(session, hotlines, wanted.typed, order) if wanted.typed else whole
    return [
        replace(base, query=base.query.where(*condition))
        for base, condition in product(bases, conditions)
    ]


def _places(
    scope: Scope, wanted: _Wanted
) -> dict[tuple[str, str | None], list[ColumnElement[bool]]]:
    """Return the (hotline, unit) that the viewer reaches and asks for, each with its condition."""
    hotlines = scope.whole | set(scope.units)
    if scope.viewer.id == SYSTEM.id and wanted.hotline:
        hotlines = frozenset({HotlineId(wanted.hotline)})
    places: dict[tuple[str, str | None], list[ColumnElement[bool]]] = {}
    for hotline in sorted(hotlines):
        if wanted.hotline not in (None, hotline):
            continue
        here = col(Ticket.hotline) == hotline
        if scope.whole_of(hotline) and wanted.unit is None:
            places[hotline, None] = [here]
            continue
        mine = {wanted.unit} if scope.whole_of(hotline) else set(scope.units[hotline])
        for unit in sorted(u for u in mine if u and wanted.unit in (None, u)):
            places[hotline, unit] = [here, col(Ticket.unit_id) == unit]
    return places


async def _named(
    session: AsyncSession, hotlines: Sequence[str], typed: str, order: Order
) -> list[_Part]:
    """Return the parts that hold what somebody typed into the search."""
    key = col(Ticket.created_at) if order == "newest" else col(Ticket.due_at)
    if _NUMBER.fullmatch(typed):
        year, count = typed.split("-")
        same = [col(Ticket.number) == f"{year}-{int(count):06d}"]
    else:
        same = _digits(typed)
    if same:
        return [_Part(query=select(Ticket).where(s), key=key, ref=col(Ticket.id)) for s in same]
    parts = []
    for hotline in hotlines:
        for hit in await search.hits(session, f"ticket:{hotline}", typed):
            query = (
                hit.with_only_columns(Ticket)
                .select_from(Posting)
                .join(Ticket, col(Ticket.id) == col(Posting.ref))
                .where(col(Ticket.hotline) == hotline)
            )
            if order == "newest":
                parts.append(_Part(query=query, key=col(Posting.at), ref=col(Posting.ref)))
            else:
                parts.append(_Part(query=query, key=key, ref=col(Ticket.id)))
    return parts


def _digits(typed: str) -> list[ColumnElement[bool]]:
    code = codes.read(typed)
    phone = None if any(c.isalpha() for c in typed) else normalise(typed)
    same = [col(Ticket.code) == code] if code else []
    if phone:
        same += [col(Ticket.sender_e164) == phone, col(Ticket.caller_e164) == phone]
    return same


def _write(order: Order, last: Ticket) -> str:
    key = last.created_at if order == "newest" else last.due_at
    text = json.dumps([key.isoformat() if key else None, last.id])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read(cursor: str, order: Order) -> tuple[datetime | None, str]:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        at, ticket_id = json.loads(base64.urlsafe_b64decode(padded.encode("ascii")))
        key = None if at is None else datetime.fromisoformat(at)
    except (ValueError, TypeError, binascii.Error) as error:
        raise BadCursor(fields={"cursor": "not_known"}) from error
    aware = key is None or key.utcoffset() is not None
    if not isinstance(ticket_id, str) or not aware or (key is None and order == "newest"):
        raise BadCursor(fields={"cursor": "not_known"})
    return key, ticket_id

"""Every query about calls."""

from collections.abc import Collection
from dataclasses import fields
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Dialect, Table, and_, func, or_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from telephony.calls.model import CallState, CallView, Direction, Leg, Outcome
from telephony.calls.tables import CallLegRow, CallRow, tail
from tongdai.db import Tx
from tongdai.ids import (
    AccountId,
    CallId,
    HotlineId,
    Linkedid,
    TicketId,
)

_ROW_FIELDS = [f.name for f in fields(CallView) if f.name != "ringing"]
_COLUMNS = [*_ROW_FIELDS, "caller_tail"]
_LEG_FIELDS = list(Leg._fields)


async def save(tx: Tx, views: Collection[CallView], legs: Collection[Leg]) -> None:
    """Write calls and closed legs; what is there already stays, an older version never wins.

    A ticket once linked is kept, whoever writes: see `link_ticket`.
    """
    connection = await tx.session.connection()
    if views:
        rows = [_row_of(view) for view in views]
        await connection.execute(_save_calls(connection.dialect), rows)
    if legs:
        rows = [_leg_of(leg) for leg in legs]
        await connection.execute(_save_legs(connection.dialect), rows)


@lru_cache(maxsize=16)
def _save_calls(dialect: Dialect) -> Any:
    """Return the statement, compiled once: SQLAlchemy keeps no compiled ON CONFLICT by itself.

    To compile it costs the event loop more than to have it carried out.
    """
    table: Table = CallRow.__table__  # type: ignore[attr-defined]  # SQLModel's own
    statement: Any = (sqlite.insert if dialect.name == "sqlite" else postgresql.insert)(table)
    new = statement.excluded
    changes = {name: new[name] for name in _COLUMNS if name != "id"}
    changes["ticket"] = func.coalesce(new["ticket"], table.c.ticket)
    saving = statement.on_conflict_do_update(
        index_elements=["id"], set_=changes, where=new["version"] >= table.c.version
    )
    return saving.compile(dialect=dialect, column_keys=_COLUMNS, for_executemany=True)


@lru_cache(maxsize=16)
def _save_legs(dialect: Dialect) -> Any:
    table: Table = CallLegRow.__table__  # type: ignore[attr-defined]  # SQLModel's own
    statement: Any = (sqlite.insert if dialect.name == "sqlite" else postgresql.insert)(table)
    saving = statement.on_conflict_do_nothing(index_elements=["call", "n"])
    return saving.compile(dialect=dialect, column_keys=_LEG_FIELDS, for_executemany=True)


async def link_ticket(tx: Tx, call: CallId, ticket: TicketId) -> None:
    """Note a call's ticket. A call that is not written yet gets it from memory later."""
    await tx.session.execute(update(CallRow).where(col(CallRow.id) == call).values(ticket=ticket))


async def get(session: AsyncSession, call: CallId) -> CallView | None:
    """Return a written call."""
    row = (
        await session.execute(select(CallRow).where(col(CallRow.id) == call))
    ).scalar_one_or_none()
    return None if row is None else view_of(row)


async def open_calls(session: AsyncSession, pbx: str) -> tuple[tuple[CallView, int], ...]:
    """Return the written calls of a PBX that have no end yet, each with its last leg's number."""
    last = func.coalesce(func.max(col(CallLegRow.n)), 0)
    rows = await session.execute(
        select(CallRow, last)
        .outerjoin(CallLegRow, col(CallLegRow.call) == col(CallRow.id))
        .where(col(CallRow.pbx) == pbx, col(CallRow.ended_at).is_(None))
        .group_by(*CallRow.__table__.c)  # type: ignore[attr-defined]  # SQLModel's own
    )
    return tuple((view_of(row), n) for row, n in rows)


async def of_caller(
    session: AsyncSession, number: str, hotlines: Collection[HotlineId], limit: int = 20
) -> tuple[CallView, ...]:
    """Return the latest calls of a number (E.164) to some hotlines, newest first."""
    rows = await session.execute(
        select(CallRow)
        .where(col(CallRow.caller_number) == number, col(CallRow.hotline).in_(hotlines))
        .order_by(col(CallRow.started_at).desc())
        .limit(limit)
    )
    return tuple(view_of(row) for row in rows.scalars())


async def cut_off_before(
    session: AsyncSession, number: str, hotline: HotlineId, since: datetime, call: CallId
) -> CallView | None:
    """Return the number's last call to a hotline when it was cut off after `since`.

    Args:
        session: To read with.
        number: E.164.
        hotline: Which was called.
        since: Aware.
        call: The new call itself, which is not meant.
    """
    rows = await session.execute(
        select(CallRow)
        .where(col(CallRow.caller_number) == number, col(CallRow.id) != call)
        .where(col(CallRow.hotline) == hotline, col(CallRow.ended_at).is_not(None))
        .order_by(col(CallRow.started_at).desc())
        .limit(1)
    )
    last = rows.scalar_one_or_none()
    if last is None or not last.cut_off or last.ended_at is None or last.ended_at < since:
        return None
    return view_of(last)


async def page(
    session: AsyncSession,
    hotlines: Collection[HotlineId],
    *,
    limit: int,
    before: tuple[datetime, CallId] | None = None,
    operator: AccountId | None = None,
) -> tuple[CallView, ...]:
    """Return calls, newest first.

    Args:
        session: To read with.
        hotlines: Those that the asker may see.
        limit: At most so many.
        before: `started_at` and id of the last call of the page before.
        operator: Only this operator's.
    """
    query = select(CallRow).where(col(CallRow.hotline).in_(hotlines))
    if operator is not None:
        query = query.where(col(CallRow.operator) == operator)
    if before is not None:
        at, last = before
        started = col(CallRow.started_at)
        query = query.where(or_(started < at, and_(started == at, col(CallRow.id) < last)))
    query = query.order_by(col(CallRow.started_at).desc(), col(CallRow.id).desc()).limit(limit)
    return tuple(view_of(row) for row in (await session.execute(query)).scalars())


async def legs(session: AsyncSession, call: CallId) -> tuple[CallLegRow, ...]:
    """Return a call's ledger in its order."""
    rows = await session.execute(
        select(CallLegRow).where(col(CallLegRow.call) == call).order_by(col(CallLegRow.n))
    )
    found = tuple(rows.scalars())
    for row in found:
        session.expunge(row)
    return found


def view_of(row: CallRow) -> CallView:
    """Return the snapshot that a row holds; nobody's phone rings in it."""
    values: dict[str, Any] = {name: getattr(row, name) for name in _ROW_FIELDS}
    values |= {
        "id": CallId(row.id),
        "linkedid": Linkedid(row.linkedid),
        "direction": Direction(row.direction),
        "state": CallState(row.state),
        "outcome": None if row.outcome is None else Outcome(row.outcome),
    }
    return CallView(**values)


def _row_of(view: CallView) -> dict[str, Any]:
    row = {name: getattr(view, name) for name in _ROW_FIELDS}
    row["direction"], row["state"] = view.direction.value, view.state.value
    row["outcome"] = None if view.outcome is None else view.outcome.value
    row["caller_tail"] = tail(view.caller_number)
    return row


def _leg_of(leg: Leg) -> dict[str, Any]:
    row = {name: getattr(leg, name) for name in _LEG_FIELDS}
    row["kind"] = leg.kind.value
    return {k: v.replace("\0", "") if isinstance(v, str) else v for k, v in row.items()}

"""Open tickets by the thousand, written straight into the tables, as acts would have left them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Insert,
    String,
    Table,
    cast,
    event,
    func,
    insert,
    literal,
    select,
)
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import SQLModel, col

from escalation.act import Act
from escalation.ladder import Ladder
from escalation.lawbook import default_lawbook
from escalation.state import State
from escalation.tables import Deadline, LadderState, ProcedureVersion
from tickets import units
from tickets.tables import Ticket
from tongdai.accounts.model import SYSTEM
from tongdai.db import Database

HOTLINE = "can-tho"
_CHUNK = 50_000
_MANY = 100_000
_NUMBERS = 10_000_000
"""Added to a ticket's count, so that numbers sort as texts."""
_CODES = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Frame:
    """What all the tickets have in common."""

    unit: str
    version: str
    referred_at: datetime
    due_at: datetime
    state: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Laid:
    """What was laid down so far: the unit, and how many tickets it has."""

    unit: str
    tickets: int


async def lay_down(
    db: Database, now: datetime, *, due: int, waiting: int = 0, after: Laid | None = None
) -> Laid:
    """Lay down tickets at a unit's focal point.

    Args:
        db: A migrated database.
        now: When they were referred that are not due yet (aware).
        due: How many were referred five days before: their 08 working hours have passed.
        waiting: How many are not due yet.
        after: What was laid down before; default: nothing, so that the unit is made as well.
    """
    late = await _frame(db, now - timedelta(days=5), after.unit if after else None)
    early = await _frame(db, now, late.unit)
    count = after.tickets if after else 0
    await _write(db, late, due, count + 1)
    await _write(db, early, waiting, count + due + 1)
    return Laid(unit=late.unit, tickets=count + due + waiting)


async def _frame(db: Database, at: datetime, unit: str | None = None) -> _Frame:
    book = default_lawbook((HOTLINE,))
    version, calendar = book.version(HOTLINE), book.calendar(HOTLINE)
    assert version is not None
    assert calendar is not None
    if unit is None:
        unit = await _unit(db, version.id, version.text)
    ladder = Ladder(version.procedure, calendar)
    state, _ = ladder.perform(State(track="general"), Act(event="received"), at)
    state, _ = ladder.perform(state, Act(event="referred"), at)
    due = state.running[0].due
    assert due is not None
    return _Frame(unit=unit, version=version.id, referred_at=at, due_at=due, state=state.as_json())


async def _unit(db: Database, version: str, text: str) -> str:
    async with db.write() as tx:
        unit = units.new_unit(
            HOTLINE,
            code="so-xay-dung",
            name="Sở Xây dựng",
            kind="department",
            valid_from=tx.now - timedelta(days=30),
            aliases=(),
        )
        await units.add_unit(tx, unit, SYSTEM)
        for role, number in (("focal_point", "0892100010"), ("unit_head", "0892100020")):
            person = units.new_person(
                unit,
                name=role,
                role=role,
                active_from=tx.now - timedelta(days=30),
                phone=number,
                mobile=number,
                title="",
            )
            await units.appoint(tx, person, SYSTEM)
        tx.session.add(
            ProcedureVersion(id=version, hotline=HOTLINE, text=text, first_used_at=tx.now)
        )
        return unit.id


async def _write(db: Database, frame: _Frame, count: int, first: int) -> None:
    """Let the database make the rows; beyond some, its indexes are built afterwards."""
    engine = create_async_engine(db.url)  # without the service's limit on a command
    if db.is_sqlite:
        event.listen(engine.sync_engine, "connect", _hurry)
    tables = [_table(kind) for kind in (Ticket, LadderState, Deadline)]
    indexes = [index for table in tables for index in table.indexes] if count > _MANY else []
    try:
        async with engine.begin() as connection:
            for index in indexes:
                await connection.run_sync(index.drop)
        for start in range(first, first + count, _CHUNK):
            end = min(start + _CHUNK, first + count)
            async with engine.begin() as connection:
                for statement in _inserts(frame, start, end, sqlite=db.is_sqlite):
                    await connection.execute(statement)
        async with engine.begin() as connection:
            for index in indexes:
                await connection.run_sync(index.create)
            if not db.is_sqlite:
                await connection.exec_driver_sql("ANALYZE")  # as autovacuum does in a while
    finally:
        await engine.dispose()


def _hurry(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    for pragma in ("synchronous=OFF", "cache_size=-400000", "temp_store=MEMORY"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _inserts(frame: _Frame, start: int, end: int, *, sqlite: bool) -> Iterator[Insert]:
    """Return the statements that write tickets `start` to `end` - 1, their ids random as ever."""
    ticket, ladder, deadline = _patterns(frame)
    numbers = select(literal(start).label("n")).cte("numbers", recursive=True)
    numbers = numbers.union_all(select(numbers.c.n + 1).where(numbers.c.n < end - 1))
    number = literal("2026-").concat(cast(numbers.c.n + _NUMBERS, String))
    name = _random_name(sqlite=sqlite)
    made = {"id": name, "number": number, "code": cast(numbers.c.n + _CODES, String)}
    yield _insert(ticket, made, numbers)
    laid = select(_table(Ticket).c.id).where(
        col(Ticket.hotline) == HOTLINE,
        col(Ticket.number) >= f"2026-{start + _NUMBERS}",
        col(Ticket.number) < f"2026-{end + _NUMBERS}",
    )
    of = laid.subquery()
    yield _insert(ladder, {"ticket_id": of.c.id}, of)
    yield _insert(deadline, {"id": name, "ticket_id": of.c.id}, of)


def _insert(row: SQLModel, made: Mapping[str, ColumnElement[Any]], source: FromClause) -> Insert:
    table = _table(type(row))
    values = [
        made[c.key] if c.key in made else literal(getattr(row, c.key), c.type)
        for c in table.columns
    ]
    chosen = select(*values).select_from(source)
    return insert(table).from_select(table.columns.keys(), chosen, include_defaults=False)


def _random_name(*, sqlite: bool) -> ColumnElement[str]:
    """Return what is a new_id for each row."""
    if sqlite:
        return func.lower(func.hex(func.randomblob(16)))
    return func.replace(cast(func.gen_random_uuid(), String), "-", "")


def _patterns(frame: _Frame) -> tuple[SQLModel, ...]:
    ticket = Ticket(
        hotline=HOTLINE,
        state="open",
        type="socio_economic",
        track="general",
        stage="focal_point",
        due_at=frame.due_at,
        channel="phone",
        unit_id=frame.unit,
        created_by="system",
        created_at=frame.referred_at,
        filed_at=frame.referred_at,
        changed_at=frame.referred_at,
    )
    ladder = LadderState(
        ticket_id="", hotline=HOTLINE, version=frame.version, state=frame.state, owed=1
    )
    deadline = Deadline(
        ticket_id="",
        hotline=HOTLINE,
        stage="focal_point",
        due_at=frame.due_at,
        set_at=frame.referred_at,
    )
    return ticket, ladder, deadline


def _table(kind: type[SQLModel]) -> Table:
    return kind.metadata.tables[str(kind.__tablename__)]

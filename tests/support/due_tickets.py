"""Open tickets by the thousand, written straight into the tables, as acts would have left them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert
from sqlmodel import SQLModel

from escalation.act import Act
from escalation.ladder import Ladder
from escalation.lawbook import default_lawbook
from escalation.state import State
from escalation.tables import Deadline, LadderState, ProcedureVersion
from tickets import units
from tickets.tables import Ticket
from tongdai.accounts.model import SYSTEM
from tongdai.db import Database
from tongdai.ids import new_id

HOTLINE = "can-tho"
_CHUNK = 5000


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
    for start in range(0, count, _CHUNK):
        numbers = range(first + start, first + min(start + _CHUNK, count))
        async with db.write() as tx:
            rows = list(_rows(frame, numbers))
            for place, kind in enumerate((Ticket, LadderState, Deadline)):
                await tx.session.execute(insert(kind), [row[place] for row in rows])


def _rows(frame: _Frame, numbers: range) -> Iterator[tuple[dict[str, Any], ...]]:
    ticket, ladder, deadline = (_values(row) for row in _patterns(frame))
    for number in numbers:
        name = new_id()
        yield (
            ticket | {"id": name, "number": f"2026-{number:06d}", "code": f"{number:010d}"},
            ladder | {"ticket_id": name},
            deadline | {"id": new_id(), "ticket_id": name},
        )


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


def _values(row: SQLModel) -> dict[str, Any]:
    return {column.key: getattr(row, column.key) for column in row.__table__.columns}  # type: ignore[attr-defined]  # a table's class

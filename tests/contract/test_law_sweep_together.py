"""Many deadlines in one transaction: each still whole, in due order, stopped by no other."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update
from sqlmodel import col, select
from structlog.testing import capture_logs

from escalation import store, sweep
from escalation.acts import Acts
from escalation.lawbook import default_lawbook
from escalation.messages import Messenger
from escalation.sweep import Sweep
from escalation.tables import WAITING, Deadline, LadderState
from tests.contract.law import at, world
from tests.support.due_tickets import HOTLINE, lay_down
from tests.torture.deadlines import counted
from tickets.tables import Ticket
from tongdai import audit
from tongdai.audit import AuditEntry
from tongdai.clock import HandClock
from tongdai.db import Database

NOW = datetime(2026, 11, 30, 3, 0, tzinfo=UTC)
DUE = 24


def _sweep(database: Database) -> Sweep:
    return Sweep(database, Acts(default_lawbook((HOTLINE,))))


@pytest.fixture
async def due(database: Database, clock: HandClock, monkeypatch: pytest.MonkeyPatch) -> Database:
    """Lay tickets down of which a few transactions' worth are due, in an order of their own."""
    clock.set(NOW)
    monkeypatch.setattr(sweep, "TOGETHER", 10)
    await lay_down(database, NOW, due=DUE)
    return database


async def _waiting(database: Database) -> list[str]:
    """Return the tickets whose first deadline is still to be carried out."""
    query = select(Deadline.ticket_id).where(
        col(Deadline.state) == WAITING, col(Deadline.due_at) < NOW
    )
    async with database.read() as session:
        return sorted((await session.execute(query)).scalars())


async def _poisoned(database: Database) -> tuple[str, str]:
    """Break the state of the ticket in the middle of the due order, and of the last one."""
    async with database.write() as tx:
        claims = await store.claim(tx, DUE)
        names = claims[DUE // 2].ticket.id, claims[-1].ticket.id
        await tx.session.execute(
            update(LadderState)
            .where(col(LadderState.ticket_id).in_(names))
            .values(state={"nonsense": True})
        )
    return names


async def test_all_of_them_are_carried_out_once(due: Database) -> None:
    assert await _sweep(due).run_due() == DUE
    assert await counted(due, DUE) == []


async def test_poisonous_tickets_stop_nobody_else_in_their_transaction(due: Database) -> None:
    names = await _poisoned(due)
    here = _sweep(due)
    with capture_logs() as logs:
        assert await here.run_due() == DUE - 2
    assert [log["event"] for log in logs if log["event"] != "deadline.carried_out"] == [
        "deadlines.one_by_one",
        "deadline.failed",
        "deadlines.one_by_one",
        "deadline.failed",
    ]
    assert here.failing == 2
    assert await _waiting(due) == sorted(names)
    with capture_logs():
        assert await here.run_due() == 0  # tried again, and nothing else is touched
    assert here.failing == 2
    async with due.read() as session:
        assert await audit.verify(session) == []


async def test_what_had_to_be_left_does_not_keep_the_sweep_awake(due: Database) -> None:
    await _poisoned(due)
    here = _sweep(due)
    with capture_logs():
        await here.run_due()
    next_due = await here.next_due()
    assert next_due is not None
    assert next_due > NOW


async def test_a_stop_in_the_middle_leaves_nothing_half(
    due: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached, told = asyncio.Event(), 0
    tell = Messenger.tell

    async def hang(self: Messenger, *rest: object) -> None:
        nonlocal told
        told += 1
        if told == 17:  # the seventh of the second transaction
            reached.set()
            await asyncio.Event().wait()
        await tell(self, *rest)  # type: ignore[arg-type]  # as it came

    with monkeypatch.context() as patched:
        patched.setattr(Messenger, "tell", hang)
        running = asyncio.create_task(_sweep(due).run_due())
        await asyncio.wait_for(reached.wait(), 20)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
    assert len(await _waiting(due)) == DUE - 10
    assert await _sweep(due).run_due() == DUE - 10
    assert await counted(due, DUE) == []


async def test_two_nodes_share_them_and_double_none(due: Database) -> None:
    other = Database(due.url.render_as_string(hide_password=False), HandClock(NOW))
    try:
        shares = await asyncio.gather(_sweep(due).run_due(), _sweep(other).run_due())
    finally:
        await other.close()
    assert sum(shares) + await _sweep(due).run_due() == DUE
    assert await counted(due, DUE) == []


async def test_they_are_carried_out_in_due_order_and_so_is_what_they_bring_about(
    database: Database, clock: HandClock
) -> None:
    here = await world(database)
    for _ in range(3):
        await here.referred()
        clock.advance(timedelta(hours=9))
    clock.set(at("2027-01-05T08:00"))
    assert await here.sweep.run_due() == 6  # focal point, then head of unit, in one transaction
    query = select(AuditEntry.at).where(col(AuditEntry.kind) == "missed")
    async with database.read() as session:
        moments = list((await session.execute(query.order_by(col(AuditEntry.seq)))).scalars())
        overdue = (await session.execute(select(Ticket.overdue))).scalars().all()
    assert moments == sorted(moments)
    assert len(set(moments)) > 3
    assert all(overdue)


@pytest.mark.parametrize("after", [None, store.Position(NOW, "x")], ids=["first", "later"])
async def test_what_is_due_is_found_by_the_index(
    database: Database, after: store.Position | None
) -> None:
    async with database.read() as session:
        query = store.due(NOW, 10, after).compile(
            dialect=session.get_bind().dialect, compile_kwargs={"literal_binds": True}
        )
        connection = await session.connection()
        if not database.is_sqlite:  # a small table is read as a whole
            await connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        explain = "EXPLAIN QUERY PLAN" if database.is_sqlite else "EXPLAIN"
        plan = str((await connection.exec_driver_sql(f"{explain} {query}")).all())
    assert "ix_deadline_state_due" in plan
    assert "Sort" not in plan
    assert "TEMP B-TREE" not in plan

"""The sweep and what wakes it: late never lost, each deadline once, failures stop nobody else."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import col, select

from escalation import reports
from escalation.acts import Acts
from escalation.events import DeadlineSet, StageMissed, TicketOverdue
from escalation.sweep import Sweep
from escalation.tables import Deadline, LadderState
from escalation.wake import Waker
from tests.contract.law import at, world
from tests.contract.register import HOTLINE
from tests.support.wait import until
from tongdai.clock import HandClock, OffsetClock
from tongdai.db import Database
from tongdai.events import Event
from tongdai.health import State


async def test_two_sweeps_at_once_carry_each_deadline_out_once(
    database: Database, clock: HandClock
) -> None:
    here = await world(database)
    tickets = [await here.referred() for _ in range(6)]
    clock.set(at("2026-12-02T08:00"))
    other = Sweep(database, Acts(here.acts.lawbook))
    counts = await asyncio.gather(here.sweep.run_due(), other.run_due())
    assert sum(counts) + await here.sweep.run_due() == 6
    for ticket in tickets:
        lines = [line["do"] for line in await here.lines(ticket)]
        assert lines == ["start", "notify", "missed", "start", "notify"]
        assert [m[0] for m in await here.messages(ticket)] == ["referral", "forwarding"]


async def test_one_broken_ticket_stops_nobody_elses_deadline(
    database: Database, clock: HandClock
) -> None:
    here = await world(database)
    broken, whole = await here.referred(), await here.referred()
    async with database.write() as tx:
        row = await tx.session.get(LadderState, broken.id)
        assert row is not None
        kept, row.state = row.state, {"nonsense": True}
    clock.set(at("2026-12-02T08:00"))
    assert await here.sweep.run_due() == 1
    assert here.sweep.failing == 1
    assert (await here.ticket(whole)).stage == "unit_head"
    async with database.write() as tx:
        row = await tx.session.get(LadderState, broken.id)
        assert row is not None
        row.state = kept
    assert await here.sweep.run_due() == 1  # tried again, nothing lost
    assert (await here.ticket(broken)).stage == "unit_head"


async def test_a_sweep_cut_off_half_way_leaves_nothing_half_and_is_repeated(
    database: Database, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = await world(database)
    ticket = await here.referred()
    clock.set(at("2026-12-02T08:00"))

    async def cut_off(*_: object) -> None:
        raise ConnectionAbortedError

    with monkeypatch.context() as patched:
        patched.setattr(type(here.acts._messenger), "tell", cut_off)
        assert await here.sweep.run_due() == 0
    assert (await here.ticket(ticket)).stage == "focal_point"
    assert await here.deadlines(ticket) == [("focal_point", "waiting", "2026-12-01 08:00")]
    assert await here.sweep.run_due() == 1
    assert [m[0] for m in await here.messages(ticket)] == ["referral", "forwarding"]


async def test_what_happened_is_told_after_the_commit(database: Database, clock: HandClock) -> None:
    told: list[Event] = []
    for kind in (DeadlineSet, StageMissed, TicketOverdue):
        database.bus.on(kind, told.append)
    here = await world(database)
    await here.referred()
    clock.set(at("2027-01-05T08:00"))
    await here.sweep.run_due()
    assert [type(e).__name__ for e in told] == [
        "DeadlineSet",
        "StageMissed",
        "DeadlineSet",
        "StageMissed",
        "TicketOverdue",
    ]


async def test_the_report_names_what_is_overdue_and_whose_it_is(
    database: Database, clock: HandClock
) -> None:
    here = await world(database)
    ticket = await here.referred()
    clock.set(at("2026-12-02T08:00"))
    await here.sweep.run_due()
    async with database.read() as session:
        assert await reports.overdue(session, HOTLINE) == []
        slow = await reports.slow(session, HOTLINE)
    assert [(c.ticket, c.stage) for c in slow] == [(ticket.id, "focal_point")]
    clock.set(at("2027-01-05T08:00"))
    await here.sweep.run_due()
    async with database.read() as session:
        (case,) = await reports.overdue(session, HOTLINE)
        mine = await reports.overdue(session, HOTLINE, units=[here.register.roads.id])
        theirs = await reports.overdue(session, HOTLINE, units=[here.register.ward.id])
    assert (case.unit, case.stage, case.overdue) == ("Sở Xây dựng", "unit_head", True)
    assert case.due_at == at("2026-12-09T08:00")
    assert (mine, theirs) == ([case], [])


async def test_the_waker_follows_a_clock_that_is_moved(database: Database) -> None:
    clock = OffsetClock()
    clock.set(datetime(2026, 11, 30, 1, 0, tzinfo=UTC))
    database.clock = clock
    here = await world(database)
    waker = Waker(here.sweep, clock, safety_seconds=3600)
    database.bus.on(DeadlineSet, waker.on_deadline_set)
    running = asyncio.create_task(waker.run())

    async def state() -> State:
        return (await waker.health())["scheduler"].state

    async def is_ok() -> bool:
        return await state() is State.OK

    await until(is_ok)
    ticket = await here.referred()
    clock.advance(timedelta(days=30))
    assert await waker.run_until_idle() >= 1  # the running sweep may have taken one meanwhile
    assert (await here.ticket(ticket)).overdue
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert await state() is State.DOWN


async def test_the_alarm_rings_when_the_next_deadline_passes(database: Database) -> None:
    clock = OffsetClock()
    clock.set(datetime(2026, 11, 30, 1, 0, tzinfo=UTC))
    database.clock = clock
    here = await world(database)
    ticket = await here.referred()
    due = (await here.ticket(ticket)).due_at
    assert due is not None
    clock.set(due - timedelta(seconds=1))
    waker = Waker(here.sweep, clock, safety_seconds=3600)
    running = asyncio.create_task(waker.run())

    assert await here.sweep.run_due() == 0

    async def climbed() -> bool:
        return (await here.ticket(ticket)).stage == "unit_head"

    await until(climbed)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_the_query_of_the_sweep_is_served_by_its_index(database: Database) -> None:
    query = select(Deadline.id).where(
        col(Deadline.state) == "waiting", col(Deadline.due_at) < database.clock.now()
    )
    if not database.is_sqlite:
        return
    async with database.read() as session:
        text = str(query.compile(compile_kwargs={"literal_binds": True}))
        plan = (await session.connection()).sync_connection
        assert plan is not None
        rows = await session.run_sync(
            lambda s: s.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {text}").all()
        )
    assert any("ix_deadline_state_due" in str(row) for row in rows)

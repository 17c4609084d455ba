"""The sum: calls = answered + self-service + messages + call-backs done + open tasks + the rest."""

from dataclasses import replace
from datetime import timedelta
from itertools import chain
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import delete, select

from ivr.followups import acts
from ivr.followups.model import OPEN, Result, State
from ivr.followups.sums import Figure, Sum, calls_of, sums
from ivr.followups.tables import CallBackDecline, CallBackTask, CallBackTry
from telephony.calls.model import CallState, Outcome
from telephony.calls.tables import CallLegRow, CallRow
from tests.contract.callback_calls import Calls
from tests.contract.register import viewer
from tongdai.accounts.model import Role
from tongdai.clock import HCM, HandClock
from tongdai.db import Database, Tx
from tongdai.ids import call_id_of

HOA = viewer("hoa", Role.SUPERVISOR)
NUMBERS = ("0912345670", "0912345671", "anonymous")
ONE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
END = st.tuples(
    st.just("call"), st.sampled_from([*Outcome, "wish", "left", "live"]), st.sampled_from(NUMBERS)
)
ACT = st.tuples(
    st.just("act"),
    st.integers(0, 5),
    st.sampled_from([*Result, "claim", "release", "give_up", "done", "again", "assign"]),
)
SWEEP = st.tuples(st.just("sweep"), st.just(""), st.just(""))


@pytest.fixture
def calls(database: Database, clock: HandClock, tmp_path: Path) -> Calls:
    return Calls(database, clock, tmp_path)


async def summed(calls: Calls) -> Sum:
    day = calls.clock.now().astimezone(HCM).date()
    async with calls.db.read() as session:
        (found,) = await sums(session, ["can-tho"], day, day, calls.clock.now())
    return found


async def listed(calls: Calls, figure: Figure | None) -> list[str]:
    now = calls.clock.now()
    async with calls.db.read() as session:
        found = await calls_of(
            session, "can-tho", now.astimezone(HCM).date(), figure, now, limit=1000
        )
    return [call.id for call, _task in found]


async def happens(calls: Calls, how: Outcome | str, number: str) -> None:
    """Let a call come in and end so."""
    if how == "left":  # the message is written after the call has ended
        call = await calls.call(Outcome.ABANDONED, number)
        await calls.wishes(call, message=True)
        return
    if how in ("wish", "live"):
        call = await calls.call(None, number)
        if how == "wish":
            await calls.wishes(call)
            ended = replace(
                call,
                outcome=Outcome.CALLBACK,
                ended_at=calls.clock.now(),
                state=CallState.ENDED,
                version=2,
            )
            await calls.save(ended)
        return
    await calls.call(Outcome(how), number)


async def does(tx: Tx, calls: Calls, task: CallBackTask, act: Result | str) -> None:
    """Do an act on a task that is open."""
    match act:
        case "claim":
            await acts.claim(tx, task.id, HOA, calls.rules)
        case "release":
            await acts.release(tx, task.id, HOA)
        case "give_up":
            await acts.give_up(tx, task.id, HOA, "không liên lạc được")
        case "done":
            await acts.done(tx, task.id, HOA, "đã nghe")
        case "again":
            await acts.again(tx, task.id, HOA)
        case "assign":
            await acts.assign(tx, task.id, "hoa", HOA)
        case _:
            await acts.result(tx, task.id, Result(act), HOA, calls.rules)


async def emptied(db: Database) -> None:
    async with db.write() as tx:
        for table in (CallLegRow, CallRow, CallBackTask, CallBackTry, CallBackDecline):
            await tx.session.execute(delete(table))


@ONE
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.one_of(END, END, ACT, ACT, SWEEP), max_size=14))
async def test_any_mix_of_ends_and_acts_keeps_the_sum(
    calls: Calls, steps: list[tuple[str, object, str]]
) -> None:
    await emptied(calls.db)
    for kind, what, how in steps:
        calls.clock.advance(timedelta(seconds=1))
        if kind == "call":
            await happens(calls, what, how)  # type: ignore[arg-type]
        elif kind == "sweep":
            await calls.sweep()
        else:
            tasks = [t for t in await calls.tasks() if t.state in OPEN]
            if tasks:
                async with calls.db.write() as tx:
                    await does(tx, calls, tasks[int(str(what)) % len(tasks)], how)
    await calls.sweep()
    made = [step for step in steps if step[0] == "call"]
    if not made:
        return
    found = await summed(calls)
    assert found.holds
    assert found.calls == len(made) == sum(found.figures.values())
    assert found.figures[Figure.BEING_WRITTEN] == 0
    outcomes = [what for _, what, _ in made]
    assert found.figures[Figure.ANSWERED] == outcomes.count(Outcome.ANSWERED)
    assert found.figures[Figure.SELF_SERVICE] == outcomes.count(Outcome.SELF_SERVICE)
    assert found.figures[Figure.FAILED] == outcomes.count(Outcome.FAILED)
    tasks = await calls.tasks()
    assert found.figures[Figure.OPEN] == sum(1 for t in tasks if t.state in OPEN)
    lists = [await listed(calls, figure) for figure in Figure]
    assert [len(one) for one in lists] == [found.figures[figure] for figure in Figure]
    assert sorted(chain.from_iterable(lists)) == sorted(await listed(calls, None))


async def test_each_kind_of_end_is_its_own_figure(calls: Calls) -> None:
    for outcome in Outcome:
        await calls.call(outcome)
    await calls.call(number="anonymous")
    await calls.call(None)
    calls.clock.advance(timedelta(minutes=5))
    await calls.sweep()
    found = await summed(calls)
    told = {figure.value: number for figure, number in found.figures.items() if number}
    assert told == {
        "in_progress": 1,
        "answered": 1,
        "self_service": 1,
        "failed": 1,
        "no_number": 1,
        "open": 3,
    }
    assert (found.calls, found.holds) == (8, True)


async def test_a_call_without_a_task_is_a_difference_with_its_id(calls: Calls) -> None:
    await calls.call()
    await calls.sweep()
    lost = await calls.call(number="0912345670")
    found = await summed(calls)
    assert (found.figures[Figure.BEING_WRITTEN], found.holds) == (1, True)
    calls.clock.advance(timedelta(minutes=2))  # nobody follows it: the service stands still
    found = await summed(calls)
    assert (found.difference, found.strange, found.holds) == (1, (lost.id,), False)
    await calls.sweep()
    assert (await summed(calls)).holds
    async with calls.db.write() as tx:
        (task,) = (await tx.session.execute(select(CallBackTask).limit(1))).scalars()
        task.call = call_id_of("main", "1796999999.1")
    found = await summed(calls)
    assert not found.holds
    assert set(found.strange) >= {call_id_of("main", "1796999999.1")}


async def test_what_ended_before_there_were_tasks_is_counted_apart(calls: Calls) -> None:
    old = await calls.call()
    async with calls.db.write() as tx:
        (await tx.session.get_one(CallRow, old.id)).followed = True  # as the migration says
    assert (await summed(calls)).figures[Figure.BEFORE] == 1
    calls.clock.advance(timedelta(minutes=1))
    await calls.call()
    await calls.sweep()
    found = await summed(calls)
    assert (found.figures[Figure.BEFORE], found.figures[Figure.OPEN], found.holds) == (1, 1, True)
    assert State.OPEN in {t.state for t in await calls.tasks()}

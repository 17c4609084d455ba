"""Every call that nobody answered becomes one task, which ends in a way that a person can see."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.exc import DBAPIError

from ivr.followups import acts, opening
from ivr.followups.errors import (
    CallBackClosed,
    CallBackForbidden,
    CallBackReasonMissing,
    CallBackTaken,
    CallBackWithoutNumber,
    NoSuchCallBack,
)
from ivr.followups.model import Result
from ivr.followups.tables import CallBackTask
from telephony.calls.model import CallState, Outcome
from tests.contract.callback_calls import Calls
from tests.contract.register import STRANGER, viewer
from tests.support.wait import until
from tongdai import audit
from tongdai.accounts.model import Role, Viewer
from tongdai.clock import HandClock
from tongdai.db import Database

LAN, MINH = viewer("lan", Role.OPERATOR), viewer("minh", Role.OPERATOR)
HOA = viewer("hoa", Role.SUPERVISOR)
ONE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def calls(database: Database, clock: HandClock, tmp_path: Path) -> Calls:
    return Calls(database, clock, tmp_path)


async def result(calls: Calls, task: CallBackTask, given: Result, by: Viewer = LAN) -> CallBackTask:
    async with calls.db.write() as tx:
        return await acts.result(tx, task.id, given, by, calls.rules)


async def dial(calls: Calls, task: CallBackTask, how: str, by: Viewer = LAN) -> str:
    """Dial a task's caller; the outgoing call has ended so."""
    async with calls.db.write() as tx:
        await acts.may_dial(tx, task.id, by, calls.rules)
    out = await calls.out(how)
    async with calls.db.write() as tx:
        await acts.dialled(tx, task.id, out.id, by)
    return out.id


async def test_each_lost_call_is_one_task_however_often_it_is_asked(calls: Calls) -> None:
    lost = await calls.call()
    await calls.call(Outcome.SELF_SERVICE)
    await calls.call(Outcome.FAILED)
    wished = await calls.call(None, "0912345679")
    await calls.wishes(wished)
    await calls.save(
        replace(
            wished,
            state=CallState.ENDED,
            outcome=Outcome.CALLBACK,
            ended_at=calls.clock.now(),
            version=2,
        )
    )
    assert await calls.sweep() == 4
    assert await calls.sweep() == 0
    found = await calls.tasks()
    assert {(t.call, t.kind, t.state) for t in found} == {
        (lost.id, "abandoned", "open"),
        (wished.id, "callback", "open"),
    }
    assert {t.due_at - t.created_at for t in found} == {timedelta(hours=1)}
    async with calls.db.read() as session:
        assert await audit.verify(session) == []


async def test_a_message_left_by_hanging_up_is_one_task_whichever_is_heard_first(
    calls: Calls,
) -> None:
    call = await calls.call(Outcome.ABANDONED)
    await calls.sweep()
    assert (await calls.task()).kind == "abandoned"
    await calls.wishes(call, message=True)
    assert (await calls.task()).kind == "message"
    other = await calls.call(None, "anonymous")
    await calls.wishes(other, message=True)
    assert [t.state for t in await calls.tasks()] == ["open", "open"]


async def test_who_hides_the_number_cannot_be_called_and_is_counted_all_the_same(
    calls: Calls,
) -> None:
    await calls.call(number="anonymous")
    await calls.sweep()
    task = await calls.task()
    assert (task.state, task.number, task.closed_by) == ("no_number", None, "system")


async def test_who_rings_again_and_is_answered_is_owed_nothing_more(calls: Calls) -> None:
    await calls.call()
    await calls.call(number="0912345670")
    await calls.sweep()
    calls.clock.advance(timedelta(minutes=5))
    await calls.call()  # again nobody answers
    calls.clock.advance(timedelta(minutes=5))
    again = await calls.call(
        None, state=CallState.ANSWERED, answered_at=calls.clock.now(), operator="lan"
    )
    await calls.sweep()
    found = await calls.tasks()
    assert sorted(t.state for t in found) == ["open", "rang_again", "rang_again"]
    assert {t.closed_call for t in found if t.state == "rang_again"} == {again.id}
    await calls.save(
        replace(
            again,
            state=CallState.ENDED,
            outcome=Outcome.ANSWERED,
            ended_at=calls.clock.now(),
            version=2,
        )
    )
    assert await calls.sweep() == 0  # it was followed when it was answered


@ONE
async def test_who_wished_and_was_answered_in_the_same_call_is_owed_nothing(calls: Calls) -> None:
    call = await calls.call(None)
    await calls.wishes(call)
    await calls.save(
        replace(call, state=CallState.ANSWERED, answered_at=calls.clock.now(), version=2)
    )
    await calls.sweep()
    assert (await calls.task()).state == "answered"


async def test_busy_and_no_answer_are_tried_again_until_a_supervisor_decides(calls: Calls) -> None:
    await calls.call()
    await calls.sweep()
    task = await calls.task()
    await dial(calls, task, "BUSY")
    await calls.sweep()
    task = await calls.task()
    assert (task.state, task.owner, task.tries) == ("open", None, 1)
    assert task.next_try_at == calls.clock.now() + timedelta(minutes=10)
    await dial(calls, task, "NOANSWER")
    await calls.sweep()
    assert (await calls.task()).next_try_at == calls.clock.now() + timedelta(hours=1)
    await dial(calls, task, "CHANUNAVAIL")
    await calls.sweep()
    assert (await calls.task()).state == "unreachable"
    async with calls.db.write() as tx:
        with pytest.raises(CallBackForbidden):
            await acts.give_up(tx, task.id, LAN, "gọi mãi không được")
        with pytest.raises(CallBackForbidden):
            await acts.claim(tx, task.id, LAN, calls.rules)
        with pytest.raises(CallBackReasonMissing):
            await acts.give_up(tx, task.id, HOA, " ")
        await acts.again(tx, task.id, HOA)
    assert (await calls.task()).state == "open"
    async with calls.db.write() as tx:
        given = await acts.give_up(tx, task.id, HOA, "Thuê bao đã khóa")
    assert (given.state, given.reason) == ("given_up", "Thuê bao đã khóa")
    async with calls.db.write() as tx:
        with pytest.raises(CallBackClosed):
            await acts.claim(tx, task.id, HOA, calls.rules)
    async with calls.db.read() as session:
        lines = await audit.history(session, "callbacks:can-tho", task.id)
    assert [line.kind.removeprefix("callback_") for line in lines] == [
        "opened",
        *("claimed", "dialled", "try") * 3,
        "again",
        "given_up",
    ]


async def test_who_is_reached_is_owed_nothing_for_the_other_calls_either(calls: Calls) -> None:
    await calls.call()
    await calls.call()
    third = await calls.call(None)
    await calls.wishes(third, message=True)
    calls.clock.advance(timedelta(minutes=1))
    await calls.sweep()
    first = (await calls.tasks())[0]
    out = await dial(calls, first, "ANSWER")
    await calls.sweep()  # it was answered: the operator says what came of it
    assert (await calls.tasks())[0].state == "claimed"
    await result(calls, first, Result.REACHED)
    found = await calls.tasks()
    assert [(t.kind, t.state, t.closed_call) for t in found] == [
        ("abandoned", "done", out),
        ("abandoned", "done", out),
        ("message", "open", None),  # it is heard by itself
    ]
    async with calls.db.write() as tx:
        heard = await acts.done(tx, found[2].id, LAN, "Đã nghe, lập phiếu 2026-000001")
    assert heard.state == "done"


async def test_a_claimed_task_is_nobody_elses_until_the_claim_lapses(calls: Calls) -> None:
    await calls.call()
    await calls.sweep()
    task = await calls.task()
    async with calls.db.write() as tx:
        await acts.claim(tx, task.id, LAN, calls.rules)
        with pytest.raises(CallBackTaken):
            await acts.claim(tx, task.id, MINH, calls.rules)
        with pytest.raises(CallBackTaken):
            await acts.result(tx, task.id, Result.REACHED, MINH, calls.rules)
        with pytest.raises(NoSuchCallBack):
            await acts.claim(tx, task.id, STRANGER, calls.rules)
    calls.clock.advance(timedelta(minutes=30))
    await calls.sweep()
    assert ((await calls.task()).state, (await calls.task()).owner) == ("open", None)
    async with calls.db.write() as tx:
        await acts.assign(tx, task.id, "minh", HOA)
    calls.clock.advance(timedelta(days=1))
    await calls.sweep()
    assert ((await calls.task()).state, (await calls.task()).owner) == ("claimed", "minh")
    async with calls.db.write() as tx:
        await acts.release(tx, task.id, MINH)
    assert (await calls.task()).state == "open"


@ONE
async def test_a_message_without_a_number_is_heard_but_not_dialled(calls: Calls) -> None:
    call = await calls.call(None, "anonymous")
    await calls.wishes(call, message=True)
    task = await calls.task()
    async with calls.db.write() as tx:
        with pytest.raises(CallBackWithoutNumber):
            await acts.may_dial(tx, task.id, LAN, calls.rules)


@ONE
async def test_a_sweep_that_is_cut_off_has_done_nothing_and_the_next_does_all(
    calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    await calls.call()
    await calls.call(number="0912345670")

    async def cut_off(*_: object) -> None:
        raise DBAPIError("", {}, Exception("killed"))

    with monkeypatch.context() as patch, pytest.raises(DBAPIError):
        patch.setattr(opening.audit, "append_all", cut_off)
        await calls.sweep()
    assert await calls.tasks() == []
    assert await calls.sweep() == 2
    assert len(await calls.tasks()) == 2


@ONE
async def test_the_loop_follows_a_call_soon_after_its_end(calls: Calls) -> None:
    await calls.call()
    running = asyncio.create_task(calls.followups.run())
    await until(calls.tasks)
    running.cancel()
    await asyncio.wait([running])
    assert running.cancelled()

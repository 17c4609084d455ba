"""Calling back over the API: who sees what, what is done, and what the numbers say."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ivr.followups.tables import CallBackTask
from telephony.calls.model import Outcome
from tests.contract.callback_calls import Calls
from tests.support.floor import Floor
from tests.support.pages import Browser, Pages
from tests.support.schema import faults
from tickets.tables import Ticket
from tongdai.accounts.model import Role
from tongdai.clock import HandClock
from tongdai.db import Database
from web.doors import CALLS

ONE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
async def pages(database: Database, tmp_path: Path, clock: HandClock) -> AsyncIterator[Pages]:
    async with Pages.open(tmp_path, clock, db=database, packages=("portal", "api")) as found:
        await found.account("lan", Role.OPERATOR, extension="1001")
        await found.account("minh", Role.OPERATOR, extension="1002")
        await found.account("hoa", Role.SUPERVISOR)
        await found.account("tam", Role.OPERATOR, hotlines=("gia-lai",))
        yield found


@pytest.fixture
def calls(pages: Pages, clock: HandClock, tmp_path: Path) -> Calls:
    return Calls(pages.db, clock, tmp_path)


async def ask(browser: Browser, path: str) -> Any:
    answer = await browser.send("GET", f"/api/v1{path}")
    assert answer.status == 200, await answer.text()
    return await answer.json()


async def do(browser: Browser, task: CallBackTask, act: str, **body: Any) -> tuple[int, Any]:
    answer = await browser.send("POST", f"/api/v1/callbacks/{task.id}/{act}", body or None)
    return answer.status, await answer.json()


@ONE
async def test_an_operator_calls_back_and_says_how_it_went(pages: Pages, calls: Calls) -> None:
    await calls.call(queue_joined_at=calls.clock.now())
    await calls.sweep()
    task = await calls.task()
    lan, minh = await pages.sign_in("lan"), await pages.sign_in("minh")
    whole = await (await lan.get("/api/v1/openapi.json")).json()
    listed = await ask(lan, "/callbacks")
    assert [item["caller_number"] for item in listed["items"]] == ["+84912345678"]
    schemas = whole["components"]["schemas"]
    assert faults(listed["items"][0], schemas["CallBackOut"], whole) == []
    assert await ask(lan, "/callbacks?owner=me") == {"items": [], "next": None}
    status, dialled = await do(lan, task, "dial")
    assert status == 201
    floor = pages.app[CALLS]
    assert isinstance(floor, Floor)
    status, told = await do(minh, task, "claim")
    assert (status, told["code"]) == (409, "callback_taken")
    async with pages.db.read() as session:
        ticket = await session.get(Ticket, dialled["ticket"])
    assert ticket is not None
    assert (ticket.popped_by, ticket.caller_e164) == (task.call, "+84912345678")
    detail = await ask(lan, f"/callbacks/{task.id}")
    assert faults(detail, schemas["CallBackDetail"], whole) == []
    assert [(one["call"], one["result"]) for one in detail["tried"]] == [(dialled["call"], None)]
    status, done = await do(lan, task, "result", result="reached", note="hẹn chiều")
    assert (status, done["state"], done["closed_call"]) == (200, "done", dialled["call"])
    assert (await ask(lan, "/callbacks"))["items"] == []
    assert len((await ask(lan, "/callbacks?state=done"))["items"]) == 1


async def test_the_list_is_paged_filtered_and_each_sees_his_hotlines(
    pages: Pages, calls: Calls
) -> None:
    for n in range(5):
        await calls.call(Outcome.ABANDONED, f"091234567{n}")
        calls.clock.advance(timedelta(minutes=1))
    wished = await calls.call(None, "0912345675")
    await calls.wishes(wished)
    await calls.call(hotline="gia-lai")
    await calls.sweep()
    lan, tam, hoa = [await pages.sign_in(name) for name in ("lan", "tam", "hoa")]
    found: list[str] = []
    path = "/callbacks?limit=4"
    while path:
        answer = await ask(lan, path)
        found += [item["caller_number"] for item in answer["items"]]
        path = f"/callbacks?limit=4&cursor={answer['next']}" if answer["next"] else ""
    assert found == [f"+8491234567{n}" for n in range(6)]  # what is due first first
    assert len((await ask(lan, "/callbacks?kind=callback"))["items"]) == 1
    assert len((await ask(lan, "/callbacks?number=0912345672"))["items"]) == 1
    assert [i["hotline"] for i in (await ask(tam, "/callbacks"))["items"]] == ["gia-lai"]
    assert (await tam.send("GET", f"/api/v1/callbacks/{(await calls.tasks())[0].id}")).status == 404
    assert (await ask(lan, "/callbacks?overdue=true"))["items"] == []
    calls.clock.advance(timedelta(minutes=61))
    lan, hoa = [await pages.sign_in(name) for name in ("lan", "hoa")]  # an hour idle is too long
    assert len((await ask(lan, "/callbacks?overdue=true"))["items"]) == 6
    assert (await ask(hoa, "/callback-counts"))["items"][0] == {
        "hotline": "can-tho",
        "open": 6,
        "overdue": 6,
        "unreachable": 0,
    }
    metrics = await (await hoa.get("/metrics")).text()
    assert 'tongdai_callbacks{hotline="can-tho",state="open"} 6.0' in metrics
    assert 'tongdai_callbacks_overdue{hotline="can-tho"} 6.0' in metrics


@ONE
async def test_giving_up_and_giving_to_somebody_are_a_supervisors_acts(
    pages: Pages, calls: Calls
) -> None:
    await calls.call()
    await calls.sweep()
    task = await calls.task()
    lan, hoa = await pages.sign_in("lan"), await pages.sign_in("hoa")
    assert (await do(lan, task, "give-up", reason="không muốn"))[0] == 403
    assert (await do(lan, task, "assign", account="minh"))[0] == 403
    status, told = await do(hoa, task, "assign", account="minh")
    assert (status, told["owner"], told["state"]) == (200, "minh", "claimed")
    status, told = await do(hoa, task, "give-up")
    assert (status, list(told["fields"])) == (422, ["reason"])
    status, told = await do(hoa, task, "give-up", reason="Số không còn dùng")
    assert (status, told["state"], told["reason"]) == (200, "given_up", "Số không còn dùng")
    status, told = await do(lan, task, "claim")
    assert (status, told["code"]) == (409, "callback_closed")


@ONE
async def test_a_secret_callers_number_is_not_shown_to_who_may_not_know_it(
    pages: Pages, calls: Calls
) -> None:
    await calls.call()
    await calls.sweep()
    task = await calls.task()
    lan, hoa = await pages.sign_in("lan"), await pages.sign_in("hoa")
    _, form = await do(lan, task, "form")
    async with pages.db.write() as tx:
        ticket = await tx.session.get_one(Ticket, form["ticket"])
        ticket.confidential = True
    shown = (await ask(hoa, "/callbacks"))["items"][0]
    assert (shown["caller_number"], shown["caller_raw"]) == (None, "")


@ONE
async def test_a_call_without_a_message_has_none_to_hear(pages: Pages, calls: Calls) -> None:
    await calls.call()
    await calls.sweep()
    task = await calls.task()
    lan = await pages.sign_in("lan")
    answer = await lan.send("GET", f"/api/v1/callbacks/{task.id}/message")
    assert (answer.status, (await answer.json())["code"]) == (404, "callback_no_message")

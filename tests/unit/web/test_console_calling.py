"""Calling a citizen back from the console: a number, a ticket's sender, and refusals in words."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from telephony.control import OperatorDidNotAnswer
from tests.support.floor import Floor
from tests.support.pages import Browser, Pages, console_doors, settings_for
from tickets.drafts import of_call
from tongdai.accounts.model import Role
from tongdai.clock import HandClock
from tongdai.db import Database
from tongdai.events import Bus
from tongdai.ids import AccountId, CallId

CITIZEN = "0912345678"


@dataclass
class Desk:
    pages: Pages
    floor: Floor
    lan: Browser


@pytest.fixture
async def desk(tmp_path: Path, clock: HandClock) -> AsyncIterator[Desk]:
    bus = Bus()
    db = Database(f"sqlite+aiosqlite:///{tmp_path}/console.db", clock, bus)
    await db.create_all()
    settings, floor = settings_for(tmp_path), Floor(bus, clock)
    doors = console_doors(floor, settings)
    async with Pages.open(
        tmp_path, clock, doors=doors, settings=settings, db=db, packages=("console",)
    ) as pages:
        await pages.account("lan", Role.OPERATOR, extension="1001")
        await pages.account("kim", Role.OPERATOR, hotlines=("gia-lai",))
        yield Desk(pages, floor, await pages.sign_in("lan"))
    await db.close()


async def test_a_call_from_a_ticket_is_about_that_ticket(desk: Desk) -> None:
    opened = {"hotline": "can-tho", "channel": "email"}
    ticket = (await (await desk.lan.send("POST", "/console/tickets", opened)).json())["id"]
    body = {"hotline": "can-tho", "number": CITIZEN, "ticket": ticket}
    answer = await desk.lan.send("POST", "/console/calls", body)
    assert (answer.status, (await answer.json())["ticket"]) == (200, ticket)
    call = (await answer.json())["call"]
    desk.floor.reached(CallId(call))
    own = await desk.lan.send("POST", f"/console/calls/{call}/ticket", {})
    assert (await own.json())["id"] == ticket
    async with desk.pages.db.read() as session:
        found = await of_call(session, call)
    assert found is not None
    assert (found.id, found.call_id) == (ticket, call)


async def test_a_ticket_without_a_number_calls_its_sender_or_says_that_there_is_none(
    desk: Desk,
) -> None:
    opened = {"hotline": "can-tho", "channel": "email"}
    ticket = (await (await desk.lan.send("POST", "/console/tickets", opened)).json())["id"]
    body = {"hotline": "can-tho", "ticket": ticket}
    refused = await desk.lan.send("POST", "/console/calls", body)
    assert (refused.status, (await refused.json())["code"]) == (422, "no_number")
    draft = {"form": {"sender_phone": CITIZEN}, "revision": None}
    await desk.lan.send("PUT", f"/console/tickets/{ticket}/draft", draft)
    answer = await desk.lan.send("POST", "/console/calls", body)
    assert answer.status == 200
    call = desk.floor.call(CallId((await answer.json())["call"]))
    assert call is not None
    assert call.caller_number == "+84912345678"


async def test_a_refusal_is_said_in_words(desk: Desk) -> None:
    desk.floor.refusal = OperatorDidNotAnswer(None, account=AccountId("lan"))
    body = {"hotline": "can-tho", "number": CITIZEN}
    refused = await desk.lan.send("POST", "/console/calls", body)
    assert refused.status == 409
    assert "chưa được nhấc" in (await refused.json())["message"]


async def test_another_hotlines_ticket_calls_nobody(desk: Desk) -> None:
    opened = {"hotline": "can-tho", "channel": "email"}
    ticket = (await (await desk.lan.send("POST", "/console/tickets", opened)).json())["id"]
    kim = await desk.pages.sign_in("kim")
    body = {"hotline": "gia-lai", "number": CITIZEN, "ticket": ticket}
    assert (await kim.send("POST", "/console/calls", body)).status == 404
    assert desk.floor.calls() == ()


async def test_hanging_up_ends_the_call(desk: Desk) -> None:
    answer = await desk.lan.send(
        "POST", "/console/calls", {"hotline": "can-tho", "number": CITIZEN}
    )
    call = (await answer.json())["call"]
    assert (await desk.lan.send("POST", f"/console/calls/{call}/hang-up", {})).status == 204
    assert desk.floor.hung_up == [call]


@pytest.mark.parametrize("body", [b"{", b"[]", b"7", b"\xff"])
async def test_what_is_no_json_object_is_refused_in_words(desk: Desk, body: bytes) -> None:
    answer = await desk.lan.send("POST", "/console/calls", body)
    assert answer.status == 422
    assert "JSON" in (await answer.json())["message"]

"""Handing a live call on over the API (CT-9.1.2a): who may, to whom, once at a time."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from telephony.calls.transfer import Reason, State
from tests.support.floor import Floor
from tests.support.pages import Browser, Pages
from tests.support.schema import faults
from tickets.tables import Person, Unit
from tongdai.accounts.model import Role
from tongdai.clock import HandClock
from tongdai.db import Database
from web.doors import CALLS


@pytest.fixture
async def pages(database: Database, tmp_path: Path, clock: HandClock) -> AsyncIterator[Pages]:
    async with Pages.open(tmp_path, clock, db=database, packages=("portal", "api")) as found:
        yield found


async def lan_with_a_call(pages: Pages) -> tuple[Browser, str]:
    """Let an operator answer a call; return her client and the call's id."""
    lan = await pages.account("lan", Role.OPERATOR, extension="1001")
    floor = pages.app[CALLS]
    assert isinstance(floor, Floor)
    call = floor.ring(lan)
    floor.answer(call)
    return await pages.sign_in("lan"), call


async def person(pages: Pages) -> str:
    async with pages.db.write() as tx:
        unit = Unit(hotline="can-tho", code="sxd", name="Sở Xây dựng", folded="so xay dung")
        unit.kind, unit.valid_from = "department", tx.now
        tx.session.add(unit)
        await tx.session.flush()
        who = Person(hotline="can-tho", unit_id=unit.id, name="Phạm Văn An", folded="pham van an")
        who.phone, who.role, who.active_from = "+842923880001", "focal_point", tx.now
        tx.session.add(who)
    return who.id


async def start(browser: Browser, call: str, **body: Any) -> tuple[int, dict[str, Any]]:
    answer = await browser.send("POST", f"/api/v1/calls/{call}/transfers", body)
    return answer.status, await answer.json()


async def test_a_call_is_handed_on_and_the_transfer_is_told_until_its_end(pages: Pages) -> None:
    lan, call = await lan_with_a_call(pages)
    status, begun = await start(lan, call, kind="warm", person=await person(pages))
    assert (status, begun["call"], begun["to"]) == (201, call, "Phạm Văn An, Sở Xây dựng")
    whole = await (await lan.get("/api/v1/openapi.json")).json()
    schema = whole["components"]["schemas"]["TransferOut"]
    assert faults(begun, schema, whole) == []
    floor = pages.app[CALLS]
    assert isinstance(floor, Floor)
    floor.transfer_is(begun["id"], State.RINGING)
    told = await (await lan.get(f"/api/v1/transfers/{begun['id']}")).json()
    assert (told["state"], told["ended_at"]) == ("ringing", None)
    floor.transfer_is(begun["id"], State.RETURNED, Reason.NO_ANSWER)
    assert floor.targets[0].number == "+842923880001"


async def test_what_names_nobody_or_two_is_refused(pages: Pages) -> None:
    lan, call = await lan_with_a_call(pages)
    for body in ({}, {"person": "x", "number": "0912345678"}):
        status, told = await start(lan, call, kind="warm", **body)
        assert (status, list(told["fields"])) == (422, ["person"])
    status, told = await start(lan, call, kind="thrown", number="0912345678")
    assert (status, list(told["fields"])) == (422, ["kind"])


async def test_only_operator_and_supervisor_of_the_hotline_know_the_call(pages: Pages) -> None:
    _, call = await lan_with_a_call(pages)
    await pages.account("mai", Role.AUDITOR)
    await pages.account("tam", Role.OPERATOR, hotlines=("gia-lai",))
    mai, tam = await pages.sign_in("mai"), await pages.sign_in("tam")
    assert (await start(mai, call, kind="warm", number="0912345678"))[0] == 403
    assert (await start(tam, call, kind="warm", number="0912345678"))[0] == 404
    assert (await tam.get("/api/v1/transfers/nothing")).status == 404

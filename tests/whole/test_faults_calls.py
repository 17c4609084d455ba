"""What callers and operators do at the wrong moment, and names that nobody should trust."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.support.people import Operator, operator_at_work, signed_in
from tests.support.raw_sip import RawCall
from tests.support.town import FORM, HOTLINE, Town, state_of
from tests.support.wait import until

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.slow,
    pytest.mark.asyncio(loop_scope="module"),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def town(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    async with Town.open(tmp_path_factory.mktemp("town")) as made:
        yield made


NAMES = {
    "quotes": (b'"Anh \\"Ba\\" O\'Neil; DROP TABLE call"', 'Anh "Ba" O\'Neil; DROP TABLE call'),
    "html": (b'"<img src=x onerror=alert(1)>"', "<img src=x onerror=alert(1)>"),
    "dialplan": (b'"${SHELL(id)}${CHANNEL}"', "${SHELL(id)}${CHANNEL}"),
    "escaped line": (b'"a%0d%0aAction: Command"', "a%0d%0aAction: Command"),
    "long": (b'"' + b"x" * 500 + b'"', "x" * 70),
    "bytes": (b'"a\xff\xfe\xc3b"', "a"),
    "sql and json": (b'"\'--{\\\\u0000}"', "'--{"),
}


@pytest.mark.parametrize("kind", NAMES)
async def test_a_hostile_name_goes_through_pbx_register_api_and_push(town: Town, kind: str) -> None:
    name, shown = NAMES[kind]
    number = town.number()
    header = name + f" <sip:{number}@127.0.0.2>".encode()
    async with town.operator() as operator:
        async with RawCall(town.world.pbx, from_header=header) as call:
            assert await call.answer() == 200
            card = await operator.card("answered")
            assert card["caller"]["name"].startswith(shown)
            assert card["caller"]["raw"] == number
            ticket = await operator.order("POST", f"/console/calls/{card['id']}/ticket")
            assert ticket["state"] == "draft"
        row = await town.ended(number)
    assert row["caller_name"].startswith(shown)
    assert row["caller_number"] == "+84" + number[1:]
    assert "ERROR" not in town.world.asterisk.messages()


async def test_a_caller_who_hangs_up_while_it_rings_leaves_the_operator_ready(town: Town) -> None:
    number, other = town.number(), town.number()
    async with town.operator() as operator:
        await town.world.carrier.behave("1001", "ring")
        call = await town.call(number)
        await until(lambda: operator.cards() and operator.cards()[-1]["ringing"], within=20)
        await town.world.carrier.hang_up(call)
        card = await operator.card("ended")
        assert (card["outcome"], card["ringing"], card["mine"]) == ("abandoned", False, False)
        await until(lambda: state_of(operator) == "ready", within=10)
        assert await town.rows("tickets", number) == []
        await town.world.carrier.behave("1001", "answer")
        await town.call(other)
        await operator.card("answered")
    assert (await town.ended(number))["outcome"] == "abandoned"


async def test_a_caller_who_hangs_up_in_a_transfer_leaves_a_draft_that_can_be_referred(
    town: Town,
) -> None:
    number = town.number()
    async with town.operator() as operator:
        call = await town.call(number)
        card = await operator.card("answered")
        ticket = await operator.order("POST", f"/console/calls/{card['id']}/ticket")
        focal = await town.unit(operator, "do hoang phuc")
        body = {"kind": "warm", "person": focal["person"], "ticket": ticket["id"]}
        path = f"/console/calls/{card['id']}/transfers"
        transfer = (await operator.order("POST", path, body))["transfer"]["id"]
        await until(lambda: _transfer(operator, transfer) == "ringing", within=15)
        await town.world.carrier.hang_up(call)
        await until(lambda: _transfer(operator, transfer) == "abandoned", within=15)
        row = await town.ended(number)
        assert row["outcome"] == "answered"
        filed = await operator.order(
            "POST",
            f"/console/tickets/{ticket['id']}/file",
            {"form": FORM | {"unit": focal["unit"]}, "event": "referred"},
        )
        assert filed["number"]
        await town.silent()
        await until(lambda: state_of(operator) == "ready", within=15)
    [kept] = await town.rows("tickets", number)
    assert (kept["stage"], kept["call"]) == ("focal_point", row["id"])


async def test_the_ticket_is_filed_in_the_wrap_up_after_the_caller_has_gone(town: Town) -> None:
    number = town.number()
    async with town.operator() as operator:
        call = await town.call(number)
        card = await operator.card("answered")
        await town.world.carrier.hang_up(call)
        await operator.card("ended")
        ticket = await operator.order("POST", f"/console/calls/{card['id']}/ticket")
        focal = await town.unit(operator, "do hoang phuc")
        await operator.order(
            "POST",
            f"/console/tickets/{ticket['id']}/file",
            {"form": FORM | {"unit": focal["unit"]}, "event": "referred"},
        )
        await until(lambda: state_of(operator) == "ready", within=15)
    row = await town.ended(number)
    assert row["ticket"] == ticket["id"]


async def test_a_reload_in_mid_call_shows_the_call_again(town: Town) -> None:
    number = town.number()
    async with town.operator() as operator:
        await town.call(number)
        card = await operator.card("answered")
        async with signed_in(town.service, operator.account) as browser:
            again = Operator(browser, operator.account)
            listening = asyncio.create_task(again.listen())
            try:
                same = await again.card("answered")
                assert same["id"] == card["id"]
                await until(lambda: state_of(again) == "talking", within=10)
            finally:
                listening.cancel()
                await asyncio.wait([listening])
        await until(lambda: state_of(operator) == "talking", within=10)


async def test_a_closed_console_is_offered_no_call_and_the_next_operator_gets_it(
    town: Town,
) -> None:
    """The call of who closed it goes on; nobody new is sent to him."""
    number, other = town.number(), town.number()
    account = town.service.account(HOTLINE, "operator", 0)
    async with operator_at_work(town.service, account) as leaving:
        await until(lambda: state_of(leaving) == "ready", within=15)
        call = await town.call(number)
        await leaving.card("answered")
    async with town.operator(seat=1) as staying:
        await until(lambda: _register_says(town, number, "answered"), within=10, every=0.2)
        await town.world.carrier.hang_up(call)
        await town.ended(number)
        await until(lambda: _away(town, account["extension"]), within=25, every=0.2)
        second = await town.call(other)
        card = await staying.card("answered")
        assert card["mine"]
        await town.hang_up(second)
    async with town.operator() as back:
        assert state_of(back) == "ready"


async def test_an_operator_who_signs_in_twice_is_one_operator(town: Town) -> None:
    number = town.number()
    async with town.operator() as first, operator_at_work(town.service, first.account) as second:
        await until(lambda: state_of(second) == "ready", within=10)
        members = town.world.asterisk.command("queue show tongdai-can-tho")
        assert members.count("PJSIP/desk-1001") == 1
        await town.call(number)
        here, there = await first.card("answered"), await second.card("answered")
        assert here["id"] == there["id"]
        one = await first.order("POST", f"/console/calls/{here['id']}/ticket")
        two = await second.order("POST", f"/console/calls/{here['id']}/ticket")
        assert one["id"] == two["id"]
    await town.ended(number)
    assert len(await town.rows("tickets", number)) == 1


def _transfer(operator: Operator, transfer: str) -> str:
    told: list[dict[str, Any]] = [
        m["data"]
        for m in operator.pushed
        if m["kind"] == "transfer" and m["data"]["id"] == transfer
    ]
    return str(told[-1]["state"]) if told else ""


async def _register_says(town: Town, number: str, state: str) -> bool:
    return [row["state"] for row in await town.rows("calls", number)] == [state]


def _away(town: Town, extension: str) -> bool:
    """Whether the queue itself holds the telephone paused because its browser is away."""
    shown = town.world.asterisk.command("queue show tongdai-can-tho")
    return any(f"desk-{extension}" in x and "browser_away" in x for x in shown.splitlines())

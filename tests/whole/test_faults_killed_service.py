"""The service killed with `kill -9` at each step from the ring to the SMS: nothing lost or doubled.

Asterisk, the carrier and Kannel go on all the while (DESIGN.md rules 3 and 4).
"""

import json
import os
import signal
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from typing import Any

import pytest
import pytest_asyncio

from tests.support.people import Operator
from tests.support.town import FORM, Town, state_of
from tests.support.wait import until

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.gateway,
    pytest.mark.slow,
    pytest.mark.asyncio(loop_scope="module"),
]
FOCAL = "do hoang phuc"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def town(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    async with Town.open(tmp_path_factory.mktemp("town"), kannel=True) as made:
        yield made


async def test_killed_while_it_rings_it_rings_on_and_is_answered(town: Town) -> None:
    number = town.number()
    async with town.operator() as operator:
        await town.world.carrier.behave("1001", "ring")
        call = await town.call(number)
        await _ringing(operator)
        await _again(town, operator)
        await _ringing(operator)
        await town.world.carrier.behave("1001", "answer")
        await operator.card("answered", within=40)
        await town.hang_up(call)
        row = await town.ended(number)
        assert row["outcome"] == "answered"
        assert row["operator"] is not None
        [ticket] = await _tickets(town, number)
        assert ticket["state"] == "draft"


async def test_killed_in_the_call_it_is_the_same_call_with_the_same_ticket(town: Town) -> None:
    number = town.number()
    async with town.operator() as operator:
        call = await town.call(number)
        before = await operator.card("answered")
        ticket = await operator.order("POST", f"/console/calls/{before['id']}/ticket")
        await _again(town, operator)
        after = await operator.card("answered")
        assert (after["id"], after["answered_at"]) == (before["id"], before["answered_at"])
        same = await operator.order("POST", f"/console/calls/{after['id']}/ticket")
        assert same["id"] == ticket["id"]
        await until(lambda: state_of(operator) == "talking", within=10)
        await town.hang_up(call)
        row = await town.ended(number)
        assert (row["ticket"], row["operator"] is not None) == (ticket["id"], True)
        assert len(await _tickets(town, number)) == 1
        await _one_recording(town, row["id"])


async def test_a_draft_that_was_saved_is_there_after_the_kill(town: Town) -> None:
    number = town.number()
    async with town.operator() as operator:
        await town.call(number)
        card = await operator.card("answered")
        ticket = await operator.order("POST", f"/console/calls/{card['id']}/ticket")
        typed = {"form": {"content": "Cây đổ chắn ngang đườ", "sender_name": "Bà Út"}}
        await operator.order("PUT", f"/console/tickets/{ticket['id']}/draft", typed)
        await _again(town, operator)
        found = await operator.order("GET", f"/console/tickets/{ticket['id']}")
        assert found["form"]["content"] == "Cây đổ chắn ngang đườ"
        assert found["form"]["sender_name"] == "Bà Út"


async def test_killed_while_the_focal_point_rings_the_caller_is_back(town: Town) -> None:
    number = town.number()
    async with town.operator() as operator:
        call = await town.call(number)
        card = await operator.card("answered")
        ticket = await operator.order("POST", f"/console/calls/{card['id']}/ticket")
        focal = await town.unit(operator, FOCAL)
        await town.service.token("administrator")  # made now: it rings for seconds only
        body = {"kind": "blind", "person": focal["person"], "ticket": ticket["id"]}
        path = f"/console/calls/{card['id']}/transfers"
        transfer = (await operator.order("POST", path, body))["transfer"]["id"]
        await until(lambda: _transfer_is(town, transfer, "ringing"), within=15, every=0.1)
        await _again(town, operator)
        await until(lambda: _transfer_is(town, transfer, "returned"), within=40, every=0.2)
        await operator.card("answered", within=30)
        await town.hang_up(call)
        row = await town.ended(number)
        assert row["outcome"] == "answered"
        [tried] = await until(lambda: _written_transfers(town, ticket["id"]), within=10)
        assert tried["state"] == "returned"
        assert tried["reason"] in {"service_restarted", "no_answer"}  # rung out before or after
        await _one_recording(town, row["id"])


async def test_killed_as_soon_as_the_ticket_is_filed_the_sms_goes_out_once(town: Town) -> None:
    number = town.number()
    async with town.operator() as operator:
        await town.call(number)
        filed = await _filed(town, operator)
        town.service.kill()
        await town.service.start()
        await until(lambda: _arrived(town, filed), within=20)
        [message] = await _settled(town, filed["id"])
        assert message["state"] == "delivered"
        assert _arrived(town, filed) == 1
        again = await operator.order(
            "POST",
            f"/console/tickets/{filed['id']}/file",
            {"form": FORM, "event": "referred"},
        )
        assert again["number"] == filed["number"]


async def test_killed_between_claim_and_answer_of_the_gateway_nothing_is_sent_twice(
    town: Town,
) -> None:
    """Whether the gateway heard us is for its receipt to say; else the message is `unknown`."""
    number = town.number()
    smsbox = town.world.kannel.smsbox.pid
    async with town.operator() as operator:
        await town.call(number)
        os.killpg(smsbox, signal.SIGSTOP)
        try:
            filed = await _filed(town, operator)
            await until(lambda: _sending(town, filed["id"]), within=15, every=0.1)
            town.service.kill()
        finally:
            os.killpg(smsbox, signal.SIGCONT)
        await town.service.start()
        [message] = await _settled(town, filed["id"])
        if message["state"] == "delivered":  # the SMSC writes it down after Kannel's receipt
            await until(lambda: _arrived(town, filed), within=10)
        assert (message["state"], _arrived(town, filed)) in {("delivered", 1), ("unknown", 0)}
        assert message["attempts"] == 1


async def test_afterwards_the_registers_are_whole(town: Town) -> None:
    """Each call once, ticket numbers without holes, the history's chain unbroken."""

    async def ended() -> list[dict[str, Any]]:
        rows = await town.service.items("calls")
        return rows if all(row["state"] == "ended" for row in rows) else []

    calls = await until(ended, within=20, every=0.2)
    tickets = await town.service.items("tickets")
    numbers = sorted(t["number"] for t in tickets if t["number"])
    assert len({c["linkedid"] for c in calls}) == len(calls)
    assert [int(n[5:]) for n in numbers] == list(range(1, len(numbers) + 1))
    await town.service.command("audit", "verify")
    await town.service.command("recordings", "verify")


async def _again(town: Town, operator: Operator) -> None:
    """Kill the service and start it; return when the operator's browser is connected again."""
    town.service.kill()
    operator.pushed.clear()
    await town.service.start()
    await until(lambda: operator.pushed, within=10)


async def _ringing(operator: Operator) -> None:
    await until(
        lambda: operator.cards() and operator.cards()[-1]["ringing"],
        within=20,
    )


async def _filed(town: Town, operator: Operator) -> dict[str, Any]:
    card = await operator.card("answered")
    ticket = await operator.order("POST", f"/console/calls/{card['id']}/ticket")
    focal = await town.unit(operator, FOCAL)
    body = {"form": FORM | {"unit": focal["unit"]}, "event": "referred"}
    filed: dict[str, Any] = await operator.order(
        "POST", f"/console/tickets/{ticket['id']}/file", body
    )
    return filed


async def _tickets(town: Town, number: str) -> list[dict[str, Any]]:
    async def linked() -> list[dict[str, Any]]:
        return await town.rows("tickets", number)

    found: list[dict[str, Any]] = await until(linked, within=15, every=0.2)
    return found


async def _one_recording(town: Town, call: str) -> None:
    async def archived() -> list[dict[str, Any]]:
        rows = await town.service.items("recordings")
        return [r for r in rows if r["call"] == call and r["kind"] == "call"]

    found = await until(archived, within=30, every=0.2)
    assert len(found) == 1


async def _messages(town: Town, ticket: str) -> list[dict[str, Any]]:
    return [m for m in await town.service.items("messages") if m["ticket"] == ticket]


async def _sending(town: Town, ticket: str) -> bool:
    return any(m["state"] == "sending" for m in await _messages(town, ticket))


async def _settled(town: Town, ticket: str) -> list[dict[str, Any]]:
    async def all_of_them() -> list[dict[str, Any]]:
        rows = await _messages(town, ticket)
        done = all(m["state"] in {"delivered", "undelivered", "rejected", "unknown"} for m in rows)
        return rows if done else []

    found: list[dict[str, Any]] = await until(all_of_them, within=30, every=0.2)
    return found


def _arrived(town: Town, filed: dict[str, Any]) -> int:
    return sum(f"Phieu {filed['number']}," in str(m["text"]) for m in town.world.kannel.messages)


async def _transfer_is(town: Town, transfer: str, state: str) -> bool:
    """A transfer that has begun is answered by its id, however lately the service was killed."""
    async with town.service.api() as http, http.get(f"/api/v1/transfers/{transfer}") as answer:
        assert answer.status == 200, await answer.text()
        return bool((await answer.json())["state"] == state)


def _written_transfers(town: Town, ticket: str) -> list[dict[str, Any]]:
    """Return what the ticket's chain holds of transfers."""
    path = town.world.folder / "tongdai.db"
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as register:
        query = "SELECT data FROM audit_entry WHERE kind = 'transfer' AND subject = ?"
        return [json.loads(row[0]) for row in register.execute(query, (ticket,))]

"""Opinions by key on the real Asterisk: after the operator has hung up, and by call-back."""

from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio
from sqlmodel import select

from ivr.diary import of_call
from ivr.tables import SurveyAnswer
from rig.ami import AmiError
from rig.carrier import PlacedCall
from tests.support.people import Operator, operator_at_work, signed_in
from tests.support.service import Service
from tests.support.wait import until
from tests.support.world import World
from tickets import ratings
from tickets.tables import Rating
from tongdai.clock import SystemClock
from tongdai.db import Database

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.asyncio(loop_scope="module"),
]
HOTLINE, NUMBER = "gia-lai", "02691022"
UNHAPPY = "0912345683"
"""Answers, presses 3, and speaks (rig/carrier)."""


@dataclass
class Floor:
    """A running service with an operator at work."""

    world: World
    service: Service
    db: Database
    operator: Operator

    async def call(self, caller: str) -> tuple[PlacedCall, str]:
        """Place a call; return it once the operator has answered, with its id."""
        number = f"+84{caller[1:]}"
        call = await self.world.carrier.place_call(NUMBER, caller, seconds=600)

        def answered() -> str:
            cards = [c for c in self.operator.cards() if c["caller"]["e164"] == number]
            return str(cards[-1]["id"]) if cards and cards[-1]["state"] == "answered" else ""

        return call, await until(answered, within=20)

    def me(self) -> str:
        """Return the operator's own state, as the console was told it last."""
        told = [m["data"]["state"] for m in self.operator.pushed if m["kind"] == "me"]
        return str(told[-1]) if told else ""

    def spoken(self, names: str = "message-*") -> int:
        """Return how much of a reason, or a prompt, lies in the spool, in bytes."""
        return sum(f.stat().st_size for f in self.world.spool.glob(names))

    async def everybody_hangs_up(self) -> None:
        for channel in await self.world.carrier.channels():
            with suppress(AmiError):  # gone by itself meanwhile
                await self.world.carrier.hang_up(PlacedCall(channel=channel, uniqueid=""))
        await until(self.nobody_is_there, within=20)

    async def nobody_is_there(self) -> bool:
        return not await self.world.carrier.channels()

    async def row(self, call_id: str) -> dict[str, Any]:
        calls = await self.service.items("calls")
        return next(c for c in calls if c["id"] == call_id)

    async def asked(self) -> list[tuple[str, str, bool, bool]]:
        """Return what was answered, in order."""
        query = select(SurveyAnswer).order_by("asked_at")
        async with self.db.read() as session:
            rows = (await session.execute(query)).scalars()
            return [(r.kind, r.score, r.reason_seconds > 0, r.on_ticket) for r in rows]

    async def ratings(self, ticket: str) -> list[Rating]:
        async with self.db.read() as session:
            return await ratings.of_ticket(session, ticket)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def floor(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Floor]:
    folder = tmp_path_factory.mktemp("survey")
    changes: dict[str, dict[str, object]] = {"hotline": {"survey": True, "wrap_up_seconds": 600}}
    async with (
        World(folder, hotlines=(HOTLINE,), changes=changes, desks=("1006",)) as world,
        Service(world) as service,
    ):
        db = Database(world.settings.database.url, SystemClock())
        async with operator_at_work(service, service.account(HOTLINE, "operator")) as operator:
            yield Floor(world, service, db, operator)
        await db.close()


async def test_the_caller_is_asked_while_the_operator_is_free_for_the_next_call(
    floor: Floor,
) -> None:
    call, call_id = await floor.call("0912000001")
    await floor.operator.order("POST", f"/console/calls/{call_id}/hang-up", status=204)
    await until(lambda: floor.me() == "wrap_up", within=20)
    await floor.operator.order("POST", "/console/me/ready")
    await until(lambda: floor.me() == "ready", within=20)
    assert (await floor.row(call_id))["ended_at"] is None

    async def ended() -> bool:
        return (await floor.row(call_id))["state"] == "ended"

    async def is_asked() -> bool:
        async with floor.db.read() as session:
            return any(line.step == "survey" for line in await of_call(session, call_id))

    await until(is_asked, within=20, every=0.1)
    await floor.world.carrier.press(call, "1")
    await until(ended, within=20)
    assert (await floor.row(call_id))["outcome"] == "answered"
    assert await floor.asked() == [("after_call", "satisfied", False, False)]
    assert "ivr" in [c["state"] for c in floor.operator.cards() if c["id"] == call_id]

    call, call_id = await floor.call("0912000002")
    await floor.world.carrier.hang_up(call)  # whoever hangs up himself is not asked
    await until(ended, within=20)
    assert len(await floor.asked()) == 1
    await until(lambda: floor.me() == "wrap_up", within=20)
    await floor.operator.order("POST", "/console/me/ready")


async def test_a_sender_is_called_about_the_result_and_says_why_gl_14(floor: Floor) -> None:
    call, call_id = await floor.call("0912000003")
    ticket = await floor.operator.order("POST", f"/console/calls/{call_id}/ticket")
    form = {
        "type": "socio_economic",
        "sender_name": "Rơ Châm H'Lan",
        "sender_address": "Làng Plei Ốp, Pleiku",
        "sender_phone": UNHAPPY,
        "content": "Đường vào làng bị sụt.",
        "direct_answer": "Đã báo đơn vị sửa trong tuần.",
    }
    await floor.operator.order(
        "POST",
        f"/console/tickets/{ticket['id']}/file",
        {"form": form, "event": "answered_directly"},
    )
    await floor.world.carrier.hang_up(call)
    path = f"/desk/tickets/{ticket['id']}"
    page = await (await floor.operator.browser.get(path)).text()
    assert "Gọi hỏi ý kiến" in page
    answer = await floor.operator.browser.post(f"{path}/ask", {})
    assert answer.headers["Location"].endswith("?done=ask"), await answer.text()

    async def rated() -> list[Rating]:
        return await floor.ratings(ticket["id"])

    await until(lambda: floor.spoken() > 40_000, within=40)
    await floor.everybody_hangs_up()
    [rating] = await until(rated, within=20)
    assert rating.score == "unsatisfied"
    assert rating.reason.startswith("Nói qua điện thoại")
    assert (await floor.asked())[-1] == ("call_back", "unsatisfied", True, True)

    async def told() -> str:
        shown = await (await floor.operator.browser.get(path)).text()
        return shown if "có nói lý do" in shown else ""

    page = await until(told, within=20)
    assert "Gọi hỏi ý kiến" not in page  # nobody is asked twice
    refused = await floor.operator.browser.post(f"{path}/ask", {})
    assert refused.status == 409

    async def archived() -> list[dict[str, Any]]:
        return await floor.service.items("recordings", kind="message")

    [reason] = await until(archived, within=30)
    assert reason["ticket"] == ticket["id"]
    calls = await floor.service.items("calls")
    asked = next(c for c in calls if c["id"] == reason["call"])
    assert (asked["direction"], asked["outcome"]) == ("outbound", "self_service")
    assert asked["caller_number"] == f"+84{UNHAPPY[1:]}"
    assert asked["operator"] is None


async def test_an_administrator_hears_a_flow_and_records_a_prompt_at_a_telephone(
    floor: Floor,
) -> None:
    """A trial is no call of the hotline's; what is recorded is heard by the next caller."""
    before = {c["id"] for c in await floor.service.items("calls")}
    carrier, number = floor.world.carrier, "0912345691"  # answers, presses nothing, speaks
    async with signed_in(floor.service, floor.service.account(HOTLINE, "administrator")) as admin:
        query = f"hotline={HOTLINE}"
        typed = {"number": number, "when": "2026-12-05T20:00"}
        answer = await admin.post(f"/admin/flows/call?{query}", typed)
        assert answer.status == 303, await answer.text()
        shown = "core show channels concise"
        await until(lambda: "!tongdai-trial!" in floor.world.asterisk.command(shown), within=10)
        await floor.everybody_hangs_up()

        typed = {"number": number, "name": "pbx:hold"}
        answer = await admin.post(f"/admin/prompts/record?{query}", typed)
        assert answer.status == 303, await answer.text()
        await until(lambda: floor.spoken(".prompt-*") > 40_000, within=40)
        [person] = await carrier.channels()
        call = PlacedCall(channel=person, uniqueid="")
        await carrier.press(call, "#1")

        async def kept() -> bool:
            page = await (await admin.get(f"/admin/prompts?{query}&own=1")).text()
            return "thu qua điện thoại" in page and "pbx" in page

        await until(kept, within=30, every=1)
    await until(lambda: floor.spoken(".prompt-*") == 0, within=20)
    hold = floor.world.settings.prompts.folder / HOTLINE / "hold.wav"
    assert hold.stat().st_size > 8_000
    assert not hold.with_suffix(".said").exists()
    assert {c["id"] for c in await floor.service.items("calls")} == before
    await floor.everybody_hangs_up()


async def test_without_the_service_the_caller_hears_goodbye_and_is_let_go(floor: Floor) -> None:
    await until(lambda: floor.me() == "wrap_up", within=20)
    await floor.operator.order("POST", "/console/me/ready")
    call, _call_id = await floor.call("0912000004")
    floor.service.kill()
    extension = str(floor.operator.account["extension"])
    await floor.world.carrier.desk_hangs_up(extension)

    async def gone() -> bool:
        return call.channel not in await floor.world.carrier.channels()

    await until(gone, within=30)

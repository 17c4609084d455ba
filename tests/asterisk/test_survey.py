"""Opinions by key on the real Asterisk: after the operator has hung up, and by call-back."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio
from sqlmodel import select

from ivr.tables import SurveyAnswer
from rig.carrier import PlacedCall
from tests.support.people import Operator, operator_at_work
from tests.support.service import Service
from tests.support.wait import until
from tests.support.world import World
from tickets import ratings
from tickets.tables import Rating
from tongdai.clock import SystemClock
from tongdai.db import Database

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.timeout(240),
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
        call = await self.world.carrier.place_call(NUMBER, caller, seconds=120)

        def answered() -> str:
            cards = [c for c in self.operator.cards() if c["caller"]["e164"] == number]
            return str(cards[-1]["id"]) if cards and cards[-1]["state"] == "answered" else ""

        return call, await until(answered, within=20)

    async def leaves(self, call_id: str) -> None:
        """Let the operator hang up, and begin the next thing."""
        await self.operator.order("POST", f"/console/calls/{call_id}/hang-up", status=204)
        await self.operator.order("POST", "/console/me/ready")

    def spoken(self) -> int:
        """Return how much of a reason lies in the spool, in bytes."""
        return sum(f.stat().st_size for f in self.world.spool.glob("message-*"))

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
    changes: dict[str, dict[str, object]] = {"hotline": {"survey": True, "wrap_up_seconds": 60}}
    async with (
        World(folder, hotlines=(HOTLINE,), changes=changes, desks=("1006",)) as world,
        Service(world) as service,
    ):
        db = Database(world.settings.database.url, SystemClock())
        async with operator_at_work(service, service.account(HOTLINE, "operator")) as operator:
            yield Floor(world, service, db, operator)
        await db.close()


async def test_the_caller_is_asked_while_the_operator_takes_the_next_call(floor: Floor) -> None:
    first, first_id = await floor.call("0912000001")
    await floor.leaves(first_id)

    async def in_survey() -> bool:
        return (await floor.row(first_id))["state"] == "ivr"

    await until(in_survey, within=20)
    second, second_id = await floor.call("0912000002")
    assert (await floor.row(first_id))["state"] == "ivr"
    assert await floor.asked() == [("after_call", "", False, False)]
    await floor.world.carrier.press(first, "1")

    async def written() -> bool:
        return ("after_call", "satisfied", False, False) in await floor.asked()

    await until(written, within=20)

    async def ended() -> bool:
        return (await floor.row(first_id))["state"] == "ended"

    await until(ended, within=20)
    row = await floor.row(first_id)
    assert row["outcome"] == "answered"
    await floor.world.carrier.hang_up(second)  # whoever hangs up himself is not asked

    async def left() -> bool:
        return (await floor.row(second_id))["state"] == "ended"

    await until(left, within=20)
    assert len(await floor.asked()) == 1
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
    for channel in await floor.world.carrier.channels():
        await floor.world.carrier.hang_up(PlacedCall(channel=channel, uniqueid=""))
    [rating] = await until(rated, within=20)
    assert rating.score == "unsatisfied"
    assert rating.reason.startswith("Nói qua điện thoại")
    assert (await floor.asked())[-1] == ("call_back", "unsatisfied", True, True)
    page = await (await floor.operator.browser.get(path)).text()
    assert "Gọi hỏi ý kiến" not in page  # nobody is asked twice
    assert "có nói lý do" in page
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


async def test_without_the_service_the_caller_hears_goodbye_and_is_let_go(floor: Floor) -> None:
    await floor.operator.order("POST", "/console/me/ready")  # out of the wrap-up
    call, _call_id = await floor.call("0912000004")
    floor.service.kill()
    extension = str(floor.operator.account["extension"])
    await floor.world.carrier.desk_hangs_up(extension)

    async def gone() -> bool:
        return call.channel not in await floor.world.carrier.channels()

    await until(gone, within=30)

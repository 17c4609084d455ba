"""Operators on the real Asterisk: who is rung, who is not, and what a restart leaves."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from rig.carrier import PlacedCall
from telephony.bridge import Bridge
from telephony.calls.model import CallState, Direction
from telephony.control import CallControl
from telephony.operators import Operators
from telephony.operators.model import OperatorState
from telephony.queues import Queues
from telephony.transfers.errors import NotYourCall
from tests.support.wait import until
from tests.support.world import World
from tongdai.accounts.model import Grant, Role, Viewer
from tongdai.clock import SystemClock
from tongdai.db import Database
from tongdai.events import Bus
from tongdai.ids import AccountId, HotlineId

pytestmark = pytest.mark.asterisk

HOTLINE = HotlineId("can-tho")


def viewer(name: str, extension: str) -> Viewer:
    grants = frozenset({Grant(hotline=HOTLINE, role=Role.OPERATOR)})
    return Viewer(id=AccountId(name), name=name, extension=extension, grants=grants)


ANNA, BINH, CHI = viewer("anna", "1001"), viewer("binh", "1002"), viewer("chi", "1009")


@dataclass
class Floor:
    world: World
    db: Database
    operators: Operators
    bridge: Bridge
    queues: Queues
    control: CallControl
    task: asyncio.Task[None]
    closed: bool = False

    @classmethod
    async def open(cls, world: World) -> "Floor":
        clock, bus = SystemClock(), Bus()
        db = Database(world.settings.database.url, clock, bus)
        await db.create_all()
        operators = Operators(world.settings, db, bus, clock, browser_grace_seconds=0.2)
        bridge = Bridge(world.settings, db, bus, clock, seats=operators)
        queues = Queues(world.settings, bus, clock)
        control = CallControl(world.settings, operators, bus)
        for part in (operators, queues, control):
            part.connect(bridge)

        async def run() -> None:
            async with asyncio.TaskGroup() as group:
                group.create_task(bridge.run())
                group.create_task(operators.run())

        floor = cls(world, db, operators, bridge, queues, control, asyncio.create_task(run()))
        await until(lambda: bridge.ami("main").connected, within=15)
        return floor

    async def close(self) -> None:
        if self.closed:
            return
        self.closed = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(15):
                await self.bridge.settled()
        self.task.cancel()
        await asyncio.wait([self.task])
        await self.db.close()

    def state(self, who: Viewer = ANNA) -> OperatorState | None:
        operator = self.operators.get(who.id)
        return operator.state if operator else None

    def reason(self, who: Viewer = ANNA) -> str:
        operator = self.operators.get(who.id)
        return operator.reason if operator else ""

    async def call(self) -> PlacedCall:
        return await self.world.carrier.place_call("02921022", "0912345678", seconds=600)


@pytest.fixture
async def floor(tmp_path: Path) -> AsyncIterator[Floor]:
    changes: dict[str, dict[str, object]] = {
        "hotline": {"operator_ring_seconds": 5, "wrap_up_seconds": 2}
    }
    world = World(
        tmp_path, hotlines=("can-tho",), desks=("1001", "1002"), changes=changes, spoken=False
    )
    async with world:
        floor = await Floor.open(world)
        yield floor
        await floor.close()


async def test_a_call_rings_talks_and_ends_in_wrap_up(floor: Floor) -> None:
    await floor.operators.sign_on(ANNA, "desk")
    citizen = await floor.call()
    await until(lambda: floor.state() is OperatorState.TALKING, within=20)
    await floor.world.carrier.hang_up(citizen)
    await until(lambda: floor.state() is OperatorState.WRAP_UP)
    await until(lambda: floor.state() is OperatorState.READY)


async def test_nobody_is_rung_in_wrap_up_and_the_queue_says_who_waits(floor: Floor) -> None:
    await floor.operators.sign_on(ANNA, "desk")
    first = await floor.call()
    await until(lambda: floor.state() is OperatorState.TALKING, within=20)
    second = await floor.call()
    await until(lambda: floor.queues.snapshot()[0].waiting, within=20)
    seen: list[OperatorState | None] = []
    await floor.world.carrier.hang_up(first)

    def talks_again() -> bool:
        if not seen or seen[-1] is not floor.state():
            seen.append(floor.state())
        return OperatorState.WRAP_UP in seen and seen[-1] is OperatorState.TALKING

    await until(talks_again, within=15, every=0.005)
    assert seen.index(OperatorState.WRAP_UP) < len(seen) - 1
    assert OperatorState.RINGING not in seen[: seen.index(OperatorState.WRAP_UP)]
    await until(lambda: not floor.queues.snapshot()[0].waiting, within=10)
    await floor.world.carrier.hang_up(second)


async def test_calls_that_nobody_answers_pause_the_operator_and_ring_the_next(
    floor: Floor,
) -> None:
    await floor.world.carrier.behave("1001", "ring")
    await floor.operators.sign_on(ANNA, "desk")
    citizen = await floor.call()
    await until(lambda: floor.reason() == "missed", within=30)
    await floor.operators.sign_on(BINH, "desk")
    await until(lambda: floor.state(BINH) is OperatorState.TALKING, within=15)
    await floor.world.carrier.hang_up(citizen)
    await floor.operators.ready(ANNA.id)
    assert floor.state() is OperatorState.READY


async def test_a_caller_who_gives_up_is_no_missed_call(floor: Floor) -> None:
    await floor.world.carrier.behave("1001", "ring")
    await floor.operators.sign_on(ANNA, "desk")
    for _ in range(2):
        citizen = await floor.call()
        await until(lambda: floor.state() is OperatorState.RINGING, within=20)
        await floor.world.carrier.hang_up(citizen)
        await until(lambda: floor.state() is OperatorState.READY, within=5)
    operator = floor.operators.get(ANNA.id)
    assert operator is not None
    assert operator.missed == 0


async def test_a_phone_that_is_not_there_is_paused(floor: Floor) -> None:
    await floor.operators.sign_on(CHI, "desk")  # nothing is registered at 1009
    await until(lambda: floor.reason(CHI) == "phone_away")
    await floor.operators.ready(CHI.id)
    assert floor.reason(CHI) == "phone_away"


async def test_a_closed_console_is_offered_no_calls(floor: Floor) -> None:
    await floor.operators.sign_on(ANNA, "desk")
    floor.operators.browser_gone(ANNA.id)
    await until(lambda: floor.reason() == "browser_away")

    async def told() -> bool:  # the PBX hears of it after the operator's own state
        async with floor.world.ami() as ami:
            await ami.action("QueueStatus", Queue="tongdai-can-tho")
            member = await ami.event("QueueMember")
        return (member["Paused"], member["PausedReason"]) == ("1", "browser_away")

    await until(told, every=0.1)


async def test_members_come_back_after_the_pbx_was_killed(floor: Floor) -> None:
    await floor.operators.sign_on(ANNA, "desk")
    await floor.operators.pause(ANNA.id, "meal")
    floor.world.asterisk.child.kill()
    await floor.world.start_asterisk()
    await until(lambda: floor.bridge.ami("main").connected, within=20)

    async def told() -> bool:
        async with floor.world.ami() as ami:
            await ami.action("QueueStatus", Queue="tongdai-can-tho")
            while (packet := await ami.next_event())["Event"] != "QueueStatusComplete":
                if packet["Event"] == "QueueMember":
                    return packet["PausedReason"] == "meal"
            return False

    await until(told, within=15, every=0.3)


async def test_the_next_service_knows_who_was_talking(floor: Floor) -> None:
    await floor.operators.sign_on(ANNA, "desk")
    citizen = await floor.call()
    await until(lambda: floor.state() is OperatorState.TALKING, within=20)
    await floor.close()
    again = await Floor.open(floor.world)
    await until(lambda: again.state() is OperatorState.TALKING, within=10)
    await floor.world.carrier.hang_up(citizen)
    await until(lambda: again.state() is OperatorState.WRAP_UP)
    await again.close()


async def test_an_operator_calls_a_citizen_back(floor: Floor) -> None:
    floor.world.asterisk.command("pjsip qualify carrier")
    command = floor.world.asterisk.command
    await until(lambda: "Avail" in command("pjsip show aor carrier"), within=10, every=0.2)
    await floor.operators.sign_on(ANNA, "desk")
    call_id = await floor.control.dial(ANNA, HOTLINE, "+84913000001")

    def talking() -> bool:
        call = floor.bridge.call(call_id)
        return call is not None and call.state is CallState.ANSWERED

    await until(talking, within=15)
    call = floor.bridge.call(call_id)
    assert call is not None
    assert (call.direction, call.caller_number) == (Direction.OUTBOUND, "+84913000001")
    with pytest.raises(NotYourCall):
        await floor.control.hang_up(call_id, BINH)
    recording = floor.world.spool / f"call-{call.linkedid}.raw"
    await until(lambda: recording.exists() and recording.stat().st_size > 32000, within=5)
    await floor.control.hang_up(call_id, ANNA)
    await until(lambda: floor.state() is OperatorState.WRAP_UP, within=5)

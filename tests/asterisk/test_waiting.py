"""Waiting, on a real Asterisk with the whole service: told in the ear, key 1, a service killed."""

import asyncio
from pathlib import Path

import pytest
from sqlmodel import col, select

from ivr.followups.tables import CallBackTask
from ivr.tables import CallPrompt
from rig.ami import Ami
from rig.carrier import PlacedCall
from telephony.calls.tables import CallRow
from tests.support.service import Service
from tests.support.sound import RATE, samples
from tests.support.wait import until
from tests.support.world import World
from tongdai.clock import SystemClock
from tongdai.db import Database
from tongdai.ids import HotlineId
from tongdai.settings_queue import OVERFLOW_PENALTY, QueueTable

pytestmark = pytest.mark.asterisk
QUEUE = "tongdai-can-tho"


class Diary:
    """What callers hear, as it is written."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def said(self, caller: str) -> list[str]:
        query = (
            select(CallPrompt.text)
            .join(CallRow, col(CallRow.id) == col(CallPrompt.call))
            .where(col(CallRow.caller_number) == f"+84{caller[1:]}", CallPrompt.kind == "said")
            .order_by(col(CallPrompt.at), col(CallPrompt.n))
        )
        async with self._db.read() as session:
            return list((await session.execute(query)).scalars())

    async def heard(self, caller: str, words: str) -> None:
        async def there() -> bool:
            return any(words in text for text in await self.said(caller))

        await until(there, within=40)

    async def outcome(self, caller: str) -> str | None:
        query = select(CallRow.outcome).where(col(CallRow.caller_number) == f"+84{caller[1:]}")
        async with self._db.read() as session:
            return (await session.execute(query)).scalar_one_or_none()


def order(world: World) -> list[str]:
    """Return the callers' numbers in the queue's order."""
    shown = world.asterisk.command("core show channels concise")
    numbers = {line.split("!")[0]: line.split("!")[7] for line in shown.splitlines() if "!" in line}
    lines = world.asterisk.command(f"queue show {QUEUE}").splitlines()
    places = [line.split()[1] for line in lines if "(wait:" in line]
    return [numbers.get(channel, channel) for channel in places]


async def next_second() -> None:
    """Wait until it has begun: who joins within the same second has the same place."""
    clock = SystemClock()
    second = int(clock.now().timestamp())
    await until(lambda: clock.now().timestamp() >= second + 1, within=3, every=0.05)


async def left(ami: Ami) -> None:
    await ami.event("QueueCallerLeave", 30, Queue=QUEUE)


async def test_who_waits_is_told_keeps_his_place_and_may_be_called_back(tmp_path: Path) -> None:
    changes: dict[str, dict[str, object]] = {"hotline": {"queue": {"announce_seconds": 20}}}
    first, second, third = "0912345671", "0912345672", "0912345673"
    async with (
        World(tmp_path, desks=(), hotlines=("can-tho",), changes=changes) as world,
        Service(world) as service,
    ):
        db = Database(world.settings.database.url, SystemClock())
        diary, calls = Diary(db), dict[str, PlacedCall]()
        async with world.ami() as ami:
            for caller in (first, second, third):
                calls[caller] = await world.carrier.place_call("02921022", caller, seconds=600)
                await ami.event("QueueCallerJoin", 30, Queue=QUEUE)
                await next_second()
            listen(world, calls[second])
            assert order(world) == [first, second, third]
            await asyncio.gather(
                diary.heard(first, "Quý vị là người tiếp theo được phục vụ"),
                diary.heard(second, "bấm một"),
                diary.heard(third, "bấm một"),
            )
            assert (await diary.said(second))[:4] == [
                "Quý vị đang ở vị trí số",
                "hai",
                "trong hàng chờ",
                "Để được gọi lại mà vẫn giữ vị trí, bấm một",
            ]  # nobody was answered: no wait is promised
            assert order(world) == [first, second, third]  # he stays while he is told
            await until(lambda: spoken(world) >= 0.8, within=10)

            await world.carrier.press(calls[first], "1")
            await until(lambda: first not in order(world), within=30)
            await left(ami)
            await diary.heard(first, "Để xác nhận")
            assert order(world) == [second, third]
            await world.carrier.press(calls[first], "*")
            await until(lambda: first in order(world), within=30)
            await ami.event("QueueCallerJoin", 30, Queue=QUEUE)
            assert order(world) == [first, second, third]

            await world.carrier.press(calls[third], "1")
            await until(lambda: third not in order(world), within=30)
            await left(ami)
            await diary.heard(third, "Để xác nhận")

            async def called_back() -> bool:
                return await diary.outcome(third) == "callback"

            await world.carrier.press(calls[third], "1")
            await until(called_back, within=30)

            async def owed() -> list[CallBackTask]:
                async with db.read() as session:
                    return list((await session.execute(select(CallBackTask))).scalars())

            (task,) = await until(owed, within=20)
            assert task.number == f"+84{third[1:]}"

            service.kill()
            await world.carrier.press(calls[first], "1")
            await left(ami)
            await ami.event("QueueCallerJoin", 30, Queue=QUEUE)
            assert order(world) == [first, second]
        await db.close()


def listen(world: World, call: PlacedCall) -> None:
    """Write down what a caller hears, at his own telephone."""
    path = heard(world)
    world.carrier.asterisk.command(f"mixmonitor start {call.channel} {path},D")


def heard(world: World) -> Path:
    return world.carrier.asterisk.layout.log / "heard.raw"


def spoken(world: World) -> float:
    """Return for how many seconds prompts (a beep each) sounded over the even music."""
    left = abs(samples(heard(world))[:, 0])
    step = RATE // 10
    peaks = [left[i : i + step].max() for i in range(0, len(left) - step, step)]
    music = sorted(peaks)[len(peaks) // 2]
    return sum(abs(peak - music) > music / 4 for peak in peaks) / 10


async def test_another_hotlines_operator_helps_who_has_waited_long(tmp_path: Path) -> None:
    world = World(tmp_path, desks=("1001",), hotlines=("can-tho", "gia-lai"))
    queue = QueueTable(overflow_to=(HotlineId("gia-lai"),), overflow_after_seconds=10)
    helped = world.settings.hotlines[0].model_copy(update={"queue": queue})
    hotlines = (helped, *world.settings.hotlines[1:])
    world.settings = world.settings.model_copy(update={"hotline": hotlines})
    async with world, world.ami() as ami:
        await ami.action(
            "QueueAdd",
            Queue=QUEUE,
            Interface="PJSIP/desk-1001",
            MemberName="anna",
            Penalty=str(OVERFLOW_PENALTY),
        )
        await world.carrier.place_call("02921022", "0912345671", seconds=600)
        joined = await ami.event("QueueCallerJoin", 15, Queue=QUEUE)
        called = await ami.event("AgentCalled", 40)
        await ami.event("AgentConnect", 20)
    waited = float(called["Timestamp"]) - float(joined["Timestamp"])
    assert called["Linkedid"] == joined["Linkedid"]
    assert waited >= 9.5

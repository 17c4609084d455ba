"""What an operator's browser is told of the queues: what has changed there, and nothing twice."""

import asyncio

from tests.support.floor import Floor
from tests.support.recorder import Recorder
from tongdai.accounts.model import Grant, Role, Viewer
from tongdai.clock import HandClock
from tongdai.events import Bus
from tongdai.ids import AccountId, HotlineId
from web.console.feed import Feed
from web.push import Line, Push


def operator(name: str, hotline: str) -> Viewer:
    grants = frozenset({Grant(hotline=HotlineId(hotline), role=Role.OPERATOR)})
    return Viewer(id=AccountId(name), name=name, grants=grants)


LAN, HUY = operator("lan", "can-tho"), operator("huy", "gia-lai")


def desk(clock: HandClock) -> tuple[Floor, Push]:
    bus, push = Bus(), Push(clock)
    floor = Floor(bus, clock)
    Feed(push, bus, floor, floor, floor.transfers, Recorder(floor), clock)
    return floor, push


async def waiting(line: Line) -> int:
    """Return how many wait at the line's first hotline, as the next message of queues says."""
    async with asyncio.timeout(30):
        while True:
            message = await line.get()
            if message is not None and message["kind"] == "queues":
                number: int = message["data"]["queues"][0]["waiting"]
                return number


async def test_queues_are_told_to_those_at_whose_hotline_they_changed(clock: HandClock) -> None:
    floor, push = desk(clock)
    lan, huy = push.join(LAN), push.join(HUY)
    first = floor.ring("lan")
    assert (await waiting(lan), await waiting(huy)) == (1, 0)
    told = push.snapshot(HUY)["seq"]
    floor.answer(first)
    floor.ring("lan")
    floor.ring("lan", number="0987654321")
    assert await waiting(lan) == 2
    heard = push.beat(HUY)["seq"]
    assert heard == told + 1, "the snapshot had made him hear everything once more"
    floor.ring("lan", number="0977654321")
    assert await waiting(lan) == 3
    assert push.beat(HUY)["seq"] == heard, "nothing has changed at his hotline"


async def test_numbers_that_a_snapshot_overtook_are_told_again(clock: HandClock) -> None:
    floor, push = desk(clock)
    lan = push.join(LAN)
    first = floor.ring("lan")
    assert await waiting(lan) == 1
    floor.answer(first)
    queues = push.snapshot(LAN)["data"]["console"]["queues"]
    assert queues[0]["waiting"] == 0
    floor.ring("lan")
    assert await waiting(lan) == 1, "as many as before, but the browser knows of none"

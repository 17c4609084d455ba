"""A wish that keeps its place in the queue is offered when its turn has come, to one operator."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ivr.followups import acts
from telephony.operators.model import OperatorState
from tests.contract.callback_calls import Calls
from tests.support.floor import Floor
from tests.support.pages import Pages
from tests.support.wait import until
from tongdai.accounts.model import Grant, Role, Viewer
from tongdai.clock import HandClock
from tongdai.db import Database
from tongdai.ids import AccountId, HotlineId
from web.console import OFFERS
from web.doors import CALLS
from web.keys import PUSH
from web.push import Line

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def operator(name: str) -> Viewer:
    grants = frozenset({Grant(hotline=HotlineId("can-tho"), role=Role.OPERATOR)})
    return Viewer(id=AccountId(name), name=name, grants=grants)


LAN, MINH = operator("lan"), operator("minh")


class Room:
    """Two consoles, their browsers open."""

    def __init__(self, pages: Pages, calls: Calls) -> None:
        floor = pages.app[CALLS]
        assert isinstance(floor, Floor)
        self.floor, self.calls, self.offering = floor, calls, pages.app[OFFERS]
        self.lines = {who.id: pages.app[PUSH].join(who) for who in (LAN, MINH)}

    async def wish(self, number: str, minutes: int) -> str:
        """Let somebody wish who had waited so long."""
        call = await self.calls.call(number=number)
        since = self.calls.clock.now() - timedelta(minutes=minutes)
        await self.calls.wishes(call, waiting_since=since)
        return call.id

    def offers(self, who: Viewer) -> list[dict[str, Any]]:
        """Return what an operator was offered, once."""
        return [m["data"] for m in _read(self.lines[who.id]) if m["kind"] == "callback_offer"]


def _read(line: Line) -> list[dict[str, Any]]:
    found = []
    while not line._queue.empty():
        message = line._queue.get_nowait()
        if message is not None:
            found.append(message)
    return found


@pytest.fixture
async def room(database: Database, tmp_path: Path, clock: HandClock) -> AsyncIterator[Room]:
    async with Pages.open(
        tmp_path, clock, db=database, packages=("portal", "console", "api")
    ) as pages:
        yield Room(pages, Calls(pages.db, clock, tmp_path))


async def offered(room: Room, who: Viewer) -> dict[str, Any]:
    found: list[dict[str, Any]] = []
    await until(lambda: found.extend(room.offers(who)) or found)
    (one,) = found
    return one


async def test_the_longest_waiting_is_offered_to_who_becomes_ready_and_to_nobody_else(
    room: Room,
) -> None:
    await room.wish("0912345671", 3)
    await room.wish("0912345672", 9)
    await room.floor.sign_on(LAN, "web")
    first = await offered(room, LAN)
    assert first["number"] == "0912 345 672"
    await room.floor.sign_on(MINH, "web")
    assert (await offered(room, MINH))["number"] == "0912 345 671"
    assert room.offers(LAN) == []


async def test_what_one_lets_pass_is_offered_to_another_and_not_to_him_again(room: Room) -> None:
    await room.wish("0912345671", 3)
    await room.floor.sign_on(LAN, "web")
    task = (await offered(room, LAN))["task"]
    await room.floor.sign_on(MINH, "web")
    async with room.calls.db.write() as tx:
        await acts.let_pass(tx, task, LAN)
    assert (await offered(room, MINH))["task"] == task
    room.calls.clock.advance(timedelta(minutes=1))
    room.floor.operator_is("lan", OperatorState.READY)
    room.floor.operator_is("minh", OperatorState.READY)
    assert (await offered(room, MINH))["task"] == task  # it lapsed there, he may have it again
    assert room.offers(LAN) == []
    async with room.calls.db.write() as tx:
        await acts.claim(tx, task, MINH, room.calls.rules)
    assert (await room.calls.task()).offered_to is None


async def test_a_live_caller_who_has_waited_longer_comes_first(room: Room) -> None:
    room.floor.ring("nobody", "0912345679")
    room.calls.clock.advance(timedelta(minutes=5))
    await room.wish("0912345671", 3)
    other = await room.wish("0912345672", 8)
    await room.floor.sign_on(LAN, "web")
    assert (await offered(room, LAN))["number"] == "0912 345 672"
    async with room.calls.db.write() as tx:
        (task,) = [t for t in await room.calls.tasks() if t.call == other]
        await acts.claim(tx, task.id, LAN, room.calls.rules)
    room.floor.operator_is("lan", OperatorState.READY)
    await room.floor.sign_on(MINH, "web")
    await room.offering.settled()
    assert room.offers(LAN) + room.offers(MINH) == []
    (waiting,) = [c for c in room.floor.calls() if c.caller_raw == "0912345679"]
    room.floor.hang_up(waiting.id)
    room.floor.operator_is("minh", OperatorState.READY)
    assert (await offered(room, MINH))["number"] == "0912 345 671"

"""An offer whose time comes while somebody is ready already; two nodes offer a task once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from ivr.followups import acts
from ivr.followups.model import Result
from tests.contract.callback_calls import Calls
from tests.contract.test_callback_offers import LAN, MINH, Room, offered, room
from tests.support.pages import Pages
from tongdai.clock import HandClock
from tongdai.db import Database
from tongdai.events import Bus

__all__ = ["room"]
SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
POSTGRESQL = pytest.mark.parametrize("database", ["postgresql"], indirect=True)
PACKAGES = ("portal", "console", "api")


@SQLITE
async def test_a_retry_is_offered_when_its_time_comes_to_who_is_ready_already(room: Room) -> None:
    """Nobody has to become ready for it, and no event tells that the time has come."""
    await room.wish("0912345671", 3)
    await room.floor.sign_on(LAN, "web")
    task = (await offered(room, LAN))["task"]
    async with room.calls.db.write() as tx:
        await acts.claim(tx, task, LAN, room.calls.rules)
        await acts.result(tx, task, Result.BUSY, LAN, room.calls.rules)
    again = (await room.calls.task()).next_try_at
    assert again is not None
    await room.offering.settled()
    await room.offering.look()
    assert room.offers(LAN) == []  # it waits for its time
    room.calls.clock.set(again)
    assert (await offered(room, LAN))["task"] == task


@SQLITE
async def test_who_has_an_offer_is_offered_no_other_that_would_hide_it(room: Room) -> None:
    await room.floor.sign_on(LAN, "web")
    await room.wish("0912345671", 3)
    first = await offered(room, LAN)
    await room.wish("0912345672", 9)
    await room.offering.settled()
    await room.offering.look()
    assert room.offers(LAN) == []
    room.calls.clock.advance(timedelta(minutes=1))  # nobody took it: the other has waited longer
    assert (await offered(room, LAN))["number"] == "0912 345 672"
    assert first["number"] == "0912 345 671"


@POSTGRESQL
async def test_two_nodes_never_offer_one_task_to_two_operators(
    database: Database, tmp_path: Path, clock: HandClock
) -> None:
    """An operator's console at each node, both ready: both nodes look at the same moment."""
    url = database.url.render_as_string(hide_password=False)
    async with nodes(url, tmp_path, clock) as (near, far):
        await near.floor.sign_on(LAN, "web")
        await far.floor.sign_on(MINH, "web")
        for number in range(8):
            await near.wish(f"091234568{number}", 3)
            await asyncio.gather(near.offering.look(), far.offering.look())
            await near.offering.settled()
            found = [(LAN, one) for one in near.offers(LAN)]
            found += [(MINH, one) for one in far.offers(MINH)]
            assert len(found) == 1, f"round {number}: {found}"
            ((who, one),) = found
            async with near.calls.db.write() as tx:
                await acts.done(tx, one["task"], who, "đã xong")


@asynccontextmanager
async def nodes(url: str, folder: Path, clock: HandClock) -> AsyncIterator[tuple[Room, Room]]:
    """Open two applications, each with a database pool and events of its own."""
    dbs = [Database(url, clock, Bus()) for _node in range(2)]
    async with (
        Pages.open(folder / "a", clock, db=dbs[0], packages=PACKAGES) as one,
        Pages.open(folder / "b", clock, db=dbs[1], packages=PACKAGES) as two,
    ):
        yield Room(one, Calls(one.db, clock, folder)), Room(two, Calls(two.db, clock, folder))
    for db in dbs:
        await db.close()

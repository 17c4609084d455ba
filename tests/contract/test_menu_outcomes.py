"""How a call ends, as the menus say it to the PBX: what a caller got without an operator."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from ivr.agi import AgiServer
from ivr.book import Flowbook
from ivr.followups.rules import Rulebook
from ivr.followups.service import FollowUps
from ivr.menus import Menus
from ivr.register import Register
from ivr.speech.speaker import Speaker
from tests.contract.callback_calls import Calls
from tests.contract.law import World, world
from tests.contract.test_menus import make_prompts
from tests.support.phone import Phone
from tests.support.small_settings import small_settings
from tests.support.wait import until
from tongdai.clock import HandClock
from tongdai.db import Database
from tongdai.settings import AgiTable

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


class Line:
    """A hotline's menus, and callers."""

    def __init__(self, here: World, server: AgiServer, menus: Menus) -> None:
        self.here, self.server, self.menus = here, server, menus

    async def call(self, keys: str, **more: object) -> list[str]:
        phone = Phone(keys=keys, **more)  # type: ignore[arg-type]
        async with asyncio.timeout(30):
            await phone.call(self.server.port)
        await until(lambda: self.menus.inside == 0)
        return phone.outcomes


@pytest.fixture
async def line(database: Database, clock: HandClock, tmp_path: Path) -> AsyncIterator[Line]:
    settings = small_settings(tmp_path)
    (tmp_path / "spool" / "main").mkdir(parents=True)
    make_prompts(settings)
    here = await world(database)
    calendar = here.acts.lawbook.calendar
    FollowUps(database, database.bus, Rulebook(settings=settings, calendar=calendar), _at_once)
    speaker = Speaker(settings, clock)
    menus = Menus(
        settings,
        database,
        clock,
        book=Flowbook.load(("can-tho", "tay-ninh")),
        desk=Register(settings, database, database.bus, clock, clock),
        speaker=speaker,
        calendar=calendar,
    )
    table = AgiTable.model_construct(host="127.0.0.1", port=0)
    server = AgiServer(table, {"greeting": menus.answer}, clock, also=speaker.condition)
    tasks = [asyncio.create_task(run()) for run in (server.run, menus.run)]
    await until(lambda: server.port)
    yield Line(here, server, menus)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


async def _at_once() -> None:
    """Nothing waits to be written."""


async def test_an_information_and_a_ticket_are_served_without_an_operator(line: Line) -> None:
    assert await line.call("31") == ["self_service"]
    ticket = await line.here.filed()
    assert await line.call(f"2{ticket.code}", linkedid="1764000000.2") == ["self_service"]
    assert await line.call("2123456#", linkedid="1764000000.3") == []
    assert await line.call("", linkedid="1764000000.4") == []


@pytest.mark.parametrize(
    ("keys", "speaks", "told", "kinds"),
    [
        ("11", 64_000, ["message", "message"], ["message"]),
        ("1", None, ["message"], ["message"]),  # hangs up while speaking
        ("1x", 64_000, ["message"], ["message"]),
        ("1*", 64_000, ["message", "abandoned"], []),  # given up: lost, when the call has ended
        ("1x", 2_000, ["message", "abandoned", "message", "abandoned"], []),  # says nothing
    ],
)
async def test_who_leaves_a_message_has_a_task_also_when_he_simply_hangs_up(
    line: Line, database: Database, clock: HandClock, tmp_path: Path,
    keys: str, speaks: int | None, told: list[str], kinds: list[str],
) -> None:  # fmt: skip
    clock.advance(timedelta(hours=12))
    outcomes = await line.call(keys, hotline="tay-ninh", speaks=speaks)
    assert outcomes[: len(told)] == told
    tasks = await Calls(database, clock, tmp_path).tasks()
    assert [task.kind for task in tasks] == kinds
    assert all(task.ticket for task in tasks)  # its form is opened from the task

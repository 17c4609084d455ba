"""The greeting by FastAGI on the real Asterisk: played once, by whoever is there."""

import asyncio
import subprocess
from pathlib import Path

import pytest

from ivr.agi import AgiServer, Route
from ivr.greeting import GREETED, greeting
from tests.support.wait import until
from tests.support.world import World
from tongdai.clock import SystemClock

pytestmark = pytest.mark.asterisk


async def served(world: World, route: Route) -> "asyncio.Task[None]":
    server = AgiServer(world.settings.agi, {"greeting": route}, SystemClock())
    task = asyncio.create_task(server.run())

    async def listens() -> bool:
        return not (await server.health())["agi"].detail

    await until(listens)
    return task


def place(world: World) -> str:
    """The contexts and applications of the channels that there are."""
    return world.asterisk.command("core show channels concise")


def long_greeting(world: World) -> None:
    """Let the greeting sound for five seconds: long enough to be seen on a busy machine."""
    path = world.settings.prompts.folder / "can-tho" / "greeting.wav"
    path.unlink()  # it is a link to the one that all worlds share
    wave = ["synth", "5", "sine", "660"]
    tone = ["sox", "-n", "-r", "8000", "-b", "16", "-c", "1", str(path), *wave]
    subprocess.run(tone, check=True)


async def test_the_service_greets_and_the_caller_goes_on_to_the_queue(tmp_path: Path) -> None:
    async with World(tmp_path, hotlines=("can-tho",), spoken=False) as world:
        task = await served(world, greeting(world.settings))
        async with world.ami() as ami:
            call = await world.carrier.place_call("02921022", "0912345678", seconds=600)
            joined = await ami.event("QueueCallerJoin", 15)
            value = await ami.action("Getvar", Channel=joined["Channel"], Variable=GREETED)
            assert value["Value"] == "1"
        await world.carrier.hang_up(call)
        task.cancel()
        await asyncio.wait([task])


async def test_a_service_that_dies_in_the_greeting_leaves_it_to_the_dialplan(
    tmp_path: Path,
) -> None:
    async def dies(request: object) -> None:
        del request
        raise ConnectionResetError

    async with World(tmp_path, hotlines=("can-tho",), spoken=False) as world:
        long_greeting(world)
        task = await served(world, dies)
        async with world.ami() as ami:
            call = await world.carrier.place_call("02921022", "0912345678", seconds=600)
            await until(lambda: "!Playback!" in place(world), within=10)
            await ami.event("QueueCallerJoin", 15)
        await world.carrier.hang_up(call)
        task.cancel()
        await asyncio.wait([task])

"""Keys that come while nothing is asked of a real Asterisk: it throws them away (ivr.presses)."""

import asyncio
from pathlib import Path

import pytest
from panoramisk.fast_agi import Request

from ivr.line import Line
from ivr.presses import PACKETS, Keypads
from rig.ami import Ami
from telephony.ami.packets import Raw
from tests.asterisk.test_greeting import served
from tests.support.wait import until
from tests.support.world import World
from tongdai.clock import SystemClock

pytestmark = pytest.mark.asterisk


async def listen(ami: Ami, keypads: Keypads, told: list[str]) -> None:
    """Give what the PBX tells to those who want it, as the bridge does."""
    while True:
        packet = await ami.next_event(within=60)
        text = "".join(f"{name}: {value}\r\n" for name, value in packet.items())
        if packet["Event"] in PACKETS:
            keypads.on_packet("main", Raw(packet["Event"], SystemClock().now(), text.encode()))
        if packet["Event"] == "DTMFEnd":
            told.append(packet["Digit"])


async def test_keys_between_two_commands_are_for_the_next_questions(tmp_path: Path) -> None:
    keypads, told, got = Keypads(), list[str](), list[str]()
    idle, typed, done = asyncio.Event(), asyncio.Event(), asyncio.Event()
    recorded = asyncio.Event()

    async def asks(request: Request) -> None:
        line = Line(request, keypads)
        await line.set("TIMEOUT(absolute)", "300")  # as the service does: the dialplan's is short
        got.append((await line.play(prompt)).key)
        idle.set()
        await typed.wait()  # nothing is asked of the PBX
        got.append(await line.key(0.1))
        got.append(await line.digits(4, 0.1, prompt))
        got.append(await line.key(0.1))
        await line.record(message, 60)
        await recorded.wait()  # nor is anything asked behind a message
        got.append(await line.key(0.1))
        done.set()

    async with World(tmp_path, hotlines=("can-tho",), spoken=False) as world:
        message = world.spool / ".message.wav"
        prompt = world.settings.prompts.folder / "can-tho" / "greeting.wav"
        task = await served(world, asks)
        async with world.ami() as ami:
            listening = asyncio.create_task(listen(ami, keypads, told))
            call = await world.carrier.place_call("02921022", "0912345678", seconds=300)
            await asyncio.wait_for(idle.wait(), 20)
            await world.carrier.press(call, "31052")
            await until(lambda: "2" in told, within=20)
            typed.set()
            await until(message.exists, within=20)
            told.clear()
            await world.carrier.press(call, "#7")
            await until(lambda: "7" in told, within=20)
            recorded.set()
            await asyncio.wait_for(done.wait(), 20)
            listening.cancel()
        assert got == ["", "3", "1052", "", "7"]
        await world.carrier.hang_up(call)
        task.cancel()
        await asyncio.wait([task])

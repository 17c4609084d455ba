"""A thousand callers by SIPp who hang up where they like: nobody is missing in the sum.

In one hotline a few operators answer, so that many wait in vain, leave, or ask to be called back;
another is outside its hours and takes messages. Keys go by SIP INFO. What `tongdai calls sum` must
prove: calls = answered + self-service + messages + call-backs done + open tasks.
"""

import asyncio
import random
import subprocess
from collections import Counter
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

from rig.ports import free_ports
from tests.support.people import Operator, operator_at_work
from tests.support.script import WRONG_CODE
from tests.support.service import Service
from tests.support.wait import until
from tests.support.world import World
from tests.torture.calls import Calls
from tests.torture.laps import Laps
from tests.torture.menus import CLOSED, EVENING, OPEN, counted, sum_of
from tests.torture.sipp import Key, Pause, Step, scenario

CALLS, RATE = 1000, 10
OPERATORS = 3
LONGEST_WAIT_SECONDS = 20
OUTCOMES = frozenset({"answered", "abandoned", "self_service", "message", "callback"})
"""All of them must be among the calls, or the run proves little."""
_FIRST = Pause(1500, 3500)
_CODE: tuple[Step, ...] = tuple(step for digit in WRONG_CODE for step in (Key(digit), Pause(200)))
PLANS: dict[str, tuple[str, int, tuple[Step, ...]]] = {
    "leaves": (OPEN, 2, (Pause(100, 9000),)),
    "asks for a person": (OPEN, 3, (_FIRST, Key("1"), Pause(500, 15_000))),
    "waits": (OPEN, 1, (_FIRST, Key("1"), Pause(24_000, 30_000), Key("1"), Pause(2000, 9000))),
    "asks to be called": (
        OPEN,
        2,
        (_FIRST, Key("1"), Pause(2500, 4000), Key("1"), Pause(2500), Key("1"), Pause(100, 4000)),
    ),
    "informs himself": (OPEN, 2, (_FIRST, Key("3"), Pause(1500), Key("1"), Pause(100, 6000))),
    "asks for a ticket": (OPEN, 1, (_FIRST, Key("2"), Pause(1500), *_CODE, Pause(100, 5000))),
    "leaves a message": (
        CLOSED,
        2,
        (_FIRST, Key("1"), Pause(4500), Key("#"), Pause(1500), Key("1"), Pause(100, 3000)),
    ),
    "leaves the message": (CLOSED, 1, (_FIRST, Key("1"), Pause(500, 6000))),
}
"""Where somebody calls, how often against the others, and what he does until he hangs up."""


class Crowd(Calls):
    """One run; see `run`."""

    def __init__(self, folder: Path, seed: int, *, calls: int = CALLS, rate: int = RATE) -> None:
        """Take how many call, and how many of them a second."""
        super().__init__(folder, seed, 0)
        self._calls, self._rate = calls, rate

    async def run(self) -> dict[str, Any]:
        """Let everybody call, wait until all is written, count."""
        self._laps = Laps()
        hotline: dict[str, object] = {
            "wrap_up_seconds": 0,
            "operator_ring_seconds": 8,
            "max_wait_seconds": LONGEST_WAIT_SECONDS,
        }
        world = World(
            self._folder, menus=True, hotlines=(OPEN, CLOSED), changes={"hotline": hotline}
        )
        async with world, Service(world) as service, AsyncExitStack() as stack:
            await service.command("clock", "set", EVENING)
            accounts = [service.account(OPEN, "operator", n) for n in range(OPERATORS)]
            operators = [
                await stack.enter_async_context(operator_at_work(service, one)) for one in accounts
            ]
            work = [asyncio.create_task(self._serve(operator)) for operator in operators]
            self._laps.done("all at work")
            await self._everybody(world)
            self._laps.done("all called")
            await self._settled(service)
            self._laps.done("all ended")
            for task in work:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)
            return await self._proof(world, service)

    async def _everybody(self, world: World) -> None:
        """Share the calls out among the plans; each plan is a SIPp of its own."""
        names = list(PLANS)
        chosen = Counter(
            self._random.choices(names, [PLANS[name][1] for name in names], k=self._calls)
        )
        sound = world.folder / "tone.al"
        made = ["sox", "-n", "-r", "8000", "-c", "1", "-t", "al", str(sound)]
        await asyncio.to_thread(
            subprocess.run, [*made, "synth", "5", "sine", "440", "gain", "-20"], check=True
        )
        await asyncio.gather(
            *(
                self._some(world, sound, number, name, chosen[name])
                for number, name in enumerate(names)
            )
        )

    async def _some(self, world: World, sound: Path, number: int, name: str, count: int) -> None:
        """Let the callers of one plan call, at their share of the rate."""
        if not count:
            return
        hotline, _, steps = PLANS[name]
        dialled = next(h.number for h in world.settings.hotlines if h.id == hotline)
        callers = [f"09{number + 1:02d}{n:06d}" for n in range(count)]
        self.placed |= {f"+84{caller[1:]}" for caller in callers}
        people, text = world.folder / f"people-{number}.csv", world.folder / f"plan-{number}.xml"
        lines = [f"Nguyễn Thị Bé Ba;{caller};{dialled}" for caller in callers]
        people.write_text("\n".join(["SEQUENTIAL", *lines]) + "\n", encoding="utf-8")
        text.write_text(scenario(steps, sound), encoding="utf-8")
        rate = max(self._rate * count / self._calls, 0.1)
        arguments = ["-sf", str(text), "-inf", str(people), "-i", world.pbx.carrier_address]
        [port] = free_ports(1)
        arguments += ["-p", str(port), "-mp", str(30_000 + number * 2000)]
        arguments += ["-m", str(count), "-r", f"{rate * 10:.0f}", "-rp", "10000", "-l", "1000"]
        arguments += ["-nostdin", "-timeout", str(int(count / rate) + 90)]
        with (world.folder / "logs" / "sipp.log").open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *("setpriv", "--pdeathsig=KILL", "--", "sipp", *arguments),
                f"{world.pbx.sip_host}:{world.pbx.sip_port}",
                stdout=subprocess.DEVNULL,
                stderr=log,
                cwd=world.folder,
            )
        await process.wait()

    async def _serve(self, operator: Operator) -> None:
        """Be ready; hang up after a while, so that the next is served."""
        hung_up = set[str]()
        chance = random.Random(operator.account["username"])  # noqa: S311 - repeats the run
        while True:
            await asyncio.sleep(0.3)
            await self._be_ready(operator)
            cards = operator.cards()
            card = cards[-1] if cards else None
            if card and card["state"] == "answered" and card["id"] not in hung_up:
                hung_up.add(card["id"])
                await asyncio.sleep(chance.uniform(1, 5))
                with suppress(AssertionError):
                    await operator.order("POST", f"/console/calls/{card['id']}/hang-up", status=204)

    async def _settled(self, service: Service) -> None:
        async def quiet() -> bool:
            calls = await service.items("calls")
            return all(call["state"] == "ended" and call["outcome"] for call in calls)

        with suppress(AssertionError):
            await until(quiet, within=40, every=1)

    async def _proof(self, world: World, service: Service) -> dict[str, Any]:
        calls = await service.items("calls")
        found = list(counted(calls, self.placed, set()))
        if world.asterisk.command("core show channels concise").strip():
            found.append("a channel is left")
        sums, problem = await sum_of(service, len(calls))
        found += problem
        self._laps.done("counted")
        outcomes = Counter(str(call["outcome"]) for call in calls)
        if self._calls >= CALLS:
            found += [f"no call was {name}" for name in sorted(OUTCOMES - outcomes.keys())]
        return {
            "seconds": self._laps.seconds,
            "placed": len(self.placed),
            "outcomes": outcomes,
            "sum": sums,
            "problems": found,
        }

"""Fifty callers in the menus and the queue while the service dies: all are served, none is cut.

In one hotline operators answer; another is outside its hours and takes messages. Callers press keys
(some none, some any), speak, hang up where they like; who is patient stays until a person answers
or the PBX ends the call, which it may only do behind a farewell. Afterwards the register has each
call once, ended, with an outcome, and the sum of `tongdai calls sum` holds.
"""

import asyncio
import json
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.caller import Call, RefusedError, Telephones
from tests.support.people import Operator, operator_at_work
from tests.support.script import WRONG_CODE
from tests.support.service import Service
from tests.support.wait import until
from tests.support.world import World
from tests.torture.calls import Calls, Deed
from tests.torture.farewells import PERSON_HERTZ, farewells, hears_person, said_one
from tests.torture.laps import Laps

OPEN, CLOSED = "can-tho", "tay-ninh"
DAY = "2026-12-05"
EVENING = f"{DAY}T20:00:00+07:00"
CHAOS_SECONDS = (6.0, 14.0)
AT_ONCE, SECONDS = 50, 120.0
LEAVES, QUIET_SECONDS = 0.3, 0.3
END_SECONDS = 240.0
"""How long the last callers may take, after the killing."""


@dataclass(kw_only=True)
class Plan:
    """What a caller does.

    Attributes:
        keys: Pressed one by one whenever it is quiet; `s` speaks a message.
        leaves_after: Seconds; None: is patient.
    """

    hotline: str
    keys: list[str] = field(default_factory=list)
    leaves_after: float | None = None


class Menus(Calls):
    """One run; see `run`."""

    def __init__(
        self,
        folder: Path,
        seed: int,
        *,
        at_once: int = AT_ONCE,
        seconds: float = SECONDS,
        chaos: tuple[float, float] = CHAOS_SECONDS,
        longest_wait: int = 30,
    ) -> None:
        """Keep `at_once` callers inside for so many seconds; the queue keeps them no longer."""
        super().__init__(folder, seed, seconds)
        self._at_once, self.chaos, self._longest = at_once, chaos, longest_wait
        self.served, self.ended, self.left = set[str](), dict[str, Call](), set[str]()
        self._number = 0

    async def run(self) -> dict[str, Any]:
        """Call, kill, let everybody be served, count."""
        self._laps = Laps()
        hotline: dict[str, object] = {
            "wrap_up_seconds": 0,
            "ring_seconds": 5,
            "operator_ring_seconds": 8,
            "max_wait_seconds": self._longest,
        }
        world = World(
            self._folder,
            menus=True,
            spoken=True,
            hotlines=(OPEN, CLOSED),
            desk_sound=f"tone-{PERSON_HERTZ}",
            changes={"hotline": hotline},
        )
        async with (
            world,
            Service(world) as service,
            Telephones(world.pbx) as phones,
            AsyncExitStack() as stack,
        ):
            await service.command("clock", "set", EVENING)
            accounts = [service.account(OPEN, "operator", n) for n in range(3)]
            operators = [
                await stack.enter_async_context(operator_at_work(service, one)) for one in accounts
            ]
            work = [asyncio.create_task(self._ready(operator)) for operator in operators]
            self._laps.done("all at work")
            deaths = asyncio.create_task(self._chaos(world, service))
            await self._crowd(world, phones, deaths)
            self._laps.done("all served")
            await self._mend(world, service)
            await self._settled(service)
            self._laps.done("all ended")
            for task in work:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)
            return await self._proof(world, service)

    def deeds(self) -> dict[str, tuple[int, Deed]]:
        """Return what is done at random: the service dies."""
        return {"kill the service": (1, self._kill_service)}

    async def _crowd(self, world: World, phones: Telephones, deaths: "asyncio.Task[None]") -> None:
        """Keep so many inside for the time; then stop killing, and wait until all are through."""
        loop = asyncio.get_running_loop()
        end, inside = loop.time() + self._seconds, set[asyncio.Task[None]]()
        while loop.time() < end:
            while len(inside) < self._at_once:
                inside.add(asyncio.create_task(self._caller(world, phones)))
                await asyncio.sleep(0.08)
            _, inside = await asyncio.wait(inside, timeout=0.5, return_when="FIRST_COMPLETED")
        deaths.cancel()
        await asyncio.gather(deaths, return_exceptions=True)
        self._laps.done("all called")
        _, late = await asyncio.wait(inside, timeout=END_SECONDS)
        self.stuck = len(late)
        for task in late:
            task.cancel()

    async def _ready(self, operator: Operator) -> None:
        while True:
            await asyncio.sleep(0.3)
            await self._be_ready(operator)

    async def _caller(self, world: World, phones: Telephones) -> None:
        self._number += 1
        caller = f"0912{self._number:06d}"
        plan = self._plan()
        number = next(h.number for h in world.settings.hotlines if h.id == plan.hotline)
        try:
            call = await phones.call(number, caller, within=30)
        except RefusedError:
            self.tried.add("+84" + caller[1:])
            return
        self.placed.add("+84" + caller[1:])
        await self._go(call, plan)

    def _plan(self) -> Plan:
        """Choose what a caller does; keys are few, or many and senseless."""
        hotline = self._random.choice((OPEN, OPEN, CLOSED))
        code = list(WRONG_CODE)
        ways = {
            OPEN: (["1"], [], ["9", "1"], ["3", "1", "1"], ["4"], ["2", *code, *code, *code]),
            CLOSED: (["1", "s", "1"], ["1", "s", "*"], ["2", *code], ["4"], [], ["9", "1", "s"]),
        }
        keys = list(self._random.choice(ways[hotline]))
        if self._random.random() < 0.15:
            keys = self._random.choices("0123456789*#", k=12)
        leaves = self._random.random() < LEAVES
        return Plan(
            hotline=hotline,
            keys=keys,
            leaves_after=self._random.uniform(1, 30) if leaves else None,
        )

    async def _go(self, call: Call, plan: Plan) -> None:
        """Press, speak, wait, as planned; until a person answers or it is over."""
        now = asyncio.get_running_loop().time
        while not call.over.is_set():
            begun = now()
            await asyncio.sleep(0.1)
            call.say_silence(now() - begun)  # else a message would not end by being quiet
            if plan.leaves_after is not None and now() - call.began > plan.leaves_after:
                self.left.add(call.caller)
                await call.hang_up()
            elif hears_person(call):
                self.served.add(call.caller)
                await asyncio.sleep(self._random.uniform(1, 3))
                await call.hang_up()
            elif plan.keys and call.first and now() - call.last > QUIET_SECONDS:
                await self._press(call, plan.keys.pop(0))
        if not call.left:
            self.ended[call.caller] = call

    async def _press(self, call: Call, key: str) -> None:
        if key == "s":
            await call.speak(2.5)
            key = "#"
        await call.press(key)

    async def _settled(self, service: Service) -> None:
        async def quiet() -> bool:
            calls = await service.items("calls")
            return all(c["state"] == "ended" and c["outcome"] for c in calls)

        with suppress(AssertionError):
            await until(quiet, within=60, every=0.5)

    async def _proof(self, world: World, service: Service) -> dict[str, Any]:
        calls = await service.items("calls")
        said = farewells(world)
        cut = [number for number, call in self.ended.items() if not said_one(said, call.sound())]
        found = list(counted(calls, self.placed, self.tried))
        found += [f"{number} was cut without a farewell" for number in cut]
        found += [f"{self.stuck} callers were never served"] * bool(self.stuck)
        if world.asterisk.command("core show channels concise").strip():
            found.append("a channel is left")
        sums, problem = await sum_of(service, len(calls))
        found += problem
        try:
            await service.command("audit", "verify")
        except AssertionError as error:
            found.append(f"the history is broken: {error}")
        self._laps.done("counted")
        outcomes: dict[str, int] = {}
        for call in calls:
            outcomes[str(call["outcome"])] = outcomes.get(str(call["outcome"]), 0) + 1
        return {
            "seconds": self._laps.seconds,
            "placed": len(self.placed),
            "refused": len(self.tried),
            "by_a_person": len(self.served),
            "with_a_farewell": len(self.ended) - len(cut),
            "hung_up": len(self.left),
            "outcomes": outcomes,
            "sum": sums,
            "kills": len(self.done),
            "problems": found,
        }


def counted(calls: list[dict[str, Any]], placed: set[str], tried: set[str]) -> list[str]:
    """Return what is wrong with the register: each call once, ended, with an outcome."""
    numbers = [call["caller_number"] for call in calls]
    found = [
        f"the call from {n} is there {numbers.count(n)} times"
        for n in placed
        if numbers.count(n) != 1
    ]
    found += [f"the call from {n} is there twice" for n in tried if numbers.count(n) > 1]
    found += [f"nobody called from {n}" for n in {*numbers} - placed - tried]
    found += [
        f"the call from {call['caller_number']} is left {call['state']}, {call['outcome']}"
        for call in calls
        if call["state"] != "ended" or call["outcome"] is None
    ]
    return found


async def sum_of(service: Service, count: int) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the sums of `tongdai calls sum`, and what does not hold in them.

    Args:
        service: The register's.
        count: How many calls there are.
    """
    sums: list[dict[str, Any]] = []

    async def written() -> bool:
        told = await service.command("calls", "sum", "--json", "--from", DAY, "--to", DAY)
        sums[:] = [json.loads(line) for line in told.splitlines()]
        return not any(one["being_written"] for one in sums)

    try:
        await until(written, within=20, every=1)
    except AssertionError as error:
        return sums, [f"the sum does not hold: {error}"]
    found = [f"the sum does not hold: {one}" for one in sums if not one["holds"]]
    if sum(one["calls"] for one in sums) != count:
        found.append(f"the sum has other calls than the register's {count}")
    return sums, found

"""How many callers in menus at once until the greeting comes a second after the answer.

    python -m benchmarks.menus [--most CALLERS] [--rate CALLS]        prints JSON

Callers (tests/support/caller.py: real SIP, RTP and keys) call one hotline, hear its real prompts
and press 9, which says the menu again: so all stay inside. With each step more of them are in the
menus; measured is how late the first sound comes to those who join in the step. Then the service
is killed, and the same callers are greeted by the dialplan alone: the peer.
"""

import argparse
import asyncio
import json
import os
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.floor import HOTLINE, NUMBER, Cpu, spread
from tests.support.caller import Call, RefusedError, Telephones
from tests.support.service import Service
from tests.support.wait import until
from tests.support.world import World

STEPS = (25, 50, 100, 200, 300)
A_SECOND = 15
"""Calls that begin in a second."""
LATE_SECONDS = 1.0
MOST_LATE = 0.01
PLATEAU_SECONDS = 5
FIRST_SOUND_SECONDS = 10
LIMIT_SECONDS = 100.0
"""No further step begins after so long."""


class Crowd:
    """Callers who stay; `join` adds some and says how late they were greeted."""

    def __init__(self, world: World, phones: Telephones, pids: dict[str, int], rate: float) -> None:
        self._world, self._phones, self._pids, self._rate = world, phones, pids, rate
        self._number = 0
        self._staying: list[asyncio.Task[None]] = []

    async def join(self, until_so_many: int) -> dict[str, Any]:
        """Let callers join until there are so many; wait a while with all of them inside."""
        calling = []
        while self._number < until_so_many:
            self._number += 1
            calling.append(asyncio.create_task(self._call(f"09{20000000 + self._number}")))
            await asyncio.sleep(1 / self._rate)
        late = [seconds for seconds in await asyncio.gather(*calling) if seconds is not None]
        cpu = Cpu(**self._pids)
        await asyncio.sleep(PLATEAU_SECONDS)
        used = {name: round(s / PLATEAU_SECONDS, 2) for name, s in cpu.used().items()}
        too_late = len(calling) - sum(seconds <= LATE_SECONDS for seconds in late)
        return {
            "callers": until_so_many,
            "joined": len(calling),
            "not_greeted": len(calling) - len(late),
            "late": round(too_late / len(calling), 4),
            "greeting_after_answer_ms": spread([seconds * 1000 for seconds in late]),
            "still_inside": sum(not call.over.is_set() for call in self._phones.calls.values()),
            "cpus_used": used,
        }

    async def leave(self) -> None:
        """Let everybody hang up."""
        for task in self._staying:
            task.cancel()
        await asyncio.gather(*(call.hang_up() for call in list(self._phones.calls.values())))
        await until(lambda: "\n" not in self._channels(), within=30)
        self._number, self._staying = 0, []

    async def _call(self, caller: str) -> float | None:
        try:
            call = await self._phones.call(NUMBER, caller)
            await until(lambda: call.first or call.over.is_set(), FIRST_SOUND_SECONDS, patience=1)
        except (RefusedError, AssertionError):
            return None
        self._staying.append(asyncio.create_task(_stay(call)))
        return call.first - call.began if call.first else None

    def _channels(self) -> str:
        return self._world.asterisk.command("core show channels concise").strip()


async def _stay(call: Call) -> None:
    """Hear the menu again and again."""
    while not call.over.is_set():
        await call.quiet(call.heard + 8000)
        await call.press("9")


async def climb(crowd: Crowd, steps: list[int]) -> list[dict[str, Any]]:
    """Take step after step until the greeting is late."""
    end = asyncio.get_running_loop().time() + LIMIT_SECONDS
    done: list[dict[str, Any]] = []
    for step in steps:
        if done and (done[-1]["late"] > MOST_LATE or asyncio.get_running_loop().time() > end):
            break
        done.append(await crowd.join(step))
    await crowd.leave()
    return done


async def run(folder: Path, most: int, rate: float) -> dict[str, Any]:
    """Measure the service, then the dialplan alone."""
    steps = [step for step in STEPS if step <= most]
    world = World(folder, hotlines=(HOTLINE,), menus=True, spoken=True, desks=())
    async with world, Service(world) as service, Telephones(world.pbx) as phones:
        pids = {"asterisk": world.asterisk.child.pid, "service": service.child.pid}
        own = {"callers": os.getpid()}
        menus = await climb(Crowd(world, phones, pids | own, rate), steps)
        service.kill()
        del pids["service"]
        reached = [step["callers"] for step in menus]
        dialplan = await climb(Crowd(world, phones, pids | own, rate), reached)
    return judged(menus, dialplan)


def judged(menus: list[dict[str, Any]], dialplan: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the figures with what they come to."""
    good = [step for step in menus if step["late"] <= MOST_LATE]
    beside = {step["callers"]: step for step in dialplan}
    ratios = {
        str(step["callers"]): round(
            step["greeting_after_answer_ms"]["p50"]
            / beside[step["callers"]]["greeting_after_answer_ms"]["p50"],
            2,
        )
        for step in menus
        if step["callers"] in beside
        and beside[step["callers"]]["greeting_after_answer_ms"]["p50"]
        and step["greeting_after_answer_ms"]["p50"]
    }
    return {
        "carried": good[-1]["callers"] if good else 0,
        "broken_at": menus[-1]["callers"] if menus[-1]["late"] > MOST_LATE else None,
        "greeting_p50_above_dialplan": ratios,
        "menus": menus,
        "dialplan_alone": dialplan,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--most", type=int, default=STEPS[-1], help="the most callers tried")
    parser.add_argument("--rate", type=float, default=A_SECOND, help="calls that begin in a second")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-menus-") as folder:
        found = asyncio.run(run(Path(folder), given.most, given.rate))
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()

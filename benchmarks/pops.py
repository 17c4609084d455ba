"""From the ring leaving Asterisk to the form in the operator's browser.

    python -m benchmarks.pops [--calls N]        prints JSON

A call's clock starts at the Timestamp of its AgentCalled event and stops when the ticket form is in
the DOM of a real chromium (a MutationObserver's own stamp). Bare panoramisk 1.4 reads the same
events over a manager login of its own in the same run: `above_wire_ms` is the difference, event by
event. First one operator is signed on, then fifty: 49 more over HTTP and WebSocket, at another
hotline, whose desk telephones take a call a second meanwhile.
"""

import argparse
import asyncio
import json
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from playwright.async_api import Page

from benchmarks.floor import (
    HOTLINE,
    NUMBER,
    OTHER_HOTLINE,
    OTHER_NUMBER,
    PASSWORD,
    Cpu,
    Watch,
    hire,
    name_of,
    seats,
    spread,
    watching,
)
from rig.ami import AmiError
from rig.carrier import CallRefusedError, PlacedCall
from tests.support.chromium import chromium
from tests.support.service import Service
from tests.support.wait import until
from tests.support.world import World

OPERATORS = 50
GAP_SECONDS = 0.7
"""Between two calls to the operator in the browser."""
RING_SECONDS = 0.2
"""From the pop until the citizen hangs up."""
OTHERS_GAP_SECONDS = 1.0
"""Between two calls to the others: some four times what they could serve in reality."""
TALK_SECONDS = 4
OBSERVER = """
(() => {
  const now = () => performance.timeOrigin + performance.now();
  window.pops = [];
  window.pushes = [];
  const told = new Set();
  new MutationObserver(() => {
    for (const pane of document.querySelectorAll(".pane")) {
      if (told.has(pane.id)) continue;
      const head = pane.querySelector(".caller")?.textContent ?? "";
      const found = head.replace(/\\s/g, "").match(/0\\d{9}/);
      const form = pane.querySelector("form.ticket [data-name=content]");
      if (!found || !form) continue;
      told.add(pane.id);
      window.pops.push([found[0], now()]);
      window.popped?.(found[0]);
    }
  }).observe(document, { childList: true, subtree: true });
  const Plain = window.WebSocket;
  window.WebSocket = class extends Plain {
    constructor(...given) {
      super(...given);
      this.addEventListener("message", (event) => {
        const at = now();
        if (typeof event.data !== "string" || !event.data.includes('"ringing": true')) return;
        const found = event.data.match(/"national": "([^"]*)"/);
        if (found) window.pushes.push([found[1].replaceAll(" ", ""), at]);
      });
    }
  };
})();
"""


class Citizens:
    """People who call, one after the other; one whose form has popped hangs up soon."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._placed: dict[str, asyncio.Future[PlacedCall]] = {}
        self._leaving: set[asyncio.Task[None]] = set()

    async def call(self, called: str, numbers: Iterable[str], gap: float) -> None:
        """Call from each of the numbers, one every `gap` seconds."""
        placed = []
        for number in numbers:
            placing = self._world.carrier.place_call(
                called, number, "Nguyễn Thị Bé Ba", seconds=TALK_SECONDS
            )
            self._placed[number] = asyncio.ensure_future(placing)
            placed.append(self._placed[number])
            await asyncio.sleep(gap)
        await asyncio.gather(*placed, return_exceptions=True)
        await asyncio.gather(*self._leaving)

    def popped(self, number: str) -> None:
        """Let that citizen hang up in a moment."""
        if number in self._placed:
            self._leaving.add(asyncio.create_task(self._leave(number)))

    async def _leave(self, number: str) -> None:
        await asyncio.sleep(RING_SECONDS)
        with suppress(AmiError, CallRefusedError):
            await self._world.carrier.hang_up(await self._placed[number])


async def sit_down(page: Page, base: str, extension: str) -> None:
    """Sign an operator on in the browser, ready at the telephone in the page."""
    await page.goto(f"{base}/login?next=/console")
    await page.fill("#username", name_of(extension))
    await page.fill("#password", PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_selector("#line-state.up", timeout=30_000)
    await page.keyboard.press("Alt+r")
    await page.wait_for_selector(".dot.ready", timeout=30_000)
    await page.wait_for_selector("#phone-state.good", timeout=30_000)


class Pops:
    """One world, measured twice."""

    def __init__(self, world: World, service: Service, page: Page, wire: Watch) -> None:
        self._world, self._service, self._page, self._wire = world, service, page, wire
        self._citizens = Citizens(world)
        self._rounds = 0

    async def begin(self, extension: str) -> None:
        """Open the operator's browser."""
        await self._page.add_init_script(OBSERVER)
        await self._page.expose_function("popped", self._citizens.popped)
        await sit_down(self._page, self._service.base, extension)

    async def measure(self, calls: int, others: Watch | None) -> dict[str, Any]:
        """Place calls; return how long they took to the wire, the browser and the form."""
        self._rounds += 1
        first = 912_000_000 + self._rounds * 10_000
        numbers = [f"0{first + n}" for n in range(calls)]
        theirs = [f"0{first + 5000 + n}" for n in range(int(calls * GAP_SECONDS) if others else 0)]
        cpu = Cpu(service=self._service.child.pid, asterisk=self._world.asterisk.child.pid)
        begun = asyncio.get_running_loop().time()
        await asyncio.gather(
            self._citizens.call(NUMBER, numbers, GAP_SECONDS),
            self._citizens.call(OTHER_NUMBER, theirs, OTHERS_GAP_SECONDS),
        )
        seconds = asyncio.get_running_loop().time() - begun
        used = {name: round(x / seconds, 3) for name, x in cpu.used().items()}
        every = {n: (int(a), int(b)) for n, a, b in self._wire.lines("ring")}
        rings = {n: every[n] for n in numbers if n in every}
        pops: list[list[Any]] = await self._page.evaluate("window.pops")
        pushes: list[list[Any]] = await self._page.evaluate("window.pushes")
        forms = {n: at for n, at in pops if n in rings}
        found = figures(rings, forms, {n: at for n, at in reversed(pushes) if n in rings})
        self._wire.assert_well()
        if others:
            others.assert_well()
        elsewhere = {n: int(at) / 1e6 for n, at in (others.lines("pop") if others else ())}
        over = [elsewhere[n] - every[n][1] / 1e6 for n in theirs if n in elsewhere and n in every]
        return {
            "operators": 1 + (OPERATORS - 1 if others else 0),
            "calls": calls,
            "rang": len(rings),
            "rang_and_not_popped": len(rings) - len(forms),
            **found,
            "others_calls": len(theirs),
            "others_push_above_wire_ms": spread(over),
            "cpus_used": used,
        }


def figures(
    rings: dict[str, tuple[int, int]], forms: dict[str, float], pushes: dict[str, float]
) -> dict[str, Any]:
    """Return the distributions for the calls whose form came; times in milliseconds."""
    sent = {n: rings[n][0] / 1e6 for n in forms}
    wire = {n: rings[n][1] / 1e6 for n in forms}
    to_wire = spread([wire[n] - sent[n] for n in forms])
    to_form = spread([forms[n] - sent[n] for n in forms])
    return {
        "panoramisk_callback_ms": to_wire,
        "ring_to_form_ms": to_form,
        "above_wire_ms": spread([forms[n] - wire[n] for n in forms]),
        "of_which_until_push_reaches_browser_ms": spread(
            [pushes[n] - wire[n] for n in forms if n in pushes]
        ),
        "of_which_in_browser_ms": spread([forms[n] - pushes[n] for n in forms if n in pushes]),
        "ring_to_form_of_panoramisk_p50": _ratio(to_form["p50"], to_wire["p50"]),
        "ring_to_form_of_panoramisk_p99": _ratio(to_form["p99"], to_wire["p99"]),
    }


def _ratio(ours: float | None, theirs: float | None) -> float | None:
    return round(ours / theirs, 2) if ours is not None and theirs else None


async def run(folder: Path, calls: int) -> dict[str, Any]:
    extensions = seats(OPERATORS)
    mine, rest = extensions[0], extensions[1:]
    changes: dict[str, dict[str, object]] = {
        "hotline": {"strategy": "linear", "wrap_up_seconds": 0}
    }
    last = int(extensions[-1])
    async with (
        World(
            folder,
            hotlines=(HOTLINE, OTHER_HOTLINE),
            desks=rest,
            seats=(1001, last),
            changes=changes,
        ) as world,
        Service(world, from_disk=True) as service,
        chromium() as browser,
    ):
        await hire(world, [mine])
        await hire(world, rest, OTHER_HOTLINE)
        page = await (await browser.new_context(viewport={"width": 1440, "height": 900})).new_page()
        wire = Watch(world, "bare_ami")
        others = Watch(world, "operators", service.base, *map(name_of, rest))
        with watching(wire):
            await wire.ready(within=15)
            pops = Pops(world, service, page, wire)
            await pops.begin(mine)
            alone = await pops.measure(calls, None)
            with watching(others):
                await others.ready(within=60)
                await until(lambda: _free(service), within=20)
                return {"alone": alone, "fifty": await pops.measure(calls, others)}


async def _free(service: Service) -> bool:
    return all(call["state"] == "ended" for call in await service.items("calls"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=60)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-pops-") as folder:
        print(json.dumps(asyncio.run(run(Path(folder), given.calls)), indent=2))


if __name__ == "__main__":
    main()

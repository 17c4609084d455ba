"""Calls that are held, transferred and paused while the service and the PBX die: all recorded."""

import asyncio
import json
from collections import Counter
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

import aiohttp
from sqlalchemy import func
from sqlmodel import col, select

from benchmarks.floor import account_of, hire, seats
from telephony.capture.tables import CallMark, RecordingSound
from tests.support.desk_phone import DeskPhone
from tests.support.people import Operator, operator_at_work
from tests.support.service import Service
from tests.support.wait import until
from tests.support.world import World
from tests.torture.calls import Calls, Deed, people_of
from tests.torture.count import Seen, recorded
from tests.torture.laps import Laps
from tongdai.clock import SystemClock
from tongdai.db import Database

TRANSFERRED, PAUSED, HELD = 0.35, 0.2, 0.5
GAP_SECONDS = (0.5, 1.5)
TALK_SECONDS = (4, 9)
CHAOS_SECONDS = (8.0, 20.0)
CHECKED_SECONDS = 90.0
SAMPLE_OPERATORS = 3
"""Of the four that the sample has in Cần Thơ; the fourth sits at the handset."""


class Recordings(Calls):
    """One run; see `run`."""

    def __init__(
        self,
        folder: Path,
        seed: int,
        *,
        count: int = 200,
        operators: int = 3,
        chaos: tuple[float, float] = CHAOS_SECONDS,
    ) -> None:
        """Place `count` calls; one operator more sits at a handset that holds.

        Three operators are the sample's. The rest are hired: a call every second, of 4 to 9 s
        with ringing and transfers, keeps seven to nine people busy.
        """
        super().__init__(folder, seed, seconds=0)
        self._count, self._operators = count, operators
        self.gap, self.talk, self.chaos = GAP_SECONDS, TALK_SECONDS, chaos

    async def run(self) -> dict[str, Any]:
        """Call, kill, let everything settle; then hold calls and recordings against each other."""
        self._laps = Laps()
        changes: dict[str, dict[str, object]] = {
            "hotline": {"wrap_up_seconds": 0, "ring_seconds": 5, "operator_ring_seconds": 8}
        }
        hired = seats(max(0, self._operators - SAMPLE_OPERATORS))
        sample = min(self._operators, SAMPLE_OPERATORS)
        desks = [*(str(1001 + n) for n in range(sample)), *hired]
        world = World(
            self._folder,
            changes=changes,
            hotlines=("can-tho",),
            desks=desks,
            seats=(1001, 1060),
        )
        async with world, Service(world) as service, AsyncExitStack() as stack:
            await hire(world, hired)
            accounts = service.accounts["can-tho"]["operator"]
            seated = [a for a in accounts if a["extension"] in desks]
            operators = [
                await stack.enter_async_context(operator_at_work(service, account))
                for account in [*seated, *map(account_of, hired)]
            ]
            people = await people_of(operators[0])
            work = [asyncio.create_task(self._record(one, people)) for one in operators]
            handset = next((a for a in accounts if a["extension"] not in desks), None)
            if handset is not None:
                held = await stack.enter_async_context(operator_at_work(service, handset))
                work.append(asyncio.create_task(self._hold(world, held)))
            deaths = asyncio.create_task(self._chaos(world, service))
            self._laps.done("all at work")
            await self._citizens(world)
            deaths.cancel()
            await asyncio.gather(deaths, return_exceptions=True)
            await self._mend(world, service)
            self._laps.done("all called")
            await self._settle(service, world)
            self._laps.done("all ended and archived")
            for task in work:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)
            return await self._proof(world, service)

    def deeds(self) -> dict[str, tuple[int, Deed]]:
        """Return what is done at random: sudden deaths alone (a frozen PBX records nothing)."""
        return {
            "kill the service": (4, self._kill_service),
            "kill Asterisk": (2, self._kill_asterisk),
            "cut the power of both": (1, self._kill_both),
        }

    async def _citizens(self, world: World) -> None:
        calling: list[asyncio.Task[None]] = []
        number = 0
        while len(self.placed) < self._count and number < 2 * self._count:
            number += 1
            calling.append(asyncio.create_task(self._citizen(world, f"0912{number:06d}")))
            await asyncio.sleep(self._random.uniform(*self.gap))
        await asyncio.gather(*calling)

    async def _record(self, operator: Operator, people: list[dict[str, Any]]) -> None:
        """Pause some recordings for a moment, hand some calls on; be ready again after all."""
        served: set[str] = set()
        while True:
            await asyncio.sleep(0.3)
            await self._be_ready(operator)
            cards = operator.cards()
            card = cards[-1] if cards else None
            if card is None or card["state"] != "answered" or card["id"] in served:
                continue
            served.add(card["id"])
            if self._random.random() < PAUSED:
                path = f"/console/calls/{card['id']}/recording"
                with suppress(aiohttp.ClientError, AssertionError, ConnectionError):
                    await operator.order("POST", f"{path}/pause", {})
                    await asyncio.sleep(self._random.uniform(0.5, 2))
                    await operator.order("POST", f"{path}/resume", {})
            if self._random.random() < TRANSFERRED:
                await self._transfer(operator, card, self._random.choice(people))

    async def _hold(self, world: World, operator: Operator) -> None:
        """Sit at a handset: take calls, put half of them on hold for a moment."""
        seat = operator.account["extension"]
        while True:
            await self._be_ready(operator)
            with suppress(OSError, AssertionError, TimeoutError):
                phone = DeskPhone(world.pbx, f"desk-{seat}", world.desk_secret(seat))
                async with asyncio.timeout(60), phone:
                    await phone.answer(within=10)
                    if self._random.random() < HELD:
                        await asyncio.sleep(self._random.uniform(0.5, 2))
                        await phone.hold()
                        await asyncio.sleep(self._random.uniform(0.5, 2))
                        await phone.resume()
                    await asyncio.wait_for(phone.over.wait(), 20)
            await asyncio.sleep(0.3)

    async def _proof(self, world: World, service: Service) -> dict[str, Any]:
        db = Database(world.settings.database.url, SystemClock())
        try:
            with suppress(AssertionError):
                await until(lambda: _checked(db), within=CHECKED_SECONDS, every=0.5)
            marks = await _marks(db)
        finally:
            await db.close()
        self._laps.done("all checked")
        seen = await self._look_at_calls(service)
        found = list(recorded(seen))
        for words in (("audit", "verify"), ("recordings", "verify")):
            try:
                await service.command(*words)
            except AssertionError as error:
                found.append(f"{' '.join(words)}: {error}")
        self._laps.done("verified")
        items = await self._reconciled(service, found)
        self._laps.done("reconciled")
        return {
            "seconds": self._laps.seconds,
            "placed": len(self.placed),
            "refused_or_cut": len(self.tried),
            "calls": len(seen.calls),
            "answered": len([c for c in seen.calls if c["answered_at"]]),
            "outcomes": dict(Counter(c["outcome"] for c in seen.calls)),
            "recordings": len(seen.recordings),
            "transfers": len(self.transfers),
            "marks": marks,
            "done": self.done,
            "named": [f"{i['kind']} {i['why']} {i['seconds']} s" for i in items],
            "problems": found,
        }

    async def _reconciled(self, service: Service, found: list[str]) -> list[dict[str, Any]]:
        """Reconcile today; what has no known reason is a problem."""
        await asyncio.sleep(10)  # calls that ended just now are left out of it
        try:
            told = await service.command("recordings", "reconcile", "--json")
        except AssertionError:
            told = await service.command("recordings", "reconcile", "--json", status=1)
            found.append("the day is not clean")
        items = [json.loads(line) for line in told.splitlines()]
        known = {"lost", "brief", "stopped"}
        found += [f"{i['kind']}: {i}" for i in items if i["why"] not in known]
        return items

    async def _look_at_calls(self, service: Service) -> Seen:
        return Seen(
            placed=frozenset(self.placed),
            tried=frozenset(self.tried),
            filed=frozenset(),
            calls=await service.items("calls"),
            tickets=[],
            recordings=await service.items("recordings"),
            messages=[],
            transfers=await self._transfers(service),
            texts=[],
        )


async def _checked(db: Database) -> bool:
    waiting = select(func.count()).where(col(RecordingSound.checked_at).is_(None))
    async with db.read() as session:
        return (await session.execute(waiting)).scalar_one() == 0


async def _marks(db: Database) -> dict[str, int]:
    query = select(col(CallMark.kind), func.count()).group_by(col(CallMark.kind))
    async with db.read() as session:
        return dict((await session.execute(query)).tuples().all())

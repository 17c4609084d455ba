"""Messages through Kannel while the service is killed, and Kannel restarted or full (503)."""

import asyncio
import random
import re
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy import func
from sqlmodel import col, select

from sms import outbox
from sms.model import PENDING, Purpose, State
from sms.tables import Message, MessageAttempt
from tests.support.service import Service
from tests.support.wait import until
from tests.support.world import World
from tongdai.clock import SystemClock
from tongdai.db import Database

FIRST_CODE = 100_000
QUEUE_LIMIT = 10
STILLBORN = 0.3
"""Share of the kills that come while the service starts."""
ALIVE_SECONDS = (0.2, 2.5)
SETTLE_SECONDS = 150.0
_CODE = re.compile(r"la (\d{6}),")


class Messages:
    """One run; see `run`."""

    def __init__(self, folder: Path, seed: int, *, count: int = 2000, kills: int = 50) -> None:
        self._folder = folder
        self._random = random.Random(seed)  # noqa: S311 - the seed repeats the run
        self._count = count
        self._kills = kills
        self._owed = 0
        self.done: list[str] = []

    async def run(self) -> dict[str, Any]:
        """Owe and kill in turns, let everything settle, count."""
        changes: dict[str, dict[str, object]] = {
            "sms": {"lease_seconds": 6, "first_retry_seconds": 0.5, "longest_retry_seconds": 4},
            "sms.gateway": {"per_second": 100, "timeout_seconds": 3},
        }
        world = World(self._folder, parts={"kannel"}, changes=changes, hotlines=("can-tho",))
        world.kannel.queue_limit = QUEUE_LIMIT
        service = Service(world)
        async with world, service:
            db = Database(world.settings.database.url, SystemClock())
            try:
                await self._rounds(world, service, db)
                await self._settle(service, db)
                return await self._found(world, db)
            finally:
                await db.close()

    async def _rounds(self, world: World, service: Service, db: Database) -> None:
        restarts = set(self._random.sample(range(1, self._kills), min(2, self._kills // 2)))
        full = self._random.choice([n for n in range(self._kills) if n not in restarts])
        for number in range(self._kills):
            await self._owe(db, self._count * (number + 1) // self._kills - self._owed)
            if number in restarts:
                await world.kannel.restart()
                self.done.append(f"{number}: Kannel restarted")
            if number == full:
                await self._fill(world, service, db)
                self.done.append(f"{number}: Kannel answered 503")
            await self._live_and_die(service)

    async def _live_and_die(self, service: Service) -> None:
        """Let the service run for a while, perhaps not even until it is up; then kill it."""
        if not service.child.running:
            service.child.start()
        if self._random.random() >= STILLBORN:
            await until(lambda: _answers(service), within=60, every=0.1)
        await asyncio.sleep(self._random.uniform(*ALIVE_SECONDS))
        service.kill()

    async def _owe(self, db: Database, count: int) -> None:
        async with db.write() as tx:
            for _ in range(count):
                code = str(FIRST_CODE + self._owed)
                await outbox.owe(
                    tx,
                    key=f"torture:{code}",
                    hotline="can-tho",
                    to=f"0912{self._owed % (self._count * 9 // 10):06d}",
                    purpose=Purpose.CODE,
                    params={"code": code, "minutes": 5},
                )
                self._owed += 1

    async def _fill(self, world: World, service: Service, db: Database) -> None:
        """Take the SMSC away while nothing is under way, until Kannel is full and says 503."""
        service.kill()
        await self._silence(world)
        await asyncio.to_thread(world.kannel.smsc.stop, 5)
        await self._owe(db, min(QUEUE_LIMIT * 3, self._count - self._owed))
        service.child.start()
        try:
            await until(lambda: _refused(db), within=60, every=0.2)
        finally:
            world.kannel.smsc.start()

    async def _silence(self, world: World) -> None:
        """Wait until the SMSC has heard nothing new for a second."""
        loop = asyncio.get_running_loop()
        seen, since = -1, loop.time()

        async def silent() -> bool:
            nonlocal seen, since
            now = len(world.kannel.messages)
            if now != seen:
                seen, since = now, loop.time()
            return loop.time() - since > 1.0

        await until(silent, within=30, every=0.1)

    async def _settle(self, service: Service, db: Database) -> None:
        """Run it once more until nothing is on its way and no more reports come."""
        await service.start(within=90)
        loop = asyncio.get_running_loop()
        last: dict[str, int] = {}
        since = loop.time()

        async def settled() -> bool:
            nonlocal last, since
            states = Counter((await _states(db)).values())
            if states != last:
                last, since = states, loop.time()
            open_ones = sum(states[s] for s in PENDING)
            return not open_ones and (loop.time() - since > 8 or set(states) <= {State.DELIVERED})

        with suppress(AssertionError):
            await until(settled, within=SETTLE_SECONDS, every=0.3)

    async def _found(self, world: World, db: Database) -> dict[str, Any]:
        states = await _states(db)
        arrived = Counter(
            found[1]
            for message in world.kannel.messages
            if (found := _CODE.search(str(message["text"])))
        )
        async with db.read() as session:
            attempts = await session.execute(select(func.count()).select_from(MessageAttempt))
        return {
            "messages": len(states),
            "kills": self._kills,
            "done": self.done,
            "states": dict(Counter(states.values())),
            "attempts": attempts.scalar_one(),
            "arrived": sum(arrived.values()),
            "unknown": sorted(code for code, state in states.items() if state == State.UNKNOWN),
            "problems": judge(states, arrived),
        }


def judge(states: Mapping[str, str], arrived: Mapping[str, int]) -> list[str]:
    """Return a sentence for each message that was lost, doubled or left open; pure.

    Args:
        states: Code of a message -> its state in the outbox.
        arrived: Code -> how often the SMSC received it.
    """
    found = [f"nobody owed {code}" for code in arrived if code not in states]
    for code, state in states.items():
        times = arrived.get(code, 0)
        if times > 1:
            found.append(f"{code} arrived {times} times ({state})")
        elif state in PENDING:
            found.append(f"{code} is still {state}")
        elif times == 0 and state != State.UNKNOWN:
            found.append(f"{code} is {state} and never arrived")
        elif times == 1 and state not in {State.ACCEPTED, State.DELIVERED, State.UNKNOWN}:
            found.append(f"{code} arrived and is {state}")
    return found


async def _answers(service: Service) -> bool:
    return await service.health() is not None


async def _states(db: Database) -> dict[str, str]:
    async with db.read() as session:
        rows = await session.execute(select(col(Message.key), col(Message.state)))
        return {key.removeprefix("torture:"): state for key, state in rows.tuples()}


async def _refused(db: Database) -> bool:
    query = select(col(MessageAttempt.id)).where(col(MessageAttempt.words).startswith("503"))
    async with db.read() as session:
        return (await session.execute(query.limit(1))).first() is not None

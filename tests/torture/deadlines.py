"""Due deadlines by the thousand, and the sweeps that carry them out killed at random instants."""

import asyncio
import random
import sys
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import func
from sqlmodel import col, select

from escalation.tables import FIRED, WAITING, Deadline, LadderState
from rig import postgres
from sms.tables import Message
from tests.support.due_tickets import lay_down
from tickets.tables import Ticket
from tongdai import audit, migrate
from tongdai.clock import HandClock
from tongdai.db import Database

NOW = datetime(2026, 11, 30, 3, 0, tzinfo=UTC)
TICKETS = 10_000
LIFE_SECONDS = (0.05, 4.0)
"""How long a sweep lives before it is killed."""
MOST_KILLS = 8
"""A node; the sweep after that lives until it is done, so that a run ends."""
READY_SECONDS = 120.0
LINES = ("missed", "start", "notify")


class Deadlines:
    """One run; see `run`."""

    def __init__(
        self,
        folder: Path,
        seed: int,
        *,
        tickets: int = TICKETS,
        life_seconds: tuple[float, float] = LIFE_SECONDS,
        most_kills: int = MOST_KILLS,
        url: str | None = None,
    ) -> None:
        """Make a run.

        Args:
            folder: For the databases.
            seed: Repeats the instants of the kills.
            tickets: How many deadlines are due.
            life_seconds: How long a sweep lives at least and at most.
            most_kills: How many times a node is killed at most.
            url: One empty database to run on; default: a file, and a PostgreSQL of its own.
        """
        self._folder = folder
        self._random = random.Random(seed)  # noqa: S311 - the seed repeats the run
        self._tickets = tickets
        self._life = life_seconds
        self._most_kills = most_kills
        self._url = url

    async def run(self) -> dict[str, Any]:
        """Sweep and kill on SQLite with one node and on PostgreSQL with two; count."""
        if self._url:
            return await self._on(self._url)
        found = {"sqlite": await self._on(f"sqlite+aiosqlite:///{self._folder}/tongdai.db")}
        with postgres.cluster(self._folder / "data") as server:
            found["postgresql"] = await self._on(server)
        problems = [f"{kind}: {p}" for kind, one in found.items() for p in one.pop("problems")]
        return {**found, "problems": problems}

    async def _on(self, url: str) -> dict[str, Any]:
        nodes = 1 if url.startswith("sqlite") else 2
        await migrate.upgrade(url)
        db = Database(url, HandClock(NOW))
        try:
            await lay_down(db, NOW, due=self._tickets)
            killed = await asyncio.gather(*(self._node(url) for _ in range(nodes)))
            problems = await counted(db, self._tickets)
        finally:
            await db.close()
        return {"kills": sum(killed), "deadlines": self._tickets, "problems": problems}

    async def _node(self, url: str) -> int:
        """Run a sweep, kill it, run it again, until one of them finds nothing left."""
        kills = 0
        while True:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "tests.support.sweep_process",
                url,
                NOW.isoformat(),
                stdout=asyncio.subprocess.PIPE,
                cwd=Path(__file__).parents[2],
            )
            assert process.stdout is not None
            said = await asyncio.wait_for(process.stdout.readline(), READY_SECONDS)
            assert said == b"ready\n", said
            said = b""
            with suppress(TimeoutError):
                life = self._random.uniform(*self._life) if kills < self._most_kills else None
                said = await asyncio.wait_for(process.stdout.readline(), life)
            if process.returncode is None and not said:
                process.kill()
            await process.wait()
            if said == b"done\n":
                return kills
            kills += 1


async def counted(db: Database, tickets: int) -> list[str]:
    """Return what was lost or doubled."""
    async with db.read() as session:
        states = Counter(
            (stage, state)
            for stage, state in (await session.execute(select(Deadline.stage, Deadline.state)))
        )
        lines = Counter(
            (subject, kind)
            for subject, kind in (
                await session.execute(
                    select(col(audit.AuditEntry.subject), col(audit.AuditEntry.kind)).where(
                        col(audit.AuditEntry.kind).in_(LINES)
                    )
                )
            )
        )
        sent = Counter((await session.execute(select(Message.ticket_id))).scalars())
        stages = Counter((await session.execute(select(Ticket.stage))).scalars())
        owed = (await session.execute(select(func.count()).where(LadderState.owed == 2))).scalar()
        broken = await audit.verify(session)
    wanted = {("focal_point", FIRED): tickets, ("unit_head", WAITING): tickets}
    found = [] if states == wanted else [f"deadlines: {dict(states)}"]
    if len(lines) != tickets * len(LINES) or set(lines.values()) != {1}:
        found.append(f"lines: {len(lines)}, more than once: {max(lines.values(), default=0)}")
    if len(sent) != tickets or set(sent.values()) != {1}:
        found.append(f"messages: {len(sent)}, more than once: {max(sent.values(), default=0)}")
    if stages != {"unit_head": tickets} or owed != tickets:
        found.append(f"tickets: {dict(stages)}, owed two: {owed}")
    return found + [f"history: {link}" for link in broken]

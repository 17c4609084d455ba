"""Wrong guesses, counted in the database: on every node, and after a restart.

What the database does not take soon is counted in memory meanwhile, and written with the next one:
nobody waits for it, and no door stands open because it is away.
"""

import asyncio
from collections import deque
from datetime import datetime, timedelta

import structlog
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tongdai.clock import Clock
from tongdai.db import Database, DatabaseAway, add_unless_there
from tongdai.throttle.tables import WrongTry

log = structlog.get_logger()
PATIENCE_SECONDS = 0.5
"""How long who guessed wrong may wait until it is written down."""
MOST_WAITING = 10_000
"""Guesses that are kept while the database is away; of more the oldest are forgotten."""


class Tries:
    """Counts what somebody got wrong at one door within a span of time."""

    def __init__(
        self, db: Database, clock: Clock, door: str, *, most: int, within: timedelta
    ) -> None:
        """Take where and how it is counted.

        Args:
            db: Where it is written down.
            clock: Real time.
            door: What is guessed at; each counts by itself.
            most: So many wrong guesses, and whoever made them has to wait.
            within: How long each counts.
        """
        self._db, self._clock, self._door = db, clock, door
        self._most, self._within = most, within
        self._waiting: deque[WrongTry] = deque(maxlen=MOST_WAITING)
        self._writing: set[asyncio.Task[None]] = set()

    async def exhausted(self, session: AsyncSession, who: str) -> bool:
        """Say whether somebody has to wait.

        Args:
            session: To read with: whoever asks reads something there anyway.
            who: An address, a telephone number.
        """
        now, key = self._clock.now(), self._key(who)
        query = select(WrongTry.id).where(col(WrongTry.who) == key, col(WrongTry.until) > now)
        known = set((await session.execute(query.limit(self._most))).scalars())
        known |= {row.id for row in self._waiting if row.who == key and row.until > now}
        return len(known) >= self._most

    async def wrong(self, who: str) -> None:
        """Count a wrong guess; it holds at once, also when the database is away or slow."""
        now = self._clock.now()
        self._waiting.append(WrongTry(who=self._key(who), until=now + self._within))
        task = asyncio.create_task(self._write(now))
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)
        await asyncio.wait({task}, timeout=PATIENCE_SECONDS)

    def _key(self, who: str) -> str:
        return f"{self._door} {who}"

    async def _write(self, now: datetime) -> None:
        """Write all that waits, and throw away what counts no longer."""
        rows = [row for row in self._waiting if row.until > now]
        try:
            async with self._db.write() as tx:
                await tx.session.execute(delete(WrongTry).where(col(WrongTry.until) <= now))
                for row in rows:  # another task may have written it meanwhile
                    await add_unless_there(tx.session, WrongTry, **row.model_dump())
        except DatabaseAway:
            log.warning("tries.wait", door=self._door, waiting=len(self._waiting))
            return
        except Exception:  # nobody's call ends because of it
            log.exception("tries.not_written", door=self._door)
            return
        written = {row.id for row in rows}
        left = [r for r in self._waiting if r.id not in written and r.until > now]
        self._waiting.clear()
        self._waiting.extend(left)

"""Rows that are written a moment later, in order, so that a database that is away stops no call."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog

from tongdai.db import Database, DatabaseAway, Tx

log = structlog.get_logger()

RETRY_SECONDS = 1.0
LAST_SECONDS = 3.0
"""How long the end of the service waits for the last rows."""
_MOST = 100_000

Write = Callable[[Tx], Awaitable[None]]


class WriteBehind:
    """Carries out writes one by one; those of one key that still wait are only done as the last.

    In memory alone: what is lost with the process must be found again elsewhere (the PBX, the row's
    unfinished state).
    """

    def __init__(self, db: Database, name: str) -> None:
        self._db = db
        self._name = name
        self._waiting: dict[str, Write] = {}
        self._some = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._one = asyncio.Event()

    def add(self, key: str, write: Write) -> None:
        """Write it soon; an earlier write of the same key that still waits is left out."""
        if key not in self._waiting and len(self._waiting) >= _MOST:
            oldest = next(iter(self._waiting))
            del self._waiting[oldest]
            log.error("behind.dropped", part=self._name, key=oldest)
        self._waiting[key] = write
        self._idle.clear()
        self._some.set()

    @property
    def waiting(self) -> int:
        """How many writes wait."""
        return len(self._waiting)

    async def run(self) -> None:
        """Write until cancelled; what has begun is finished then, the rest is tried once more."""
        writing: asyncio.Task[bool] | None = None
        try:
            while True:
                await self._some.wait()
                writing = asyncio.create_task(self._write_all())
                if not await asyncio.shield(writing):
                    await asyncio.sleep(RETRY_SECONDS)
        finally:
            if writing is None or writing.done():
                writing = asyncio.create_task(self._write_all())
            await asyncio.wait([writing], timeout=LAST_SECONDS)
            writing.cancel()  # nothing may use the database after its end
            await asyncio.wait([writing])

    async def written(self, key: str, within: float) -> bool:
        """Wait at most `within` seconds for what waits of `key`; False when it still waits.

        It is written later then: a database that is away stops nobody for longer.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                while key in self._waiting:
                    await self._one.wait()
        return key not in self._waiting

    async def drained(self) -> None:
        """Return when nothing waits."""
        await self._idle.wait()

    async def _write_all(self) -> bool:
        """Write what waits; False when the database does not answer."""
        while self._waiting:
            key = next(iter(self._waiting))
            write = self._waiting[key]
            try:
                async with self._db.write() as tx:
                    await write(tx)
            except DatabaseAway:
                return False
            except Exception:  # one bad row must not stop those behind it
                log.exception("behind.failed", part=self._name, key=key)
            if self._waiting.get(key) is write:
                del self._waiting[key]
            self._one.set()
            self._one = asyncio.Event()
        self._some.clear()
        self._idle.set()
        return True

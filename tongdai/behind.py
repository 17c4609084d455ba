"""Write-behind: what is noted is written soon, and kept while the database is away.

Whoever notes something never waits for the database, and what is noted within one pause is one
transaction: two hundred callers do not queue for the one writer.
"""

import asyncio
from abc import ABC, abstractmethod


class WriteBehind(ABC):
    """Runs the loop; a subclass keeps what waits and writes it."""

    def __init__(self, *, pause_seconds: float, retry_seconds: float) -> None:
        """Begin with nothing that waits.

        Args:
            pause_seconds: Between two writes.
            retry_seconds: Before the next try when the database is away.
        """
        self._pause, self._retry = pause_seconds, retry_seconds
        self._wake, self._idle = asyncio.Event(), asyncio.Event()
        self._idle.set()

    @property
    @abstractmethod
    def waiting(self) -> int:
        """How much is not written yet."""

    @abstractmethod
    async def _write(self) -> bool:
        """Write what waits; return False when the database is away and it still waits."""

    def _noted(self) -> None:
        """Let what waits now be written soon."""
        self._idle.clear()
        self._wake.set()

    async def run(self) -> None:
        """Write until cancelled; what still waits then is tried once more.

        A write that is under way is let end: one torn off holds the lock, and the last try waits.
        """
        writing: asyncio.Task[bool] | None = None
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                writing = asyncio.create_task(self.flush())
                if not await asyncio.shield(writing):
                    await asyncio.sleep(self._retry)
                    self._wake.set()
                await asyncio.sleep(self._pause)
        finally:
            if writing is not None:
                await asyncio.wait({writing})
            if self.waiting:
                await self.flush()

    async def flush(self) -> bool:
        """Write what waits now; return False when the database is away and it still waits."""
        written = await self._write()
        if written and not self.waiting:
            self._idle.set()
        return written

    async def settled(self) -> None:
        """Return when everything noted so far is written."""
        await self._idle.wait()

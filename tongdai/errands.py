"""Small jobs to be done once the database answers: in order, tried again, never in the way."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

import structlog

from tongdai.db import DatabaseAway
from tongdai.errors import Refusal

log = structlog.get_logger()
Job = Callable[[], Awaitable[object]]
RETRY_SECONDS = 1.0


class Errands:
    """Runs jobs one after the other; each must be harmless when it is run twice.

    They live in memory: whoever gives one derives it from something that is kept (a call, a
    transfer) and gives it again after a restart.
    """

    def __init__(self, retry_seconds: float = RETRY_SECONDS) -> None:
        self._jobs: deque[tuple[str, Job]] = deque()
        self._given = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._retry_seconds = retry_seconds

    def give(self, name: str, job: Job) -> None:
        """Queue a job; `name` stands in the log when it fails."""
        self._jobs.append((name, job))
        self._idle.clear()
        self._given.set()

    async def run(self) -> None:
        """Do the jobs until cancelled; while the database is away the first one waits."""
        while True:
            if not self._jobs:
                self._idle.set()
                self._given.clear()
                await self._given.wait()
            name, job = self._jobs[0]
            if await self._done(name, job):
                self._jobs.popleft()
            else:
                await asyncio.sleep(self._retry_seconds)

    async def caught_up(self) -> None:
        """Return when nothing is left to do."""
        await self._idle.wait()

    async def _done(self, name: str, job: Job) -> bool:
        try:
            await job()
        except DatabaseAway:
            return False
        except Refusal as refusal:
            log.info("errand.refused", errand=name, why=str(refusal))
        except Exception:
            log.exception("errand.failed", errand=name)
        return True

"""APScheduler wakes the sweep, and does nothing else.

Its own job store would drop what was due while it was down (its default grace); ours is the table
of deadlines. Jobs run on real time: the next due time of the service's clock, which may have been
moved, is turned into a wait.
"""

import asyncio
from datetime import UTC, datetime, timedelta

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from escalation.events import DeadlineSet, LawChanged
from escalation.sweep import Sweep
from tongdai.clock import Clock, SystemClock
from tongdai.db import DatabaseAway
from tongdai.health import Condition, Part, State

log = structlog.get_logger()
SAFETY_SECONDS = 30.0
_LONGEST = timedelta(days=1)
_SOON = timedelta(seconds=0.1)


class Waker:
    """The part `scheduler`: runs the sweep at the next due time and at a safety interval."""

    def __init__(
        self,
        sweep: Sweep,
        clock: Clock,
        *,
        safety_seconds: float = SAFETY_SECONDS,
        real: Clock | None = None,
    ) -> None:
        """Make the part.

        Args:
            sweep: What is woken.
            clock: The service's clock.
            safety_seconds: How often it looks without being asked to.
            real: The time that the machine's timers go by.
        """
        self._sweep = sweep
        self._clock = clock
        self._real = real or SystemClock()
        self._safety_seconds = safety_seconds
        self._woken = asyncio.Event()
        self._followed: dict[str, str] = {}
        self._condition = Condition(self._real, State.DOWN, "the scheduler is not running")
        self._scheduler = AsyncIOScheduler(timezone=UTC)

    def wake(self) -> None:
        """Look now: a clock was moved, a deadline was set."""
        self._woken.set()

    def on_deadline_set(self, event: DeadlineSet) -> None:
        """Look again, for it may be the next one; for `bus.on(DeadlineSet, ...)`."""
        del event
        self.wake()

    def on_law_changed(self, event: LawChanged) -> None:
        """Follow a changed calendar now; for `bus.on(LawChanged, ...)`."""
        del event
        self.wake()

    async def run(self) -> None:
        """Sweep whenever woken, until cancelled."""
        self._scheduler.add_job(
            self._alarm,
            "interval",
            seconds=self._safety_seconds,
            id="safety",
            coalesce=True,
            misfire_grace_time=None,
        )
        self._scheduler.start()
        try:
            await self._follow_the_law(at_start=True)
            while True:
                self._woken.clear()
                await self._follow_the_law()
                await self._sweep_once()
                await self._woken.wait()
        finally:
            self._scheduler.shutdown(wait=False)
            self._condition.set(State.DOWN, "the scheduler is not running")

    async def run_until_idle(self) -> int:
        """Carry out all that is due and return how much it was (`tongdai clock advance`).

        Raises:
            DatabaseAway: The database does not answer.
        """
        total = 0
        while done := await self._sweep.run_due():
            total += done
        self.wake()
        return total

    async def health(self) -> dict[str, Part]:
        """Say whether the sweep is awake; see HasHealth."""
        return {"scheduler": self._condition.part}

    async def _alarm(self) -> None:
        self._woken.set()

    async def _follow_the_law(self, *, at_start: bool = False) -> None:
        try:
            await self._sweep.refresh_law()
            versions = self._sweep.calendar_versions()
            if at_start or versions != self._followed:
                await self._sweep.follow_calendars()
                self._followed = versions
        except DatabaseAway:
            log.warning("calendar.not_followed", why="the database does not answer")
        except Exception:
            log.exception("calendar.not_followed")

    async def _sweep_once(self) -> None:
        try:
            await self._sweep.run_due()
            self._set_alarm(await self._sweep.next_due())
        except DatabaseAway:
            self._condition.set(State.DEGRADED, "deadlines wait: the database does not answer")
        except Exception:
            self._condition.set(State.DEGRADED, "the sweep failed, see the log")
            log.exception("sweep.failed")
        else:
            failing = self._sweep.failing
            self._condition.set(
                State.DEGRADED if failing else State.OK,
                f"{failing} deadlines could not be carried out, see the log" if failing else "",
            )

    def _set_alarm(self, due: datetime | None) -> None:
        if due is None:
            return
        # an act exactly at the due time is still in time, so the sweep comes just after it
        wait = min(due - self._clock.now() + timedelta(milliseconds=1), _LONGEST)
        if wait <= timedelta(0):
            wait = _SOON  # another node has it in hand
        self._scheduler.add_job(
            self._alarm,
            "date",
            run_date=self._real.now() + wait,
            id="next",
            replace_existing=True,
            misfire_grace_time=None,
        )

"""What the calls have become, written behind (tongdai.behind).

A call is written at its first event and again when it changed; only its newest snapshot waits, so
that what waits is bounded by the number of calls, not of events.
"""

from collections.abc import Callable

import structlog

from telephony.calls import store
from telephony.calls.model import CallView, Leg
from tongdai.behind import WriteBehind
from tongdai.db import Database, DatabaseAway
from tongdai.ids import CallId

log = structlog.get_logger()

PAUSE_SECONDS = 0.1
"""Between two writes: what changes in it is one transaction."""
RETRY_SECONDS = 1.0
ALARM_WAITING = 20_000
"""Calls and legs that wait before /healthz says so: some hours of a large city (30 MB)."""


class CallWriter(WriteBehind):
    """Writes calls and legs; `note` never waits."""

    def __init__(self, db: Database) -> None:
        super().__init__(pause_seconds=PAUSE_SECONDS, retry_seconds=RETRY_SECONDS)
        self._db = db
        self._calls: dict[CallId, CallView] = {}
        self._legs: dict[tuple[CallId, int], Leg] = {}
        self.on_written: list[Callable[[], None]] = []

    @property
    def waiting(self) -> int:
        """How many calls and legs are not written yet."""
        return len(self._calls) + len(self._legs)

    def note(self, view: CallView | None, legs: tuple[Leg, ...] = ()) -> None:
        """Remember what has to be written."""
        if view is not None:
            self._calls[view.id] = view
        for leg in legs:
            self._legs[(leg.call, leg.n)] = leg
        if view is not None or legs:
            self._noted()

    async def _write(self) -> bool:
        calls, legs = dict(self._calls), dict(self._legs)
        try:
            async with self._db.write() as tx:
                await store.save(tx, tuple(calls.values()), tuple(legs.values()))
        except DatabaseAway as error:
            log.warning("calls.wait", waiting=self.waiting, error=str(error.__cause__))
            return False
        except Exception:
            log.exception("calls.not_written_together", calls=len(calls), legs=len(legs))
            if not await self._one_by_one(calls, legs):
                return False
        for key, view in calls.items():
            if self._calls.get(key) is view:
                del self._calls[key]
        for leg in legs:
            self._legs.pop(leg, None)
        for listener in self.on_written:
            listener()
        return True

    async def _one_by_one(
        self, calls: dict[CallId, CallView], legs: dict[tuple[CallId, int], Leg]
    ) -> bool:
        """Write each by itself, so that one that cannot be written stops no other."""
        alone: list[tuple[tuple[CallView, ...], tuple[Leg, ...]]] = [
            *(((view,), ()) for view in calls.values()),
            *(((), (leg,)) for leg in legs.values()),
        ]
        for views, few in alone:
            try:
                async with self._db.write() as tx:
                    await store.save(tx, views, few)
            except DatabaseAway:
                return False
            except Exception:
                call = views[0].id if views else few[0].call
                log.exception("call.not_written", call=call)
        return True

    @property
    def alarm(self) -> str:
        """A sentence when so much waits that memory is at stake, else nothing."""
        if self.waiting < ALARM_WAITING:
            return ""
        return f"{self.waiting} calls and legs wait for the database"

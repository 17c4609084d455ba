"""The loop that turns calls into tasks: soon after each end, at the start, and now and then."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog

from ivr.desk import CallerLeftMessage, CallerWantsCallBack
from ivr.followups import opening
from ivr.followups.model import Kind
from ivr.followups.rules import Rulebook
from telephony.calls.events import CallAnswered, CallEnded
from tongdai.db import Database, DatabaseAway, Tx
from tongdai.events import Bus, Event

log = structlog.get_logger()
EVERY_SECONDS = 10.0
"""Claims lapse, and what a node that stopped has left is found, within this."""


class FollowUps:
    """Has a task for everybody whom nobody answered."""

    def __init__(
        self,
        db: Database,
        bus: Bus,
        rules: Rulebook,
        settled: Callable[[], Awaitable[None]],
    ) -> None:
        """Listen; nothing runs before `run`.

        Args:
            db: The database.
            bus: Tells what callers wish, and that calls are answered and end.
            rules: The hotlines' rules.
            settled: Returns when the calls that ended so far are written.
        """
        self._db, self._rules, self._settled = db, rules, settled
        self._wake = asyncio.Event()
        bus.within(CallerLeftMessage, self._left_message)
        bus.within(CallerWantsCallBack, self._wants_call_back)
        for kind in (CallAnswered, CallEnded):
            bus.on(kind, self._call_changed)

    async def run(self) -> None:
        """Follow calls until cancelled; what an interruption has left is found by its row."""
        while True:
            self._wake.clear()
            try:
                await self.sweep()
            except DatabaseAway:
                log.warning("callbacks.wait")
            except Exception:
                log.exception("callbacks.sweep_failed")
            with suppress(TimeoutError):
                async with asyncio.timeout(EVERY_SECONDS):
                    await self._wake.wait()

    async def sweep(self) -> int:
        """Do everything that is to be done now; return how many calls were followed."""
        await self._settled()
        followed = 0
        while True:
            async with self._db.write() as tx:
                count = await opening.follow(tx, self._rules)
                await opening.settle_tries(tx, self._rules)
                await opening.release_lapsed(tx)
            followed += count
            if count < opening.BATCH:
                return followed

    def _call_changed(self, _event: Event) -> None:
        self._wake.set()

    async def _left_message(self, tx: Tx, event: CallerLeftMessage) -> None:
        await opening.wish(tx, event.visit, Kind.MESSAGE, self._rules)

    async def _wants_call_back(self, tx: Tx, event: CallerWantsCallBack) -> None:
        await opening.wish(tx, event.visit, Kind.CALLBACK, self._rules, event.waiting_since)

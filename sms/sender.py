"""The sender: the lanes out, the sweep of what is stuck, the probes of the gateways."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog

from sms import claims, counts, store
from sms.ear import Ear
from sms.events import MessageOwed
from sms.exits import Exit, Exits, exits_of
from sms.gateways.base import Gateway, Listening
from sms.lane import Lane, reporting
from sms.model import Channel
from tongdai.clock import Clock
from tongdai.db import Database, DatabaseAway
from tongdai.health import Condition, Part, State
from tongdai.settings import Settings

log = structlog.get_logger()

_SWEEP_SECONDS = 5.0
_PROBE_SECONDS = 5.0
_LOOK_SECONDS = 0.05


class Sender:
    """Sends what the outbox owes, for as long as it runs.

    Wakes at once when something was owed in this process (`on_owed`), and every two seconds for
    what other nodes owe, for retries, and because the service's clock may have been moved.
    """

    def __init__(
        self,
        db: Database,
        settings: Settings,
        *,
        gateways: Sequence[Gateway],
        mail: Gateway,
        real: Clock,
    ) -> None:
        self._db = db
        self._settings = settings
        self._real = real
        self._gateways = tuple(gateways)
        self._none = Condition(
            real, State.DEGRADED, "no SMS gateway is set: add [[sms.gateway]] to the settings"
        )
        sms = exits_of(settings, self._gateways, real)
        self._waiting = Condition(real, State.OK)
        self._letters = Exits([Exit(mail, None, real)])
        self._lanes = [
            Lane(db, settings, channel=channel, exits=exits, real=real)
            for channel, exits in ((Channel.SMS, sms), (Channel.MAIL, self._letters))
            if exits.all
        ]

    def wake(self) -> None:
        """Look now: something is owed, or the service's clock was moved."""
        for lane in self._lanes:
            lane.wake()

    def on_owed(self, event: MessageOwed) -> None:
        """Wake after the commit that owed a message; for the bus."""
        del event
        self.wake()

    async def run(self) -> None:
        """Send until cancelled."""
        for one in self._exits():
            if isinstance(one.gateway, Listening):
                one.gateway.listen(Ear(self._db, self._settings, one.name).take)
        try:
            async with asyncio.TaskGroup() as tasks:
                for lane in self._lanes:
                    tasks.create_task(lane.run())
                    for one in lane.exits.all:
                        tasks.create_task(self._probe(one))
                tasks.create_task(self._sweep())
        finally:
            for one in self._exits():
                await one.gateway.close()

    async def health(self) -> dict[str, Part]:
        """Return `sms:NAME` for each gateway in use, `mail`, and `sms:outbox` while it is late."""
        parts = {
            ("mail" if one in self._letters.all else f"sms:{one.name}"): one.condition.part
            for one in self._exits()
        }
        if self._waiting.part.state is not State.OK:
            parts["sms:outbox"] = self._waiting.part
        return parts if self._gateways else {"sms:none": self._none.part, **parts}

    @property
    def outcomes(self) -> dict[tuple[str, str], int]:
        """Tries since the start by (gateway, outcome), for /metrics."""
        return {
            (one.name, outcome): n for one in self._exits() for outcome, n in one.outcomes.items()
        }

    def _exits(self) -> list[Exit]:
        return [one for lane in self._lanes for one in lane.exits.all]

    async def caught_up(self, within: float = 30.0) -> bool:
        """Wait until nothing can go now and nothing is on its way; say whether that came.

        Args:
            within: Real seconds.
        """
        try:
            async with asyncio.timeout(within):
                await self._sweep_once()
                self.wake()
                while await self._busy():  # noqa: ASYNC110 - other nodes send as well
                    await asyncio.sleep(_LOOK_SECONDS)
        except TimeoutError:
            return False
        return True

    async def _busy(self) -> bool:
        async with self._db.read() as session:
            channels = [lane.channel for lane in self._lanes]
            return await store.busy(session, self._db.clock.now(), channels)

    async def _probe(self, one: Exit) -> None:
        while True:
            try:
                one.noted_by_probe(await one.gateway.probe())
            except Exception:  # a gateway that breaks its contract shall not end the service
                log.exception("gateway.probe_broke", gateway=one.name)
            await asyncio.sleep(_PROBE_SECONDS)

    async def _sweep(self) -> None:
        while True:
            try:
                await self._sweep_once()
            except DatabaseAway:
                log.info("outbox.sweep_waits")
            except Exception:
                log.exception("outbox.sweep_failed")
            await asyncio.sleep(_SWEEP_SECONDS)

    def _look_at_oldest(self, oldest: datetime | None, now: datetime) -> None:
        waited = now - oldest if oldest else timedelta(0)
        if waited <= timedelta(minutes=self._settings.sms.oldest_queued_minutes):
            self._waiting.set(State.OK)
            return
        minutes = int(waited.total_seconds() // 60)
        self._waiting.set(
            State.DEGRADED, f"the oldest message has waited for {minutes} minutes: see /messages"
        )

    async def _sweep_once(self) -> None:
        """Mark as unknown what was cut off, and what no report came for; then ask a person."""
        names = reporting(self._gateways)
        limits = self._settings.sms
        silence = timedelta(hours=limits.unknown_after_hours)
        patience = timedelta(minutes=limits.ask_after_minutes)
        now = self._db.clock.now()
        async with self._db.read() as session:
            self._look_at_oldest(await counts.oldest_due(session, now), now)
            stuck = await store.any_of(
                session,
                store.cut_off(self._real.now()),
                store.silent(names, now - silence),
                store.unasked(now - patience),
            )
        if not stuck:
            return
        dropping = [one.name for one in self._exits() if one.gateway.deduplicates]
        async with self._db.write() as tx:
            cut = await claims.end_leases(tx, self._real.now(), dropping)
            silent = await claims.end_silence(tx, names, silence)
            asked = await claims.ask_about(tx, patience)
        log.warning("outbox.unknown", cut_off=cut, silent=silent, asked=asked)
        self.wake()

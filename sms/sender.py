"""The sender: the lanes out, the sweep of what is stuck, the probes of the gateways."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import structlog

from sms import outbox, store
from sms.events import MessageOwed
from sms.gateways.base import Gateway
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
        self._lanes = [
            Lane(db, settings, channel=Channel.SMS, gateway=gateway, real=real)
            for gateway in self._gateways[:1]
        ]
        self._mail = Lane(db, settings, channel=Channel.MAIL, gateway=mail, real=real)
        self._lanes.append(self._mail)

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
        try:
            async with asyncio.TaskGroup() as tasks:
                for lane in self._lanes:
                    tasks.create_task(lane.run())
                    tasks.create_task(self._probe(lane))
                tasks.create_task(self._sweep())
        finally:
            for gateway in (*self._gateways, self._mail.gateway):
                await gateway.close()

    async def health(self) -> dict[str, Part]:
        """Return `sms:NAME` for each gateway in use, and `mail`."""
        parts = {
            ("mail" if lane is self._mail else f"sms:{lane.gateway.name}"): lane.condition.part
            for lane in self._lanes
        }
        return parts if self._gateways else {"sms:none": self._none.part, **parts}

    @property
    def outcomes(self) -> dict[tuple[str, str], int]:
        """Tries since the start by (gateway, outcome), for /metrics."""
        return {
            (lane.gateway.name, outcome): n
            for lane in self._lanes
            for outcome, n in lane.outcomes.items()
        }

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

    async def _probe(self, lane: Lane) -> None:
        while True:
            lane.noted_by_probe(await lane.gateway.probe())
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

    async def _sweep_once(self) -> None:
        """Mark as unknown what was cut off, and what no report came for."""
        names = reporting(self._gateways)
        patience = timedelta(hours=self._settings.sms.unknown_after_hours)
        async with self._db.read() as session:
            stuck = await store.any_of(
                session,
                store.cut_off(self._real.now()),
                store.silent(names, self._db.clock.now() - patience),
            )
        if not stuck:
            return
        async with self._db.write() as tx:
            cut = await outbox.end_leases(tx, self._real.now())
            silent = await outbox.end_silence(tx, names, patience)
        log.warning("outbox.unknown", cut_off=cut, silent=silent)

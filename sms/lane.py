"""One channel's way out: claims what is due, hands each message to a gateway, settles it."""

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from sms import claims, store, wording
from sms.claims import Ended, Settlement
from sms.exits import Exit, Exits
from sms.gateways.base import Gateway, Outcome, Request, Result
from sms.model import Channel, Signal, State
from sms.pace import pause
from sms.rates import Allowance, allowance
from sms.tables import Message
from sms.together import Together
from sms.writing import Writer
from tongdai.clock import Clock
from tongdai.db import Database, DatabaseAway, Tx
from tongdai.settings import Settings

log = structlog.get_logger()

SAFETY_SECONDS = 2.0
"""The longest sleep: another node owes without waking us, and the service's clock may be moved."""
_AWAY_SECONDS = 0.5
_LOOKED_AT = 64
"""Due messages a claim looks at, when some of them have to wait for a slow gateway."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Try:
    row: Message
    request: Request
    exit: Exit


class Lane:
    """Sends what is due, in order per recipient, never faster than its gateways take it."""

    def __init__(
        self, db: Database, settings: Settings, *, channel: Channel, exits: Exits, real: Clock
    ) -> None:
        self.channel = channel
        self.exits = exits
        self._db = db
        self._settings = settings
        self._real = real
        self._writer = Writer(settings, real)
        self._woken = asyncio.Event()
        self._flying: set[asyncio.Task[None]] = set()
        self._ended = Together(self._settle)
        self._shared_wait = 0.0
        self._chance = secrets.SystemRandom()

    def wake(self) -> None:
        """Look now."""
        self._woken.set()

    async def run(self) -> None:
        """Go on until cancelled; what is on its way then is waited for, not cut off."""
        try:
            while True:
                self._woken.clear()
                await self._sleep(await self._round())
        except asyncio.CancelledError:
            if self._flying:
                await asyncio.wait(self._flying, timeout=self._settings.sms.lease_seconds)
            raise

    async def _round(self) -> float:
        """Send what may go; return for how many seconds there is nothing to do."""
        try:
            return await self._send_due()
        except DatabaseAway:
            return _AWAY_SECONDS
        except Exception:
            log.exception("outbox.round_failed", channel=self.channel)
            return SAFETY_SECONDS

    async def _send_due(self) -> float:
        async with self._db.read() as session:
            due = await store.next_due(session, self.channel)
        now = self._db.clock.now()
        if due is None or due > now:
            return _wait(due, now)
        room = self.exits.room()
        if room <= 0:
            return self.exits.wait_seconds() or SAFETY_SECONDS
        tries = await self._claim(room)
        for one in tries:
            task = asyncio.create_task(self._deliver(one))
            self._flying.add(task)
            task.add_done_callback(self._landed)
        if tries:
            return 0.0
        return max(self._shared_wait, self.exits.wait_seconds()) or SAFETY_SECONDS

    async def _sleep(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        except TimeoutError:
            pass

    def _landed(self, task: asyncio.Task[None]) -> None:
        self._flying.discard(task)
        self._woken.set()

    async def _claim(self, room: int) -> list[_Try]:
        begun: list[Exit] = []
        shared: Allowance | None = None

        def choose(row: Message) -> str | None:
            if self.exits.nowhere(row):
                return ""
            one = self.exits.choose(row)
            if one is None or not (shared is None or shared.take(one.name)):
                return None
            one.begin()
            begun.append(one)
            return one.name

        try:
            async with self._db.write() as tx:
                shared = await self._prepare(tx)
                rows = await claims.claim(
                    tx,
                    channel=self.channel,
                    choose=choose,
                    limit=room if len(self.exits.all) == 1 else _LOOKED_AT,
                    lease_until=self._real.now()
                    + timedelta(seconds=self._settings.sms.lease_seconds),
                )
                written = await self._writer.write(tx, rows)
                found = list(zip(rows, begun, written, strict=True))
        except BaseException:
            for one in begun:
                one.end()
            raise
        self._shared_wait = shared.wait_seconds() if shared else 0.0
        for _, one, is_written in found:
            if not is_written:
                one.end()
        return [
            _Try(row=row, exit=one, request=self._writer.request(row, one.gateway))
            for row, one, is_written in found
            if is_written
        ]

    async def _prepare(self, tx: Tx) -> Allowance | None:
        """Read what a claim is bound to: registered texts, and the rates of all nodes together."""
        if self.exits.ask_registered:
            self.exits.registered = await wording.registered(tx.session)
        if self._db.is_sqlite or self.channel is not Channel.SMS:
            return None
        return await allowance(tx, {one.name: one.gateway.per_second for one in self.exits.all})

    async def _deliver(self, one: _Try) -> None:
        try:
            result = await self._send(one)
        finally:
            one.exit.end()
        one.exit.noted_by_send(result)
        settlement = self._settlement(one, result)
        ended = Ended(message_id=one.row.id, number=one.row.attempts, how=settlement)
        while True:
            try:
                await self._ended.do(ended)
            except DatabaseAway:  # it was sent, so it is written down as soon as that can be
                await asyncio.sleep(_AWAY_SECONDS)
            else:
                return

    async def _settle(self, ended: Sequence[Ended]) -> list[State]:
        async with self._db.write() as tx:
            return await claims.settle(tx, ended)

    async def _send(self, one: _Try) -> Result:
        try:
            result = await one.exit.gateway.send(one.request)
        except Exception as error:
            log.exception("message.gateway_broke", message_id=one.row.id)
            result = Result(outcome=Outcome.AMBIGUOUS, words=type(error).__name__)
        log.info(
            "message.tried",
            message_id=one.row.id,
            to=one.request.to,
            gateway=one.exit.name,
            outcome=result.outcome,
            words=result.words,
        )
        return result

    def _settlement(self, one: _Try, result: Result) -> Settlement:
        """Say what a result means for its message.

        A gateway that refuses us, or whose circuit is open, is passed over at once where the route
        has another. What was cut off goes again only to a gateway that drops doubles.
        """
        row, outcome = one.row, result.outcome
        signal = _SIGNALS[outcome]
        again = outcome is Outcome.AMBIGUOUS and one.exit.gateway.deduplicates
        counts = outcome is Outcome.RETRY_LATER or again
        limit = counts and row.failures + 1 >= self._settings.sms.max_attempts
        if limit:
            signal = Signal.CUT_OFF if again else Signal.GAVE_UP
        elif again:
            signal = Signal.RETRY
        passed = outcome is Outcome.CONFIGURATION or (
            outcome is Outcome.RETRY_LATER and one.exit.circuit.open
        )
        over = passed and not row.bound_to and self.exits.others(row, one.exit)
        return Settlement(
            signal=signal,
            outcome=outcome,
            words=result.words,
            reference=result.reference,
            counts=counts,
            retry_in=timedelta(0) if over else self._pause(row),
            tried=(*row.tried, one.exit.name) if over else (),
            bound_to=one.exit.name if again else row.bound_to,
            cost=one.exit.price(row) if outcome is Outcome.ACCEPTED else 0,
            parts=result.parts,
        )

    def _pause(self, row: Message) -> timedelta:
        return pause(
            max(row.failures, row.attempts - 1),
            first=self._settings.sms.first_retry_seconds,
            longest=self._settings.sms.longest_retry_seconds,
            roll=self._chance.random(),
        )


_SIGNALS = {
    Outcome.ACCEPTED: Signal.ACCEPTED,
    Outcome.RETRY_LATER: Signal.RETRY,
    Outcome.CONFIGURATION: Signal.RETRY,
    Outcome.FINAL: Signal.REFUSED,
    Outcome.AMBIGUOUS: Signal.CUT_OFF,
}


def _wait(due: datetime | None, now: datetime) -> float:
    if due is None:
        return SAFETY_SECONDS
    return min(SAFETY_SECONDS, max(0.0, (due - now).total_seconds()))


def reporting(gateways: Sequence[Gateway]) -> list[str]:
    """Return the names of the gateways whose delivery reports are waited for."""
    return [gateway.name for gateway in gateways if gateway.reports]

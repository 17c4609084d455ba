"""One way out: claims what is due for a channel, hands it to its gateway, settles it."""

import asyncio
import secrets
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog

from sms import links, outbox, store, texts
from sms.gateways.base import Gateway, Outcome, Request, Result
from sms.model import Channel, Signal
from sms.outbox import Settlement
from sms.pace import Pace, pause
from sms.tables import Message
from tongdai.clock import Clock
from tongdai.db import Database, DatabaseAway, Tx
from tongdai.health import Condition, State
from tongdai.ids import HotlineId, MessageId, TicketId
from tongdai.settings import Settings

log = structlog.get_logger()

SLOTS = 16
"""Messages on their way to the gateway at the same time."""
SAFETY_SECONDS = 2.0
"""The longest sleep: another node owes without waking us, and the service's clock may be moved."""
_AWAY_SECONDS = 0.5
_REMEMBERED = timedelta(minutes=1)


class Lane:
    """Sends what is due, in order per recipient, never faster than the gateway takes it."""

    def __init__(
        self, db: Database, settings: Settings, *, channel: Channel, gateway: Gateway, real: Clock
    ) -> None:
        self.gateway = gateway
        self.channel = channel
        self.condition = Condition(real, State.OK)
        self.outcomes: Counter[str] = Counter()
        self._db = db
        self._settings = settings
        self._real = real
        self._pace = Pace(gateway.per_second)
        self._woken = asyncio.Event()
        self._refused_until: datetime | None = None
        self._flying: set[asyncio.Task[None]] = set()
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
        room = min(SLOTS - len(self._flying), self._pace.available())
        if room <= 0:
            return self._pace.wait_seconds() or SAFETY_SECONDS
        requests = await self._claim(room)
        self._pace.take(len(requests))
        for request, number, failures in requests:
            task = asyncio.create_task(self._deliver(request, number, failures))
            self._flying.add(task)
            task.add_done_callback(self._landed)
        return 0.0 if requests else SAFETY_SECONDS

    async def _sleep(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        except TimeoutError:
            pass

    def _landed(self, task: asyncio.Task[None]) -> None:
        self._flying.discard(task)
        self._woken.set()

    async def _claim(self, limit: int) -> list[tuple[Request, int, int]]:
        lease = timedelta(seconds=self._settings.sms.lease_seconds)
        async with self._db.write() as tx:
            rows = await outbox.claim(
                tx,
                channel=self.channel,
                gateway=self.gateway.name,
                limit=limit,
                lease_until=self._real.now() + lease,
            )
            written = [row for row in rows if self._write_text(tx, row)]
            return [(self._request(row), row.attempts, row.failures) for row in written]

    def _write_text(self, tx: Tx, row: Message) -> bool:
        """Write the words at the first claim; what cannot be written is refused, not retried."""
        if row.text:
            return True
        hotline = self._settings.hotline_by_id(row.hotline)
        if hotline is None:
            row.reason = "hotline_unknown"
            outbox.move(tx, row, Signal.REFUSED)
            return False
        params = {"portal": hotline.portal, **{k: v for k, v in row.params.items() if v}}
        if texts.needs_link(row.template):
            params["link"] = self._link(tx, row)
        if row.channel == Channel.MAIL:
            rendered = texts.letter(row.template, row.language, params, sender_name=hotline.title)
        else:
            rendered = texts.sms(
                row.template,
                row.language,
                params,
                sender_name=hotline.sender_name,
                brandname=hotline.brandname,
                unaccented=self._settings.sms.unaccented,
            )
        row.text, row.subject = rendered.text, rendered.subject
        row.alphabet, row.parts = rendered.alphabet, rendered.parts
        return True

    def _link(self, tx: Tx, row: Message) -> str:
        token = links.create(
            tx,
            ticket_id=TicketId(row.ticket_id or ""),
            hotline=HotlineId(row.hotline),
            message_id=MessageId(row.id),
            real=self._real,
        )
        return f"{self._settings.web.public_url}/l/{token}"

    def _request(self, row: Message) -> Request:
        hotline = self._settings.hotline_by_id(row.hotline)
        mail = row.channel == Channel.MAIL
        sender = (hotline.title if mail else hotline.brandname) if hotline else row.hotline
        base = self._settings.sms.receipt_url or self._settings.web.public_url
        return Request(
            id=MessageId(row.id),
            to=row.recipient,
            sender=sender,
            template=row.template,
            params=dict(row.params),
            text=row.text,
            subject=row.subject,
            alphabet=row.alphabet,
            receipt_url=f"{base}/sms/receipts/{self.gateway.name}/{row.id}/{row.receipt_token}"
            if self.gateway.reports
            else "",
        )

    async def _deliver(self, request: Request, number: int, failures: int) -> None:
        try:
            result = await self.gateway.send(request)
        except Exception as error:
            log.exception("message.gateway_broke", message_id=request.id)
            result = Result(outcome=Outcome.AMBIGUOUS, words=type(error).__name__)
        self._noted_by_send(result)
        self.outcomes[result.outcome] += 1
        log.info(
            "message.tried",
            message_id=request.id,
            to=request.to,
            gateway=self.gateway.name,
            outcome=result.outcome,
            words=result.words,
        )
        settlement = self._settlement(result, failures)
        while True:
            try:
                async with self._db.write() as tx:
                    await outbox.settle(tx, request.id, number, settlement)
            except DatabaseAway:  # it was sent, so it is written down as soon as that can be
                await asyncio.sleep(_AWAY_SECONDS)
            else:
                return

    def _settlement(self, result: Result, failures: int) -> Settlement:
        limits = self._settings.sms
        signal = _SIGNALS[result.outcome]
        counts = result.outcome is Outcome.RETRY_LATER
        if counts and failures + 1 >= limits.max_attempts:
            signal = Signal.GAVE_UP
        return Settlement(
            signal=signal,
            outcome=result.outcome,
            words=result.words,
            reference=result.reference,
            counts=counts,
            retry_in=pause(
                failures,
                first=limits.first_retry_seconds,
                longest=limits.longest_retry_seconds,
                roll=self._chance.random(),
            ),
        )

    def noted_by_probe(self, result: Result) -> None:
        """Keep what a probe says; that it answers outweighs no send that it refused just now."""
        well = result.outcome in (Outcome.ACCEPTED, Outcome.FINAL)
        if not (well and self._refused_until and self._real.now() < self._refused_until):
            self._note(result)

    def _noted_by_send(self, result: Result) -> None:
        well = result.outcome in (Outcome.ACCEPTED, Outcome.FINAL)
        self._refused_until = None if well else self._real.now() + _REMEMBERED
        self._note(result)

    def _note(self, result: Result) -> None:
        match result.outcome:
            case Outcome.ACCEPTED | Outcome.FINAL:
                self.condition.set(State.OK)
            case Outcome.CONFIGURATION:
                self.condition.set(
                    State.DEGRADED, f"refuses us ({result.words}): check its table in the settings"
                )
            case Outcome.RETRY_LATER | Outcome.AMBIGUOUS:
                self.condition.set(
                    State.DEGRADED, f"takes nothing now ({result.words}): see whether it runs"
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

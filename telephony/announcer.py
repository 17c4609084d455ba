"""Lets callers who wait be told their place, without taking them out of app_queue.

app_queue's own announcements are played to their end: a free operator waits for them, and they know
no expected wait. So a Local channel of ours speaks into the caller's ear (ChanSpy, whispering) over
the music: [tongdai-said] asks the service for the words; see ivr/waiting.py. When the service is
away there is app_queue's plain reminder (`periodic-announce`), which is cut short from here as soon
as an operator becomes ready.
"""

import asyncio
from datetime import datetime

import structlog

from telephony.calls.model import CallView
from telephony.operators.events import OperatorChanged
from telephony.operators.model import OperatorState
from telephony.queues import Waiting
from telephony.switch import Switch
from telephony.waits import Waits
from tongdai.aside import Aside
from tongdai.clock import Clock
from tongdai.errors import Unavailable
from tongdai.events import Bus
from tongdai.ids import CallId, HotlineId
from tongdai.settings import Settings

log = structlog.get_logger()
FIRST_SECONDS = 8.0
"""After so long a caller is told his place for the first time."""
REMINDER_SECONDS = 15.0
"""The longest reminder of app_queue, with what its clock drifts."""
TICK_SECONDS = 1.0
_STARTS_WITHIN = 5.0


def moment(count: int, period: float) -> float:
    """Return after how many seconds in the queue the announcement `count` (from 0) is due.

    app_queue reminds after one period, two, ...; we speak half a period later each time.
    """
    return FIRST_SECONDS if count == 0 else (count + 0.5) * period


def next_count(waited: float, period: float) -> int:
    """Return the first announcement that is still to come after `waited` seconds."""
    if waited < FIRST_SECONDS:
        return 0
    return max(1, int(waited // period - (waited % period < period / 2)) + 1)


def reminder_sounds(waited: float, period: float) -> bool:
    """Say whether app_queue's reminder may sound now."""
    return waited >= period and waited % period < REMINDER_SECONDS


class Announcer:
    """Runs at the node of the bridge."""

    def __init__(self, settings: Settings, waits: Waits, bus: Bus, clock: Clock) -> None:
        """Take what is needed; `connect` gives the bridge.

        Args:
            settings: Every how many seconds, by hotline.
            waits: Who waits where.
            bus: Tells of operators who become ready.
            clock: The service's clock.
        """
        self._periods = {h.id: float(h.queue.announce_seconds) for h in settings.hotlines}
        self._waits, self._clock = waits, clock
        self._switch: Switch | None = None
        self._next: dict[tuple[CallId, datetime], int] = {}
        self._aside = Aside()
        bus.on(OperatorChanged, self._operator_changed)

    def connect(self, switch: Switch) -> None:
        """Act through this bridge."""
        self._switch = switch

    async def run(self) -> None:
        """Announce until cancelled."""
        try:
            while True:
                self.look()
                await asyncio.sleep(TICK_SECONDS)
        finally:
            await self._aside.end()

    def look(self) -> None:
        """Begin every announcement that is due; those missed meanwhile are left out."""
        now, kept = self._clock.now(), {}
        for hotline, waiting in self._waits.waiting():
            period = self._periods.get(hotline, 0)
            if not period:
                continue
            key = (waiting.call, _joined(waiting))
            waited = (now - key[1]).total_seconds()
            count = self._next.get(key, 0)
            if waited >= moment(count, period):
                if self._waits.place(waiting.call, now) is not None:
                    self._aside.begin(self._speak(hotline, waiting))
                count = next_count(waited, period)
            kept[key] = count
        self._next = kept

    async def settled(self) -> None:
        """Return when everything begun so far is asked for."""
        await self._aside.settled()

    async def _speak(self, hotline: HotlineId, waiting: Waiting) -> None:
        channel, view = self._channel(waiting.call), self._view(waiting.call)
        if channel is None or view is None or self._switch is None:
            return
        try:
            await self._switch.ami(waiting.pbx).originate(
                f"Local/{hotline}@tongdai-said",
                variables={"__TONGDAI_WAITS": view.linkedid},
                ring_seconds=_STARTS_WITHIN,
                Application="ChanSpy",
                Data=f"{channel},quW",
            )
        except Unavailable as away:
            log.info("wait.not_said", call=waiting.call, why=str(away))

    def _operator_changed(self, event: OperatorChanged) -> None:
        """Let the next caller hear no reminder to its end when an operator is there for him."""
        if event.operator.state is not OperatorState.READY:
            return
        now = self._clock.now()
        for hotline in event.operator.hotlines:
            head = next((w for h, w in self._waits.waiting() if h == hotline), None)
            if head is None or self._waits.place(head.call, now) is None:
                continue
            waited = (now - _joined(head)).total_seconds()
            period = self._periods.get(hotline, 0)
            if period and reminder_sounds(waited, period):
                self._aside.begin(self._hush(head))

    async def _hush(self, waiting: Waiting) -> None:
        """End the reminder: a key that nothing belongs to, as if the caller had pressed it."""
        channel = self._channel(waiting.call)
        if channel is None or self._switch is None:
            return
        try:
            await self._switch.ami(waiting.pbx).action(
                "PlayDTMF", Channel=channel, Digit="#", Receive="true"
            )
        except Unavailable as away:
            log.info("wait.not_hushed", call=waiting.call, why=str(away))

    def _channel(self, call: CallId) -> str | None:
        channels = self._switch.channels_of(call) if self._switch else None
        return channels.caller if channels else None

    def _view(self, call: CallId) -> CallView | None:
        return self._switch.call(call) if self._switch else None


def _joined(waiting: Waiting) -> datetime:
    return waiting.joined or waiting.since

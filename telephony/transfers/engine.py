"""Transfers in memory, moved by the table (telephony.calls.transfer), written behind.

What happens is told by the PBX's events, in their order, or ordered by the operator; the table says
what it means; effects are carried out one after the other per transfer. A caller who waits has a
lease that is renewed from here: without us the PBX brings him back by itself.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Coroutine
from functools import partial

import structlog

from telephony.behind import WriteBehind
from telephony.calls.transfer import Reason, Signal, advance, follow_up
from telephony.switch import Pbx, Switch
from telephony.transfers import hands, store
from telephony.transfers.announce import Announce
from telephony.transfers.errors import CallNotConnected
from telephony.transfers.events import TransferChanged
from telephony.transfers.live import Live
from telephony.transfers.model import TransferView
from telephony.transfers.numbers import Dial
from telephony.transfers.rooms import Rooms
from tongdai.aside import Aside
from tongdai.clock import Clock
from tongdai.db import Database
from tongdai.errors import Unavailable
from tongdai.events import Bus
from tongdai.ids import CallId, TransferId
from tongdai.settings import HotlineTable, Settings

log = structlog.get_logger()

RENEW_SECONDS = 5.0
GUARD_SECONDS = 5.0
"""How much longer than the PBX we wait for a leg before we give it up ourselves."""
READ_SECONDS = 1.0
"""How long what was told during a standstill may take to be read."""
HANGUP_SECONDS = 1.0
"""How long the called leg's own Hangup, which tells more, may come after Originate's failure."""
WRITE_SECONDS = 1.0
"""How long a transfer waits for its row before it begins without."""
REMEMBERED = 1000
"""Ended transfers that are answered for without the database."""
_ORIGINATED = {3: Reason.NO_ANSWER, 5: Reason.BUSY, 8: Reason.UNREACHABLE}


class Engine:
    """Moves transfers; knows nothing of who may."""

    def __init__(
        self,
        settings: Settings,
        db: Database,
        bus: Bus,
        clock: Clock,
        announce: Announce,
        may_record: Callable[[CallId], bool],
    ) -> None:
        """Begin with none."""
        self._may_record = may_record
        self._settings, self._bus, self._clock = settings, bus, clock
        self._announce = announce
        self._switch: Switch | None = None
        self.live: dict[TransferId, Live] = {}
        self._lately: dict[TransferId, TransferView] = {}
        self.rooms: defaultdict[str, Rooms] = defaultdict(Rooms)
        self._behind = WriteBehind(db, "transfers")
        self._aside = Aside()

    def connect(self, switch: Switch) -> None:
        """Act through this bridge."""
        self._switch = switch

    async def run(self) -> None:
        """Write rows and renew the callers' leases until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._behind.run())
                group.create_task(self._renew())
        finally:
            await self._close()

    @property
    def unwritten(self) -> int:
        """How many transfers' rows wait for the database."""
        return self._behind.waiting

    def of_call(self, call_id: CallId) -> Live | None:
        """Return the transfer of a call that runs now."""
        return next((t for t in self.live.values() if t.call_id == call_id), None)

    def view(self, transfer_id: TransferId) -> TransferView | None:
        """Return a transfer that runs or ended lately."""
        live = self.live.get(transfer_id)
        return live.view() if live else self._lately.get(transfer_id)

    def views(self) -> tuple[TransferView, ...]:
        """Return all that run."""
        return tuple(live.view() for live in self.live.values())

    async def begin(self, live: Live, dial: Dial) -> None:
        """Send the caller to the music, the operator into the room, and call the person.

        The row is written first, unless the database is away: a service that is killed right
        afterwards finds the transfer again, and whoever knows its id is answered.

        Raises:
            CallNotConnected: Somebody hung up.
            Unavailable: The PBX does not answer; nothing was begun.
        """
        pbx, hotline = self.at(live.pbx), self.hotline(live)
        self.live[live.id] = live  # from here on a second one of this call is refused
        try:
            await self._written(live)
            await hands.hold(pbx, live)
        except BaseException:
            if self.live.pop(live.id, None) is not None:
                self._behind.add(live.id, partial(store.forget, transfer_id=live.id))
            raise
        for channel in self.rooms[live.pbx].leave(live.caller or "", live.operator):
            self.spawn(hands.hang_up(pbx, channel))
        if self._switch is not None:
            self._switch.expect(live.pbx, live.id, live.call_id)
        log.info("transfer.started", transfer=live.id, call=live.call_id, kind=live.course.kind)
        self._changed(live)
        self.spawn(self._work(live))
        self.spawn(self._call(live, dial, hotline))
        self.watch(live, hotline.ring_seconds + GUARD_SECONDS)

    def take_over(self, live: Live) -> None:
        """Go on with a transfer of the service that was here before."""
        self.live[live.id] = live
        self.spawn(self._work(live))

    def order(self, transfer_id: TransferId, signal: Signal) -> TransferView | None:
        """Do what the operator wants; None when it does not run, or not in this state."""
        live = self.live.get(transfer_id)
        return live.view() if live is not None and self.signal(live, signal) else None

    async def _renew(self) -> None:
        """Keep the leases of those who wait."""
        try:
            while True:
                await asyncio.sleep(RENEW_SECONDS)
                waiting = [t for t in self.live.values() if t.course.caller_waits]
                await asyncio.gather(*(hands.renew(self.at(t.pbx), t) for t in waiting))
        finally:
            await (
                self._close()
            )  # at once: the end of the PBX's connection is the end of no transfer

    async def _close(self) -> None:
        """Stop; what runs is gone on with at the next start."""
        for live in self.live.values():
            live.stop_timer()
        await self._aside.end()

    # --- moving ---

    def signal(
        self, live: Live, signal: Signal, *, reason: Reason | None = None, detail: str = ""
    ) -> bool:
        """Move the transfer; False when the signal means nothing now."""
        step = advance(live.course, signal, reason=reason, detail=detail)
        if step is None:
            return False
        live.course, effects = step
        for effect in effects:
            live.work.put_nowait(effect)
        if live.course.state.is_final:
            self._finish(live)
        self._changed(live)
        following = follow_up(live.course)
        if following is not None:
            self.signal(live, following)
        return True

    def _changed(self, live: Live) -> None:
        now = self._clock.now()
        live.note(live.course.state, now)
        view = live.view()
        if live.course.state.is_final:
            self._lately[live.id] = view
        self._write(live)
        self._bus.publish(TransferChanged(transfer=view, at=now))

    async def _written(self, live: Live) -> None:
        """Wait for the row, but not for long.

        Raises:
            CallNotConnected: Somebody hung up meanwhile.
        """
        self._write(live)
        await self._behind.written(live.id, WRITE_SECONDS)
        if live.course.state.is_final:
            raise CallNotConnected(None, call=live.call_id)

    def _write(self, live: Live) -> None:
        """Write the transfer's row behind, as it is now."""
        view, channels = live.view(), live.row_channels
        self._behind.add(live.id, partial(store.save, view=view, channels=channels))

    def _finish(self, live: Live) -> None:
        """Remember who talks with the caller from now on."""
        live.stop_timer()
        self.live.pop(live.id, None)
        live.work.put_nowait(None)
        while len(self._lately) >= REMEMBERED:
            del self._lately[next(iter(self._lately))]
        if live.caller is not None:
            operator = live.operator if live.course.operator_there else None
            self.rooms[live.pbx].keep(live.caller, (operator, live.person))
        state, reason = live.course.state.value, live.course.reason
        log.info("transfer.ended", transfer=live.id, state=state, reason=str(reason or ""))

    async def _work(self, live: Live) -> None:
        """Carry effects out in their order, until the transfer is over."""
        while (effect := await live.work.get()) is not None:
            await hands.carry_out(self.at(live.pbx), live, effect)

    async def _call(self, live: Live, dial: Dial, hotline: HotlineTable) -> None:
        field = live.target.field
        why = await self._announce(hotline, field) if field else ""
        if live.course.state.is_final:
            return
        try:
            done = await hands.call(
                self.at(live.pbx),
                live,
                dial.channel,
                hotline,
                why,
                recorded=self._may_record(live.call_id),
            )
        except Unavailable as away:  # it may ring all the same: the next state, or _watch, tells
            log.warning("transfer.not_called", transfer=live.id, why=str(away))
            return
        if not done.ok:
            await asyncio.sleep(HANGUP_SECONDS)
            reason = _ORIGINATED.get(done.reason, Reason.UNREACHABLE)
            if live.answered_at is None:
                self.signal(live, Signal.PERSON_LEFT, reason=reason)

    def watch(self, live: Live, seconds: float) -> None:
        """Give the leg up by ourselves should its end never be told.

        After a standstill of ours (a swapping machine, a stopped process) timers are due before
        what the PBX has told meanwhile was read: that is waited for.
        """
        live.stop_timer()
        loop = asyncio.get_running_loop()

        def read_first() -> None:
            live.timer = loop.call_later(READ_SECONDS, give_up)

        def give_up() -> None:
            if live.accepted_at is None:
                self.signal(live, Signal.TIMED_OUT, detail="no_key")

        live.timer = loop.call_later(seconds, read_first)

    # --- small things ---

    def at(self, pbx: str) -> Pbx:
        """Return the door to a PBX."""
        if self._switch is None:
            raise Unavailable
        return self._switch.ami(pbx)

    def hotline(self, live: Live) -> HotlineTable:
        """Return the settings of a transfer's hotline."""
        return self._settings.hotline_by_id(live.hotline) or self._settings.hotlines[0]

    def spawn(self, work: Coroutine[None, None, None]) -> None:
        """Do something aside; it ends with the service."""
        self._aside.begin(work)

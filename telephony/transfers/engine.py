"""Transfers in memory, moved by the table (telephony.calls.transfer), written behind.

What happens is told by the PBX's events, in their order, or ordered by the operator; the table says
what it means; effects are carried out one after the other per transfer. A caller who waits has a
lease that is renewed from here: without us the PBX brings him back by itself.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine

import structlog

from telephony.ami.packets import UP, Raw
from telephony.behind import WriteBehind
from telephony.calls.reconcile import PbxState
from telephony.calls.transfer import Reason, Signal, advance, follow_up, reason_of_cause
from telephony.switch import Pbx, Switch
from telephony.transfers import hands, store
from telephony.transfers.events import TransferChanged
from telephony.transfers.live import LEG, Live, live_of
from telephony.transfers.model import TransferView
from telephony.transfers.numbers import Dial
from telephony.transfers.rooms import CONTEXT, Rooms
from tongdai.clock import Clock
from tongdai.db import Database, Tx
from tongdai.errors import Unavailable
from tongdai.events import Bus
from tongdai.ids import CallId, TransferId
from tongdai.settings import HotlineTable, Settings

log = structlog.get_logger()

PACKETS = ("Newchannel", "Newstate", "Hangup", "UserEvent", "ConfbridgeJoin", "QueueCallerJoin")
RENEW_SECONDS = 5.0
GUARD_SECONDS = 5.0
"""How much longer than the PBX we wait for a leg before we give it up ourselves."""
HANGUP_SECONDS = 1.0
"""How long the called leg's own Hangup, which tells more, may come after Originate's failure."""
REMEMBERED = 1000
"""Ended transfers that are answered for without the database."""
_RINGING, _UP = "5", "6"
_DETAILS = {"2": "refused", "3": "later", "none": "no_key"}
_ORIGINATED = {3: Reason.NO_ANSWER, 5: Reason.BUSY, 8: Reason.UNREACHABLE}

Announce = Callable[[HotlineTable, str], Awaitable[str]]
"""Speaks what a call is about; returns the sound's path without its ending, or nothing."""


async def say_nothing(hotline: HotlineTable, field: str) -> str:
    """Announce no field: the general prompt is played."""
    del hotline, field
    return ""


class Engine:
    """Moves transfers; knows nothing of who may."""

    def __init__(
        self, settings: Settings, db: Database, bus: Bus, clock: Clock, announce: Announce
    ) -> None:
        """Begin with none."""
        self._settings, self._db, self._bus, self._clock = settings, db, bus, clock
        self._announce = announce
        self._switch: Switch | None = None
        self._live: dict[TransferId, Live] = {}
        self._lately: dict[TransferId, TransferView] = {}
        self._rooms = Rooms()
        self._behind = WriteBehind(db, "transfers")
        self._tasks: set[asyncio.Task[None]] = set()
        self._restored: set[str] = set()

    def connect(self, switch: Switch) -> None:
        """Listen to the bridge and act through it."""
        self._switch = switch
        switch.on_packet(PACKETS, self.on_packet)
        switch.on_state(self.on_state)

    async def run(self) -> None:
        """Write rows and renew the callers' leases until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._behind.run())
                group.create_task(self._renew())
        finally:
            self._close()

    @property
    def unwritten(self) -> int:
        """How many transfers' rows wait for the database."""
        return self._behind.waiting

    def of_call(self, call_id: CallId) -> Live | None:
        """Return the transfer of a call that runs now."""
        return next((t for t in self._live.values() if t.call_id == call_id), None)

    def view(self, transfer_id: TransferId) -> TransferView | None:
        """Return a transfer that runs or ended lately."""
        live = self._live.get(transfer_id)
        return live.view() if live else self._lately.get(transfer_id)

    def views(self) -> tuple[TransferView, ...]:
        """Return all that run."""
        return tuple(live.view() for live in self._live.values())

    async def begin(self, live: Live, dial: Dial) -> None:
        """Send the caller to the music, the operator into the room, and call the person.

        Raises:
            Unavailable: The PBX does not answer; nothing was begun.
        """
        pbx, hotline = self._at(live.pbx), self._hotline(live)
        self._live[live.id] = live  # from here on a second one of this call is refused
        try:
            await hands.hold(pbx, live)
        except BaseException:
            del self._live[live.id]
            raise
        for channel in self._rooms.leave(live.caller or "", live.operator):
            self._spawn(hands.hang_up(pbx, channel))
        if self._switch is not None:
            self._switch.expect(live.pbx, live.id, live.call_id)
        log.info("transfer.started", transfer=live.id, call=live.call_id, kind=live.course.kind)
        self._changed(live)
        self._spawn(self._work(live))
        self._spawn(self._call(live, dial, hotline))
        self._watch(live, hotline.ring_seconds + GUARD_SECONDS)

    def order(self, transfer_id: TransferId, signal: Signal) -> TransferView | None:
        """Do what the operator wants; None when it does not run, or not in this state."""
        live = self._live.get(transfer_id)
        return live.view() if live is not None and self._signal(live, signal) else None

    def on_packet(self, pbx: str, packet: Raw) -> None:
        """Take one of PACKETS, in the PBX's order."""
        uniqueid, channel = packet["Uniqueid"], packet["Channel"]
        if packet.name == "Hangup":
            self._hung_up(pbx, uniqueid, channel, packet["Cause"])
        elif uniqueid.startswith(LEG):
            self._leg(pbx, packet, TransferId(uniqueid.removeprefix(LEG)), channel)
        elif packet.name in ("ConfbridgeJoin", "QueueCallerJoin"):
            for live in self._at_channel(pbx, channel):
                if channel == live.caller:
                    self._signal(live, Signal.CALLER_BACK)

    def on_state(self, pbx: str, state: PbxState) -> None:
        """Take what the PBX has after a connect: who left meanwhile, whose rooms there are."""
        for live in [t for t in self._live.values() if t.pbx == pbx]:
            self._catch_up(live, state, Reason.PBX_FAILED)
        if pbx not in self._restored:
            self._restored.add(pbx)
            self._spawn(self._restore(pbx, state))
        else:
            self._tidy(pbx, state)

    async def _renew(self) -> None:
        """Keep the leases of those who wait."""
        try:
            while True:
                await asyncio.sleep(RENEW_SECONDS)
                waiting = [t for t in self._live.values() if t.course.caller_waits]
                await asyncio.gather(*(hands.renew(self._at(t.pbx), t) for t in waiting))
        finally:
            self._close()  # at once: the end of the PBX's connection is the end of no transfer

    def _close(self) -> None:
        """Stop; what runs is gone on with at the next start."""
        for live in self._live.values():
            live.stop_timer()
        for task in self._tasks:
            task.cancel()

    # --- what happens to a leg ---

    def _leg(self, pbx: str, packet: Raw, transfer_id: TransferId, channel: str) -> None:
        live = self._live.get(transfer_id)
        if live is None:
            if packet.name in ("Newchannel", "Newstate"):  # it was given up before it was there
                self._spawn(hands.hang_up(self._at(pbx), channel))
            return
        live.person = channel
        match packet.name:
            case "Newstate" if packet["ChannelState"] == _RINGING:
                self._signal(live, Signal.RANG)
            case "Newstate" if packet["ChannelState"] == _UP:
                self._watch(live, self._hotline(live).accept_seconds + GUARD_SECONDS)
                self._signal(live, Signal.ANSWERED)
            case "UserEvent" if packet["Key"] in _DETAILS:
                self._signal(live, Signal.REFUSED, detail=_DETAILS[packet["Key"]])
            case "ConfbridgeJoin":
                self._signal(live, Signal.TAKEN)
            case _:
                pass

    def _hung_up(self, pbx: str, uniqueid: str, channel: str, cause: str) -> None:
        live = self._live.get(TransferId(uniqueid.removeprefix(LEG)))
        if live is not None:
            live.person = None
            self._person_left(live, int(cause) if cause.isdigit() else 0)
        for live in self._at_channel(pbx, channel):
            if channel == live.caller:
                live.caller = None
                self._signal(live, Signal.CALLER_LEFT)
            else:
                live.operator = None
                self._signal(live, Signal.OPERATOR_LEFT)
        for left in self._rooms.hung_up(channel):
            self._spawn(hands.hang_up(self._at(pbx), left))

    def _person_left(self, live: Live, cause: int) -> None:
        if live.answered_at is not None:
            self._signal(live, Signal.PERSON_LEFT, detail="hung_up")
            return
        reason = reason_of_cause(cause)
        if reason is Reason.NO_ANSWER and live.rang_at is None:
            reason = Reason.UNREACHABLE
        self._signal(live, Signal.PERSON_LEFT, reason=reason)

    # --- moving ---

    def _signal(
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
            self._signal(live, following)
        return True

    def _changed(self, live: Live) -> None:
        now = self._clock.now()
        live.note(live.course.state, now)
        view = live.view()
        if live.course.state.is_final:
            self._lately[live.id] = view
        channels = live.row_channels

        async def write(tx: Tx) -> None:
            await store.save(tx, view, channels)

        self._behind.add(live.id, write)
        self._bus.publish(TransferChanged(transfer=view, at=now))

    def _finish(self, live: Live) -> None:
        """Remember who talks with the caller from now on."""
        live.stop_timer()
        self._live.pop(live.id, None)
        live.work.put_nowait(None)
        while len(self._lately) >= REMEMBERED:
            del self._lately[next(iter(self._lately))]
        if live.caller is not None:
            operator = live.operator if live.course.operator_there else None
            self._rooms.keep(live.caller, (operator, live.person))
        state, reason = live.course.state.value, live.course.reason
        log.info("transfer.ended", transfer=live.id, state=state, reason=str(reason or ""))

    async def _work(self, live: Live) -> None:
        """Carry effects out in their order, until the transfer is over."""
        while (effect := await live.work.get()) is not None:
            await hands.carry_out(self._at(live.pbx), live, effect)

    async def _call(self, live: Live, dial: Dial, hotline: HotlineTable) -> None:
        field = live.target.field
        why = await self._announce(hotline, field) if field else ""
        if live.course.state.is_final:
            return
        try:
            done = await hands.call(self._at(live.pbx), live, dial.channel, hotline, why)
        except Unavailable as away:  # it may ring all the same: the next state, or _watch, tells
            log.warning("transfer.not_called", transfer=live.id, why=str(away))
            return
        if not done.ok:
            await asyncio.sleep(HANGUP_SECONDS)
            reason = _ORIGINATED.get(done.reason, Reason.UNREACHABLE)
            if live.answered_at is None:
                self._signal(live, Signal.PERSON_LEFT, reason=reason)

    def _watch(self, live: Live, seconds: float) -> None:
        """Give the leg up by ourselves should its end never be told."""
        live.stop_timer()

        def give_up() -> None:
            if live.accepted_at is None:
                self._signal(live, Signal.TIMED_OUT, detail="no_key")

        live.timer = asyncio.get_running_loop().call_later(seconds, give_up)

    # --- after a loss ---

    def _catch_up(self, live: Live, state: PbxState, why: Reason) -> None:
        """Bring a transfer to what the PBX has; `why` it fails if the PBX gave it up meanwhile."""
        channels = {c.facts.name: c for c in state.channels}
        leg = next((c for c in state.channels if c.facts.uniqueid == live.leg), None)
        if live.caller not in channels:
            live.caller = None
            self._signal(live, Signal.CALLER_LEFT)
            return
        place = channels[live.caller].facts.context
        back = place in (CONTEXT, "tongdai-queue-first", "tongdai-back")
        taken = leg is not None and leg.facts.context == CONTEXT
        if leg is not None:
            live.person = leg.facts.name
            if leg.facts.state == UP:
                self._watch(live, self._hotline(live).accept_seconds + GUARD_SECONDS)
                self._signal(live, Signal.ANSWERED)
        if taken:
            self._signal(live, Signal.TAKEN)
        if live.course.caller_waits and back:
            self._signal(live, Signal.CALLER_BACK, reason=why)
        if leg is None:
            live.person = None
            self._signal(live, Signal.PERSON_LEFT, reason=why, detail="hung_up")
        if live.operator not in channels:
            live.operator = None
            self._signal(live, Signal.OPERATOR_LEFT)

    async def _restore(self, pbx: str, state: PbxState) -> None:
        """Go on with what a killed service left behind, or bring it to its end."""
        try:
            async with self._db.read() as session:
                rows = await store.unfinished(session)
                found = [(row.pbx, live_of(row, state)) for row in rows]
        except Unavailable:
            self._restored.discard(pbx)  # once more at the next connect
            return
        for where, live in found:
            if where == pbx and live.id not in self._live:
                self._live[live.id] = live
                self._spawn(self._work(live))
                self._watch(live, self._hotline(live).ring_seconds + GUARD_SECONDS)
                self._catch_up(live, state, Reason.SERVICE_RESTARTED)
        self._tidy(pbx, state)

    def _tidy(self, pbx: str, state: PbxState) -> None:
        """Hang up who is left alone: in a room without its caller, or called for nobody."""
        lonely = self._rooms.learn(state)
        for channel in state.channels:
            facts = channel.facts
            known = TransferId(facts.uniqueid.removeprefix(LEG)) in self._live
            if facts.uniqueid.startswith(LEG) and not known and facts.context != CONTEXT:
                lonely.add(facts.name)
        busy = {c for t in self._live.values() for c in (t.operator, t.person)}
        for name in lonely - busy:
            self._spawn(hands.hang_up(self._at(pbx), name))

    # --- small things ---

    def _at_channel(self, pbx: str, channel: str) -> list[Live]:
        return [
            live
            for live in self._live.values()
            if live.pbx == pbx and channel in (live.caller, live.operator)
        ]

    def _at(self, pbx: str) -> Pbx:
        if self._switch is None:
            raise Unavailable
        return self._switch.ami(pbx)

    def _hotline(self, live: Live) -> HotlineTable:
        return self._settings.hotline_by_id(live.hotline) or self._settings.hotlines[0]

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

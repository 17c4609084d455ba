"""Pausing, resuming and ending the recording of a live call (CT-3.7).

A pause mutes the MixMonitor (AMI MixMonitorMute): silence of the same length is written, so every
moment of the file stays the moment of the call. The PBX holds the truth: TONGDAI_PAUSED and
TONGDAI_STOPPED on the caller's channel, which the dialplan obeys when the caller is moved, also
while the service is away; after each connect they are asked for.
"""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import structlog

from telephony.calls.events import CallEnded, CallEvent, CallHeld, CallResumed, CallsUnheard
from telephony.calls.model import CallState, CallView
from telephony.calls.reconcile import PbxState
from telephony.capture import marks
from telephony.capture.errors import NotKept, RecordingStopped
from telephony.capture.events import KeepingChanged
from telephony.capture.model import Keeping, Kept, Mark, MarkKind, Why
from telephony.switch import Switch
from telephony.transfers.errors import CallNotConnected, NotYourCall
from tongdai.accounts.model import SYSTEM, Role, Viewer
from tongdai.aside import Aside
from tongdai.clock import Clock
from tongdai.db import Database
from tongdai.errands import Errands
from tongdai.errors import NotFound, Unavailable
from tongdai.events import Bus
from tongdai.ids import AccountId, CallId, Linkedid, call_id_of
from tongdai.settings import Settings

log = structlog.get_logger()

PAUSED, STOPPED = "TONGDAI_PAUSED", "TONGDAI_STOPPED"
_TALKING = (CallState.ANSWERED, CallState.HELD)
_HOLDS: Mapping[type[CallEvent], MarkKind] = {
    CallHeld: MarkKind.HOLD,
    CallResumed: MarkKind.UNHOLD,
}
LOOK_SECONDS = 1.0
UNHEARD_SECONDS = 2.0
"""Nobody holds and takes back a call in less."""


class RecordingControl:
    """Knows how the recording of every live call stands, and changes it."""

    def __init__(
        self, settings: Settings, db: Database, bus: Bus, clock: Clock, errands: Errands
    ) -> None:
        """Take what is needed; `connect` gives the bridge."""
        self._db, self._bus, self._clock, self._errands = db, bus, clock, errands
        self._limit = settings.recordings.pause_limit_seconds
        self._switch: Switch | None = None
        self._kept: dict[CallId, Kept] = {}
        self._aside = Aside()

    def connect(self, switch: Switch) -> None:
        """Act through this bridge; called before it runs."""
        self._switch = switch
        switch.on_state(self._on_state)
        self._bus.on(CallEvent, self._on_call)
        self._bus.on(CallsUnheard, self._on_unheard)

    async def run(self) -> None:
        """End pauses that were forgotten, until cancelled."""
        try:
            while True:
                await asyncio.sleep(LOOK_SECONDS)
                await self.end_forgotten()
        finally:
            await self._aside.end()

    def kept(self) -> tuple[Kept, ...]:
        """Return every live call whose recording is paused or stopped."""
        return tuple(self._kept.values())

    def may_record(self, call_id: CallId) -> bool:
        """Say whether anything of the call may still be recorded."""
        known = self._kept.get(call_id)
        return known is None or known.keeping is not Keeping.STOPPED

    async def pause(self, call_id: CallId, by: Viewer) -> Kept:
        """Write silence from now on; harmless when it is paused already.

        Raises:
            NotFound, NotYourCall, CallNotConnected: See telephony.transfers.errors.
            RecordingStopped: It has ended for good.
            NotKept: The call has no recording.
            Unavailable: The PBX does not answer: nothing has changed.
        """
        call, channel = self._mine(call_id, by)
        known = self._kept.get(call_id)
        if known is not None:
            return known
        now = self._clock.now()
        await self._set(call, channel, PAUSED, f"{by.id},{now.timestamp():.6f}")
        await self._mute(call, channel, on=True)
        later = self._there().call(call_id)
        if later is None or later.state not in _TALKING:
            await self._unmute(call)  # the caller was moved meanwhile
            raise CallNotConnected(None, call=call_id)
        return self._note(call_id, Keeping.PAUSED, now, by, Why.ASKED)

    async def resume(self, call_id: CallId, by: Viewer) -> Kept:
        """Record again; harmless when nothing is paused.

        Raises:
            NotFound, NotYourCall, CallNotConnected, RecordingStopped, Unavailable: As for `pause`.
        """
        call, channel = self._mine(call_id, by)
        if call_id in self._kept:
            await self._mute(call, channel, on=False)
            await self._set(call, channel, PAUSED, "")
        return self._note(call_id, Keeping.ON, self._clock.now(), by, Why.ASKED)

    async def stop(self, call_id: CallId, by: Viewer) -> Kept:
        """End the recording of a call for good: a state secret comes up (CT-3.7).

        What was recorded until now stays, and goes into the archive. Nothing of the call is
        recorded again, in no leg of it: neither after a transfer nor in a consultation.

        Raises:
            NotFound, NotYourCall, CallNotConnected, Unavailable: As for `pause`.
        """
        call, channel = self._mine(call_id, by, (*_TALKING, CallState.TRANSFERRING))
        known = self._kept.get(call_id)
        if known is not None and known.keeping is Keeping.STOPPED:
            return known
        now = self._clock.now()
        await self._set(call, channel, STOPPED, f"{by.id},{now.timestamp():.6f}")
        switch = self._there()
        channels = switch.channels_of(call_id)
        others = (*channels.others, channels.operator) if channels else ()
        for one in (channel, *others):
            if one is not None:  # where nothing is recorded, the PBX says so: no failure
                await switch.ami(call.pbx).action("StopMixMonitor", Channel=one)
        return self._note(call_id, Keeping.STOPPED, now, by, Why.STATE_SECRET)

    async def end_forgotten(self) -> None:
        """Resume what has been paused for longer than the setting allows."""
        if not self._limit:
            return
        oldest = self._clock.now() - timedelta(seconds=self._limit)
        for kept in self.kept():
            call = self._there().call(kept.call)
            if kept.keeping is not Keeping.PAUSED or kept.since > oldest or call is None:
                continue
            try:
                await self._unmute(call)
            except Unavailable:
                continue
            self._note(kept.call, Keeping.ON, self._clock.now(), SYSTEM, Why.LIMIT)

    # --- what is told ---

    def _on_call(self, event: CallEvent) -> None:
        call = event.call
        kind = _HOLDS.get(type(event))
        if kind is not None:
            by = call.operator if kind is MarkKind.HOLD else None
            self._write(Mark(call=call.id, at=event.at, kind=kind, by=by))
        known = self._kept.get(call.id)
        if known is None:
            return
        if isinstance(event, CallEnded):
            del self._kept[call.id]
        elif known.keeping is Keeping.PAUSED and call.state not in _TALKING:
            self._note(call.id, Keeping.ON, event.at, SYSTEM, Why.MOVED)
            self._aside.begin(self._after_move(call))

    def _on_unheard(self, event: CallsUnheard) -> None:
        """Mark in each call what nobody can know of it: no record of the PBX has holds."""
        for call in event.calls:
            since = max(event.since, call.answered_at or event.since)
            until = min(event.until, call.ended_at or event.until)
            if (until - since).total_seconds() >= UNHEARD_SECONDS:
                self._write(Mark(call=call.id, at=since, kind=MarkKind.UNHEARD))
                self._write(Mark(call=call.id, at=until, kind=MarkKind.HEARD))

    async def _after_move(self, call: CallView) -> None:
        """Make sure of it: the dialplan records anew only where the caller comes through `on`."""
        if call.id in self._kept:
            return
        try:
            await self._unmute(call)
        except (Unavailable, NotKept) as away:
            log.warning("recording.not_resumed", call=call.id, why=str(away))

    def _on_state(self, pbx: str, state: PbxState) -> None:
        ids = {call_id_of(pbx, Linkedid(c.facts.linkedid)) for c in state.channels}
        for call_id in ids:
            call = self._there().call(call_id)
            if call is not None and call.answered_at is not None and call.ended_at is None:
                self._aside.begin(self._ask(call))

    async def _ask(self, call: CallView) -> None:
        """Take over from the PBX how a call's recording stands: we may have been away."""
        try:
            stopped, paused = [await self._get(call, name) for name in (STOPPED, PAUSED)]
        except Unavailable:
            return
        keeping = Keeping.STOPPED if stopped else Keeping.PAUSED if paused else Keeping.ON
        known = self._kept.get(call.id)
        if keeping is (known.keeping if known else Keeping.ON):
            return
        by, at = _who(stopped or paused) or (None, self._clock.now())
        why = Why.STATE_SECRET if stopped else Why.ASKED if paused else Why.MOVED
        viewer = Viewer(id=by, name="") if by else SYSTEM
        self._note(call.id, keeping, at, viewer, why)

    # --- what is done ---

    def _mine(
        self, call_id: CallId, by: Viewer, states: tuple[CallState, ...] = _TALKING
    ) -> tuple[CallView, str]:
        switch = self._there()
        call, channels = switch.call(call_id), switch.channels_of(call_id)
        if call is None:
            raise NotFound("no_such_call", call=call_id)
        if by.id != call.operator and not by.has(Role.SUPERVISOR, call.hotline):
            raise NotYourCall(None, account=by.id)
        if call.state not in states or channels is None or channels.caller is None:
            raise CallNotConnected(None, call=call_id)
        if not self.may_record(call_id) and states is _TALKING:
            raise RecordingStopped(None, call=call_id)
        return call, channels.caller

    async def _mute(self, call: CallView, channel: str, *, on: bool) -> None:
        state = "1" if on else "0"
        ami = self._there().ami(call.pbx)
        done = await ami.action("MixMonitorMute", Channel=channel, Direction="both", State=state)
        if not done.ok:
            raise NotKept(None, call=call.id)

    async def _unmute(self, call: CallView) -> None:
        channels = self._there().channels_of(call.id)
        if channels is not None and channels.caller is not None:
            await self._mute(call, channels.caller, on=False)
            await self._set(call, channels.caller, PAUSED, "")

    async def _set(self, call: CallView, channel: str, name: str, value: str) -> None:
        done = await self._there().ami(call.pbx).action(
            "Setvar", Channel=channel, Variable=name, Value=value
        )  # fmt: skip
        if not done.ok:
            raise CallNotConnected(None, call=call.id)

    async def _get(self, call: CallView, name: str) -> str:
        channels = self._there().channels_of(call.id)
        if channels is None or channels.caller is None:
            return ""
        ami = self._there().ami(call.pbx)
        done = await ami.action("Getvar", Channel=channels.caller, Variable=name)
        return done.headers.get("Value", "") if done.ok else ""

    def _note(self, call: CallId, keeping: Keeping, at: datetime, by: Viewer, why: Why) -> Kept:
        person = None if by is SYSTEM else by.id
        kept = Kept(call=call, keeping=keeping, since=at, by=person, by_name=by.name)
        before = self._kept.pop(call, None)
        if keeping is not Keeping.ON:
            self._kept[call] = kept
        if before is not None or keeping is not Keeping.ON:
            kind = _MARKS[keeping]
            self._write(
                Mark(call=call, at=at, kind=kind, by=person, by_name=by.name, why=why.value)
            )
            log.info("recording.switched", call=call, keeping=keeping, why=why)
            self._bus.publish(KeepingChanged(kept=kept))
        return kept

    def _write(self, mark: Mark) -> None:
        async def job() -> None:
            async with self._db.write() as tx:
                await marks.write(tx, mark)

        self._errands.give(f"mark {mark.kind}", job)

    def _there(self) -> Switch:
        if self._switch is None:
            raise Unavailable
        return self._switch


_MARKS = {
    Keeping.ON: MarkKind.RESUME,
    Keeping.PAUSED: MarkKind.PAUSE,
    Keeping.STOPPED: MarkKind.STOP,
}


def _who(value: str) -> tuple[AccountId, datetime] | None:
    """Read what `pause` and `stop` set: `<account>,<seconds since 1970>`."""
    account, _, seconds = value.partition(",")
    try:
        return AccountId(account), datetime.fromtimestamp(float(seconds), UTC)
    except ValueError:
        return None

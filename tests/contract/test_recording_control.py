"""Pause, resume and stop: who may, what the PBX is told, what is kept of it (CT-3.7)."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from telephony.ami.packets import Facts
from telephony.calls.events import (
    CallEnded,
    CallEvent,
    CallHeld,
    CallResumed,
    CallsUnheard,
    CallTransferring,
)
from telephony.calls.model import CallChannels, CallState, CallView, Direction
from telephony.calls.reconcile import LiveChannel, PbxState
from telephony.capture import marks
from telephony.capture.control import RecordingControl
from telephony.capture.errors import NotKept, RecordingStopped
from telephony.capture.model import Keeping, Mark, MarkKind, paused, stopped_at
from telephony.transfers.errors import CallNotConnected, NotYourCall
from tests.support.fake_switch import FakeSwitch
from tests.support.small_settings import small_settings
from tests.support.tasks import running
from tests.support.wait import until
from tongdai import audit
from tongdai.accounts.model import Grant, Role, Viewer
from tongdai.clock import HandClock
from tongdai.db import Database
from tongdai.errands import Errands
from tongdai.errors import Unavailable
from tongdai.events import Bus
from tongdai.ids import AccountId, HotlineId, Linkedid, Uniqueid, call_id_of

CAN_THO = HotlineId("can-tho")
ANNA = Viewer(id=AccountId("anna"), name="Anna")
BINH = Viewer(id=AccountId("binh"), name="Bình")
CHIEF = Viewer(
    id=AccountId("chief"),
    name="Trưởng ca",
    grants=frozenset({Grant(hotline=CAN_THO, role=Role.SUPERVISOR)}),
)
LINKEDID = Linkedid("7.1")
CALL = call_id_of("main", LINKEDID)
CITIZEN, OPERATOR, PERSON = "PJSIP/carrier-1", "PJSIP/desk-1001-2", "PJSIP/carrier-3"


@dataclass
class Desk:
    recorder: RecordingControl
    switch: FakeSwitch
    db: Database
    bus: Bus
    errands: Errands
    clock: HandClock

    def call(self) -> CallView:
        return self.switch.calls[CALL]

    def becomes(self, state: CallState, kind: type[CallEvent]) -> None:
        """Let the call be in a state, and tell it."""
        self.switch.calls[CALL] = replace(self.call(), state=state)
        self.bus.publish(kind(call=self.call(), at=self.clock.now()))

    async def marks(self) -> list[Mark]:
        await self.errands.caught_up()
        async with self.db.read() as session:
            return await marks.of_call(session, CALL)

    async def told(self) -> list[tuple[str, str]]:
        return [(mark.kind.value, mark.why) for mark in await self.marks()]


@pytest.fixture
async def desk(database: Database, clock: HandClock) -> AsyncIterator[Desk]:
    bus, switch, errands = Bus(), FakeSwitch(), Errands()
    recorder = RecordingControl(small_settings(), database, bus, clock, errands)
    recorder.connect(switch)
    switch.calls[CALL] = CallView(
        id=CALL,
        pbx="main",
        linkedid=LINKEDID,
        hotline=CAN_THO,
        direction=Direction.INBOUND,
        caller_number="+84912345678",
        caller_raw="0912345678",
        caller_name="",
        caller_kind="mobile",
        called_number="02921022",
        started_at=datetime(2026, 11, 30, 0, 59, tzinfo=UTC),
        answered_at=datetime(2026, 11, 30, 0, 59, 30, tzinfo=UTC),
        state=CallState.ANSWERED,
        operator=ANNA.id,
    )
    switch.channels[CALL] = CallChannels(caller=CITIZEN, operator=OPERATOR, others=(PERSON,))
    async with running(errands.run()):
        yield Desk(recorder, switch, database, bus, errands, clock)


async def test_a_pause_mutes_the_citizens_channel_and_both_ends_are_marked(desk: Desk) -> None:
    begun = desk.clock.now()
    kept = await desk.recorder.pause(CALL, ANNA)
    assert (kept.keeping, kept.since, kept.by) == (Keeping.PAUSED, begun, ANNA.id)
    muted = desk.switch.last("MixMonitorMute")
    assert muted == {"Channel": CITIZEN, "Direction": "both", "State": "1"}
    assert (await desk.recorder.pause(CALL, ANNA)) == kept
    desk.clock.advance(timedelta(seconds=12))
    assert (await desk.recorder.resume(CALL, CHIEF)).keeping is Keeping.ON
    assert desk.switch.last("MixMonitorMute")["State"] == "0"
    assert desk.switch.variables["TONGDAI_PAUSED"] == ""
    assert await desk.told() == [("pause", "asked"), ("resume", "asked")]
    found = await desk.marks()
    assert [mark.by_name for mark in found] == ["Anna", "Trưởng ca"]
    assert paused(found, desk.clock.now()) == [(begun, begun + timedelta(seconds=12))]
    async with desk.db.read() as session:
        chained = await audit.history(session, audit.RECORDINGS, CALL)
    assert [(e.kind, e.actor) for e in chained] == [
        ("recording_pause", "anna"),
        ("recording_resume", "chief"),
    ]


async def test_only_who_talks_there_may_and_only_while_somebody_does(desk: Desk) -> None:
    with pytest.raises(NotYourCall):
        await desk.recorder.pause(CALL, BINH)
    for state in (CallState.QUEUED, CallState.TRANSFERRING, CallState.ENDED):
        desk.switch.calls[CALL] = replace(desk.call(), state=state)
        with pytest.raises(CallNotConnected):
            await desk.recorder.pause(CALL, ANNA)
    assert desk.switch.actions == []


async def test_what_the_pbx_did_not_do_is_not_said_to_be_done(desk: Desk) -> None:
    desk.switch.away = True
    with pytest.raises(Unavailable):
        await desk.recorder.pause(CALL, ANNA)
    desk.switch.away = False
    desk.switch.refused.add("MixMonitorMute")
    with pytest.raises(NotKept):
        await desk.recorder.pause(CALL, ANNA)
    assert desk.recorder.kept() == ()
    assert await desk.told() == []


async def test_a_pause_ends_when_the_caller_leaves_who_asked_for_it(desk: Desk) -> None:
    await desk.recorder.pause(CALL, ANNA)
    desk.clock.advance(timedelta(seconds=5))
    desk.becomes(CallState.TRANSFERRING, CallTransferring)
    assert desk.recorder.kept() == ()
    assert await desk.told() == [("pause", "asked"), ("resume", "moved")]
    await until(lambda: desk.switch.last("MixMonitorMute")["State"] == "0")


async def test_a_caller_who_is_moved_in_the_same_moment_is_not_left_muted(desk: Desk) -> None:
    async def moves(action: str) -> None:
        if action == "MixMonitorMute":
            desk.switch.calls[CALL] = replace(desk.call(), state=CallState.TRANSFERRING)

    desk.switch.before = moves
    with pytest.raises(CallNotConnected):
        await desk.recorder.pause(CALL, ANNA)
    assert desk.switch.last("MixMonitorMute")["State"] == "0"
    assert desk.recorder.kept() == ()


async def test_a_forgotten_pause_ends_at_the_limit(desk: Desk) -> None:
    await desk.recorder.pause(CALL, ANNA)
    desk.clock.advance(timedelta(seconds=599))
    await desk.recorder.end_forgotten()
    assert len(desk.recorder.kept()) == 1
    desk.clock.advance(timedelta(seconds=2))
    await desk.recorder.end_forgotten()
    assert desk.recorder.kept() == ()
    assert await desk.told() == [("pause", "asked"), ("resume", "limit")]


async def test_a_stop_is_for_every_leg_and_for_good(desk: Desk) -> None:
    await desk.recorder.pause(CALL, ANNA)
    desk.clock.advance(timedelta(seconds=1))
    await desk.recorder.stop(CALL, ANNA)
    stopped = [h["Channel"] for name, h in desk.switch.actions if name == "StopMixMonitor"]
    assert stopped == [CITIZEN, PERSON, OPERATOR]
    assert desk.switch.variables["TONGDAI_STOPPED"].startswith("anna,")
    assert not desk.recorder.may_record(CALL)
    for order in (desk.recorder.pause, desk.recorder.resume):
        with pytest.raises(RecordingStopped):
            await order(CALL, ANNA)
    desk.becomes(CallState.TRANSFERRING, CallTransferring)
    assert not desk.recorder.may_record(CALL)
    found = await desk.marks()
    assert stopped_at(found) == desk.clock.now()
    assert (found[-1].kind, found[-1].why) == (MarkKind.STOP, "state_secret")
    desk.becomes(CallState.ENDED, CallEnded)
    assert desk.recorder.kept() == ()


async def test_a_service_that_was_away_asks_the_pbx_how_it_stands(desk: Desk) -> None:
    at = desk.clock.now() - timedelta(seconds=40)
    desk.switch.variables["TONGDAI_PAUSED"] = f"anna,{at.timestamp():.6f}"
    there = Facts(
        uniqueid=Uniqueid("7.1"),
        linkedid=LINKEDID,
        name=CITIZEN,
        state=6,
        context="tongdai-queue",
        exten="can-tho",
        hotline=CAN_THO,
        transfer=None,
    )
    state = PbxState(channels=(LiveChannel(there, "0912345678", "", "Queue", None),))
    desk.switch.tell_state(state)
    await until(lambda: desk.recorder.kept() != ())
    [kept] = desk.recorder.kept()
    assert (kept.keeping, kept.by, kept.since) == (Keeping.PAUSED, ANNA.id, at)
    desk.switch.tell_state(state)
    desk.switch.variables["TONGDAI_PAUSED"] = ""
    desk.switch.tell_state(state)
    await until(lambda: desk.recorder.kept() == ())
    assert await desk.told() == [("pause", "asked"), ("resume", "moved")]


async def test_hold_is_marked_and_written_once_however_often_it_is_told(desk: Desk) -> None:
    for _ in range(2):
        desk.bus.publish(CallHeld(call=desk.call(), at=desk.clock.now()))
    desk.clock.advance(timedelta(seconds=3))
    desk.bus.publish(CallResumed(call=desk.call(), at=desk.clock.now()))
    found = await desk.marks()
    assert [(mark.kind, mark.by) for mark in found] == [
        (MarkKind.HOLD, ANNA.id),
        (MarkKind.UNHOLD, None),
    ]


async def test_what_nobody_heard_of_is_marked_within_the_talk_alone(desk: Desk) -> None:
    answered, now = desk.call().answered_at, desk.clock.now()
    assert answered is not None
    long_ago = answered - timedelta(minutes=5)
    told = CallsUnheard(pbx="main", since=long_ago, until=now, calls=(desk.call(),))
    desk.bus.publish(told)
    desk.bus.publish(told)
    blink = now + timedelta(seconds=1)
    desk.bus.publish(CallsUnheard(pbx="main", since=now, until=blink, calls=(desk.call(),)))
    found = await desk.marks()
    assert [(m.kind, m.at) for m in found] == [
        (MarkKind.UNHEARD, answered),
        (MarkKind.HEARD, now),
    ]

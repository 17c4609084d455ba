"""The transfers' doors and rows, against a PBX that takes everything down; on both databases."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

import pytest

from telephony.ami.client import Originated
from telephony.calls.errors import PbxAway
from telephony.calls.model import CallChannels, CallState, CallView, Direction
from telephony.calls.reconcile import PbxState
from telephony.calls.transfer import Kind, Reason, State
from telephony.operators import Operators
from telephony.transfers import Target, Transfers, TransferView, store
from telephony.transfers.errors import (
    CallNotConnected,
    NoSuchTransfer,
    NotPossibleNow,
    NotYourCall,
    TransferRunning,
)
from telephony.transfers.events import TransferChanged, TransferEnded
from tests.support.fake_switch import FakeSwitch
from tests.support.small_settings import small_settings
from tests.support.wait import until
from tongdai.accounts.model import Grant, Role, Viewer
from tongdai.clock import HandClock
from tongdai.db import Database, Tx
from tongdai.errors import NotFound
from tongdai.events import Bus
from tongdai.ids import AccountId, CallId, HotlineId, Linkedid, TransferId

CALLER, OPERATOR, PERSON = "PJSIP/carrier-1", "PJSIP/desk-1001-2", "PJSIP/carrier-3"
CALL, HOTLINE = CallId("call"), HotlineId("can-tho")
ANNA = Viewer(id=AccountId("anna"), name="Anna")
BINH = Viewer(id=AccountId("binh"), name="Bình")
CHIEF = Viewer(
    id=AccountId("chief"),
    name="Chi",
    grants=frozenset({Grant(hotline=HOTLINE, role=Role.SUPERVISOR)}),
)
TARGET = Target(number="+84913000001", label="Sở Xây dựng")


def call(state: CallState = CallState.ANSWERED) -> CallView:
    return CallView(
        id=CALL,
        pbx="main",
        linkedid=Linkedid("1.0"),
        hotline=HOTLINE,
        direction=Direction.INBOUND,
        caller_number="+84912345678",
        caller_raw="0912345678",
        caller_name="",
        caller_kind="mobile",
        called_number="02921022",
        started_at=datetime(2026, 11, 30, 1, tzinfo=UTC),
        state=state,
        operator=ANNA.id,
    )


@dataclass
class Desk:
    transfers: Transfers
    switch: FakeSwitch
    changed: list[State] = field(default_factory=list)
    ended: list[TransferView] = field(default_factory=list)
    written: list[TransferView] = field(default_factory=list)

    async def start(self, kind: Kind = Kind.WARM, by: Viewer = ANNA) -> TransferView:
        transfer = await self.transfers.start(CALL, kind=kind, target=TARGET, by=by)
        await until(lambda: "Originate" in self.switch.names())
        return transfer

    def leg(self, transfer: TransferView, event: str, **headers: str) -> None:
        given = {"Uniqueid": f"tongdai-{transfer.id}", "Channel": PERSON, **headers}
        self.switch.tell(event, **given)

    def takes(self, transfer: TransferView) -> None:
        self.leg(transfer, "Newstate", ChannelState="5")
        self.leg(transfer, "Newstate", ChannelState="6")
        self.leg(transfer, "ConfbridgeJoin")

    async def did(self, *wanted: str) -> None:
        """Wait until these actions were the last ones, leaving leases out."""

        def done() -> bool:
            names = [n for n, h in self.switch.actions if h.get("Variable") != "TONGDAI_LEASE"]
            return names[-len(wanted) :] == list(wanted)

        await until(done)


@pytest.fixture
async def desk(database: Database, clock: HandClock) -> AsyncIterator[Desk]:
    async for one in build(database, clock):
        yield one


async def build(db: Database, clock: HandClock, bus: Bus | None = None) -> AsyncIterator[Desk]:
    bus, switch, settings = bus or db.bus, FakeSwitch(), small_settings()
    switch.calls[CALL] = call()
    switch.channels[CALL] = CallChannels(caller=CALLER, operator=OPERATOR, others=())
    transfers = Transfers(settings, db, bus, clock, Operators(settings, db, bus, clock))
    transfers.connect(switch)
    one = Desk(transfers, switch)

    async def within(tx: Tx, event: TransferEnded) -> None:
        assert await store.by_id(tx.session, event.transfer.id) is not None
        one.written.append(event.transfer)

    bus.on(TransferChanged, lambda e: one.changed.append(e.transfer.state))
    bus.on(TransferEnded, lambda e: one.ended.append(e.transfer))
    bus.within(TransferEnded, within)
    task = asyncio.create_task(transfers.run())
    yield one
    task.cancel()
    await asyncio.wait([task])


async def test_a_warm_transfer_from_start_to_end_is_told_and_kept(
    desk: Desk, database: Database
) -> None:
    transfer = await desk.start()
    redirect = desk.switch.last("Redirect")
    assert (redirect["Channel"], redirect["Context"]) == (CALLER, "tongdai-hold")
    assert (redirect["ExtraChannel"], redirect["ExtraExten"]) == (OPERATOR, "operator")
    originate = desk.switch.last("Originate")
    assert originate["Channel"] == "PJSIP/0913000001@carrier"
    assert originate["CallerID"] == "<02921022>"
    assert originate["Exten"] == "straight"
    assert desk.switch.expected == [("main", transfer.id, CALL)]
    desk.takes(transfer)
    done = await desk.transfers.complete(transfer.id, ANNA)
    assert (done.state, done.operator_there) == (State.COMPLETED, False)
    await desk.did("StopMixMonitor", "Redirect", "Hangup")
    assert desk.switch.last("Hangup")["Channel"] == OPERATOR
    assert desk.changed == ["starting", "ringing", "answered", "accepted", "completed"]
    await until(lambda: desk.ended)
    async with database.read() as session:
        rows = await store.of_call(session, CALL)
    assert rows == [done] == desk.ended == desk.written


async def test_a_blind_transfer_asks_for_a_key_and_completes_itself(desk: Desk) -> None:
    transfer = await desk.start(Kind.BLIND)
    assert desk.switch.last("Originate")["Exten"] == "keys-can-tho"
    desk.takes(transfer)
    assert (await desk.transfers.get(transfer.id)).state is State.COMPLETED
    await desk.did("Redirect", "Hangup")


@pytest.mark.parametrize(
    ("rang", "cause", "reason"),
    [
        (False, "17", Reason.BUSY),
        (False, "21", Reason.REJECTED),
        (False, "19", Reason.UNREACHABLE),
        (True, "19", Reason.NO_ANSWER),
        (True, "", Reason.UNREACHABLE),
    ],
)
async def test_why_nobody_answered_is_kept(
    desk: Desk, *, rang: bool, cause: str, reason: Reason
) -> None:
    transfer = await desk.start()
    if rang:
        desk.leg(transfer, "Newstate", ChannelState="5")
    desk.leg(transfer, "Hangup", Cause=cause)
    done = await desk.transfers.get(transfer.id)
    assert (done.state, done.reason) == (State.RETURNED, reason)
    await desk.did("Redirect")
    assert desk.switch.last("Redirect")["Context"] == "tongdai-back"


async def test_a_leg_that_never_came_to_be_returns_the_caller(desk: Desk) -> None:
    desk.switch.originate_result = lambda: Originated(False, 0, "", "")
    transfer = await desk.start()

    async def returned() -> bool:
        return (await desk.transfers.get(transfer.id)).state is State.RETURNED

    await until(returned)
    assert (await desk.transfers.get(transfer.id)).reason is Reason.UNREACHABLE


@pytest.mark.parametrize(("key", "detail"), [("2", "refused"), ("3", "later"), ("none", "no_key")])
async def test_what_the_person_pressed_is_kept(desk: Desk, key: str, detail: str) -> None:
    transfer = await desk.start(Kind.BLIND)
    desk.leg(transfer, "Newstate", ChannelState="6")
    desk.leg(transfer, "UserEvent", UserEvent="TongdaiTransfer", Key=key)
    done = await desk.transfers.get(transfer.id)
    assert (done.reason, done.detail) == (Reason.NOT_ACCEPTED, detail)


async def test_who_may_and_when(desk: Desk) -> None:
    with pytest.raises(NotFound):
        await desk.transfers.start(CallId("?"), kind=Kind.WARM, target=TARGET, by=ANNA)
    with pytest.raises(NotYourCall):
        await desk.start(by=BINH)
    desk.switch.calls[CALL] = call(CallState.QUEUED)
    with pytest.raises(CallNotConnected):
        await desk.start()
    desk.switch.calls[CALL] = call()
    transfer = await desk.start()
    with pytest.raises(TransferRunning):
        await desk.start(by=CHIEF)
    with pytest.raises(NotYourCall):
        await desk.transfers.cancel(transfer.id, BINH)
    with pytest.raises(NotPossibleNow):
        await desk.transfers.join(transfer.id, ANNA)
    with pytest.raises(NoSuchTransfer):
        await desk.transfers.cancel(TransferId("?"), ANNA)
    with pytest.raises(NoSuchTransfer):
        await desk.transfers.get(TransferId("?"))
    done = await desk.transfers.cancel(transfer.id, CHIEF)
    assert (done.state, done.reason) == (State.CANCELLED, Reason.OPERATOR_CANCELLED)
    with pytest.raises(NotPossibleNow):
        await desk.transfers.cancel(transfer.id, ANNA)
    assert desk.transfers.for_call(CALL) is None


def nowhere(clock: HandClock) -> Database:
    """Return a database that does not answer."""
    return Database("postgresql+asyncpg://nobody@127.0.0.1:9/nowhere", clock, Bus())


async def test_a_pbx_that_does_not_answer_begins_nothing(desk: Desk, database: Database) -> None:
    desk.switch.away = True
    with pytest.raises(PbxAway):
        await desk.transfers.start(CALL, kind=Kind.WARM, target=TARGET, by=ANNA)
    assert (desk.transfers.for_call(CALL), desk.changed) == (None, [])

    async def forgotten() -> bool:
        async with database.read() as session:
            return await store.of_call(session, CALL) == []

    await until(forgotten)


async def test_a_transfer_is_written_down_before_the_caller_is_sent_away(
    desk: Desk, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed right afterwards, the service still knows it, and so does whoever asks by its id."""
    found: list[State] = []

    async def look(action: str) -> None:
        if action == "Redirect" and not found:
            async with database.read() as session:
                found.extend(view.state for view in await store.of_call(session, CALL))

    desk.switch.before = look
    monkeypatch.setattr("telephony.transfers.engine.WRITE_SECONDS", 60)
    await desk.start()
    assert found == [State.STARTING]


async def test_without_a_database_a_transfer_begins_all_the_same(clock: HandClock) -> None:
    async for desk in build(nowhere(clock), clock):
        transfer = await desk.start()
        assert desk.switch.last("Redirect")["Channel"] == CALLER
        assert (await desk.transfers.get(transfer.id)).state is State.STARTING


async def test_a_caller_who_hangs_up_before_it_begins_is_sent_nowhere(clock: HandClock) -> None:
    async for desk in build(nowhere(clock), clock):
        starting = asyncio.create_task(desk.start())
        await until(partial(desk.transfers.for_call, CALL))
        desk.switch.tell("Hangup", Uniqueid="1.0", Channel=CALLER, Cause="16")
        with pytest.raises(CallNotConnected):
            await starting
        assert (desk.switch.actions, desk.changed) == ([], [State.ABANDONED])


async def test_a_redirect_that_half_failed_brings_the_caller_back(desk: Desk) -> None:
    desk.switch.refused.add("Redirect")
    with pytest.raises(PbxAway):
        await desk.transfers.start(CALL, kind=Kind.WARM, target=TARGET, by=ANNA)
    assert desk.switch.last("Redirect")["Context"] == "tongdai-back"


async def test_a_leg_that_comes_after_the_end_is_hung_up(desk: Desk) -> None:
    transfer = await desk.start()
    await desk.transfers.cancel(transfer.id, ANNA)
    await desk.did("Redirect")
    desk.leg(transfer, "Newchannel")
    await desk.did("Hangup")
    assert desk.switch.last("Hangup")["Channel"] == PERSON


async def test_when_the_caller_hangs_up_later_the_person_is_released(desk: Desk) -> None:
    transfer = await desk.start(Kind.BLIND)
    desk.takes(transfer)
    await desk.did("Redirect", "Hangup")
    desk.switch.tell("Hangup", Uniqueid="1.0", Channel=CALLER, Cause="16")
    await desk.did("Hangup", "Hangup")
    assert desk.switch.last("Hangup")["Channel"] == PERSON


async def test_what_another_pbx_has_leaves_the_rooms_of_this_one_alone(desk: Desk) -> None:
    transfer = await desk.start(Kind.BLIND)
    desk.takes(transfer)
    await desk.did("Redirect", "Hangup")
    desk.switch.pbx = "south"
    desk.switch.tell_state(PbxState())
    desk.switch.pbx = "main"
    desk.switch.tell("Hangup", Uniqueid="1.0", Channel=CALLER, Cause="16")
    await desk.did("Redirect", "Hangup", "Hangup")
    assert desk.switch.last("Hangup")["Channel"] == PERSON


async def test_a_person_who_answered_while_we_stood_still_is_not_given_up(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a standstill the timer is due first, and the answer is read a moment later."""
    monkeypatch.setattr("telephony.transfers.engine.READ_SECONDS", 60)
    transfer = await desk.start()
    engine = desk.transfers._engine
    live = engine.live[transfer.id]
    engine.watch(live, 0)
    due = live.timer
    await until(lambda: live.timer is not due)
    desk.takes(transfer)
    assert (await desk.transfers.complete(transfer.id, ANNA)).state is State.COMPLETED


async def test_a_person_of_whom_nothing_is_heard_is_given_up(desk: Desk) -> None:
    transfer = await desk.start()
    desk.transfers._engine.watch(desk.transfers._engine.live[transfer.id], 0)
    await until(lambda: desk.ended)
    assert (desk.ended[0].state, desk.ended[0].reason) == (State.RETURNED, Reason.NO_ANSWER)


async def test_a_caller_whom_the_pbx_brought_back_is_with_the_operator(desk: Desk) -> None:
    transfer = await desk.start()
    desk.leg(transfer, "Newstate", ChannelState="5")
    desk.switch.tell("ConfbridgeJoin", Uniqueid="1.0", Channel=CALLER)
    done = await desk.transfers.get(transfer.id)
    assert (done.state, done.reason) == (State.RETURNED, Reason.PBX_FAILED)

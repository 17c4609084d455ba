"""Transfers when PBX or service began anew in the middle of one."""

from functools import partial

import pytest

from telephony.ami.packets import Facts
from telephony.calls.reconcile import LiveChannel, PbxState
from telephony.calls.transfer import Reason, State
from telephony.transfers import store
from telephony.transfers.errors import NotPossibleNow
from telephony.transfers.model import TransferView
from tests.contract.test_transfers import ANNA, CALL, CALLER, OPERATOR, PERSON, Desk, build, desk
from tests.support.wait import until
from tongdai.clock import HandClock
from tongdai.db import Database
from tongdai.events import Bus
from tongdai.ids import Linkedid, Uniqueid

__all__ = ["desk"]


def channel(
    name: str, context: str, uniqueid: str = "x", state: int = 6, linkedid: str = "1.0"
) -> LiveChannel:
    facts = Facts(Uniqueid(uniqueid), Linkedid(linkedid), name, state, context, "", None, None)
    return LiveChannel(facts, "", "", "", None)


async def written_down(database: Database, transfer: TransferView) -> None:
    """Wait until the next service can find it."""

    async def kept() -> bool:
        async with database.read() as session:
            return await store.by_id(session, transfer.id) is not None

    await until(kept)


async def test_after_the_pbx_s_restart_another_call_s_channels_are_not_taken_for_ours(
    desk: Desk,
) -> None:
    """It counts its channels from the beginning again: names repeat, linkedids do not."""
    transfer = await desk.start()
    desk.leg(transfer, "Newstate", ChannelState="5")
    others = (
        channel(CALLER, "tongdai-queue", linkedid="2.0"),
        channel(OPERATOR, "", linkedid="2.0"),
    )
    desk.switch.tell_state(PbxState(channels=others))
    done = await desk.transfers.get(transfer.id)
    assert (done.state, done.reason) == (State.ABANDONED, Reason.CALLER_HUNG_UP)
    await until(lambda: desk.ended)
    assert "Hangup" not in desk.switch.names()


async def test_the_next_service_goes_on_with_a_consultation(
    desk: Desk, database: Database, clock: HandClock
) -> None:
    transfer = await desk.start()
    desk.takes(transfer)

    async def kept() -> bool:
        async with database.read() as session:
            view = await store.by_id(session, transfer.id)
            return view is not None and view.state is State.ACCEPTED

    await until(kept)
    async for again in build(database, clock, Bus()):
        leg = channel(PERSON, "tongdai-room", f"tongdai-{transfer.id}")
        here = (channel(CALLER, "tongdai-hold"), channel(OPERATOR, "tongdai-room"), leg)
        again.switch.tell_state(PbxState(channels=here))
        await until(partial(again.transfers.for_call, CALL))
        done = await again.transfers.complete(transfer.id, ANNA)
        assert done.state is State.COMPLETED
        await again.did("StopMixMonitor", "Redirect", "Hangup")


@pytest.mark.parametrize(
    ("present", "state", "reason"),
    [
        ((), State.ABANDONED, Reason.CALLER_HUNG_UP),
        ((channel(CALLER, "tongdai-room"),), State.RETURNED, Reason.SERVICE_RESTARTED),
        ((channel(CALLER, "tongdai-hold"),), State.RETURNED, Reason.SERVICE_RESTARTED),
    ],
)
async def test_the_next_service_ends_what_the_pbx_ended(
    desk: Desk,
    database: Database,
    clock: HandClock,
    present: tuple[LiveChannel, ...],
    state: State,
    reason: Reason,
) -> None:
    transfer = await desk.start()
    await written_down(database, transfer)
    async for again in build(database, clock, Bus()):
        operator = channel(OPERATOR, "tongdai-room")
        again.switch.tell_state(PbxState(channels=(*present, operator)))

        async def ended(again: Desk = again) -> bool:
            return (await again.transfers.get(transfer.id)).ended_at is not None

        await until(ended)
        done = await again.transfers.get(transfer.id)
        assert (done.state, done.reason) == (state, reason)
    async for third in build(database, clock, Bus()):
        with pytest.raises(NotPossibleNow):  # it was there, and is over
            await third.transfers.cancel(transfer.id, ANNA)


async def test_the_next_service_knows_that_it_rings_already(
    desk: Desk, database: Database, clock: HandClock
) -> None:
    """It did not hear the ringing begin: rung out is still `no_answer`, not `unreachable`."""
    transfer = await desk.start()
    await written_down(database, transfer)
    async for again in build(database, clock, Bus()):
        leg = channel(PERSON, "tongdai-called", f"tongdai-{transfer.id}", state=5)
        here = (channel(CALLER, "tongdai-hold"), channel(OPERATOR, "tongdai-room"), leg)
        again.switch.tell_state(PbxState(channels=here))
        await until(partial(again.transfers.for_call, CALL))
        again.leg(transfer, "Hangup", Cause="19")
        done = await again.transfers.get(transfer.id)
        assert (done.state, done.reason) == (State.RETURNED, Reason.NO_ANSWER)

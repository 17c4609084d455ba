"""Who waits: told by events, read anew after a connect."""

from datetime import timedelta

import pytest

from telephony.ami.packets import Facts
from telephony.calls.reconcile import Entry, LiveChannel, PbxState
from telephony.queues import QueueChanged, Queues
from tests.support.fake_switch import FakeSwitch
from tests.support.small_settings import small_settings
from tongdai.clock import HandClock
from tongdai.events import Bus
from tongdai.ids import Linkedid, Uniqueid, call_id_of


@pytest.fixture
def told() -> list[QueueChanged]:
    return []


@pytest.fixture
def floor(clock: HandClock, told: list[QueueChanged]) -> tuple[Queues, FakeSwitch]:
    bus, switch = Bus(), FakeSwitch()
    bus.on(QueueChanged, told.append)
    queues = Queues(small_settings(), bus, clock)
    queues.connect(switch)
    return queues, switch


def join(switch: FakeSwitch, uniqueid: str, position: int, queue: str = "tongdai-can-tho") -> None:
    switch.tell(
        "QueueCallerJoin",
        Queue=queue,
        Uniqueid=uniqueid,
        Linkedid=uniqueid,
        Position=str(position),
    )


def waiting(queues: Queues) -> list[str]:
    return [w.call for w in queues.snapshot()[0].waiting]


def test_callers_stand_in_the_order_that_the_pbx_gives(floor: tuple[Queues, FakeSwitch]) -> None:
    queues, switch = floor
    join(switch, "1.0", 1)
    join(switch, "2.0", 2)
    join(switch, "3.0", 1)  # back from a transfer: first
    assert waiting(queues) == [call_id_of("main", u) for u in ("3.0", "1.0", "2.0")]


def test_a_caller_leaves_once_however_it_is_told(
    floor: tuple[Queues, FakeSwitch], told: list[QueueChanged]
) -> None:
    queues, switch = floor
    join(switch, "1.0", 1)
    switch.tell("QueueCallerLeave", Queue="tongdai-can-tho", Uniqueid="1.0")
    switch.tell("Hangup", Uniqueid="1.0")
    assert waiting(queues) == []
    assert len(told) == 2


def test_how_long_somebody_waits_is_told_by_the_service_clock(
    floor: tuple[Queues, FakeSwitch], clock: HandClock
) -> None:
    queues, switch = floor
    join(switch, "1.0", 1)
    clock.advance(timedelta(seconds=40))
    assert clock.now() - queues.snapshot()[0].waiting[0].since == timedelta(seconds=40)


def test_foreign_queues_are_not_ours(floor: tuple[Queues, FakeSwitch]) -> None:
    queues, switch = floor
    join(switch, "1.0", 1, queue="sales")
    join(switch, "2.0", 1, queue="tongdai-nowhere")
    assert all(not view.waiting for view in queues.snapshot())


def test_after_a_connect_the_pbx_says_who_waits(
    floor: tuple[Queues, FakeSwitch], clock: HandClock
) -> None:
    queues, switch = floor
    join(switch, "gone", 1)
    facts = Facts(Uniqueid("2.0"), Linkedid("2.0"), "PJSIP/carrier-2", 6, "", "", None, None)
    state = PbxState(
        channels=(LiveChannel(facts, "", "", "Queue", None),),
        entries=(
            Entry(Uniqueid("3.0"), "tongdai-can-tho", timedelta(seconds=5)),
            Entry(Uniqueid("2.0"), "tongdai-can-tho", timedelta(seconds=30)),
        ),
    )
    switch.tell_state(state)
    assert waiting(queues) == [call_id_of("main", u) for u in ("2.0", "3.0")]
    assert clock.now() - queues.snapshot()[0].waiting[0].since == timedelta(seconds=30)

"""Calling a citizen back: who may, whom, and what is said when nobody is reached."""

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from telephony.ami.client import Originated
from telephony.calls.model import CallChannels, CallView, Direction
from telephony.control import CallControl, DialFailed, OperatorDidNotAnswer
from telephony.operators import Operators
from telephony.operators.errors import InCall, NotAnOperatorHere, NotSignedOn
from telephony.transfers.errors import NoNumber, NotYourCall, NumberNotAllowed
from tests.support.fake_switch import FakeSwitch
from tests.support.small_settings import small_settings
from tongdai.accounts.model import Grant, Role, Viewer
from tongdai.clock import HandClock
from tongdai.db import Database
from tongdai.events import Bus
from tongdai.ids import AccountId, CallId, HotlineId, Linkedid, call_id_of

CAN_THO, CITIZEN = HotlineId("can-tho"), "0912345678"
ANNA = Viewer(
    id=AccountId("anna"),
    name="Anna",
    extension="1001",
    grants=frozenset({Grant(hotline=CAN_THO, role=Role.OPERATOR)}),
)
BINH = Viewer(id=AccountId("binh"), name="Bình", extension="1002")


@dataclass
class Desk:
    control: CallControl
    operators: Operators
    switch: FakeSwitch
    failed: list[DialFailed]

    def rings_out(self) -> CallId:
        """Put an outbound call of Anna's there, that rings."""
        call = CallView(
            id=call_id_of("main", Linkedid("7.1")),
            pbx="main",
            linkedid=Linkedid("7.1"),
            hotline=CAN_THO,
            direction=Direction.OUTBOUND,
            caller_number="+84912345678",
            caller_raw=CITIZEN,
            caller_name="",
            caller_kind="mobile",
            called_number="02921022",
            started_at=datetime(2026, 11, 30, 1, tzinfo=UTC),
            operator=ANNA.id,
            seat="desk-1001",
        )
        self.switch.calls[call.id] = call
        self.switch.channels[call.id] = CallChannels(
            caller="PJSIP/carrier-2", operator="PJSIP/desk-1001-1", others=()
        )
        return call.id


@pytest.fixture
async def desk(database: Database, clock: HandClock) -> Desk:
    settings, bus, switch = small_settings(), Bus(), FakeSwitch()
    operators = Operators(settings, database, bus, clock)
    control = CallControl(settings, operators, bus)
    failed: list[DialFailed] = []
    bus.on(DialFailed, failed.append)
    operators.connect(switch)
    control.connect(switch)
    return Desk(control, operators, switch, failed)


async def test_only_who_is_signed_on_at_the_hotline_and_in_no_call_may_call(desk: Desk) -> None:
    with pytest.raises(NotSignedOn):
        await desk.control.dial(ANNA, CAN_THO, CITIZEN)
    with pytest.raises(NotAnOperatorHere):
        await desk.control.dial(BINH, CAN_THO, CITIZEN)
    await desk.operators.sign_on(ANNA, "desk")
    desk.switch.tell("Newstate", Channel="PJSIP/desk-1001-1", ChannelState="6")
    with pytest.raises(InCall):
        await desk.control.dial(ANNA, CAN_THO, CITIZEN)
    assert "Originate" not in desk.switch.names()


@pytest.mark.parametrize(
    ("number", "refusal"),
    [
        ("113", NumberNotAllowed),
        ("+442071838750", NumberNotAllowed),
        ("02921022", NumberNotAllowed),
        ("khong-phai-so", NoNumber),
    ],
)
async def test_numbers_that_are_not_called(
    desk: Desk, number: str, refusal: type[Exception]
) -> None:
    await desk.operators.sign_on(ANNA, "desk")
    with pytest.raises(refusal):
        await desk.control.dial(ANNA, CAN_THO, number)
    assert "Originate" not in desk.switch.names()


async def test_a_phone_of_ones_own_that_is_not_answered_calls_nobody(desk: Desk) -> None:
    await desk.operators.sign_on(ANNA, "desk")
    desk.switch.originate_result = lambda: Originated(False, 3, "", "")
    with pytest.raises(OperatorDidNotAnswer):
        await desk.control.dial(ANNA, CAN_THO, CITIZEN)
    assert desk.switch.last("Originate")["Channel"] == "PJSIP/desk-1001"


@pytest.mark.parametrize(
    ("status", "why"),
    [("BUSY", "busy"), ("NOANSWER", "no_answer"), ("CHANUNAVAIL", "unreachable")],
)
async def test_the_operator_is_told_why_nobody_was_reached(
    desk: Desk, status: str, why: str
) -> None:
    call = desk.rings_out()
    desk.switch.tell("DialEnd", Linkedid="7.1", DialStatus=status)
    desk.switch.tell("DialEnd", Linkedid="9.9", DialStatus=status)
    assert [(f.call, f.operator, f.why) for f in desk.failed] == [(call, ANNA.id, why)]


async def test_an_operator_ends_his_own_call_and_nobody_elses(desk: Desk) -> None:
    call = desk.rings_out()
    with pytest.raises(NotYourCall):
        await desk.control.hang_up(call, BINH)
    await desk.control.hang_up(call, ANNA)
    assert desk.switch.last("Hangup")["Channel"] == "PJSIP/desk-1001-1"

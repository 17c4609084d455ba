"""Operators at two PBXs: members at each, offered one call at a time (issue 2, DESIGN.md Scale)."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from telephony.calls.errors import PbxAway
from telephony.calls.model import CallChannels, CallView
from telephony.operators import Operators
from telephony.operators.model import OperatorState
from telephony.switch import PacketListener, StateListener
from tests.contract.test_operators import ANNA, CHANNEL
from tests.support.fake_switch import FakeSwitch
from tests.support.small_settings import small_settings
from tests.support.wait import until
from tongdai.clock import HandClock
from tongdai.db import Database
from tongdai.events import Bus
from tongdai.ids import CallId, TransferId

QUEUE = ("tongdai-can-tho", "PJSIP/web-1001")


@dataclass
class TwoSwitches:
    """A bridge of two PBXs."""

    north: FakeSwitch = field(default_factory=lambda: FakeSwitch("north"))
    south: FakeSwitch = field(default_factory=lambda: FakeSwitch("south"))

    def ami(self, pbx: str) -> FakeSwitch:
        return {"north": self.north, "south": self.south}[pbx]

    def on_packet(self, names: tuple[str, ...], listener: PacketListener) -> None:
        self.north.on_packet(names, listener)
        self.south.on_packet(names, listener)

    def on_state(self, listener: StateListener) -> None:
        self.north.on_state(listener)
        self.south.on_state(listener)

    def call(self, call_id: CallId) -> CallView | None:
        del call_id
        return None

    def channels_of(self, call_id: CallId) -> CallChannels | None:
        del call_id
        return None

    def expect(self, pbx: str, transfer_id: TransferId, call_id: CallId) -> None:
        del pbx, transfer_id, call_id


@dataclass
class Floor:
    operators: Operators
    switches: TwoSwitches

    def state(self) -> OperatorState | None:
        operator = self.operators.get(ANNA.id)
        return operator.state if operator else None

    def queues(self) -> list[tuple[bool, str] | None]:
        """Return how both PBXs have Anna in Cần Thơ's queue: paused, and why."""
        found = (s.members.get(QUEUE) for s in (self.switches.north, self.switches.south))
        return [(m.paused, m.reason) if m else None for m in found]

    def ring(self, switch: FakeSwitch) -> None:
        queue, interface = QUEUE
        switch.tell("AgentCalled", Queue=queue, Interface=interface, DestChannel=CHANNEL)


@pytest.fixture
async def floor(database: Database, clock: HandClock) -> AsyncIterator[Floor]:
    switches = TwoSwitches()
    settings = small_settings(pbxs=("north", "south"), wrap_up_seconds=1)
    operators = Operators(settings, database, Bus(), clock)
    operators.connect(switches)
    task = asyncio.create_task(operators.run())
    yield Floor(operators, switches)
    task.cancel()
    await asyncio.wait([task])


async def test_signing_on_makes_a_member_at_each_and_signing_off_at_none(floor: Floor) -> None:
    await floor.operators.sign_on(ANNA, "web")
    assert floor.queues() == [(False, ""), (False, "")]
    await floor.operators.pause(ANNA.id, "meal")
    assert floor.queues() == [(True, "meal"), (True, "meal")]
    await floor.operators.sign_off(ANNA.id)
    assert floor.queues() == [None, None]


async def test_while_one_rings_or_talks_the_other_offers_nothing(floor: Floor) -> None:
    await floor.operators.sign_on(ANNA, "web")
    floor.ring(floor.switches.south)
    await until(lambda: floor.queues() == [(True, "ringing"), (False, "")])
    floor.switches.south.tell("Newstate", Channel=CHANNEL, ChannelState="6")
    await until(lambda: floor.queues() == [(True, "talking"), (True, "talking")])
    floor.switches.north.tell_state(floor.switches.north.state())
    assert floor.state() is OperatorState.TALKING
    floor.switches.south.tell("Hangup", Channel=CHANNEL, Cause="16")
    assert floor.state() is OperatorState.WRAP_UP
    await until(lambda: floor.queues() == [(False, ""), (False, "")])


async def test_a_channel_of_the_same_name_at_the_other_pbx_is_another(floor: Floor) -> None:
    await floor.operators.sign_on(ANNA, "web")
    floor.ring(floor.switches.south)
    floor.switches.south.tell("Newstate", Channel=CHANNEL, ChannelState="6")
    floor.ring(floor.switches.north)  # it rang there in the same moment
    floor.switches.north.tell("Hangup", Channel=CHANNEL, Cause="26")
    assert floor.state() is OperatorState.TALKING


async def test_a_phone_that_one_pbx_reaches_is_there(floor: Floor) -> None:
    await floor.operators.sign_on(ANNA, "web")
    told = {"Interface": QUEUE[1], "Queue": QUEUE[0]}
    floor.switches.north.tell("QueueMemberStatus", Status="1", **told)
    floor.switches.south.tell("QueueMemberStatus", Status="5", **told)
    assert floor.state() is OperatorState.READY
    operator = floor.operators.get(ANNA.id)
    assert operator is not None
    assert floor.operators.home(operator) == "north"
    floor.switches.north.tell("QueueMemberStatus", Status="5", **told)
    assert floor.state() is OperatorState.PAUSED


async def test_with_one_pbx_away_one_signs_on_at_the_other_and_there_when_it_is_back(
    floor: Floor,
) -> None:
    floor.switches.south.away = True
    await floor.operators.sign_on(ANNA, "web")
    assert floor.queues() == [(False, ""), None]
    part = (await floor.operators.health())["operators"]
    assert (part.state, "south" in part.detail) == ("degraded", True)
    floor.switches.south.away = False
    floor.switches.south.tell_state(floor.switches.south.state())
    await until(lambda: floor.queues() == [(False, ""), (False, "")])


async def test_with_both_away_one_cannot_sign_on(floor: Floor) -> None:
    floor.switches.north.away = floor.switches.south.away = True
    with pytest.raises(PbxAway):
        await floor.operators.sign_on(ANNA, "web")

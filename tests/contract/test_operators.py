"""The operators' service against a PBX that takes everything down; its log in both databases."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import func
from sqlmodel import select

from telephony.calls.errors import PbxAway
from telephony.calls.reconcile import Member, PbxState
from telephony.operators import Operators
from telephony.operators.errors import InCall, NoSeat, NotAnOperatorHere, UnknownPause
from telephony.operators.events import OperatorChanged
from telephony.operators.model import OperatorState
from telephony.operators.recall import left
from telephony.operators.store import changes_of
from telephony.operators.tables import OperatorStateChange
from tests.support.fake_switch import FakeSwitch
from tests.support.small_settings import small_settings
from tests.support.wait import until
from tongdai.accounts.model import Grant, Role, Viewer
from tongdai.accounts.tables import Account, Membership
from tongdai.clock import HandClock
from tongdai.db import Database
from tongdai.events import Bus
from tongdai.ids import AccountId, HotlineId

CAN_THO, TAY_NINH = HotlineId("can-tho"), HotlineId("tay-ninh")
ANNA = Viewer(
    id=AccountId("anna"),
    name="Anna",
    extension="1001",
    grants=frozenset(Grant(hotline=h, role=Role.OPERATOR) for h in (CAN_THO, TAY_NINH)),
)
BERTA = replace(ANNA, id=AccountId("berta"), name="Berta", extension="1002")
CHANNEL = "PJSIP/web-1001-0000000a"


@dataclass
class Floor:
    operators: Operators
    switch: FakeSwitch
    told: list[OperatorChanged]

    def state(self) -> OperatorState:
        operator = self.operators.get(ANNA.id)
        return operator.state if operator else OperatorState.SIGNED_OFF

    def reason(self) -> str:
        operator = self.operators.get(ANNA.id)
        return operator.reason if operator else ""

    def reason_is(self, who: Viewer, reason: str) -> bool:
        operator = self.operators.get(who.id)
        return operator is not None and operator.reason == reason

    def queue(self, hotline: str = "can-tho") -> tuple[bool, str] | None:
        member = self.switch.members.get((f"tongdai-{hotline}", "PJSIP/web-1001"))
        return (member.paused, member.reason) if member else None

    def ring(self) -> None:
        self.switch.tell(
            "AgentCalled",
            Queue="tongdai-can-tho",
            Interface="PJSIP/web-1001",
            MemberName="anna",
            DestChannel=CHANNEL,
        )

    def answer(self) -> None:
        self.switch.tell("Newstate", Channel=CHANNEL, ChannelState="6")

    def hang_up(self) -> None:
        self.switch.tell("Hangup", Channel=CHANNEL, Cause="16")


@pytest.fixture
async def floor(database: Database, clock: HandClock) -> AsyncIterator[Floor]:
    async for one in _floor(database, clock, wrap_up_seconds=1):
        yield one


async def _floor(db: Database, clock: HandClock, **changes: object) -> AsyncIterator[Floor]:
    bus, switch = Bus(), FakeSwitch()
    told: list[OperatorChanged] = []
    bus.on(OperatorChanged, told.append)
    operators = Operators(
        small_settings(**changes),
        db,
        bus,
        clock,
        browser_grace_seconds=0.05,
        missed_limit=2,
        retry_seconds=0.05,
    )
    operators.connect(switch)
    task = asyncio.create_task(operators.run())
    yield Floor(operators, switch, told)
    task.cancel()
    await asyncio.wait([task])


async def test_signing_on_makes_a_member_of_every_queue(floor: Floor) -> None:
    operator = await floor.operators.sign_on(ANNA, "web")
    assert operator.state is OperatorState.READY
    assert floor.queue("can-tho") == floor.queue("tay-ninh") == (False, "")
    assert floor.operators.operator_of("web-1001") == "anna"
    assert [e.operator.state for e in floor.told] == [OperatorState.READY]


async def test_signing_on_again_at_the_desk_moves_the_operator(floor: Floor) -> None:
    await floor.operators.sign_on(ANNA, "web")
    await floor.operators.sign_on(ANNA, "desk", (CAN_THO,))
    assert sorted(floor.switch.members) == [("tongdai-can-tho", "PJSIP/desk-1001")]
    assert floor.operators.operator_of("web-1001") is None


async def test_signing_on_twice_the_same_way_changes_nothing(floor: Floor) -> None:
    await floor.operators.sign_on(ANNA, "web")
    before = list(floor.switch.actions)
    await floor.operators.sign_on(ANNA, "web")
    assert floor.switch.actions == before


async def test_who_may_not_sign_on_is_told_why(floor: Floor) -> None:
    with pytest.raises(NoSeat):
        await floor.operators.sign_on(replace(ANNA, extension=None), "web")
    with pytest.raises(NotAnOperatorHere):
        await floor.operators.sign_on(ANNA, "web", (HotlineId("ha-noi"),))
    floor.switch.away = True
    with pytest.raises(PbxAway):
        await floor.operators.sign_on(ANNA, "web")
    assert floor.operators.snapshot() == ()


async def test_a_call_from_ring_to_the_end_of_the_wrap_up(floor: Floor) -> None:
    await floor.operators.sign_on(ANNA, "web")
    floor.ring()
    assert floor.state() is OperatorState.RINGING
    with pytest.raises(InCall):
        await floor.operators.sign_off(ANNA.id)
    floor.answer()
    await until(lambda: floor.queue() == (True, "talking"))
    floor.hang_up()
    assert floor.state() is OperatorState.WRAP_UP
    await until(lambda: floor.queue() == (True, "wrap_up"))
    await until(lambda: floor.queue() == (False, ""))
    assert floor.state() is OperatorState.READY


async def test_the_operator_may_end_the_wrap_up_or_pause_out_of_it(floor: Floor) -> None:
    await floor.operators.sign_on(ANNA, "web")
    for want, state in (("ready", OperatorState.READY), ("pause", OperatorState.PAUSED)):
        floor.answer()
        floor.hang_up()
        assert floor.state() is OperatorState.WRAP_UP
        if want == "ready":
            await floor.operators.ready(ANNA.id)
        else:
            await floor.operators.pause(ANNA.id, "meal")
        assert floor.state() is state
    assert floor.queue() == (True, "meal")
    with pytest.raises(UnknownPause):
        await floor.operators.pause(ANNA.id, "football")


async def test_a_phone_that_vanishes_is_not_offered_calls_until_it_is_back(floor: Floor) -> None:
    await floor.operators.sign_on(ANNA, "web")
    floor.switch.tell("QueueMemberStatus", Interface="PJSIP/web-1001", Status="5")
    assert floor.reason() == "phone_away"
    await until(lambda: floor.queue() == (True, "phone_away"))
    floor.switch.tell("QueueMemberStatus", Interface="PJSIP/web-1001", Status="1")
    await until(lambda: floor.queue() == (False, ""))


async def test_a_browser_may_reload_but_not_stay_away(floor: Floor) -> None:
    await floor.operators.sign_on(ANNA, "web")
    floor.operators.browser_gone(ANNA.id)
    floor.operators.browser_seen(ANNA.id)
    floor.operators.browser_gone(ANNA.id)
    await until(lambda: floor.queue() == (True, "browser_away"))
    floor.operators.browser_seen(ANNA.id)
    await until(lambda: floor.queue() == (False, ""))


async def test_calls_do_not_ring_into_the_void(floor: Floor) -> None:
    await floor.operators.sign_on(ANNA, "web")
    for _ in range(2):
        floor.ring()
        floor.switch.tell("AgentRingNoAnswer", Interface="PJSIP/web-1001", Queue="tongdai-can-tho")
        floor.hang_up()
    await until(lambda: floor.queue() == (True, "missed"))


async def test_a_pbx_that_started_again_gets_its_members_back(floor: Floor) -> None:
    await floor.operators.sign_on(ANNA, "web")
    await floor.operators.pause(ANNA.id, "meal")
    floor.switch.members.clear()
    floor.switch.tell_state(PbxState())
    await until(lambda: floor.queue() == (True, "meal"))


async def test_a_call_that_the_pbx_lost_ends_in_wrap_up(floor: Floor) -> None:
    await floor.operators.sign_on(ANNA, "web")
    floor.ring()
    floor.answer()
    floor.switch.tell_state(floor.switch.state())
    assert floor.state() is OperatorState.WRAP_UP


async def test_what_changed_while_the_pbx_was_away_is_told_when_it_is_back(floor: Floor) -> None:
    await floor.operators.sign_on(ANNA, "web")
    floor.switch.away = True
    await floor.operators.pause(ANNA.id, "meal")
    part = (await floor.operators.health())["operators"]
    assert part.state == "degraded"
    floor.switch.away = False
    floor.switch.tell_state(floor.switch.state())
    await until(lambda: floor.queue() == (True, "meal"))


async def test_what_the_pbx_did_without_answering_in_time_is_set_right(floor: Floor) -> None:
    """It hung for some seconds: it paused the member, and we had taken that for not done."""
    await floor.operators.sign_on(ANNA, "web")
    floor.switch.late = True
    await floor.operators.pause(ANNA.id, "meal")
    assert floor.queue() == (True, "meal")
    await floor.operators.ready(ANNA.id)
    floor.switch.late = False
    await until(lambda: floor.queue() == (False, ""))
    assert floor.state() is OperatorState.READY


async def test_a_member_whom_the_pbx_added_too_late_is_taken_out_again(floor: Floor) -> None:
    floor.switch.late = True
    with pytest.raises(PbxAway):
        await floor.operators.sign_on(ANNA, "web")
    floor.switch.members[("tongdai-can-tho", "PJSIP/web-1001")] = Member(
        "tongdai-can-tho", "PJSIP/web-1001", "anna", False, "", 1
    )
    floor.switch.late = False
    await until(lambda: not floor.switch.members)


async def test_who_signed_off_while_the_pbx_was_away_is_taken_out_when_it_is_back(
    floor: Floor,
) -> None:
    await floor.operators.sign_on(ANNA, "web")
    floor.switch.away = True
    await floor.operators.sign_off(ANNA.id)
    floor.switch.away = False
    floor.switch.tell_state(floor.switch.state())
    await until(lambda: not floor.switch.members)
    assert floor.operators.snapshot() == ()
    await floor.operators.sign_on(ANNA, "web")
    floor.switch.tell_state(floor.switch.state())
    assert floor.state() is OperatorState.READY


async def test_after_our_own_restart_the_members_are_read_back(
    floor: Floor, database: Database, clock: HandClock
) -> None:
    await floor.operators.sign_on(ANNA, "web")
    await floor.operators.pause(ANNA.id, "meal")
    async for again in _floor(database, clock):
        again.switch.members = floor.switch.members
        again.switch.tell_state(again.switch.state())
        operator = again.operators.get(ANNA.id)
        assert operator is not None
        assert (operator.state, operator.reason) == (OperatorState.PAUSED, "meal")
        assert operator.hotlines == (CAN_THO, TAY_NINH)
        assert again.operators.operator_of("web-1001") == "anna"


async def test_a_browser_that_is_back_before_the_members_are_read_is_not_taken_for_gone(
    floor: Floor, database: Database, clock: HandClock
) -> None:
    """Browsers come back to a service that started again sooner than the PBX's state does."""
    await floor.operators.sign_on(ANNA, "web")
    async for again in _floor(database, clock):
        again.switch.members = floor.switch.members
        again.operators.browser_seen(ANNA.id)
        again.switch.tell_state(again.switch.state())
        await again.operators.sign_on(BERTA, "web")
        again.operators.browser_gone(BERTA.id)
        await until(partial(again.reason_is, BERTA, "browser_away"))
        assert again.state() is OperatorState.READY


async def account_of(db: Database, viewer: Viewer, hotlines: tuple[HotlineId, ...]) -> None:
    """Write an operator's account and roles."""
    async with db.write() as tx:
        row = Account(id=viewer.id, username=viewer.id, full_name=viewer.name, password_hash="-")
        row.extension, row.created_at = viewer.extension, tx.now
        tx.session.add(row)
        await tx.session.flush()
        for hotline in hotlines:
            tx.session.add(
                Membership(account_id=viewer.id, hotline=hotline, role=Role.OPERATOR.value)
            )


async def test_after_a_power_cut_who_has_the_console_open_is_signed_on_as_before(
    floor: Floor, database: Database, clock: HandClock
) -> None:
    """Neither we nor the PBX remember; the log does, and the open browser says who is there."""
    await account_of(database, ANNA, (CAN_THO, TAY_NINH))
    await account_of(database, BERTA, (CAN_THO,))
    await floor.operators.sign_on(ANNA, "desk", (CAN_THO,))
    await floor.operators.sign_on(BERTA, "web", (CAN_THO,))
    clock.advance(timedelta(seconds=1))
    await floor.operators.pause(ANNA.id, "meal")
    await _logged(database, 3)
    async with asynccontextmanager(_floor)(database, clock) as again:
        again.operators.browser_seen(ANNA.id)  # before the PBX answers
        again.switch.tell_state(PbxState())
        await until(lambda: again.state() is OperatorState.PAUSED)
        operator = again.operators.get(ANNA.id)
        assert operator is not None
        assert (operator.seat, operator.hotlines, operator.reason, operator.name) == (
            "desk-1001",
            (CAN_THO,),
            "meal",
            "Anna",
        )
        await until(lambda: ("tongdai-can-tho", "PJSIP/desk-1001") in again.switch.members)
        assert again.operators.get(BERTA.id) is None
        again.operators.browser_seen(BERTA.id)  # the browser is back later
        await until(lambda: again.operators.get(BERTA.id) is not None)


async def test_after_a_power_cut_nobody_comes_back_who_had_left_or_may_not(
    floor: Floor, database: Database, clock: HandClock
) -> None:
    cora = replace(ANNA, id=AccountId("cora"), name="Cora", extension="1003")
    await account_of(database, ANNA, (CAN_THO,))
    await account_of(database, BERTA, ())  # an operator no more
    await account_of(database, cora, (CAN_THO,))
    for who in (ANNA, BERTA, cora):
        await floor.operators.sign_on(who, "web", (CAN_THO,))
    clock.advance(timedelta(seconds=1))
    await floor.operators.sign_off(ANNA.id)
    await _logged(database, 4)
    async with asynccontextmanager(_floor)(database, clock) as again:
        again.switch.tell_state(PbxState())
        for who in (ANNA, BERTA, cora):
            again.operators.browser_seen(who.id)
        await until(lambda: again.operators.get(cora.id) is not None)
        assert [o.account for o in again.operators.snapshot()] == ["cora"]
    await _logged(database, 5)
    async with database.read() as session:
        assert set(await left(session, clock.now())) == {"berta", "cora"}
        assert await left(session, clock.now() + timedelta(hours=13)) == {}


async def _logged(db: Database, rows: int) -> None:
    async def written() -> bool:
        async with db.read() as session:
            found = await session.execute(select(func.count()).select_from(OperatorStateChange))
            return bool(found.scalar_one() == rows)

    await until(written)


async def test_every_change_is_in_the_state_log(floor: Floor, database: Database) -> None:
    await floor.operators.sign_on(ANNA, "web")
    await floor.operators.pause(ANNA.id, "meal")
    await floor.operators.sign_off(ANNA.id)
    since = floor.told[0].at

    async def rows() -> list[tuple[str, str, str]]:
        async with database.read() as session:
            found = await changes_of(session, ANNA.id, since, since.replace(year=2027))
            return [(r.before, r.after, r.reason) for r in found]

    wanted = {
        ("signed_off", "ready", ""),
        ("ready", "paused", "meal"),
        ("paused", "signed_off", ""),
    }

    async def complete() -> bool:
        return set(await rows()) == wanted

    await until(complete)
    assert floor.queue() is None

"""Help from other hotlines: who is a member where, as what, and what the settings refuse."""

from dataclasses import replace
from pathlib import Path

import pytest

from telephony.calls.reconcile import Member, PbxState, state_of
from telephony.operators import Operators
from telephony.operators.overflow import helps_out
from telephony.operators.restore import unknown
from telephony.pbx_config import render
from tests.contract.test_operators import ANNA, CAN_THO, TAY_NINH
from tests.support.fake_switch import FakeSwitch
from tests.support.small_settings import hotline, small_settings
from tongdai.accounts.model import Grant, Role
from tongdai.clock import HandClock
from tongdai.db import Database
from tongdai.events import Bus
from tongdai.ids import HotlineId
from tongdai.settings import Settings
from tongdai.settings_queue import OVERFLOW_PENALTY, QueueTable

ONE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def settings(*helpers: str, back: tuple[str, ...] = (), after: int = 120) -> Settings:
    """Return settings of Cần Thơ, helped by others; `back` helps Tây Ninh in turn."""
    small = small_settings()
    to, back_to = (tuple(map(HotlineId, names)) for names in (helpers, back))
    queue = QueueTable(overflow_to=to, overflow_after_seconds=after)
    tables = (
        hotline("can-tho", "02921022", queue=queue),
        hotline("tay-ninh", "02761022", queue=QueueTable(overflow_to=back_to)),
    )
    return Settings(pbx=small.pbx, seats=small.seats, prompts=small.prompts, hotline=tables)


@pytest.mark.parametrize(
    ("helpers", "after", "why"),
    [
        (("hue",), 120, "no hotline 'hue'"),
        (("can-tho",), 120, "names itself"),
        (("tay-ninh", "tay-ninh"), 120, "twice"),
        (("tay-ninh",), 600, "below max_wait_seconds"),
    ],
)
def test_help_that_cannot_be_is_refused(helpers: tuple[str, ...], after: int, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        settings(*helpers, after=after)


def test_two_hotlines_may_help_each_other() -> None:
    both = settings("tay-ninh", back=("can-tho",))
    allowed = (CAN_THO, TAY_NINH)
    assert helps_out(both, (CAN_THO,), allowed) == (TAY_NINH,)
    assert helps_out(both, (TAY_NINH,), allowed) == (CAN_THO,)
    assert helps_out(both, allowed, allowed) == ()
    assert helps_out(both, (TAY_NINH,), (TAY_NINH,)) == (), "without the right nobody helps"


@ONE
async def test_who_helps_is_a_member_with_a_penalty(database: Database, clock: HandClock) -> None:
    switch = FakeSwitch()
    operators = Operators(settings("tay-ninh"), database, Bus(), clock)
    operators.connect(switch)
    await operators.sign_on(ANNA, "web", (TAY_NINH,))
    added = {h["Queue"]: h.get("Penalty") for name, h in switch.actions if name == "QueueAdd"}
    assert added == {"tongdai-tay-ninh": None, "tongdai-can-tho": str(OVERFLOW_PENALTY)}
    await operators.pause(ANNA.id, "break")
    assert {m.queue for m in switch.members.values() if m.paused} == set(added)
    await operators.sign_on(ANNA, "web", (CAN_THO, TAY_NINH))
    last = [(n, h.get("Penalty")) for n, h in switch.actions if h["Queue"] == "tongdai-can-tho"]
    assert last[-2:] == [("QueueRemove", None), ("QueueAdd", None)], "now it is his own queue"
    await operators.sign_on(ANNA, "web", (CAN_THO,))
    assert {m.queue for m in switch.members.values()} == {"tongdai-can-tho"}
    grants = frozenset({Grant(hotline=TAY_NINH, role=Role.OPERATOR)})
    await operators.sign_on(replace(ANNA, grants=grants), "web", (TAY_NINH,))
    assert {m.queue for m in switch.members.values()} == {"tongdai-tay-ninh"}


def test_after_a_restart_the_pbx_says_who_only_helps(clock: HandClock) -> None:
    packet = (
        "Event: QueueMember\r\nQueue: tongdai-can-tho\r\nLocation: PJSIP/web-1001\r\n"
        "Name: anna\r\nPenalty: 10\r\nPaused: 0\r\nStatus: 1"
    )
    (helper,) = state_of([packet.encode()]).members
    own = Member("tongdai-tay-ninh", "PJSIP/web-1001", "anna", paused=False, reason="", status=1)
    (anna,) = unknown((), PbxState(members=(helper, own)), {}, clock.now())
    assert (anna.hotlines, anna.also) == ((TAY_NINH,), (CAN_THO,))


def test_the_pbx_is_told_when_help_begins(tmp_path: Path) -> None:
    files = {path.name: path for path in render(settings("tay-ninh", after=90), tmp_path)}
    rules = (tmp_path / "tongdai" / "queuerules.conf").read_text()
    assert "[tongdai-can-tho]\npenaltychange => 90,10\n" in rules
    assert "tay-ninh" not in rules
    dialplan = (tmp_path / "tongdai" / "extensions.conf").read_text()
    assert "Queue(tongdai-can-tho,i,,,${TONGDAI_LEFT},,,tongdai-can-tho)" in dialplan
    assert "Queue(tongdai-tay-ninh,i,,,${TONGDAI_LEFT})" in dialplan
    assert "queuerules.conf" in files

"""Who was cut off rings again: before the others, with the reason and the call it is about."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from ivr.agi import AgiServer
from ivr.book import Flowbook
from ivr.menus import Menus
from ivr.register import Register
from ivr.speech.speaker import Speaker
from telephony.calls import store
from telephony.calls.choice import choice_of
from telephony.calls.model import CallState, CallView, Direction, Outcome
from tests.contract.register import HOTLINE, build
from tests.support.phone import Phone
from tests.support.small_settings import small_settings
from tests.support.wait import until
from tongdai.clock import HandClock
from tongdai.db import Database
from tongdai.ids import AccountId, CallId, Linkedid, call_id_of
from tongdai.settings import AgiTable, Settings
from tongdai.settings_queue import QueueTable
from web.console.shape import card

ANNA = AccountId("anna")


@pytest.fixture
def before(clock: HandClock) -> CallView:
    """A call of three minutes ago that was cut off."""
    at = clock.now() - timedelta(minutes=3)
    return CallView(
        id=call_id_of("main", "1763999000.7"),
        pbx="main",
        linkedid=Linkedid("1763999000.7"),
        hotline=HOTLINE,
        direction=Direction.INBOUND,
        caller_number="+84912345678",
        caller_raw="0912345678",
        caller_name="",
        caller_kind="mobile",
        called_number="02921022",
        started_at=at - timedelta(minutes=2),
        queue_joined_at=at - timedelta(minutes=2),
        answered_at=at - timedelta(minutes=1),
        ended_at=at,
        state=CallState.ENDED,
        outcome=Outcome.ANSWERED,
        operator=ANNA,
        cut_off=True,
    )


class Hotline:
    """A hotline without menus, served on paper."""

    def __init__(self, settings: Settings, db: Database, clock: HandClock) -> None:
        self.db = db
        menus = Menus(
            settings,
            db,
            clock,
            book=Flowbook({}),
            desk=Register(settings, db, db.bus, clock, clock),
            speaker=Speaker(settings, clock),
            calendar=lambda _hotline: None,
        )
        table = AgiTable.model_construct(host="127.0.0.1", port=0)
        self.server = AgiServer(table, {"greeting": menus.answer}, clock)

    async def priority(self, *written: CallView, caller: str = "0912345678") -> Phone:
        async with self.db.write() as tx:
            await store.save(tx, written, ())
        phone = Phone(caller=caller)
        async with asyncio.timeout(30):
            await phone.call(self.server.port)
        return phone


@pytest.fixture
async def hotline(database: Database, clock: HandClock, tmp_path: Path) -> AsyncIterator[Hotline]:
    await build(database)
    served = Hotline(small_settings(tmp_path, queue=QueueTable()), database, clock)
    task = asyncio.create_task(served.server.run())
    await until(lambda: served.server.port)
    yield served
    task.cancel()
    await asyncio.wait([task])


async def test_who_was_cut_off_comes_first_and_it_is_said_why(
    hotline: Hotline, before: CallView, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ivr.register.PATIENCE_SECONDS", 60)
    phone = await hotline.priority(before)
    assert phone.variables["TONGDAI_PRIORITY"] == "9"
    choice = choice_of(phone.told["TongdaiMenu"].removeprefix("Choice: "))
    assert before.ended_at is not None
    assert (choice.priority, choice.after) == (9, before.id)
    assert choice.cut_off_at == int(before.ended_at.timestamp())
    now = replace(
        before,
        id=CallId("new"),
        started_at=clock.now(),
        ended_at=None,
        state=CallState.QUEUED,
        menu=phone.told["TongdaiMenu"].removeprefix("Choice: "),
    )
    chosen = card(now, ANNA)["chosen"]
    assert chosen["after"] == before.id
    assert chosen["cut_off_at"].startswith(before.ended_at.isoformat()[:19])


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "case", ["said_goodbye", "long_ago", "other_caller", "other_hotline", "since"]
)
async def test_nobody_else_comes_first(
    hotline: Hotline, before: CallView, clock: HandClock, case: str
) -> None:
    written, caller = [before], "0912345678"
    match case:
        case "said_goodbye":
            written = [replace(before, cut_off=False)]
        case "long_ago":
            clock.advance(timedelta(minutes=8))
        case "other_caller":
            caller = "0912345679"
        case "other_hotline":
            written = [replace(before, hotline="tay-ninh")]
        case _:  # he has rung since, and nothing was cut off
            later = replace(before, id=CallId("later"), linkedid=Linkedid("1763999001.1"))
            started = before.started_at + timedelta(minutes=4)
            written.append(replace(later, started_at=started, cut_off=False))
    phone = await hotline.priority(*written, caller=caller)
    assert "TONGDAI_PRIORITY" not in phone.variables
    assert phone.told == {}

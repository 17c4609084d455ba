"""/metrics: counted from the events, measured from the parts, whole also without a database."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import ClassVar

import pytest
from prometheus_client.parser import text_string_to_metric_families

from rig.ports import free_ports
from sms.outbox import owe
from telephony.calls.events import CallEnded, CallRinging
from telephony.calls.model import CallState, CallView, Direction, Outcome
from tests.support.pages import Pages
from tongdai.clock import HandClock
from tongdai.db import Database
from tongdai.health import Condition, Part, State
from tongdai.ids import AccountId, CallId, HotlineId, Linkedid
from web.api.health import HEALTH, Health
from web.api.metrics import MEASURED, Measured


class Bridge:
    """Calls, packets and a lag, as the real bridge tells them."""

    handled = 17
    behind_seconds = 0.25

    def __init__(self, *calls: CallView) -> None:
        self._calls = calls

    def calls(self) -> tuple[CallView, ...]:
        return self._calls


class Sender:
    """Two gateways' tries."""

    outcomes: ClassVar = {("kannel", "accepted"): 3, ("kannel", "retry_later"): 1}


class Well:
    """A part that is well."""

    def __init__(self, name: str, clock: HandClock) -> None:
        self._name, self._condition = name, Condition(clock, State.OK)

    async def health(self) -> dict[str, Part]:
        return {self._name: self._condition.part}


def call(number: int, state: CallState, clock: HandClock, waited: int = 0) -> CallView:
    return CallView(
        id=CallId(f"c{number}"),
        pbx="main",
        linkedid=Linkedid(f"1.{number}"),
        hotline=HotlineId("can-tho"),
        direction=Direction.INBOUND,
        caller_number="+84912345678",
        caller_raw="0912345678",
        caller_name="",
        caller_kind="mobile",
        called_number="02921022",
        started_at=clock.now() - timedelta(seconds=waited + 5),
        queue_joined_at=clock.now() - timedelta(seconds=waited),
        state=state,
        outcome=Outcome.ABANDONED if state is CallState.ENDED else None,
    )


@asynccontextmanager
async def running(folder: Path, clock: HandClock, db: Database) -> AsyncIterator[Pages]:
    bridge = Bridge(
        call(1, CallState.QUEUED, clock, waited=40),
        call(2, CallState.QUEUED, clock, waited=10),
        call(3, CallState.ANSWERED, clock),
    )
    doors = {
        HEALTH: Health({"database": db, "agi": Well("agi", clock)}, clock, patience_seconds=60),
        MEASURED: Measured(bridge=bridge, sender=Sender()),  # type: ignore[arg-type]  # what is asked of it
    }
    async with Pages.open(folder, clock, db=db, doors=doors, packages=("portal", "api")) as found:
        yield found


@pytest.fixture
async def pages(database: Database, tmp_path: Path, clock: HandClock) -> AsyncIterator[Pages]:
    async with running(tmp_path, clock, database) as found:
        yield found


@pytest.fixture
async def without_database(tmp_path: Path, clock: HandClock) -> AsyncIterator[Pages]:
    """The pages on a PostgreSQL that does not answer."""
    (port,) = free_ports(1)
    db = Database(f"postgresql+asyncpg://nobody@127.0.0.1:{port}/nothing", clock)
    async with running(tmp_path, clock, db) as found:
        yield found
    await db.close()


async def measured(pages: Pages) -> dict[tuple[str, ...], float]:
    """Return every sample: (name, label values...) -> number."""
    answer = await (await pages.browser()).session.get(f"{pages.base}/metrics")
    assert answer.status == 200
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(await answer.text())
        for sample in family.samples
    }


async def test_calls_queue_bridge_outbox_and_parts_are_measured(
    pages: Pages, clock: HandClock
) -> None:
    ended, ringing = call(4, CallState.ENDED, clock), call(5, CallState.QUEUED, clock)
    pages.bus.publish(CallEnded(call=ended, at=clock.now()))
    pages.bus.publish(
        CallRinging(call=ringing, at=clock.now(), operator=AccountId("lan"), seat="web-1001")
    )
    async with pages.db.write() as tx:
        await owe(
            tx,
            key="k",
            hotline="can-tho",
            to="+84912345678",
            purpose="result",
            params={"ticket": "2026-000001"},
            ticket_id="t",
        )
    clock.advance(timedelta(seconds=20))
    found = await measured(pages)
    assert found["tongdai_calls", "can-tho", "queued"] == 2
    assert found["tongdai_queue_waiting", "can-tho"] == 2
    assert found["tongdai_queue_longest_wait_seconds", "can-tho"] == 60
    assert found["tongdai_ami_packets_total",] == 17
    assert found["tongdai_ami_lag_seconds",] == 0.25
    assert found["tongdai_message_attempts_total", "kannel", "accepted"] == 3
    assert found["tongdai_message_attempts_total", "kannel", "retry_later"] == 1
    assert found["tongdai_calls_ended_total", "can-tho", "abandoned"] == 1
    assert found["tongdai_pops_total", "can-tho"] == 1
    assert found["tongdai_messages", "queued"] == 1
    assert found["tongdai_message_oldest_seconds",] == 20
    assert found["tongdai_deadlines_due",] == 0
    assert found["tongdai_part_ok", "database"] == found["tongdai_part_ok", "agi"] == 1


async def test_without_a_database_the_rest_is_measured_all_the_same(
    without_database: Pages,
) -> None:
    found = await measured(without_database)
    assert found["tongdai_part_ok", "database"] == 0
    assert found["tongdai_calls", "can-tho", "answered"] == 1
    assert ("tongdai_deadlines_due",) not in found


async def test_healthz_answers_as_promised(pages: Pages, without_database: Pages) -> None:
    told = []
    for one in (pages, without_database):
        answer = await (await one.browser()).session.get(f"{one.base}/healthz")
        body = await answer.json()
        assert set(body["parts"]) == {"database", "agi"}
        assert set(body["parts"]["database"]) == {"state", "detail", "since"}
        told.append((answer.status, body["status"], body["parts"]["database"]["state"]))
    assert told == [(200, "ok", "ok"), (503, "down", "down")]

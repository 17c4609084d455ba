"""Wrong guesses count on every node and after a restart, whatever the database does."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from ivr.desk import Visit
from ivr.flow.acts import Locked, TicketFound, TicketUnknown
from ivr.register import MOST_WRONG, Register
from tests.contract.law import world
from tests.support.small_settings import small_settings
from tests.support.wait import until
from tickets import codes
from tongdai.clock import HandClock
from tongdai.db import Database
from tongdai.ids import CallId, HotlineId
from tongdai.phone import parse_caller
from tongdai.throttle.service import Tries
from tongdai.throttle.tables import WrongTry

ONE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
MOST, WITHIN = 4, timedelta(minutes=15)
GUESSER = "+84912345678"


@pytest.fixture(autouse=True)
def patient(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a guess wait until it is written, but where the file is locked."""
    if "locked" not in request.fixturenames:
        monkeypatch.setattr("tongdai.throttle.service.PATIENCE_SECONDS", 60)


def node(db: Database, clock: HandClock, door: str = "keypad") -> Tries:
    """Return what a node has that has just started."""
    return Tries(db, clock, door, most=MOST, within=WITHIN)


async def exhausted(db: Database, tries: Tries, who: str = GUESSER) -> bool:
    async with db.read() as session:
        return await tries.exhausted(session, who)


async def kept(db: Database) -> list[WrongTry]:
    async with db.read() as session:
        return list((await session.execute(select(WrongTry))).scalars())


async def test_two_nodes_count_together_and_a_restarted_one_has_not_forgotten(
    database: Database, clock: HandClock
) -> None:
    one, other = node(database, clock), node(database, clock)
    for tries in (one, other, one):
        await tries.wrong(GUESSER)
        assert not await exhausted(database, tries)
    await other.wrong(GUESSER)
    for tries in (one, other, node(database, clock)):
        assert await exhausted(database, tries)
        assert not await exhausted(database, tries, "+84912000000")
    assert not await exhausted(database, node(database, clock, "portal"))


async def test_after_a_while_none_counts_and_none_is_kept(
    database: Database, clock: HandClock
) -> None:
    tries = node(database, clock)
    for _guess in range(MOST):
        await tries.wrong(GUESSER)
    clock.advance(WITHIN - timedelta(seconds=1))
    assert await exhausted(database, tries)
    clock.advance(timedelta(seconds=1))
    assert not await exhausted(database, tries)
    await tries.wrong("+84912000000")
    assert [row.who for row in await kept(database)] == ["keypad +84912000000"]


async def test_guesses_at_the_same_time_are_each_counted_once(
    database: Database, clock: HandClock
) -> None:
    nodes = [node(database, clock) for _node in range(2)]
    await asyncio.gather(*(tries.wrong(GUESSER) for tries in nodes * 10))
    assert len(await kept(database)) == 20


@pytest.fixture
def locked(database: Database) -> Iterator[sqlite3.Connection]:
    """Somebody else holds the file: it can be read, and not written."""
    with closing(sqlite3.connect(str(database.url.database))) as somebody:
        somebody.execute("BEGIN IMMEDIATE")
        yield somebody


@ONE
async def test_nobody_waits_for_a_slow_database_and_the_guess_counts_all_the_same(
    database: Database, clock: HandClock, locked: sqlite3.Connection
) -> None:
    tries = node(database, clock)
    for _guess in range(MOST):
        await tries.wrong(GUESSER)  # it comes back while the file is still locked
    assert await exhausted(database, tries)
    assert await kept(database) == []
    locked.rollback()
    async with database.write():  # behind those that waited
        pass
    await tries.wrong(GUESSER)

    async def all_kept() -> bool:
        return len(await kept(database)) == MOST + 1

    await until(all_kept)


@ONE
async def test_what_the_database_did_not_take_is_written_with_the_next_guess(
    database: Database, clock: HandClock, locked: sqlite3.Connection
) -> None:
    hasty = Database(database.url.render_as_string(), clock, busy_seconds=0.01)
    tries = node(hasty, clock)
    for _guess in range(MOST - 1):
        await tries.wrong(GUESSER)
    assert not await exhausted(hasty, tries)
    locked.rollback()
    await tries.wrong(GUESSER)
    assert await exhausted(hasty, tries)
    await until(lambda: not tries._waiting)
    assert await exhausted(database, node(database, clock))
    await hasty.close()


@ONE
async def test_a_guesser_who_rings_at_another_node_has_to_wait_there_too(
    database: Database, clock: HandClock, tmp_path: Path
) -> None:
    here = await world(database)
    ticket = await here.filed()
    settings = small_settings(tmp_path)
    nodes = [Register(settings, database, database.bus, clock, clock) for _node in range(2)]
    for number in range(MOST_WRONG):
        found = await nodes[number % 2].find_ticket(visit(number), codes.new_code(), "")
        assert found == TicketUnknown()
    for register in (*nodes, Register(settings, database, database.bus, clock, clock)):
        assert await register.find_ticket(visit(90), ticket.code or "", "") == Locked()
    other = await nodes[0].find_ticket(visit(91, "0912000000"), ticket.code or "", "")
    assert isinstance(other, TicketFound)


def visit(number: int, caller: str = "0912345678") -> Visit:
    return Visit(
        call=CallId(f"main-{number}"),
        pbx="main",
        linkedid=f"1764000000.{number}",
        hotline=HotlineId("can-tho"),
        caller=parse_caller(caller),
    )

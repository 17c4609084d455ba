"""A database that can be read but not written, and who was signed in when that began."""

import asyncio
import shutil
import sqlite3
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from threading import Thread

import pytest

from telephony import behind
from tests.support.wait import until
from tongdai.accounts.service import Accounts
from tongdai.accounts.tables import Account, LoginFailure
from tongdai.clock import HandClock
from tongdai.db import Database, DatabaseAway, Tx
from tongdai.settings import WebTable


@pytest.fixture
async def db(sqlite_template: Path, tmp_path: Path, clock: HandClock) -> AsyncIterator[Database]:
    shutil.copy(sqlite_template, tmp_path / "kernel.db")
    made = Database(f"sqlite+aiosqlite:///{tmp_path}/kernel.db", clock, busy_seconds=2)
    yield made
    await made.close()


async def test_a_file_that_another_process_locks_is_down_until_it_is_free(
    db: Database, tmp_path: Path
) -> None:
    assert (await db.health())["database"].state == "ok"
    with _locked(tmp_path / "kernel.db"):
        async with db.read():
            pass  # reading goes on
        assert (await db.health())["database"].state == "down"
        async with db.read():
            pass
        part = (await db.health())["database"]
        assert (part.state, "locked" in part.detail) == ("down", True)
        with pytest.raises(DatabaseAway):
            async with db.write():
                pass
    assert (await db.health())["database"].state == "ok"


async def test_who_is_signed_in_does_not_wait_for_a_database_that_is_locked(
    db: Database, tmp_path: Path, clock: HandClock
) -> None:
    accounts = Accounts(db, clock, WebTable(), ("can-tho",))
    async with db.write() as tx:
        hashed = accounts.hash_password("mat-khau")
        row = Account(username="lan", full_name="Lan", password_hash=hashed, created_at=tx.now)
        tx.session.add(row)
    token, _ = await accounts.sign_in("lan", "mat-khau", "127.0.0.1")
    assert await accounts.by_cookie(token)
    clock.advance(timedelta(minutes=2))
    with _locked(tmp_path / "kernel.db"):
        found = await accounts.by_cookie(token)
        assert found is not None
        assert found[0].seen_at < clock.now() - timedelta(minutes=1)  # what was known before

    async def seen_again() -> bool:
        again = await accounts.by_cookie(token)
        return again is not None and again[0].seen_at == clock.now()

    await until(seen_again, within=10)
    await accounts.sign_out(token)
    assert await accounts.by_cookie(token) is None


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN EXCLUSIVE")
    try:
        yield
    finally:
        connection.close()


@pytest.mark.parametrize("again", range(1, 5))
async def test_who_is_cancelled_twice_leaves_nothing_that_never_ends(
    db: Database, again: int
) -> None:
    """SQLAlchemy stops what is closing already; the task that closes must end all the same."""

    async def work() -> None:
        while True:
            async with db.write() as tx:
                tx.session.add(LoginFailure(username="lan", address="127.0.0.1", at=tx.now))

    async with db.write():
        pass  # a connection is there
    for turns in range(1, 20):
        working = asyncio.create_task(work())
        for _ in range(turns):
            await asyncio.sleep(0)
        working.cancel()
        for _ in range(again):
            await asyncio.sleep(0)
        working.cancel()
        left = {working} | asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        _, unending = await asyncio.wait(left, timeout=60)
        assert not unending
    async with db.write():
        pass  # nobody holds the lock


def _at_work() -> list[Thread]:
    return [t for t in threading.enumerate() if "_connection_worker_thread" in t.name]


async def test_the_end_of_a_database_ends_what_a_task_left_behind_holds(db: Database) -> None:
    before, has_it = _at_work(), asyncio.Event()

    async def work() -> None:
        async with db.write():
            has_it.set()
            await asyncio.Event().wait()

    left_behind = asyncio.create_task(work())
    await has_it.wait()
    assert len(_at_work()) == len(before) + 1
    await db.close()
    assert _at_work() == before
    left_behind.cancel()
    await asyncio.wait([left_behind])
    assert _at_work() == before


async def test_rows_that_cannot_be_written_at_the_end_leave_no_writer_behind(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(behind, "LAST_SECONDS", 0.05)
    reached, others = asyncio.Event(), asyncio.all_tasks()

    async def write(tx: Tx) -> None:
        tx.session.add(LoginFailure(username="lan", address="127.0.0.1", at=tx.now))
        reached.set()
        await asyncio.Event().wait()

    rows = behind.WriteBehind(db, "test")
    rows.add("one", write)
    running = asyncio.create_task(rows.run())
    await reached.wait()
    running.cancel()
    await asyncio.wait([running])
    assert asyncio.all_tasks() == others
    async with db.write():
        pass  # nobody holds the lock

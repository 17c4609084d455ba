"""SQLite as the register wants it: a connection that ends once, its settings, its locks."""

import asyncio
import sqlite3
from functools import partial
from threading import Thread
from typing import Any
from weakref import WeakSet

import aiosqlite


class Connection(aiosqlite.Connection):
    """A connection that is ended once, by whoever comes first.

    SQLAlchemy stops a connection whose closing is cancelled; the closing then stops it again and
    waits for an answer, which the thread that has ended never gives, or forgets what that thread
    has still to close. A service that was told to end would wait for ever (asyncio.run).
    """

    told = False
    """Whether its end was asked for."""

    @property
    def thread(self) -> Thread:
        """Return the thread that it works in."""
        return self._thread

    async def close(self) -> None:
        """Close it after what it has still to do; one that was stopped closes itself."""
        if not self.told:
            await super().close()

    def stop(self) -> "asyncio.Future[Any] | None":
        """End its thread; None when that was told already."""
        if self.told:
            return None
        self.told = True
        return super().stop()


class Connections:
    """Makes a database's connections, and knows those that have not ended."""

    def __init__(self) -> None:
        """Begin without any."""
        self._made: WeakSet[Connection] = WeakSet()

    def make(self, database: str, **options: Any) -> Connection:
        """Return a connection to be awaited, as `aiosqlite.connect` does (SQLAlchemy's creator)."""
        made = Connection(partial(sqlite3.connect, database, **options), iter_chunk_size=64)
        made.thread.daemon = True  # as SQLAlchemy does with those that it makes itself
        self._made.add(made)
        return made

    async def ended(self) -> None:
        """End all, and wait for their threads, which talk to the loop until then.

        Some were stopped and not waited for; others are in the hands of a task that was left behind
        (a pool does not know those that it gave away).
        """
        for one in [one for one in self._made if one.thread.is_alive()]:
            one.stop()
            await asyncio.to_thread(one.thread.join)


def set_up(connection: Any, _record: Any) -> None:
    """Prepare a new connection (SQLAlchemy's event "connect")."""
    connection.isolation_level = None  # we say BEGIN ourselves
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def begin_immediate(connection: Any) -> None:
    """Begin a transaction that writes: the lock first, so no upgrade of one and no deadlock."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def begin_deferred(connection: Any) -> None:
    """Begin a transaction that reads."""
    connection.exec_driver_sql("BEGIN")

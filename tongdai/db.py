"""The database: one transaction for whoever changes something; SQLite or PostgreSQL by one URL."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import JSON, DateTime, Dialect, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.types import TypeDecorator
from sqlmodel import SQLModel

import tongdai.sqlite
from tongdai.clock import Clock, check_aware
from tongdai.errors import Unavailable
from tongdai.events import Bus, Event
from tongdai.health import Condition, Part, State

BUSY_SECONDS = 10.0
COMMAND_SECONDS = 20.0
"""A server that is silent for so long is away: no query of ours takes a second."""
NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
SQLModel.metadata.naming_convention = NAMES


class DatabaseAway(Unavailable):
    """The database does not answer."""

    code = "database_away"


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment, stored in UTC, returned in UTC, on both databases."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive moments; SQLite keeps no offset, so it is given UTC without one."""
        if value is None:
            return None
        utc = check_aware(value).astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the offset back."""
        del dialect
        return (
            None
            if value is None
            else (value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC))
        )


Json = JSON().with_variant(JSONB(), "postgresql")
"""A column of JSON values."""


class Tx:
    """One open transaction: its session, its moment, and what it will tell."""

    def __init__(self, session: AsyncSession, now: datetime, bus: Bus) -> None:
        self.session = session
        self.now = now
        self._bus = bus
        self._pending: list[Event] = []
        self._told: list[Event] = []

    def emit(self, what: Event) -> None:
        """Say what happened: `within` listeners run before the commit, `on` listeners after it."""
        self._pending.append(what)

    async def settle(self) -> None:
        """Run the `within` listeners of everything emitted, and of what they emit in turn."""
        while self._pending:
            told = self._pending.pop(0)
            self._told.append(told)
            await self._bus.run_within(self, told)

    def tell(self) -> None:
        """Tell the `on` listeners, once it is committed."""
        for told in self._told:
            self._bus.publish(told)


class Database:
    """Hands out sessions; knows whether the database answers."""

    def __init__(
        self,
        url: str,
        clock: Clock,
        bus: Bus | None = None,
        *,
        pool_size: int = 8,
        busy_seconds: float = BUSY_SECONDS,
    ) -> None:
        """Make the engines; nothing connects yet.

        Args:
            url: sqlite+aiosqlite:///FILE or postgresql+asyncpg://USER@HOST/NAME.
            clock: For `Tx.now` and since when it is away.
            bus: Told of what was emitted.
            pool_size: Connections at once (SQLite: to read).
            busy_seconds: How long one waits for somebody else's lock, or for a connection.
        """
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.clock = clock
        self.bus = bus or Bus()
        self._busy_seconds = busy_seconds
        self._reads, self._writes = Condition(clock, State.OK), Condition(clock, State.OK)
        if self.is_sqlite and self.url.database not in (None, "", ":memory:"):
            Path(str(self.url.database)).parent.mkdir(parents=True, exist_ok=True)
        self._connections = tongdai.sqlite.Connections()
        self._writer = self._engine(writes=True, pool_size=1 if self.is_sqlite else pool_size)
        self._reader = (
            self._engine(writes=False, pool_size=pool_size) if self.is_sqlite else self._writer
        )

    def _engine(self, *, writes: bool, pool_size: int) -> AsyncEngine:
        if not self.is_sqlite:
            return create_async_engine(
                self.url,
                pool_size=pool_size,
                pool_pre_ping=True,
                pool_timeout=self._busy_seconds,
                connect_args={"timeout": 5, "command_timeout": COMMAND_SECONDS},
            )
        engine = create_async_engine(
            self.url,
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=self._busy_seconds,
            connect_args={
                "timeout": self._busy_seconds,
                "async_creator_fn": self._connections.make,
            },
        )
        event.listen(engine.sync_engine, "connect", tongdai.sqlite.set_up)
        begin = tongdai.sqlite.begin_immediate if writes else tongdai.sqlite.begin_deferred
        event.listen(engine.sync_engine, "begin", begin)
        return engine

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """Give a session to read with; whatever it changes is rolled back.

        Raises:
            DatabaseAway: The database does not answer.
        """
        async with (
            self._guarded(self._reads),
            AsyncSession(self._reader, expire_on_commit=False) as session,
        ):
            await self._open(session, self._reads)
            try:
                yield session
            finally:
                session.expunge_all()  # what was read stays readable after the block
                await session.rollback()

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Tx]:
        """Give a transaction: committed when the block ends, rolled back when it raises.

        Raises:
            DatabaseAway: The database does not answer.
        """
        async with (
            self._guarded(self._writes),
            AsyncSession(self._writer, expire_on_commit=False) as session,
        ):
            await self._open(session, self._writes)
            tx = Tx(session, self.clock.now(), self.bus)
            yield tx
            await tx.settle()
            await session.commit()
        tx.tell()

    async def create_all(self) -> None:
        """Make every table that is imported; for tests, real databases are migrated."""
        async with self._writer.begin() as connection:
            await connection.run_sync(SQLModel.metadata.create_all)

    async def close(self) -> None:
        """Close every connection."""
        await self._writer.dispose()
        await self._reader.dispose()
        await self._connections.ended()

    async def health(self) -> dict[str, Part]:
        """Ask whether the database can be read and written; see HasHealth.

        A file that another process keeps locked can still be read, so both are tried.
        """
        with suppress(DatabaseAway):
            async with self.read():
                pass
            async with self.write():
                pass
        reads, writes = self._reads.part, self._writes.part
        return {"database": writes if reads.state is State.OK else reads}

    async def _open(self, session: AsyncSession, condition: Condition) -> None:
        try:
            _ = await session.connection()
        except OSError as error:
            raise DatabaseAway from error
        condition.set(State.OK)

    @asynccontextmanager
    async def _guarded(self, condition: Condition) -> AsyncIterator[None]:
        try:
            yield
        except IntegrityError:
            raise
        except DatabaseAway as away:
            condition.set(State.DOWN, f"database does not answer: {away.__cause__}")
            raise
        except (OperationalError, InterfaceError, PoolTimeout) as error:
            condition.set(State.DOWN, f"database does not answer: {_first_line(error)}")
            raise DatabaseAway from error
        except DBAPIError as error:
            if error.connection_invalidated:
                condition.set(State.DOWN, f"database does not answer: {_first_line(error)}")
                raise DatabaseAway from error
            raise


async def add_unless_there(session: AsyncSession, table: type[SQLModel], **values: object) -> None:
    """Add a row; where another transaction adds the same one, wait for that and leave it."""
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    await session.execute(insert(table).values(**values).on_conflict_do_nothing())


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__

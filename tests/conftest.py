"""What every test may ask for: a clock to move, and a database of either kind."""

import importlib
import os
import pkgutil
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg
import pytest

from rig import postgres
from tongdai.clock import HandClock
from tongdai.db import Database
from tongdai.events import Bus
from tongdai.ids import new_id

PARTS = ("tongdai", "telephony", "tickets", "escalation", "sms", "web")


def import_tables() -> None:
    """Import every tables.py, so that the metadata is whole."""
    for part in PARTS:
        package = importlib.import_module(part)
        for module in pkgutil.walk_packages(package.__path__, f"{part}."):
            if module.name.rsplit(".", 1)[-1] in {"tables", "audit"}:
                importlib.import_module(module.name)


@pytest.fixture
def clock() -> HandClock:
    """A Monday morning in Cần Thơ: 2026-11-30 08:00."""
    return HandClock(datetime(2026, 11, 30, 1, 0, tzinfo=UTC))


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a PostgreSQL server: the one that answers already, else one of our own."""
    named = os.environ.get(postgres.ENVIRONMENT)
    if named:
        yield named
        return
    with ExitStack() as stack:
        folder = stack.enter_context(TemporaryDirectory(prefix="tongdai-postgres-"))
        yield stack.enter_context(postgres.cluster(Path(folder) / "data"))


@pytest.fixture(scope="session")
def postgres_template() -> str:
    """The name of a database that has every table, to be cloned."""
    return f"template_{new_id()[:12]}"


@pytest.fixture(params=["sqlite", "postgresql"])
async def database(
    request: pytest.FixtureRequest, tmp_path: Path, clock: HandClock
) -> AsyncIterator[Database]:
    """An empty database with every table; the test runs once on each kind."""
    import_tables()
    if request.param == "sqlite":
        db = Database(f"sqlite+aiosqlite:///{tmp_path}/test.db", clock, Bus())
        await db.create_all()
        yield db
        await db.close()
        return
    server = request.getfixturevalue("postgres_server")
    template = request.getfixturevalue("postgres_template")
    name = f"test_{new_id()[:12]}"
    await _clone(server, template, name, clock)
    db = Database(server.rsplit("/", 1)[0] + f"/{name}", clock, Bus())
    yield db
    await db.close()
    await _execute(server, f'DROP DATABASE "{name}" WITH (FORCE)')


async def _clone(server: str, template: str, name: str, clock: HandClock) -> None:
    connection = await asyncpg.connect(server.replace("+asyncpg", ""))
    try:
        known = await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", template)
        if not known:
            await connection.execute(f'CREATE DATABASE "{template}"')
            db = Database(server.rsplit("/", 1)[0] + f"/{template}", clock)
            await db.create_all()
            await db.close()
        await connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    finally:
        await connection.close()


async def _execute(server: str, statement: str) -> None:
    connection = await asyncpg.connect(server.replace("+asyncpg", ""))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()

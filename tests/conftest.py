"""What every test may ask for: a clock to move, and a database of either kind."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import asyncpg
import pytest
import structlog
from argon2 import PasswordHasher
from hypothesis import HealthCheck, settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from rig import postgres
from tongdai import migrate
from tongdai.clock import HandClock
from tongdai.db import Database
from tongdai.events import Bus
from tongdai.ids import new_id

settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")  # how long an example takes says how busy the machine is

_WORLD = 'pytest.mark.asyncio(loop_scope="module")'
WORLD_SECONDS = 300
"""What a file whose tests share a world counts for, against a test's time-out."""


class Worlds(LoadScopeScheduling):
    """Gives each test to whoever is free, but those of a file that share a world to one worker.

    (xdist's own --dist loadgroup does not group with pytest 9.)
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split("::", 1)[0]
        return file if _shares_a_world(self.config.rootpath / file) else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Worlds | None:
    """Serve `--dist loadscope` by worlds."""
    return Worlds(config, log) if config.getvalue("dist") == "loadscope" else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let those come first that may last long, or share a world and cannot be parted.

    Begun last, they would leave the other workers idle (rig/test.sh: --dist loadscope).
    """
    items.sort(key=lambda item: -_length(item))


@cache
def _shares_a_world(file: Path) -> bool:
    return _WORLD in file.read_text(encoding="utf-8")


def _length(item: pytest.Item) -> float:
    """Return what a test may last, in seconds; of a shared world something for the whole file."""
    marker = item.get_closest_marker("timeout")
    alone = float(marker.args[0] if marker else item.config.getini("timeout"))
    return max(alone, WORLD_SECONDS if _shares_a_world(item.path) else 0)


@pytest.fixture(scope="session", autouse=True)
def quick_hashes() -> Iterator[None]:
    """Passwords of tests are hashed as those of the sample are: argon2 is slow on purpose."""
    with pytest.MonkeyPatch.context() as patch:
        quick = partial(PasswordHasher, time_cost=1, memory_cost=1024, parallelism=1)
        patch.setattr("tongdai.accounts.service.PasswordHasher", quick)
        yield


@pytest.fixture(scope="session", autouse=True)
def logs_without_variables() -> None:
    """Keep structlog from drawing every variable of a traceback, which takes it seconds."""
    *before, _ = structlog.get_config()["processors"]
    plain = structlog.dev.ConsoleRenderer(
        colors=False, exception_formatter=structlog.dev.plain_traceback
    )
    structlog.configure(processors=[*before, plain])


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
def postgres_template(postgres_server: str) -> str:
    """The name of a migrated database, to be cloned."""
    name = f"template_{new_id()[:12]}"
    _aside(_migrated(postgres_server, name))
    return name


@pytest.fixture(scope="session")
def sqlite_template() -> Iterator[Path]:
    """A migrated SQLite file, to be copied."""
    with TemporaryDirectory(prefix="tongdai-sqlite-") as folder:
        path = Path(folder) / "template.db"
        _aside(migrate.upgrade(f"sqlite+aiosqlite:///{path}"))
        yield path


@pytest.fixture(params=["sqlite", "postgresql"])
async def database(
    request: pytest.FixtureRequest, tmp_path: Path, clock: HandClock
) -> AsyncIterator[Database]:
    """A migrated, empty database; the test runs once on each kind."""
    if request.param == "sqlite":
        copy = shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "test.db")
        db = Database(f"sqlite+aiosqlite:///{copy}", clock, Bus())
        yield db
        await db.close()
        return
    server = request.getfixturevalue("postgres_server")
    template = request.getfixturevalue("postgres_template")
    name = f"test_{new_id()[:12]}"
    db = Database(await clone(server, template, name), clock, Bus())
    yield db
    await db.close()
    await _execute(server, f'DROP DATABASE "{name}" WITH (FORCE)')


async def clone(server: str, template: str | None, name: str) -> str:
    """Make database `name`, empty or a copy of `template`; return its URL."""
    like = f'TEMPLATE "{template}" STRATEGY FILE_COPY' if template else ""
    await _execute(server, f'CREATE DATABASE "{name}" {like}')
    return server.rsplit("/", 1)[0] + f"/{name}"


async def _execute(server: str, statement: str) -> None:
    connection = await asyncpg.connect(server.replace("+asyncpg", ""))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def _migrated(server: str, name: str) -> None:
    await migrate.upgrade(await clone(server, None, name))


def _aside(work: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine in a loop of its own: a test's loop may be running already."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, work).result()

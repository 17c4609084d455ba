"""The schema's history carried out: `upgrade` brings any database to the newest version."""

import asyncio
import importlib
import pkgutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import SQLModel

FOLDER = Path(__file__).parent.parent / "migrations"
_PARTS = ("tongdai", "telephony", "tickets", "escalation", "ivr", "sms", "web")


def import_tables() -> None:
    """Import every tables.py, so that the metadata is whole."""
    for part in _PARTS:
        package = importlib.import_module(part)
        for module in pkgutil.walk_packages(package.__path__, f"{part}."):
            if module.name.rsplit(".", 1)[-1] in {"tables", "audit"}:
                importlib.import_module(module.name)


async def upgrade(url: str) -> None:
    """Migrate the database at `url` to the newest version; harmless when it is there."""
    await asyncio.to_thread(command.upgrade, configuration(url), "head")
    database = make_url(url)
    if database.get_backend_name() == "sqlite" and database.database:
        await asyncio.to_thread(_write_ahead, database.database)


async def version(url: str) -> str | None:
    """Return the version that the database at `url` is at, None when it was never migrated."""
    engine = create_async_engine(url)
    try:
        async with engine.connect() as connection:
            return (
                await connection.execute(text("SELECT version_num FROM alembic_version"))
            ).scalar()
    except DBAPIError:
        return None
    finally:
        await engine.dispose()


def newest() -> str | None:
    """Return the newest version in migrations/."""
    return ScriptDirectory(str(FOLDER)).get_current_head()


async def differences(url: str) -> list[Any]:
    """Return what the migrated database at `url` has other than the models say."""
    import_tables()
    engine = create_async_engine(url)
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(_compare)
    finally:
        await engine.dispose()


def configuration(url: str) -> Config:
    """Return Alembic's configuration for the database at `url`."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    config.attributes["configure_logger"] = False
    return config


def same_type(
    _context: Any, _inspected: Any, _metadata: Any, _found: Any, _wanted: Any
) -> bool | None:
    """Tell Alembic that our own column types, seen as their plain ones, are no difference."""
    return False


def _write_ahead(file: str) -> None:
    """Switch a SQLite file to WAL for good: two first connections at once would lock each other."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")


def _compare(connection: Connection) -> list[Any]:
    context = MigrationContext.configure(connection, opts={"compare_type": same_type})
    return list(compare_metadata(context, SQLModel.metadata))

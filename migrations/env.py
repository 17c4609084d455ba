"""How Alembic reaches the database: one connection, async driver, batch mode for SQLite."""

import asyncio
from typing import Any

from alembic import context
from sqlalchemy import JSON, Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import SQLModel
from sqlmodel.sql.sqltypes import AutoString

from tongdai.db import UtcDateTime
from tongdai.migrate import import_tables, same_type

import_tables()


def _render(kind: str, item: Any, _context: Any) -> str | bool:
    """Write our own column types by their names."""
    if kind != "type":
        return False
    if isinstance(item, UtcDateTime):
        return "tongdai.db.UtcDateTime()"
    if isinstance(item, JSON):
        return "tongdai.db.Json"
    return "sa.String()" if isinstance(item, AutoString) else False


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=same_type,
        render_item=_render,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


async def _connect() -> None:
    url = context.config.get_main_option("sqlalchemy.url")
    engine = create_async_engine(str(url))
    async with engine.connect() as connection:
        await connection.run_sync(_run)
        await connection.commit()
    await engine.dispose()


asyncio.run(_connect())

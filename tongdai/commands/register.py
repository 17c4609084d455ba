"""The register, for the commands that need it; apart, for a database takes its time to load."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tongdai import migrate
from tongdai.clock import SystemClock
from tongdai.commands.support import CommandError
from tongdai.db import Database, DatabaseAway
from tongdai.settings import Settings


@asynccontextmanager
async def register(found: Settings, *, migrated: bool = True) -> AsyncIterator[Database]:
    """Open the register's database.

    Raises:
        CommandError: It does not answer, or it is not at the newest version.
    """
    if migrated and await migrate.version(found.database.url) != migrate.newest():
        message = (
            "the database is not at the newest version (run: tongdai init, or tongdai migrate)"
        )
        raise CommandError(message)
    db = Database(found.database.url, SystemClock())
    try:
        yield db
    except DatabaseAway as away:
        message = f"the database does not answer: {away.__cause__ or away}"
        raise CommandError(message) from away
    finally:
        await db.close()

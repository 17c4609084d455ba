"""`tongdai audit verify` and `replay`: what can be proven afterwards."""

import sys
from pathlib import Path

from telephony.replay import Replayed, ReplayRefused
from telephony.replay import replay as replay_calls
from tongdai import audit, migrate
from tongdai.clock import SystemClock
from tongdai.commands.register import register
from tongdai.commands.support import CommandError, print_json, run, say, settings
from tongdai.db import Database, DatabaseAway
from tongdai.settings import Settings


def audit_verify(*, as_json: bool) -> None:
    """Walk the chains; end with status 1 when one is broken."""
    broken = run(_walk(settings()))
    for link in broken:
        if as_json:
            print_json({"chain": link.chain, "seq": link.seq, "why": link.why})
        else:
            say(f"{link.chain}, entry {link.seq}: {link.why}")
    if broken:
        sys.exit(1)
    if not as_json:
        say("every chain is whole")


def replay(file: str, database: str) -> None:
    """Rebuild the calls of a journal or a capture.

    Raises:
        CommandError: It cannot be replayed, or the database is not empty or does not answer.
    """
    source = Path(file)
    if not source.exists():
        message = f"{file}: there is no such file or folder"
        raise CommandError(message)
    if not database.startswith(("sqlite+aiosqlite://", "postgresql+asyncpg://")):
        message = "--database: give sqlite+aiosqlite:///FILE or postgresql+asyncpg://USER@HOST/NAME"
        raise CommandError(message)
    try:
        done = run(_replay(source, database, settings()))
    except ReplayRefused as refused:
        raise CommandError(str(refused)) from refused
    except DatabaseAway as away:
        message = f"the database does not answer: {away.__cause__ or away}"
        raise CommandError(message) from away
    say(f"{done.calls} calls and {done.legs} legs from {done.packets} packets")


async def _walk(found: Settings) -> list[audit.BrokenLink]:
    async with register(found) as db, db.read() as session:
        return await audit.verify(session)


async def _replay(source: Path, database: str, found: Settings) -> Replayed:
    await migrate.upgrade(database)
    db = Database(database, SystemClock())
    try:
        return await replay_calls(source, db, found)
    finally:
        await db.close()

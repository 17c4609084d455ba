"""`tongdai serve`, `init`, `migrate`, `doctor`, `asterisk render`: running an installation."""

import sqlite3
import sys
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from escalation.procedure import ProcedureError
from telephony.pbx_config import render
from tongdai import doctor as doctors
from tongdai import logs, sample
from tongdai import migrate as migrations
from tongdai.calendar import CalendarError
from tongdai.clock import SystemClock
from tongdai.commands.register import register
from tongdai.commands.support import CommandError, print_json, run, say, settings
from tongdai.compose import EVERYTHING
from tongdai.serve import serve as run_service
from tongdai.settings import Settings


def serve(only: str) -> None:
    """Run the service.

    Raises:
        CommandError: An unknown part, some parts on SQLite, or a law that contradicts itself.
    """
    found = settings()
    parts = frozenset(part.strip() for part in only.split(",") if part.strip()) or EVERYTHING
    if not parts <= EVERYTHING:
        message = f"--only {only}: known are {', '.join(sorted(EVERYTHING))}"
        raise CommandError(message)
    if parts != EVERYTHING and found.database.url.startswith("sqlite"):
        message = "--only needs PostgreSQL: several nodes cannot share an SQLite file"
        raise CommandError(message)
    logs.configure(found.log.level)
    run(_checked(found))
    try:
        run(run_service(found, parts))
    except (ProcedureError, CalendarError) as error:
        raise CommandError(str(error)) from error


def init(*, as_json: bool) -> None:
    """Migrate the database and load the sample data."""
    report = run(_init(settings()))
    if as_json:
        print_json(report.as_dict())
        return
    for line in report.as_lines():
        say(line)


def migrate() -> None:
    """Migrate the database."""
    found = settings()
    run(_upgrade(found))
    say(f"the database is at version {migrations.newest()}")


def doctor(*, as_json: bool) -> None:
    """Print a line for each part; end with status 1 when one is not well."""
    if not run(_examine(settings(), as_json=as_json)):
        sys.exit(1)


def asterisk_render(directory: str) -> None:
    """Write the PBX's configuration."""
    for path in sorted(render(settings(), Path(directory))):
        say(str(path))


async def _checked(found: Settings) -> None:
    """Refuse to start on a database that is not at the newest version; one that is away may be."""
    version, newest = await migrations.version(found.database.url), migrations.newest()
    if version is not None and version != newest:
        message = f"the database is at version {version}, not {newest} (run: tongdai migrate)"
        raise CommandError(message)


async def _upgrade(found: Settings) -> None:
    try:
        await migrations.upgrade(found.database.url)
    except (DBAPIError, OSError, sqlite3.Error) as error:
        message = f"the database does not answer: {str(error).splitlines()[0]}"
        raise CommandError(message) from error


async def _init(found: Settings) -> sample.SampleReport:
    await _upgrade(found)
    async with register(found) as db:
        return await sample.load(db, found, SystemClock().now())


async def _examine(found: Settings, *, as_json: bool) -> bool:
    well = True
    async for finding in doctors.examine(found):
        well = well and finding.ok
        if as_json:
            print_json(
                {
                    "part": finding.part,
                    "ok": finding.ok,
                    "detail": finding.detail,
                    "mend": finding.mend,
                }
            )
        else:
            mend = f"  -> {finding.mend}" if finding.mend else ""
            say(f"{'ok  ' if finding.ok else 'ILL '} {finding.part:<14} {finding.detail}{mend}")
    return well

"""`tongdai ivr check` and `tongdai ivr try`: the hotlines' flows without a telephone."""

from datetime import datetime
from pathlib import Path

from sqlalchemy.engine import make_url

from escalation.lawbook import default_lawbook
from ivr import book
from ivr.flow.diagram import svg
from ivr.flow.model import Flow
from ivr.flow.parse import FlowError, find_flow, parse_flow, shipped
from ivr.flow.report import facts_at, moment_of, played, presses_of, report
from ivr.tables import FlowEdition
from tongdai import migrate
from tongdai.calendar import Calendar, CalendarError
from tongdai.clock import HCM, SystemClock
from tongdai.commands.register import register
from tongdai.commands.support import CommandError, run, say, settings
from tongdai.settings import Settings, SettingsError

_NO_REGISTER = "        (theo tệp: chưa có cơ sở dữ liệu, hoặc nó không trả lời)"


def ivr_check(file: str, draw: str) -> None:
    """Print one flow, or all that are shipped; `draw`: a folder for their diagrams (SVG).

    Raises:
        CommandError: One contradicts itself (file, line, reason), or the folder cannot be written.
    """
    for name in (file,) if file else shipped():
        flow = _flow(name)
        say(report(flow))
        if draw:
            _draw(flow, Path(draw) / f"{flow.id}.svg")


def ivr_try(hotline: str, at: str, keys: str) -> None:
    """Play a flow as text: what is said, what is pressed, how it ends.

    A hotline's is the one in force: as the administration changed it last, else as in the file.

    Raises:
        CommandError: No such flow, `at` is no moment, or a key is none.
    """
    when, pressed = _moment(at), _presses(keys)
    edition = None if _is_file(hotline) else _edition(hotline)
    flow = _read(edition) if edition else _flow(hotline)
    facts = facts_at(flow, _calendar(flow.id), when)
    say(f"{flow.name}, {when.astimezone(HCM):%H:%M %d/%m/%Y}")
    if edition:
        written = edition.at.astimezone(HCM)
        say(f"        (bản {edition.id}, {written:%H:%M %d/%m/%Y}: {edition.note})")
    for heard in played(flow, facts, pressed):
        say(f"{heard.who:>6}: {heard.text}" if heard.who else f"        {heard.text}")


def _is_file(name: str) -> bool:
    return name.endswith(".toml") or Path(name).is_file()


def _edition(hotline: str) -> FlowEdition | None:
    """Return the edition in force; None: never changed, or there is no register to ask."""
    try:
        found = settings()
    except SettingsError:
        return None
    url = make_url(found.database.url)
    file = url.database if url.get_backend_name() == "sqlite" else None
    if file is not None and not Path(file).is_file():  # it is not made by asking
        say(_NO_REGISTER)
        return None
    return run(_newest(found, hotline))


async def _there(url: str) -> bool:
    """Say whether there is a register that answers."""
    try:
        return await migrate.version(url) is not None
    except OSError:
        return False


async def _newest(found: Settings, hotline: str) -> FlowEdition | None:
    if not await _there(found.database.url):
        say(_NO_REGISTER)
        return None
    async with register(found) as db, db.read() as session:
        return await book.in_force(session, hotline)


def _read(edition: FlowEdition) -> Flow:
    try:
        return parse_flow(edition.text, f"{edition.hotline}.toml")
    except FlowError as error:
        raise CommandError(str(error)) from error


def _flow(name: str) -> Flow:
    try:
        return find_flow(name, _law_folder())
    except FlowError as error:
        raise CommandError(str(error)) from error


def _law_folder() -> Path | None:
    """Return the installation's own law; without a settings file there is none."""
    try:
        return settings().law.folder
    except SettingsError:
        return None


def _calendar(hotline: str) -> Calendar | None:
    try:
        return default_lawbook((hotline,), _law_folder()).calendar(hotline)
    except CalendarError as error:
        raise CommandError(str(error)) from error


def _moment(at: str) -> datetime:
    if not at:
        return SystemClock().now()
    try:
        return moment_of(at)
    except ValueError as error:
        message = f"--at {at!r}: write 2026-11-28T20:00"
        raise CommandError(message) from error


def _presses(keys: str) -> list[str]:
    try:
        return presses_of(keys)
    except ValueError as error:
        message = f"--keys {error}"
        raise CommandError(message) from error


def _draw(flow: Flow, path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(svg(flow), encoding="utf-8")
    except OSError as error:
        message = f"{path}: cannot be written ({error.strerror})"
        raise CommandError(message) from error

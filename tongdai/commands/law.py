"""`tongdai deadline`, `timeline`, `procedures check`: the law engine from the command line."""

import sys
from collections.abc import Iterator
from pathlib import Path

from escalation.check import procedure_report, shipped_procedures
from escalation.deadline_cli import deadline_lines
from escalation.lawbook import find_procedure
from escalation.procedure import ProcedureError
from escalation.timeline import TimelineError, timeline_lines
from tongdai.calendar import Calendar, CalendarError, parse_calendar
from tongdai.commands.support import CommandError, say, text_of


def deadline(calendar: str, cases: str, *, explain: bool) -> None:
    """Answer JSON lines with JSON lines."""
    rules = _calendar(calendar)
    for line in deadline_lines(rules, _lines(cases), explain=explain):
        say(line)


def timeline(procedure: str, track: str, level: str, calendar: str, events: str) -> None:
    """Run a procedure on paper; nothing is printed when a line cannot be read (status 2)."""
    rules = _calendar(calendar)
    try:
        found = find_procedure(procedure)
        answer = list(timeline_lines(found, track, level, rules, list(_lines(events))))
    except (TimelineError, ProcedureError) as error:
        raise CommandError(str(error), 2) from error
    for line in answer:
        say(line)


def procedures_check(file: str) -> None:
    """Print one procedure, or all that are shipped; a bad one ends it with its line and reason."""
    try:
        for name in (file,) if file else shipped_procedures():
            say(procedure_report(find_procedure(name)))
    except ProcedureError as error:
        raise CommandError(str(error)) from error


def _lines(file: str) -> Iterator[bytes]:
    r"""Give the lines of a file, standard input's as they come; only \n ends a line of JSON.

    They stay bytes: a line that is no UTF-8 is that line's fault, not the whole file's.
    """
    if file == "-":
        yield from (line.removesuffix(b"\n") for line in iter(sys.stdin.buffer.readline, b""))
        return
    try:
        with Path(file).open("rb") as source:
            yield from (line.removesuffix(b"\n") for line in source)
    except OSError as error:
        message = f"{file}: cannot be read ({error.strerror})"
        raise CommandError(message) from error


def _calendar(file: str) -> Calendar:
    try:
        return parse_calendar(text_of(file), file)
    except CalendarError as error:
        raise CommandError(str(error)) from error

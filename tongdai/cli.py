"""The command line: `tongdai`, one sentence on standard error when something cannot be done."""

import sys
from collections.abc import Sequence
from io import TextIOWrapper
from typing import Annotated, NoReturn

import typer

from tongdai import commands
from tongdai.commands.support import CommandError
from tongdai.errors import Refusal
from tongdai.settings import SettingsError

app = typer.Typer(
    name="tongdai",
    help="The software that a 1022 hotline runs on.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
_Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


def _group(name: str, help_text: str) -> typer.Typer:
    group = typer.Typer(help=help_text, no_args_is_help=True)
    app.add_typer(group, name=name)
    return group


calls = typer.Typer(help="The calls in the register, newest first; their sum.")
app.add_typer(calls, name="calls")
clock = _group("clock", "Development only: the service's one clock.")
token = _group("token", "Tokens for programs that use the API.")
asterisk = _group("asterisk", "The PBX configuration.")
audit = _group("audit", "The history that cannot be changed unseen.")
sms = _group("sms", "Messages.")
ivr = _group("ivr", "What a caller hears.")
procedures = _group("procedures", "The regulations as data.")
recordings = _group("recordings", "The archive of recordings.")


@app.command()
def serve(
    only: Annotated[
        str, typer.Option(help="Run some parts: web, bridge, ivr, worker (comma separated).")
    ] = "",
) -> None:
    """Run the service until it is told to stop."""
    commands.serve(only)


@app.command()
def init(as_json: _Json = False) -> None:
    """Make or migrate the database and load the sample data; harmless when run again."""
    commands.init(as_json=as_json)


@app.command()
def migrate() -> None:
    """Make or migrate the database, without any sample data."""
    commands.migrate()


@app.command()
def doctor(as_json: _Json = False) -> None:
    """Check everything that the service needs; a line each, with how to mend it."""
    commands.doctor(as_json=as_json)


@calls.callback(invoke_without_command=True)
def calls_list(
    context: typer.Context,
    as_json: _Json = False,
    hotline: str = "",
    limit: Annotated[int, typer.Option(min=1)] = 100_000,
) -> None:
    """Show the calls in the register, newest first."""
    if context.invoked_subcommand is None:
        commands.calls(as_json=as_json, hotline=hotline or None, limit=limit)


@calls.command("sum")
def calls_sum(
    as_json: _Json = False,
    first: Annotated[str, typer.Option("--from", help="A day in Vietnam: 2026-11-30.")] = "",
    last: Annotated[str, typer.Option("--to", help="The last day; default: today.")] = "",
    hotline: str = "",
) -> None:
    """Prove that every call is accounted for, by day and hotline; status 1 when one is not."""
    commands.calls_sum(as_json=as_json, first=first, last=last, hotline=hotline or None)


@app.command()
def tickets(
    as_json: _Json = False, hotline: str = "", limit: Annotated[int, typer.Option(min=1)] = 100_000
) -> None:
    """Show the tickets in the register, newest first."""
    commands.tickets(as_json=as_json, hotline=hotline or None, limit=limit)


@app.command()
def replay(
    file: str, database: Annotated[str, typer.Option(help="The URL of an empty database.")]
) -> None:
    """Rebuild the calls of a journal, or of a raw AMI capture, in an empty database."""
    commands.replay(file, database)


@app.command()
def deadline(
    calendar: Annotated[str, typer.Option(help="A calendar file.")],
    cases: Annotated[str, typer.Option(help="JSON lines; - is standard input.")] = "-",
    explain: Annotated[bool, typer.Option("--explain", help="Say how it is counted.")] = False,
) -> None:
    """Work out deadlines on paper: one JSON line in, one out."""
    commands.deadline(calendar, cases, explain=explain)


@app.command()
def timeline(
    procedure: Annotated[str, typer.Option(help="A hotline's id, or a procedure file.")],
    track: Annotated[str, typer.Option()],
    calendar: Annotated[str, typer.Option(help="A calendar file.")],
    level: Annotated[str, typer.Option()] = "normal",
    events: Annotated[str, typer.Option(help="JSON lines; - is standard input.")] = "-",
) -> None:
    """Run a procedure on paper: acts in, what follows from them out."""
    commands.timeline(procedure, track, level, calendar, events)


@procedures.command("check")
def procedures_check(file: Annotated[str, typer.Argument()] = "") -> None:
    """Validate the procedures and print them as tables, with their sources."""
    commands.procedures_check(file)


@token.command("create")
def token_create(
    role: Annotated[str, typer.Option(help="operator, supervisor, auditor, administrator, ...")],
    hotline: Annotated[str, typer.Option(help="Only for this hotline; without it, all.")] = "",
) -> None:
    """Print a new API token, alone, on standard output."""
    commands.token_create(role, hotline or None)


@clock.command("show")
def clock_show(as_json: _Json = False) -> None:
    """Print the service's moment and its offset."""
    commands.clock_show(as_json=as_json)


@clock.command("set")
def clock_set(moment: str) -> None:
    """Make it MOMENT (ISO 8601) for the service; return when what fell due is carried out."""
    commands.clock_set(moment)


@clock.command("advance")
def clock_advance(step: str) -> None:
    """Go forward by STEP (90s, 30m, 8h, 2d); return when what fell due is carried out."""
    commands.clock_advance(step)


@asterisk.command("render")
def asterisk_render(directory: str) -> None:
    """Write asterisk-conf/ with the settings filled in to DIRECTORY."""
    commands.asterisk_render(directory)


@audit.command("verify")
def audit_verify(as_json: _Json = False) -> None:
    """Walk the chains; name the first broken link of each."""
    commands.audit_verify(as_json=as_json)


@recordings.command("reconcile")
def recordings_reconcile(
    day: Annotated[str, typer.Argument(help="the day in Vietnam, 2026-11-30; default: today")] = "",
    *,
    as_json: _Json = False,
) -> None:
    """Hold a day's calls and recordings against each other; status 1 when it is not clean."""
    commands.recordings_reconcile(day, as_json=as_json)


@recordings.command("retry")
def recordings_retry() -> None:
    """Try files of the spools at once that wait because they could not be archived."""
    commands.recordings_retry()


@recordings.command("verify")
def recordings_verify(
    package: Annotated[str, typer.Argument(help="A sealed package; default: the archive.")] = "",
    *,
    as_json: _Json = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on where a walk was interrupted.")
    ] = False,
) -> None:
    """Prove the archive, or a package; name what is missing, altered, additional, unsigned."""
    if package:
        commands.package_verify(package, as_json=as_json)
    else:
        commands.recordings_verify(as_json=as_json, resume=resume)


@recordings.command("keygen")
def recordings_keygen(
    hotline: Annotated[str, typer.Option(help="A key for this hotline's recordings only.")] = "",
    encryption: Annotated[
        bool, typer.Option("--encryption", help="A key for all hotlines without their own.")
    ] = False,
) -> None:
    """Make the key that signs the manifest (0600), or one that recordings are encrypted with."""
    commands.recordings_keygen(hotline, encryption=encryption)


@recordings.command("head")
def recordings_head(
    as_json: _Json = False,
    sign: Annotated[bool, typer.Option("--sign", help="Sign a new one first.")] = False,
) -> None:
    """Print the manifest's newest signed head, for publication."""
    commands.recordings_head(as_json=as_json, sign=sign)


@recordings.command("rekey")
def recordings_rekey(hotline: str = "") -> None:
    """Give every recording its hotline's present key; may be stopped and run again."""
    commands.recordings_rekey(hotline)


@sms.command("send")
def sms_send(
    number: Annotated[str, typer.Argument(help="The same as --to.")] = "",
    to: Annotated[str, typer.Option(help="The number, in any form.")] = "",
    hotline: Annotated[str, typer.Option(help="Default: the first of the settings.")] = "",
    template: Annotated[str, typer.Option(help="referral, result, code, ...")] = "code",
    language: Annotated[str, typer.Option(help="vi or en.")] = "vi",
    param: Annotated[list[str] | None, typer.Option(help="NAME=VALUE, else a sample.")] = None,
    dry_run: Annotated[bool, typer.Option(help="Send nothing: say what it would be.")] = False,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Send a test message and say what became of it; with --dry-run, what it would be."""
    if not (to or number):
        message = "whom to? --to 0912345678"
        raise typer.BadParameter(message)
    commands.sms_send(
        to or number, hotline, template, language, param or [], dry_run=dry_run, as_json=as_json
    )


@ivr.command("check")
def ivr_check(
    file: Annotated[str, typer.Argument(help="A file, or a hotline's id; without it, all.")] = "",
    draw: Annotated[str, typer.Option(help="A folder: draw each flow there (SVG).")] = "",
) -> None:
    """Validate the hotlines' flows and print them as trees and diagrams."""
    commands.ivr_check(file, draw)


@ivr.command("try")
def ivr_try(
    hotline: Annotated[str, typer.Argument(help="A hotline's id, or a flow file.")],
    at: Annotated[str, typer.Option(help="When: 2026-11-28T20:00; without it, now.")] = "",
    keys: Annotated[str, typer.Option(help="1,2,1234567890#; - is silence.")] = "",
) -> None:
    """Play a flow as text: what is said, what is pressed, how the call ends."""
    commands.ivr_try(hotline, at, keys)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line: exit status 0 only on success, never a traceback."""
    for stream in (sys.stdout, sys.stderr):  # Vietnamese is UTF-8, whatever the locale says
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        status = typer.main.get_command(app).main(args=arguments, standalone_mode=False)
    except typer.exceptions.Abort:
        sys.exit(130)
    except typer.exceptions.TyperException as error:
        _fail(error.format_message(), error.exit_code)
    except SettingsError as error:
        _fail(str(error), 1)
    except CommandError as error:
        _fail(str(error), error.status)
    except Refusal as refusal:
        _fail(f"refused: {refusal}", 1)
    except (BrokenPipeError, KeyboardInterrupt):
        sys.exit(1)
    else:
        sys.exit(status if isinstance(status, int) else 0)


def _fail(sentence: str, status: int) -> NoReturn:
    sys.stderr.write(" ".join(sentence.split()) + "\n")
    sys.exit(status)

"""`tongdai calls sum`: the proof that nobody who called was dropped."""

from datetime import date

from ivr.followups.sums import Figure, Sum, day_of, sums
from tongdai.clock import HCM, Clock
from tongdai.commands.register import register
from tongdai.commands.support import CommandError, print_json, run, say, settings
from tongdai.db import Database


def calls_sum(*, as_json: bool, first: str, last: str, hotline: str | None) -> None:
    """Print the sums, a line a day and hotline, the newest first.

    Raises:
        CommandError: A day is none, the hotline is not known, or a call is not accounted for.
    """
    found = settings()
    if hotline is not None and found.hotline_by_id(hotline) is None:
        message = f"--hotline {hotline}: known are {', '.join(h.id for h in found.hotlines)}"
        raise CommandError(message)
    hotlines: list[str] = [hotline] if hotline else [h.id for h in found.hotlines]

    async def read() -> list[Sum]:
        async with register(found) as db:
            return await _read(db, db.clock, hotlines, first, last)

    lines = run(read())
    for one in lines:
        print_json(as_dict(one)) if as_json else say(_line(one))
    wrong = [one for one in lines if not one.holds]
    if wrong:
        calls = [call for one in wrong for call in one.strange]
        message = f"{len(calls)} calls are not accounted for: {' '.join(calls[:20])}"
        raise CommandError(message)


def as_dict(one: Sum) -> dict[str, object]:
    """Return a sum as programs read it."""
    return {
        "hotline": one.hotline,
        "day": one.day.isoformat(),
        "calls": one.calls,
        **{f.value: one.figures[f] for f in Figure if f is not Figure.DIFFERENCE},
        "difference": one.difference,
        "holds": one.holds,
        "strange": list(one.strange),
    }


async def _read(
    db: Database, clock: Clock, hotlines: list[str], first: str, last: str
) -> list[Sum]:
    now = clock.now()
    until = _day(last, "--to") or now.astimezone(HCM).date()
    since = _day(first, "--from") or until
    if since > until:
        message = f"--from {since} comes after --to {until}"
        raise CommandError(message)
    async with db.read() as session:
        return await sums(session, hotlines, since, until, now)


def _day(typed: str, option: str) -> date | None:
    try:
        return day_of(typed) if typed else None
    except ValueError as error:
        message = f"{option} {typed}: a day is written 2026-11-30"
        raise CommandError(message) from error


def _line(one: Sum) -> str:
    told = " ".join(f"{f.value}={n}" for f, n in one.figures.items() if n)
    return f"{one.day:%d/%m/%Y}  {one.hotline:<9} calls={one.calls} {told} " + (
        "holds" if one.holds else f"DIFFERENCE={one.difference}"
    )

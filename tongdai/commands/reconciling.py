"""`tongdai recordings reconcile` and `retry`: a day's calls and recordings; files that wait."""

import sys
from datetime import date, timedelta

from telephony.capture.daily import Daily
from telephony.capture.reconcile import Reconciled
from telephony.recordings import patience
from telephony.recordings.intake import make_spools
from tongdai.clock import HCM
from tongdai.commands.register import register
from tongdai.commands.support import CommandError, print_json, run, say, settings
from tongdai.settings import Settings

AT_HAND = timedelta(seconds=10)
"""Whoever asks knows that a call which ended just now may still be in the spool."""


def recordings_reconcile(day: str, *, as_json: bool) -> None:
    """Reconcile a day now and keep the result; end with status 1 when it is not clean.

    Raises:
        CommandError: The day is none, or a spool cannot be looked into.
    """
    try:
        wanted = date.fromisoformat(day) if day else None
    except ValueError:
        message = f"{day}: give the day as 2026-11-30"
        raise CommandError(message) from None
    found = run(_reconcile(settings(), wanted))
    for item in found.items:
        told = {
            "kind": item.kind.value,
            "why": item.why.value,
            "at": item.at.isoformat(),
            "hotline": item.hotline,
            "call": item.call,
            "recording": item.recording,
            "file": item.file,
            "seconds": round(item.seconds, 1),
        }
        if as_json:
            print_json(told)
        else:
            what = item.recording or item.file or item.call
            say(f"{item.kind.value}: {what} ({item.why.value}, {item.seconds:.0f} s)")
    if not as_json:
        verdict = "clean" if found.clean else "not clean"
        counted = f"{found.answered} answered calls, {found.recordings} recordings"
        say(f"{found.day}: {counted}, {verdict}")
    if not found.clean:
        sys.exit(1)


def recordings_retry() -> None:
    """Have the intake try every file at once that could not be archived and waits.

    Raises:
        CommandError: A spool cannot be written to.
    """
    for spool in make_spools(settings()):
        try:
            patience.ask(spool.folder)
        except OSError as error:
            message = f"the spool cannot be written to: {spool.folder}: {error.strerror}"
            raise CommandError(message) from error
        say(f"{spool.pbx}: what waits is tried again within seconds")


async def _reconcile(found: Settings, day: date | None) -> Reconciled:
    async with register(found) as db:
        daily = Daily(found, db, db.clock, make_spools(found))
        today = db.clock.now().astimezone(HCM).date()
        try:
            return await daily.of_day(day or today, grace=AT_HAND)
        except OSError as error:
            message = f"a spool cannot be looked into: {error.filename}: {error.strerror}"
            raise CommandError(message) from error

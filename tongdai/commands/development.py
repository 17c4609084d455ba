"""`tongdai clock`: asks the running development service; without one, moves the kept offset."""

import re
from datetime import datetime, timedelta
from typing import Any

import aiohttp

from tongdai.clock import HCM, SystemClock
from tongdai.commands.register import register
from tongdai.commands.support import CommandError, print_json, run, say, settings
from tongdai.development.service import keep_offset, offset
from tongdai.settings import Settings

_HEADER = "X-Development-Secret"
_STEP = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|h|d)")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_LONGEST = aiohttp.ClientTimeout(total=3600)


def clock_show(*, as_json: bool) -> None:
    """Print what the clock shows."""
    _print(run(_ask(_development(), None)), as_json=as_json)


def clock_set(moment: str) -> None:
    """Go to a moment.

    Raises:
        CommandError: `moment` is no ISO 8601 moment.
    """
    try:
        wanted = datetime.fromisoformat(moment)
    except ValueError as error:
        message = f"{moment}: is no ISO 8601 moment, such as 2026-12-01T08:00:00+07:00"
        raise CommandError(message) from error
    if wanted.utcoffset() is None:
        wanted = wanted.replace(tzinfo=HCM)
    _print(run(_ask(_development(), {"moment": wanted.isoformat()})), as_json=False)


def clock_advance(step: str) -> None:
    """Go forward by a step such as 90s, 30m, 8h, 2d, 1d12h."""
    parts = _STEP.findall(step)
    if not parts or _STEP.sub("", step).strip():
        message = f"{step}: is no step, such as 90s, 30m, 8h, 2d or 1d12h"
        raise CommandError(message)
    seconds = sum(
        (timedelta(**{_UNITS[u]: float(n)}) for n, u in parts), timedelta()
    ).total_seconds()
    _print(run(_ask(_development(), {"seconds": seconds})), as_json=False)


def _development() -> Settings:
    found = settings()
    if not found.development.enabled:
        message = "the clock moves on a development service only ([development] enabled = true)"
        raise CommandError(message)
    return found


async def _ask(found: Settings, body: dict[str, Any] | None) -> dict[str, Any]:
    url = f"http://{found.web.host}:{found.web.port}/development/clock"
    headers = {_HEADER: found.development.secret.get_secret_value()}
    try:
        async with aiohttp.ClientSession(headers=headers, timeout=_LONGEST) as http:
            request = http.get(url) if body is None else http.post(url, json=body)
            async with request as answer:
                if answer.status != 200:
                    message = f"the service refused to move its clock ({answer.status})"
                    raise CommandError(message)
                return dict(await answer.json())
    except aiohttp.ClientConnectorError:
        return await _without_service(found, body)
    except (TimeoutError, aiohttp.ClientError) as error:
        message = f"the service did not answer: {error}"
        raise CommandError(message) from error


async def _without_service(found: Settings, body: dict[str, Any] | None) -> dict[str, Any]:
    real = SystemClock().now()
    async with register(found) as db:
        async with db.read() as session:
            kept = await offset(session)
        if body and "moment" in body:
            kept = datetime.fromisoformat(body["moment"]) - real
        elif body:
            kept += timedelta(seconds=body["seconds"])
        if body:
            async with db.write() as tx:
                await keep_offset(tx, kept)
    return {"now": (real + kept).isoformat(), "offset_seconds": kept.total_seconds(), "fired": 0}


def _print(answer: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(answer)
        return
    here = datetime.fromisoformat(answer["now"]).astimezone(HCM)
    say(f"{here:%Y-%m-%dT%H:%M:%S%z}  (offset {answer['offset_seconds']:.0f} s)")
    if answer["fired"]:
        say(f"{answer['fired']} due stages were carried out")

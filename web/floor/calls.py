"""/floor/calls: the proof that nobody who called was dropped; each figure opens its list."""

import csv
import io
from datetime import date, timedelta
from typing import Any

from aiohttp import web

from ivr.followups.sums import Figure, Sum, calls_of, day_of, sums
from tongdai.accounts.model import Role, Viewer
from tongdai.clock import HCM
from tongdai.errors import Invalid
from web.api import cursor
from web.api.reach import secret_tickets
from web.auth import allowed, viewer
from web.callbacks.words import figures, kinds, states
from web.keys import CLOCK, DB, SETTINGS
from web.render import page

routes = web.RouteTableDef()
READERS = (Role.SUPERVISOR, Role.AUDITOR)
DAYS, MOST_DAYS, SHOWN = 7, 92, 100


@routes.get("/floor/calls")
@allowed(*READERS)
async def summed(request: web.Request) -> web.Response:
    """Show the sums of a period, a line a day and hotline."""
    first, last, found = await _read(request)
    context: dict[str, Any] = {
        "sums": found,
        "first": first,
        "last": last,
        "wrong": [one for one in found if not one.holds],
        "figures": _shown(found),
        "names": figures(),
        "total": {f: sum(one.figures[f] for one in found) for f in Figure},
        "asked": request.query.get("hotline", ""),
        "hotlines": _hotlines(request, viewer(request)),
    }
    return page(request, "floor/calls.html", context)


@routes.get("/floor/calls.csv")
@allowed(*READERS)
async def as_csv(request: web.Request) -> web.Response:
    """Answer the sums as a table for a spreadsheet."""
    first, last, found = await _read(request)
    text, names = io.StringIO(), figures()
    told = [f for f in Figure if f is not Figure.DIFFERENCE]
    lines = csv.writer(text)
    lines.writerow([*_heads(), *(names[f] for f in told), names[Figure.DIFFERENCE]])
    for one in found:
        counted = [one.figures[f] for f in told]
        lines.writerow([one.day.isoformat(), one.hotline, one.calls, *counted, one.difference])
    return web.Response(
        body=b"\xef\xbb\xbf" + text.getvalue().encode(),  # a spreadsheet reads it as UTF-8
        content_type="text/csv",
        charset="utf-8",
        headers={"Content-Disposition": f'attachment; filename="cuoc-goi-{first}-{last}.csv"'},
    )


@routes.get("/floor/calls/list")
@allowed(*READERS)
async def behind(request: web.Request) -> web.Response:
    """List the calls behind one figure of a day, oldest first."""
    who, asked, now = viewer(request), request.query, request.app[CLOCK].now()
    names = dict(_hotlines(request, who))
    hotline = asked.get("hotline", "")
    if hotline not in names:
        raise Invalid(fields={"hotline": "not_allowed"})
    chosen = asked.get("figure", "")
    figure = Figure(chosen) if chosen in set(Figure) else None
    day = _day(asked.get("day", ""), now.astimezone(HCM).date())
    after = cursor.to_moment(asked["cursor"]) if asked.get("cursor") else None
    async with request.app[DB].read() as session:
        found = await calls_of(session, hotline, day, figure, now, limit=SHOWN + 1, after=after)
        tickets = {call.ticket for call, _task in found if call.ticket}
        tickets |= {task.ticket for _call, task in found if task and task.ticket}
        secret = await secret_tickets(session, who, tickets)
    last = found[SHOWN - 1][0] if len(found) > SHOWN else None
    context: dict[str, Any] = {
        "calls": found[:SHOWN],
        "secret": secret,
        "day": day,
        "hotline": hotline,
        "title": names[hotline],
        "figure": figure,
        "names": figures(),
        "kinds": kinds(),
        "states": states(),
        "next": cursor.of_moment(last.started_at, last.id) if last else None,
    }
    return page(request, "floor/calls_list.html", context)


async def _read(request: web.Request) -> tuple[date, date, list[Sum]]:
    asked, now = request.query, request.app[CLOCK].now()
    today = now.astimezone(HCM).date()
    last = _day(asked.get("to", ""), today)
    first = _day(asked.get("from", ""), last - timedelta(days=DAYS - 1))
    first = min(max(first, last - timedelta(days=MOST_DAYS - 1)), last)
    mine = [h for h, _name in _hotlines(request, viewer(request))]
    chosen = [h for h in mine if asked.get("hotline", "") in ("", h)]
    async with request.app[DB].read() as session:
        return first, last, await sums(session, chosen, first, last, now)


def _hotlines(request: web.Request, who: Viewer) -> list[tuple[str, str]]:
    mine = who.hotlines_for(*READERS)
    return [(h.id, h.name) for h in request.app[SETTINGS].hotlines if h.id in mine]


def _shown(found: list[Sum]) -> list[Figure]:
    """Return the figures of the table: what is rare only where there is any."""
    rare = {Figure.BEFORE, Figure.BEING_WRITTEN, Figure.IN_PROGRESS, Figure.DIFFERENCE}
    rare_but_there = {f for f in rare if any(one.figures[f] for one in found)}
    return [f for f in Figure if f not in rare - rare_but_there and f is not Figure.DIFFERENCE]


def _heads() -> tuple[str, str, str]:
    names = figures()
    return names["day"], names["hotline"], names["calls"]


def _day(typed: str, otherwise: date) -> date:
    try:
        return day_of(typed) if typed else otherwise
    except ValueError as error:
        raise Invalid(fields={"day": "not_a_date"}) from error

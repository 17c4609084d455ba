"""/audit: recordings found by number, name, ticket, hotline, operator, period and length."""

import re
from datetime import date, datetime, timedelta
from typing import Annotated, Any

from aiohttp import web
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession

from telephony.recordings import access, reconcile, store
from telephony.recordings.store import Listed, Wanted
from tickets import store as tickets
from tickets.tables import Ticket
from tongdai.accounts.model import Viewer
from tongdai.clock import HCM
from tongdai.errors import Invalid
from tongdai.i18n import _
from tongdai.phone import normalise
from web import words
from web.api import cursor
from web.api.reach import secret_tickets
from web.audit import people
from web.auth import allowed, viewer
from web.forms import Form, parse
from web.keys import CLOCK, DB, SETTINGS
from web.render import page

routes = web.RouteTableDef()
SHOWN = 30
SAME_NAME = 200
"""Tickets whose recordings one name may lead to."""
_TICKET_NUMBER = re.compile(r"\d{4}-\d{1,9}")
Length = Annotated[float | None, Field(ge=0, le=24 * 60)]


class Search(Form):
    """The search form."""

    q: str = Field(default="", max_length=120)
    hotline: str = ""
    operator: str = ""
    kind: str = ""
    first: date | None = None
    last: date | None = None
    shortest: Length = None
    longest: Length = None
    cursor: str = ""


@routes.get("/audit")
@allowed(*access.HEARERS)
async def search(request: web.Request) -> web.Response:
    """Show the search form and what it finds."""
    who = viewer(request)
    typed = {name: value for name, value in request.query.items() if value.strip()}
    faults: dict[str, str] = {}
    try:
        form = parse(Search, typed)
        before = cursor.to_moment(form.cursor) if form.cursor else None
    except Invalid as invalid:
        faults = {name: words.of_code(code) for name, code in invalid.fields.items()}
        form, before = Search(), None
    async with request.app[DB].read() as session:
        found: list[Listed] = []
        if not faults:
            wanted = await _wanted(session, who, form)
            found = await store.page(session, wanted, limit=SHOWN + 1, before=before)
        context = await _table(session, who, found[:SHOWN])
        context["operators"] = await people.operators(session, access.heard_hotlines(who))
    following = {**typed, "cursor": _cursor(found[SHOWN - 1])} if len(found) > SHOWN else None
    context |= {
        "typed": typed,
        "faults": faults,
        "hotlines": _hotlines(request, who),
        "following": following,
        "narrowed": any(name != "cursor" for name in typed),
    }
    template = "audit/found.html" if request.headers.get("HX-Request") else "audit/search.html"
    return page(request, template, context, status=422 if faults else 200)


@routes.get("/audit/unmatched")
@allowed(*access.HEARERS)
async def unmatched(request: web.Request) -> web.Response:
    """Show answered calls without a recording and recordings without a call, of a week."""
    who, now = viewer(request), request.app[CLOCK].now()
    async with request.app[DB].read() as session:
        found = await reconcile.unmatched(
            session, hotlines=access.heard_hotlines(who), since=now - timedelta(days=7), now=now
        )
        secret = await secret_tickets(session, who, {c.ticket for c in found.calls if c.ticket})
        names = await people.names(session, {c.operator for c in found.calls})
    context = {"found": found, "secret": secret, "names": names, "titles": _titles(request)}
    return page(request, "audit/unmatched.html", context)


@routes.get("/audit/plays")
@allowed(*access.HEARERS)
async def heard(request: web.Request) -> web.Response:
    """Show who heard what, newest first."""
    who = viewer(request)
    before = int(request.query["before"]) if request.query.get("before", "").isdecimal() else None
    mine = access.heard_hotlines(who)
    async with request.app[DB].read() as session:
        lines = await access.plays(
            session,
            actor=request.query.get("who") or None,
            limit=SHOWN + 1,
            before=before,
            hotlines=mine,
        )
    more = lines[SHOWN - 1].seq if len(lines) > SHOWN else None
    context = {"lines": lines[:SHOWN], "more": more, "who": request.query.get("who", "")}
    return page(request, "audit/plays.html", context | {"titles": _titles(request)})


async def _wanted(session: AsyncSession, who: Viewer, form: Search) -> Wanted:
    number, ticket_ids = await _meant(session, who, form.q)
    return Wanted(
        hotlines=access.heard_hotlines(who),
        loose=True,
        hotline=form.hotline or None,
        kind=form.kind or None,
        operator=form.operator or None,
        number=number,
        tickets=ticket_ids,
        since=_midnight(form.first) if form.first else None,
        until=_midnight(form.last + timedelta(days=1)) if form.last else None,
        shortest=form.shortest * 60 if form.shortest is not None else None,
        longest=form.longest * 60 if form.longest is not None else None,
    )


async def _meant(
    session: AsyncSession, who: Viewer, typed: str
) -> tuple[str | None, tuple[str, ...] | None]:
    """Say what was typed: a number in any spelling, or what leads to tickets (number, name)."""
    if not typed:
        return None, None
    number = None if _TICKET_NUMBER.fullmatch(typed) else normalise(typed)
    found = await tickets.page(session, who, q=typed, limit=SAME_NAME)
    return number, tuple(t.id for t in found.items)


async def _table(session: AsyncSession, who: Viewer, found: list[Listed]) -> dict[str, Any]:
    """Return what the table of results needs besides the rows."""
    ticket_ids = {one.ticket for one in found if one.ticket}
    return {
        "found": found,
        "names": await people.names(session, {one.call.operator for one in found if one.call}),
        "numbers": await _ticket_numbers(session, ticket_ids),
        "secret": await secret_tickets(session, who, ticket_ids),
        "kinds": kinds(),
    }


async def _ticket_numbers(session: AsyncSession, ticket_ids: set[str]) -> dict[str, str]:
    found = [await session.get(Ticket, ticket_id) for ticket_id in ticket_ids]
    return {t.id: t.number or _("phiếu nháp") for t in found if t}


def kinds() -> dict[str, str]:
    """Return the kinds of recordings in words."""
    return {
        "call": _("Cuộc gọi"),
        "consultation": _("Trao đổi nội bộ"),
        "message": _("Lời nhắn"),
    }


def _titles(request: web.Request) -> dict[str, str]:
    return {h.id: h.name for h in request.app[SETTINGS].hotlines}


def _hotlines(request: web.Request, who: Viewer) -> list[tuple[str, str]]:
    mine = access.heard_hotlines(who)
    return [(h, name) for h, name in _titles(request).items() if h in mine]


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=HCM)


def _cursor(one: Listed) -> str:
    return cursor.of_moment(one.recording.started_at, one.recording.id)

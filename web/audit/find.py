"""/audit: recordings found by number, ticket, words, unit, operator, period and length."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any

from aiohttp import web
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from telephony.calls.tables import CallRow
from telephony.recordings import access, reconcile
from telephony.recordings.tables import Recording
from tickets import units
from tickets.tables import Ticket, Unit
from tongdai.accounts.model import Viewer
from tongdai.clock import HCM
from tongdai.errors import Invalid
from web import words
from web.api import cursor
from web.api.reach import secret_tickets
from web.audit import people
from web.audit.badges import badges
from web.audit.finding import Asked, Hit, find
from web.audit.meaning import meaning
from web.auth import allowed, viewer
from web.forms import Form, parse
from web.keys import CLOCK, DB, SETTINGS
from web.render import page
from web.sides import kinds

routes = web.RouteTableDef()
SHOWN = 30
UNMATCHED = 100
Length = Annotated[float | None, Field(ge=0, le=24 * 60)]


class Search(Form):
    """The search form."""

    q: str = Field(default="", max_length=120)
    hotline: str = ""
    operator: str = ""
    unit: str = ""
    kind: str = ""
    first: date | None = None
    first_hour: time | None = None
    last: date | None = None
    last_hour: time | None = None
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
    async with request.app[DB].read() as session:
        found: list[Hit] = []
        try:
            form = parse(Search, typed)
            before = cursor.to_moment(form.cursor) if form.cursor else None
            found = await find(session, _asked(who, form), limit=SHOWN + 1, before=before)
        except Invalid as invalid:
            faults = {name: words.of_code(code) for name, code in invalid.fields.items()}
        context = await _table(session, who, found[:SHOWN])
        context["operators"] = await people.operators(session, access.heard_hotlines(who))
        context |= await badges(session, who, request.app[CLOCK].now())
        context["units"] = await handling_units(session, request, who)
    following = {**typed, "cursor": _cursor(found[SHOWN - 1])} if len(found) > SHOWN else None
    everywhere = {h.id for h in request.app[SETTINGS].hotlines} <= set(access.heard_hotlines(who))
    context |= {
        "hears_loose": everywhere,
        "typed": typed,
        "faults": faults,
        "hotlines": hotlines(request, who),
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
    typed = {n: v for n, v in request.query.items() if n in ("calls", "recordings")}
    before = {n: cursor.to_moment(v) for n, v in typed.items()}
    async with request.app[DB].read() as session:
        found = await reconcile.unmatched(
            session,
            hotlines=access.heard_hotlines(who),
            since=now - timedelta(days=7),
            now=now,
            limit=UNMATCHED + 1,
            calls_before=before.get("calls"),
            recordings_before=before.get("recordings"),
        )
        badged = await badges(session, who, request.app[CLOCK].now())
        secret = await secret_tickets(session, who, {c.ticket for c in found.calls if c.ticket})
        names = await people.names(session, {c.operator for c in found.calls})
    context = {
        "calls": found.calls[:UNMATCHED],
        "recordings": found.recordings[:UNMATCHED],
        "more_calls": _more(typed, "calls", found.calls),
        "more_recordings": _more(typed, "recordings", found.recordings),
        "secret": secret,
        "names": names,
        "titles": titles(request),
    }
    return page(request, "audit/unmatched.html", context | badged)


def titles(request: web.Request) -> dict[str, str]:
    """Return hotline id -> its place's name."""
    return {h.id: h.name for h in request.app[SETTINGS].hotlines}


def hotlines(request: web.Request, who: Viewer) -> list[tuple[str, str]]:
    """Return id and name of the hotlines whose recordings the viewer may hear."""
    mine = access.heard_hotlines(who)
    return [(h, name) for h, name in titles(request).items() if h in mine]


def moment(day: date | None, hour: time | None, *, end: bool = False) -> datetime | None:
    """Return the moment that a day and, perhaps, a time of day stand for, in Vietnam.

    Args:
        day: The day; None: no moment.
        hour: The time; None: the day's beginning, or its end.
        end: What ends a period: the day, or the minute, is inside.
    """
    if day is None:
        return None
    at = datetime.combine(day, hour or time(), tzinfo=HCM)
    if end:
        at += timedelta(minutes=1) if hour else timedelta(days=1)
    return at


def period(
    first: tuple[date | None, time | None], last: tuple[date | None, time | None]
) -> tuple[datetime | None, datetime | None]:
    """Return the first moment of a period and the first after it.

    Raises:
        Invalid: It ends before it begins: who is in a hurry has typed them the wrong way round.
    """
    since, until = moment(*first), moment(*last, end=True)
    if since is not None and until is not None and until <= since:
        raise Invalid(fields={"last": "period_reversed"})
    return since, until


def _asked(who: Viewer, form: Search) -> Asked:
    since, until = period((form.first, form.first_hour), (form.last, form.last_hour))
    return Asked(
        hotlines=access.heard_hotlines(who),
        hotline=form.hotline or None,
        meaning=meaning(form.q),
        kind=form.kind or None,
        operator=form.operator or None,
        unit=form.unit or None,
        since=since,
        until=until,
        shortest=form.shortest * 60 if form.shortest is not None else None,
        longest=form.longest * 60 if form.longest is not None else None,
    )


async def _table(session: AsyncSession, who: Viewer, hits: list[Hit]) -> dict[str, Any]:
    """Return what the table of results needs besides the rows."""
    found = [hit.listed for hit in hits]
    ticket_ids = {one.ticket for one in found if one.ticket}
    told = await _tickets(session, ticket_ids)
    return {
        "found": found,
        "names": await people.names(session, {one.call.operator for one in found if one.call}),
        "tickets": told,
        "unit_names": await people.unit_names(session, {t.unit_id for t in told.values()}),
        "secret": await secret_tickets(session, who, ticket_ids),
        "kinds": kinds(),
    }


async def _tickets(session: AsyncSession, ticket_ids: set[str]) -> dict[str, Ticket]:
    query = select(Ticket).where(col(Ticket.id).in_(ticket_ids))
    return {t.id: t for t in (await session.execute(query)).scalars()} if ticket_ids else {}


async def handling_units(
    session: AsyncSession, request: web.Request, who: Viewer
) -> list[tuple[str, Sequence[Unit]]]:
    """Return the hotlines' handling units, by hotline."""
    now = request.app[CLOCK].now()
    return [
        (name, [u for u in await units.tree(session, hotline, now) if u.handling_unit])
        for hotline, name in hotlines(request, who)
    ]


def _more(
    typed: dict[str, str], name: str, rows: Sequence[CallRow | Recording]
) -> dict[str, str] | None:
    """Return the conditions of the next page of one of the two lists; the other stays."""
    if len(rows) <= UNMATCHED:
        return None
    last = rows[UNMATCHED - 1]
    return {**typed, name: cursor.of_moment(last.started_at, last.id)}


def _cursor(hit: Hit) -> str:
    return cursor.of_moment(*hit.key)

"""/audit/plays: who heard what, why, for how long; by hearer, unit, reason, period, number."""

from datetime import date
from typing import Annotated, Any

from aiohttp import web
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from telephony.calls.tables import CallRow
from telephony.recordings import access
from telephony.recordings.hearing import plays, wishes
from telephony.recordings.hearing.plays import PlaysWanted
from telephony.recordings.hearing.tables import RecordingPlay
from telephony.recordings.tables import Recording
from tickets.tables import Ticket
from tongdai.accounts.model import Viewer
from tongdai.errors import Invalid
from web import words
from web.api import cursor
from web.audit.badges import badges
from web.audit.find import SHOWN, handling_units, hotlines, period, titles
from web.audit.meaning import meaning
from web.audit.words import WAYS
from web.auth import allowed, viewer
from web.forms import Form, parse
from web.keys import CLOCK, DB
from web.render import page

routes = web.RouteTableDef()
_TICKETS = 200
"""Tickets whose recordings one name may lead to."""


class PlaysForm(Form):
    """What plays are asked for."""

    q: str = Field(default="", max_length=120)
    who: str = ""
    recording: str = ""
    hotline: str = ""
    how: str = ""
    first: date | None = None
    last: date | None = None
    least: Annotated[float | None, Field(ge=0)] = None
    unit: str = ""
    reason: str = Field(default="", max_length=120)
    cursor: str = ""


@routes.get("/audit/plays")
@allowed(*access.HEARERS)
async def heard(request: web.Request) -> web.Response:
    """Show who heard what, newest first."""
    who = viewer(request)
    typed = {name: value for name, value in request.query.items() if value.strip()}
    faults: dict[str, str] = {}
    mine = access.heard_hotlines(who)
    async with request.app[DB].read() as session:
        lines: list[RecordingPlay] = []
        try:
            form = parse(PlaysForm, typed)
            before = cursor.to_moment(form.cursor) if form.cursor else None
            wanted = await _wanted(session, who, form)
            lines = await plays.page(session, wanted, limit=SHOWN + 1, before=before)
        except Invalid as invalid:
            faults = {name: words.of_code(code) for name, code in invalid.fields.items()}
        hearers = await plays.hearers(session, mine)
        about = await _about(session, {line.recording for line in lines})
        asking = await wishes.unit_names(session, {line.request for line in lines})
        units = await handling_units(session, request, who)
        badged = await badges(session, who, request.app[CLOCK].now())
    last = lines[SHOWN - 1] if len(lines) > SHOWN else None
    context = {
        "lines": lines[:SHOWN],
        "about": about,
        "typed": typed,
        "faults": faults,
        "hearers": hearers,
        "asking": asking,
        "units": units,
        "hotlines": hotlines(request, who),
        "titles": titles(request),
        "ways": WAYS,
        "narrowed": any(name != "cursor" for name in typed),
        "following": {**typed, "cursor": cursor.of_moment(last.at, last.id)} if last else None,
    }
    return page(request, "audit/plays.html", context | badged, status=422 if faults else 200)


async def _wanted(session: AsyncSession, who: Viewer, form: PlaysForm) -> PlaysWanted:
    number, tickets = await _meant(session, who, form.q)
    since, until = period((form.first, None), (form.last, None))
    return PlaysWanted(
        hotlines=access.heard_hotlines(who),
        hotline=form.hotline or None,
        recording=form.recording or None,
        account=form.who or None,
        how=form.how or None,
        number=number,
        tickets=tickets,
        since=since,
        until=until,
        least=form.least,
        unit=form.unit or None,
        words=form.reason,
    )


async def _meant(
    session: AsyncSession, who: Viewer, typed: str
) -> tuple[str | None, tuple[str, ...] | None]:
    """Say which number or which tickets the recordings are about."""
    if not typed:
        return None, None
    meant = meaning(typed)
    if meant.number is not None:
        return meant.number, None
    if meant.tickets is None:
        raise Invalid(fields={"q": "number_or_ticket"})
    mine = col(Ticket.hotline).in_(access.heard_hotlines(who))
    found = await session.execute(
        select(col(Ticket.id)).where(mine, *meant.tickets).limit(_TICKETS)
    )
    return None, tuple(found.scalars())


async def _about(session: AsyncSession, recordings: set[str]) -> dict[str, dict[str, Any]]:
    """Return when each recording began, and its ticket's number."""
    query = (
        select(col(Recording.id), col(Recording.started_at), col(Recording.seconds), Ticket.number)
        .join(CallRow, col(CallRow.id) == col(Recording.call), isouter=True)
        .join(Ticket, col(Ticket.id) == col(CallRow.ticket), isouter=True)
        .where(col(Recording.id).in_(recordings))
    )
    return {
        one: {"at": at, "seconds": seconds, "ticket": number or ""}
        for one, at, seconds, number in (await session.execute(query)).tuples()
    }

"""A unit asks to hear its tickets' recordings, and hears what it was granted (CT-11.1b)."""

from collections.abc import Mapping
from typing import Annotated, Any

from aiohttp import web
from pydantic import Field

from telephony.recordings import store
from telephony.recordings.errors import RecordingUnknown
from telephony.recordings.hearing import requests, wishes
from tickets.tables import Ticket
from web.api import cursor, granted
from web.api.asking import asked
from web.auth import allowed, viewer
from web.desk.acts import done
from web.desk.heard import state_of
from web.desk.hearing_words import STATES
from web.desk.people import ABOVE
from web.desk.tray import DECIDERS
from web.forms import Form, parse
from web.keys import CLOCK, DB
from web.render import page
from web.sides import kinds, sides_of

routes = web.RouteTableDef()
_SHOWN = 30


class AskForm(Form):
    """Which recording, why, and on what legal basis."""

    recording: Annotated[str, Field(min_length=1, max_length=64)]
    reason: Annotated[str, Field(min_length=1, max_length=requests.LONGEST)]
    basis: Annotated[str, Field(min_length=1, max_length=300)]


@routes.post("/desk/tickets/{ticket}/hear")
@allowed(*requests.OF_UNIT)
async def ask(request: web.Request) -> web.StreamResponse:
    """Ask for a recording of the ticket."""

    async def act(typed: Mapping[str, object]) -> None:
        form = parse(AskForm, typed)
        ticket = request.match_info["ticket"]
        await asked(request, ticket, form.recording, reason=form.reason, basis=form.basis)

    return await done(request, "hear", act)


@routes.get("/desk/recordings")
@allowed(*requests.OF_UNIT)
async def mine(request: web.Request) -> web.StreamResponse:
    """List what the viewer's units asked for, newest first, and what came of it."""
    who, now = viewer(request), request.app[CLOCK].now()
    before = cursor.to_moment(request.query["cursor"]) if request.query.get("cursor") else None
    async with request.app[DB].read() as session:
        found = await wishes.of_units(session, who, limit=_SHOWN + 1, before=before)
        tickets = [await session.get(Ticket, r.ticket) for r in found]
        rows = await store.some(session, {r.recording for r in found})
    last = found[_SHOWN - 1] if len(found) > _SHOWN else None
    context = {
        "asked": [(r, state_of(r, now)) for r in found[:_SHOWN]],
        "rows": rows,
        "kinds": kinds(),
        "numbers": {t.id: t.number for t in tickets if t},
        "next": cursor.of_moment(last.asked_at, last.id) if last else None,
        "states": STATES,
        "above": who.has_any(ABOVE),
        "decides": who.has_any(DECIDERS),
        "hears": True,
    }
    return page(request, "desk/recordings.html", context)


@routes.get("/desk/recordings/{request}")
@allowed(*requests.OF_UNIT)
async def player(request: web.Request) -> web.StreamResponse:
    """Show what was granted; nothing is heard yet."""
    who, now = viewer(request), request.app[CLOCK].now()
    async with request.app[DB].read() as session:
        grant = await requests.to_hear(session, who, request.match_info["request"], now)
        listed = await store.get(session, grant.recording)
        ticket = await session.get(Ticket, grant.ticket)
    if listed is None:
        raise RecordingUnknown(recording=grant.recording)
    context: dict[str, Any] = {"grant": grant, "row": listed.recording, "ticket": ticket}
    context |= {"sides": sides_of(listed), "kinds": kinds()}
    return page(request, "desk/recording.html", context)


@routes.post("/desk/recordings/{request}/plays")
@allowed(*requests.OF_UNIT)
async def begin(request: web.Request) -> web.Response:
    """Note that the unit hears it now, for the reason that it gave."""
    return await granted.begin(request)


@routes.post("/desk/recordings/{request}/plays/{play}")
@allowed(*requests.OF_UNIT)
async def heard(request: web.Request) -> web.Response:
    """Note how many seconds of sound the player has really played."""
    return await granted.heard(request)


@routes.get("/desk/recordings/{request}/audio")
@allowed(*requests.OF_UNIT)
async def sound(request: web.Request) -> web.StreamResponse:
    """Answer the granted part, marked, or a part of that."""
    return await granted.sound(request, request.query.get("play", ""))

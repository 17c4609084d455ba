"""/audit/requests: what units ask to hear; granted, narrowed or refused (CT-11.1b)."""

from http import HTTPStatus
from typing import Annotated, Any

from aiohttp import web
from pydantic import BeforeValidator, Field
from sqlmodel import col, select

from telephony.recordings import access, store
from telephony.recordings.hearing import requests, wishes
from telephony.recordings.hearing.requests import Decision
from tickets.tables import Ticket
from tongdai.errors import Conflict, Forbidden, Invalid
from web import words
from web.api import cursor
from web.api.asking import decided
from web.audit.badges import badges
from web.audit.find import titles
from web.auth import allowed, viewer
from web.desk.countdown import countdown
from web.desk.heard import state_of
from web.desk.hearing_words import STATES
from web.doors import ACTS
from web.forms import Form, parse
from web.keys import CLOCK, DB, SETTINGS
from web.lengths import read
from web.middleware.errors import status_of
from web.render import page
from web.sides import kinds

routes = web.RouteTableDef()
_SHOWN = 30


def _clock(value: object) -> object:
    """Read 1:30 as 90 seconds, 1:00:30 as an hour more; nothing is None."""
    text = str(value or "").strip().replace(",", ".")
    seconds = read(text)
    return (text or None) if seconds is None else seconds


Seconds = Annotated[float, Field(ge=0, le=7 * 86400)]
Place = Annotated[Seconds | None, BeforeValidator(_clock)]


class DecisionForm(Form):
    """What is decided."""

    decision: str = ""
    answer: Annotated[str, Field(max_length=requests.LONGEST)] = ""
    from_seconds: Place = None
    until_seconds: Place = None
    days: Annotated[int, Field(ge=1, le=366)] = 3


@routes.get("/audit/requests")
@allowed(*access.HEARERS)
async def waiting(request: web.Request) -> web.StreamResponse:
    """List what waits, by its deadline (what is late first), or all requests, newest first."""
    return await _list(request)


@routes.post("/audit/requests/{request}")
@allowed(*access.HEARERS)
async def decide(request: web.Request) -> web.StreamResponse:
    """Grant, narrow or refuse."""
    typed = {n: v for n, v in (await request.post()).items() if isinstance(v, str)}
    fault: dict[str, Any] = {"typed": typed, "failed": request.match_info["request"]}
    try:
        form = parse(DecisionForm, typed)
        await decided(request, request.match_info["request"], _decision(form))
    except Invalid as refusal:
        fault["faults"] = {n: words.of_code(code) for n, code in refusal.fields.items()}
        return await _list(request, status=HTTPStatus.UNPROCESSABLE_ENTITY, **fault)
    except (Conflict, Forbidden) as refusal:
        return await _list(request, status=status_of(refusal), note=words.of(refusal), **fault)
    raise web.HTTPSeeOther("/audit/requests?done=1")


def _decision(form: DecisionForm) -> Decision:
    if form.decision not in ("grant", "refuse"):
        raise Invalid(fields={"answer": "required"})
    return Decision(
        granted=form.decision == "grant",
        answer=form.answer,
        from_seconds=form.from_seconds,
        until_seconds=form.until_seconds,
        days=form.days,
    )


async def _list(
    request: web.Request, *, status: int = HTTPStatus.OK, **more: Any
) -> web.StreamResponse:
    who, now, lawbook = viewer(request), request.app[CLOCK].now(), request.app[ACTS].lawbook
    everything = request.query.get("show") == "all"
    end = cursor.to_moment(request.query["cursor"]) if request.query.get("cursor") else None
    async with request.app[DB].read() as session:
        if everything:
            found = await wishes.page(session, who, limit=_SHOWN + 1, before=end)
        else:
            found = await wishes.due_first(session, who, limit=_SHOWN + 1, after=end)
        tickets = select(Ticket).where(col(Ticket.id).in_({r.ticket for r in found}))
        numbers = {t.id: t.number for t in (await session.execute(tickets)).scalars()}
        rows = await store.some(session, {r.recording for r in found})
        badged = await badges(session, who, now)
    following = {"show": "all"} if everything else {}
    if len(found) > _SHOWN:
        last = found[_SHOWN - 1]
        following["cursor"] = cursor.of_moment(
            last.asked_at if everything else last.due_at, last.id
        )
    context = {
        "asked": [
            (r, state_of(r, now), countdown(now, r.due_at, lawbook.calendar(r.hotline)))
            for r in found[:_SHOWN]
        ],
        "rows": rows,
        "kinds": kinds(),
        "numbers": numbers,
        "titles": titles(request),
        "states": STATES,
        "everything": everything,
        "rules": request.app[SETTINGS].recordings.requests,
        "following": following if "cursor" in following else None,
        "done": "done" in request.query,
        "typed": {},
        "failed": "",
        "faults": {},
        "note": "",
    }
    return page(request, "audit/requests.html", context | badged | more, status=status)

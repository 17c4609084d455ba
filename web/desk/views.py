"""The desk's pages: the list, a ticket, what is overdue, a link from an SMS."""

from http import HTTPStatus
from typing import Any

from aiohttp import web

from escalation import reports
from sms import links
from tickets import access, attachments, store
from tickets.errors import NoSuchTicket
from tongdai.accounts.model import OF_UNIT
from tongdai.i18n import _
from tongdai.ids import AccountId
from web.auth import allowed, signed_in, viewer
from web.desk import heard, people
from web.desk.countdown import countdown
from web.desk.doing import SCORES
from web.desk.hearing_words import STATES as HEARING_STATES
from web.desk.hearing_words import basis_of
from web.desk.opinions import opinions
from web.desk.people import ABOVE, DESK, TICKET
from web.desk.sentences import stage
from web.desk.standstills import places
from web.desk.ticket import view
from web.desk.tray import DECIDERS
from web.desk.words import MESSAGES, PURPOSES, REASONS, STATES, TONES
from web.doors import ACTS, FILES
from web.keys import CLOCK, DB, REAL_CLOCK, SETTINGS
from web.render import landing, page
from web.sides import kinds
from web.words import N_

routes = web.RouteTableDef()

PAGE = 25
_SHOWN = {
    "open": ("open",),
    "done": ("answered", "closed", "rejected"),
    "all": ("open", "answered", "closed", "rejected"),
}
_FILTERS = (
    ("open", N_("Đang xử lý")),
    ("overdue", N_("Trễ hạn")),
    ("done", N_("Đã xong")),
    ("all", N_("Tất cả")),
)


@routes.get("/desk")
@allowed(*DESK)
async def tickets(request: web.Request) -> web.StreamResponse:
    """List the tickets that the viewer's unit, or hotline, has (CT-14.3)."""
    who, now = viewer(request), request.app[CLOCK].now()
    shown = request.query.get("show", "open")
    shown = shown if shown in dict(_FILTERS) else "open"
    typed = request.query.get("q", "")[:200]
    hotline = request.query.get("hotline") or None
    async with request.app[DB].read() as session:
        found = await store.page(
            session,
            who,
            hotline=hotline,
            state=_SHOWN.get(shown, ("open",)),
            overdue=True if shown == "overdue" else None,
            q=typed or None,
            limit=PAGE,
            cursor=request.query.get("cursor") or None,
            order="due" if shown in ("open", "overdue") else "newest",
        )
        unit_names, field_names = await people.names_of(session, found.items)
    lawbook = request.app[ACTS].lawbook
    context = {
        "tickets": [
            (t, countdown(now, t.due_at, lawbook.calendar(t.hotline)) if t.due_at else None)
            for t in found.items
        ],
        "units": unit_names,
        "fields": field_names,
        "next": found.next,
        "shown": shown,
        "filters": _FILTERS,
        "typed": typed,
        "hotline": hotline or "",
        "hotlines": _hotlines(request),
        "first": "cursor" not in request.query,
        "above": who.has_any(ABOVE),
        "decides": who.has_any(DECIDERS),
        "hears": who.has_any(OF_UNIT),
        "may_pause": bool(places(request)),
        **_words(),
    }
    return page(request, "desk/list.html", context)


@routes.get("/desk/overdue")
@allowed(*ABOVE)
async def overdue(request: web.Request) -> web.StreamResponse:
    """List what is overdue, whose it is, and since when (CT-9.1.4)."""
    who, now = viewer(request), request.app[CLOCK].now()
    lawbook, groups = request.app[ACTS].lawbook, []
    async with request.app[DB].read() as session:
        for hotline in who.hotlines_for(*ABOVE):
            units = people.own_units(who, hotline)
            cases = await reports.overdue(session, hotline, units=units)
            calendar = lawbook.calendar(hotline)
            known = request.app[SETTINGS].hotline_by_id(hotline)
            lines = [(case, countdown(now, case.due_at, calendar)) for case in cases]
            groups.append((known.name if known else hotline, lines))
    return page(
        request,
        "desk/overdue.html",
        {
            "groups": groups,
            "above": True,
            "decides": who.has_any(DECIDERS),
            **_words(),
        },
    )


@routes.get("/desk/tickets/{ticket}")
@allowed(*TICKET)
async def ticket(request: web.Request) -> web.StreamResponse:
    """Show one ticket: what is asked, until when, what happened, what may be done."""
    return await ticket_page(request)


@routes.get("/desk/tickets/{ticket}/files/{file}")
@allowed(*TICKET)
async def file(request: web.Request) -> web.StreamResponse:
    """Give out a file of a ticket, unchanged (CT-14.6), never to be shown as a page."""
    async with request.app[DB].read() as session:
        seen = await access.get(session, viewer(request), request.match_info["ticket"])
        found = await attachments.get(session, seen.id, request.match_info["file"])
    answer = web.FileResponse(request.app[FILES].path_of(found))
    answer.content_type = found.media_type
    answer.headers["Content-Disposition"] = _disposition(found.name)
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


@routes.get("/l/{token}")
@signed_in
async def link(request: web.Request) -> web.StreamResponse:
    """Follow the link of an SMS: once, after signing in, to a ticket that one may see."""
    who, token = viewer(request), request.match_info["token"]
    try:
        async with request.app[DB].write() as tx:
            found = await links.use(tx, token, by=AccountId(who.id), real=request.app[REAL_CLOCK])
            await access.get(tx.session, who, found.ticket_id)  # else it stays unused
    except links.LinkSpent as spent:
        return await _spent(request, str(spent.ids["ticket"]))
    raise web.HTTPSeeOther(f"/desk/tickets/{found.ticket_id}")


async def ticket_page(
    request: web.Request,
    *,
    status: int = HTTPStatus.OK,
    form: str = "",
    typed: dict[str, str] | None = None,
    faults: dict[str, str] | None = None,
    note: str = "",
) -> web.StreamResponse:
    """Return a ticket's page; what was typed into `form` comes back with its faults."""
    who, now, acts = viewer(request), request.app[CLOCK].now(), request.app[ACTS]
    async with request.app[DB].read() as session:
        seen = await view(session, acts, who, request.match_info["ticket"], now)
        hearing = await heard.lines(session, who, seen.ticket, now)
        asked = await opinions(session, acts, who, seen.ticket)
    context = {
        "hearing": hearing,
        "opinions": asked,
        "hearing_states": HEARING_STATES,
        "sound_kinds": kinds(),
        "basis": basis_of(acts.lawbook, seen.ticket.hotline),
        "v": seen,
        "t": seen.ticket,
        "form": form,
        "typed": typed or {},
        "faults": faults or {},
        "note": note,
        "done": request.query.get("done", ""),
        "back": "/desk" if who.has_any(DESK) else landing(who),
        **_words(),
    }
    return page(request, "desk/ticket.html", context, status=status)


async def _spent(request: web.Request, ticket_id: str) -> web.StreamResponse:
    async with request.app[DB].read() as session:
        try:
            seen = (await access.get(session, viewer(request), ticket_id)).id
        except NoSuchTicket:
            seen = ""
    return page(request, "desk/link_spent.html", {"ticket_id": seen}, status=HTTPStatus.GONE)


def _hotlines(request: web.Request) -> list[tuple[str, str]]:
    mine = viewer(request).hotlines_for(*DESK)
    return [(h.id, h.name) for h in request.app[SETTINGS].hotlines if h.id in mine]


def _words() -> dict[str, Any]:
    return {
        "states": STATES,
        "messages": MESSAGES,
        "tones": TONES,
        "purposes": PURPOSES,
        "reasons": REASONS,
        "scores": {score: _(words) for score, words in SCORES},
        "stage_name": stage,
    }


def _disposition(name: str) -> str:
    plain = "".join(c if c.isascii() and c not in '"\\' else "_" for c in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{_percent(name)}"


def _percent(name: str) -> str:
    return "".join(chr(b) if chr(b).isalnum() and b < 128 else f"%{b:02X}" for b in name.encode())

"""/messages/replies: what people wrote back, to a ticket where that was clear."""

from urllib.parse import urlencode

from aiohttp import web
from sqlmodel import col, select

from sms import replies
from tickets.tables import Ticket
from tongdai.phone import national
from web.auth import allowed, viewer
from web.desk.people import account_names
from web.keys import DB
from web.messages.reading import PAGE, READERS, asked, my_hotlines
from web.render import page

routes = web.RouteTableDef()


@routes.get("/messages/replies")
@allowed(*READERS)
async def listed(request: web.Request) -> web.StreamResponse:
    """List a hotline's replies, newest first: those that wait for a person, or all."""
    wanted, tray = asked(request), "all" not in request.query
    async with request.app[DB].read() as session:
        found = await replies.page(
            session, wanted.hotline.id, tray=tray, before=wanted.before, limit=PAGE + 1
        )
        waiting = await replies.waiting(session, wanted.hotline.id)
        shown = found[:PAGE]
        ids = [r.ticket_id for r in shown if r.ticket_id]
        query = select(col(Ticket.id), col(Ticket.number)).where(col(Ticket.id).in_(ids))
        numbers = dict((await session.execute(query)).tuples().all())
        names = await account_names(session, [r.seen_by for r in shown if r.seen_by])
    context = {
        "tray": tray,
        "waiting": waiting,
        "names": names,
        "asked": wanted,
        "hotlines": [(h.id, h.name) for h in my_hotlines(request)],
        "replies": [(r, national(r.sender)) for r in shown],
        "numbers": numbers,
        "next": shown[-1].seq if len(found) > PAGE else None,
    }
    return page(request, "messages/replies.html", context)


@routes.post("/messages/replies/{reply}/seen")
@allowed(*READERS)
async def seen(request: web.Request) -> web.StreamResponse:
    """Note that the viewer has dealt with a reply; then show the tray without it."""
    hotlines = [h.id for h in my_hotlines(request)]
    async with request.app[DB].write() as tx:
        await replies.seen(tx, request.match_info["reply"], hotlines, by=viewer(request))
    named = request.query.get("hotline", "")
    raise web.HTTPSeeOther(f"/messages/replies?{urlencode({'hotline': named})}")

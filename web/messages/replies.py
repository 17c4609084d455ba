"""/messages/replies: what people wrote back, to a ticket where that was clear."""

from aiohttp import web
from sqlmodel import col, select

from sms import replies
from tickets.tables import Ticket
from tongdai.phone import national
from web.auth import allowed
from web.keys import DB
from web.messages.reading import PAGE, READERS, asked, my_hotlines
from web.render import page

routes = web.RouteTableDef()


@routes.get("/messages/replies")
@allowed(*READERS)
async def listed(request: web.Request) -> web.StreamResponse:
    """List a hotline's replies, newest first."""
    wanted = asked(request)
    async with request.app[DB].read() as session:
        found = await replies.page(session, wanted.hotline.id, before=wanted.before, limit=PAGE + 1)
        shown = found[:PAGE]
        ids = [r.ticket_id for r in shown if r.ticket_id]
        query = select(col(Ticket.id), col(Ticket.number)).where(col(Ticket.id).in_(ids))
        numbers = dict((await session.execute(query)).tuples().all())
    context = {
        "asked": wanted,
        "hotlines": [(h.id, h.name) for h in my_hotlines(request)],
        "replies": [(r, national(r.sender)) for r in shown],
        "numbers": numbers,
        "next": shown[-1].seq if len(found) > PAGE else None,
    }
    return page(request, "messages/replies.html", context)

"""Calling a citizen back for a hotline, and hanging up."""

from aiohttp import web
from pydantic import Field

from telephony.transfers.errors import NoNumber
from tickets import access, drafts
from tickets.tables import Ticket
from tongdai.accounts.model import Role, Viewer
from tongdai.ids import CallId, HotlineId
from web.auth import allowed, viewer
from web.doors import CONTROL
from web.forms import Form, parse, said
from web.keys import DB

routes = web.RouteTableDef()


class CallForm(Form):
    """Whom to call: a number, or the sender of a ticket; then the call is about that ticket."""

    hotline: str
    number: str = Field(default="", max_length=32)
    ticket: str | None = None


@routes.post("/console/calls")
@allowed(Role.OPERATOR)
async def dial(request: web.Request) -> web.StreamResponse:
    """Ring the operator's own phone, then the citizen; answer when the first is picked up."""
    form, who = parse(CallForm, await said(request)), viewer(request)
    ticket = await _ticket(request, form.ticket, who)
    number = form.number.strip()
    if ticket is not None and not number:
        number = access.sender(who, ticket).phone
    if not number:
        raise NoNumber(fields={"number": "required"})
    hotline = HotlineId(ticket.hotline if ticket else form.hotline)
    call = await request.app[CONTROL].dial(who, hotline, number)
    if ticket is not None:
        async with request.app[DB].write() as tx:
            await drafts.link(tx, ticket.id, call, who)
    return web.json_response({"call": call, "ticket": ticket.id if ticket else None})


@routes.post("/console/calls/{call}/hang-up")
@allowed(Role.OPERATOR)
async def hang_up(request: web.Request) -> web.StreamResponse:
    """End a call in which the operator is, whichever phone it is at."""
    call = CallId(request.match_info["call"])
    await request.app[CONTROL].hang_up(call, viewer(request))
    return web.Response(status=204)


async def _ticket(request: web.Request, ticket_id: str | None, who: Viewer) -> Ticket | None:
    if ticket_id is None:
        return None
    async with request.app[DB].read() as session:
        ticket = await access.get(session, who, ticket_id)
        await access.must_act(session, who, ticket, "link")
        return ticket

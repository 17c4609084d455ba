"""A call's ticket, and what is known of its caller."""

from datetime import datetime
from typing import Any

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from telephony.calls import store as call_store
from telephony.calls.choice import choice_of
from telephony.calls.model import CallView
from telephony.transfers import store as transfer_store
from tickets import contacts, drafts
from tickets.access import may_see, sender
from tickets.tables import Ticket
from tickets.units import fields, tree
from tongdai.accounts.model import Role, Viewer
from tongdai.accounts.tables import Account
from tongdai.errors import Forbidden, NotFound
from tongdai.ids import CallId
from tongdai.phone import parse_caller
from web.auth import allowed, viewer
from web.console import shape
from web.console.ticket_view import ticket_json
from web.doors import CALLS
from web.forms import Form, parse, said
from web.keys import CLOCK, DB

routes = web.RouteTableDef()
EARLIER = 12


class LinkForm(Form):
    """Which ticket a call is about."""

    ticket: str


@routes.get("/console/calls/{call}/about")
@allowed(Role.OPERATOR)
async def about(request: web.Request) -> web.StreamResponse:
    """Return contacts, tickets and earlier calls of a caller's number, for who may see the call."""
    who, call = viewer(request), _concerning(request)
    async with request.app[DB].read() as session:
        body = await known_of(session, who, call, request.app[CLOCK].now())
    return web.json_response(body)


@routes.post("/console/calls/{call}/ticket")
@allowed(Role.OPERATOR)
async def open_ticket(request: web.Request) -> web.StreamResponse:
    """Return the call's ticket, opened now if it is not there yet; harmless when asked again."""
    who, call = viewer(request), _own(request)
    async with request.app[DB].write() as tx:
        ticket = await drafts.open_for_call(
            tx,
            hotline=call.hotline,
            call=call.id,
            caller=parse_caller(
                call.caller_raw, presentation_allowed=call.caller_kind != "anonymous"
            ),
            caller_name=call.caller_name,
            by=who,
            about_field=choice_of(call.menu).field,
        )
        body = await ticket_json(tx.session, ticket, who, tx.now)
    return web.json_response(body)


@routes.post("/console/calls/{call}/link")
@allowed(Role.OPERATOR)
async def link(request: web.Request) -> web.StreamResponse:
    """Say that the call is about a ticket that is there already."""
    form = parse(LinkForm, await said(request))
    who, call = viewer(request), _own(request)
    async with request.app[DB].write() as tx:
        ticket = await drafts.link(tx, form.ticket, call.id, who)
        body = await ticket_json(tx.session, ticket, who, tx.now)
    return web.json_response(body)


async def known_of(
    session: AsyncSession, who: Viewer, call: CallView, now: datetime
) -> dict[str, Any]:
    """Return what is known of a call's caller, as far as the viewer may know it."""
    names = {f.id: f.name for f in await fields(session, call.hotline)}
    places = {u.id: u.name for u in await tree(session, call.hotline, now)}
    known = await contacts.by_number(session, call.hotline, call.caller_number)
    tickets = await contacts.history(session, who, call.hotline, call.caller_number, limit=EARLIER)
    calls = await _earlier(session, call)
    lines = [shape.ticket_line(t, sender(who, t).name, names, places) for t in tickets]
    broken = await _ticket_of_the_call_cut_off(session, who, call)
    return {
        "contacts": [shape.contact(c, call.caller_number) for c in known],
        "open": [line for line in lines if line["state"] in contacts.LIVE],
        "earlier": [line for line in lines if line["state"] not in contacts.LIVE],
        "calls": await _call_lines(session, calls),
        "cut_off": shape.ticket_line(broken, sender(who, broken).name, names, places)
        if broken
        else None,
        "transfers": [shape.transfer(t) for t in await transfer_store.of_call(session, call.id)],
    }


def _concerning(request: web.Request) -> CallView:
    """Return the call when it rings for the viewer or is, or was, the viewer's."""
    who = viewer(request)
    call = request.app[CALLS].call(CallId(request.match_info["call"]))
    if call is None:
        raise NotFound("no_such_call")
    if who.id not in call.ringing and call.operator != who.id:
        raise Forbidden("not_your_call", call=call.id)
    return call


def _own(request: web.Request) -> CallView:
    who = viewer(request)
    call = _concerning(request)
    if call.operator != who.id:
        raise Forbidden("not_your_call", call=call.id)
    return call


async def _earlier(session: AsyncSession, call: CallView) -> tuple[CallView, ...]:
    if call.caller_number is None:
        return ()
    found = await call_store.of_caller(session, call.caller_number, (call.hotline,), EARLIER)
    return tuple(c for c in found if c.id != call.id)


async def _ticket_of_the_call_cut_off(
    session: AsyncSession, who: Viewer, call: CallView
) -> Ticket | None:
    """Return the ticket, also a draft, of the call after which this caller comes first."""
    after = choice_of(call.menu).after
    before = await call_store.get(session, CallId(after)) if after else None
    if before is None or (before.hotline, before.caller_number) != (
        call.hotline,
        call.caller_number,
    ):
        return None
    ticket = await session.get(Ticket, before.ticket) if before.ticket else None
    return ticket if ticket and await may_see(session, who, ticket) else None


async def _call_lines(session: AsyncSession, calls: tuple[CallView, ...]) -> list[shape.Json]:
    operators = {c.operator for c in calls if c.operator}
    tickets = {c.ticket for c in calls if c.ticket}
    accounts = select(col(Account.id), col(Account.full_name)).where(col(Account.id).in_(operators))
    numbers = select(col(Ticket.id), col(Ticket.number)).where(col(Ticket.id).in_(tickets))
    names = {str(key): str(name) for key, name in (await session.execute(accounts)).tuples()}
    known = {
        str(key): str(number)
        for key, number in (await session.execute(numbers)).tuples()
        if number is not None
    }
    return [shape.call_line(c, names, known) for c in calls]

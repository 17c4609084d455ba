"""Handing a live call on (CT-9.1.2a), and what is told of it while it happens."""

from typing import Literal

from aiohttp import web
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession

from telephony.calls.transfer import Kind
from telephony.transfers.model import Target
from tickets import access, drafts, units
from tickets.units import fields
from tongdai.accounts.model import Role, Viewer
from tongdai.errors import Invalid
from tongdai.ids import CallId, PersonId, TicketId, TransferId, UnitId
from web.auth import allowed, viewer
from web.console.shape import transfer as transfer_json
from web.doors import CALLS, TRANSFERS
from web.forms import Form, parse, said
from web.keys import DB, SETTINGS

routes = web.RouteTableDef()


class TransferForm(Form):
    """Whom to call, and how."""

    kind: Literal["warm", "blind", "three_way"]
    person: str | None = None
    number: str | None = Field(default=None, max_length=32)
    ticket: str | None = None


@routes.post("/console/calls/{call}/transfers")
@allowed(Role.OPERATOR)
async def start(request: web.Request) -> web.StreamResponse:
    """Begin a transfer to somebody of the directory, or to a typed number."""
    form, who = parse(TransferForm, await said(request)), viewer(request)
    call = CallId(request.match_info["call"])
    view = await request.app[TRANSFERS].start(
        call,
        kind=Kind(form.kind),
        target=await _target(request, form, call),
        by=who,
        ticket_id=TicketId(form.ticket) if form.ticket else None,
    )
    return web.json_response({"transfer": transfer_json(view)})


@routes.post("/console/transfers/{transfer}/complete")
@allowed(Role.OPERATOR)
async def complete(request: web.Request) -> web.StreamResponse:
    """Leave caller and person alone."""
    view = await request.app[TRANSFERS].complete(_id(request), viewer(request))
    return web.json_response({"transfer": transfer_json(view)})


@routes.post("/console/transfers/{transfer}/join")
@allowed(Role.OPERATOR)
async def join(request: web.Request) -> web.StreamResponse:
    """Bring the caller in, and stay."""
    view = await request.app[TRANSFERS].join(_id(request), viewer(request))
    return web.json_response({"transfer": transfer_json(view)})


@routes.post("/console/transfers/{transfer}/cancel")
@allowed(Role.OPERATOR)
async def cancel(request: web.Request) -> web.StreamResponse:
    """Give up, and talk with the caller again."""
    view = await request.app[TRANSFERS].cancel(_id(request), viewer(request))
    return web.json_response({"transfer": transfer_json(view)})


async def _target(request: web.Request, form: TransferForm, call_id: CallId) -> Target:
    if form.person:
        async with request.app[DB].read() as session:
            person = await units.person(session, form.person)
            unit = await units.unit(session, person.unit_id)
            field = await _field(session, form.ticket, viewer(request))
        return Target(
            number=person.phone,
            person_id=PersonId(person.id),
            unit_id=UnitId(unit.id),
            label=f"{person.name}, {unit.name}",
            field=field,
        )
    if not form.number:
        raise Invalid(fields={"target": "required"})
    call = request.app[CALLS].call(call_id)
    table = request.app[SETTINGS].hotline_by_id(call.hotline) if call else None
    if table is not None and not table.transfer_typed_numbers:
        raise Invalid(fields={"target": "not_allowed"})
    return Target(number=form.number, label=form.number, typed=True)


async def _field(session: AsyncSession, ticket_id: str | None, who: Viewer) -> str:
    """Return the name of the ticket's field, as it is typed so far; empty when there is none."""
    if ticket_id is None:
        return ""
    ticket = await access.get(session, who, ticket_id)
    form, _revision = await drafts.load(session, ticket.id)
    names = {f.id: f.name for f in await fields(session, ticket.hotline)}
    return names.get(ticket.field_id or form.field, "")


def _id(request: web.Request) -> TransferId:
    return TransferId(request.match_info["transfer"])

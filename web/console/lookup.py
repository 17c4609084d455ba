"""Look-ups while typing, without diacritics: contacts, people, focal points; a form's rules."""

from aiohttp import web

from tickets import contacts, search, units
from tongdai.accounts.model import Role
from tongdai.errors import Forbidden
from tongdai.ids import HotlineId
from web.auth import allowed, viewer
from web.console import shape
from web.doors import ACTS
from web.keys import CLOCK, DB

routes = web.RouteTableDef()


@routes.get("/console/hotlines/{hotline}/rules")
@allowed(Role.OPERATOR)
async def rules(request: web.Request) -> web.StreamResponse:
    """Return types, grounds, fields and units of a hotline (CT-2.4, CT-4, CT-6, CT-8.2)."""
    hotline = _hotline(request)
    async with request.app[DB].read() as session:
        body = shape.rules(
            request.app[ACTS].lawbook.form_rules(hotline),
            [f for f in await units.fields(session, hotline) if f.active],
            await units.tree(session, hotline, request.app[CLOCK].now()),
        )
    return web.json_response(body)


@routes.get("/console/hotlines/{hotline}/contacts")
@allowed(Role.OPERATOR)
async def find_contacts(request: web.Request) -> web.StreamResponse:
    """Return contacts by number, name or address."""
    hotline, typed = _hotline(request), request.query.get("q", "")[:200]
    async with request.app[DB].read() as session:
        found = await contacts.find(session, hotline, typed)
        items = []
        for contact in found:
            numbers = await contacts.phones(session, contact.id)
            items.append(shape.contact(contact, numbers[0] if numbers else None))
    return web.json_response({"items": items})


@routes.get("/console/hotlines/{hotline}/people")
@allowed(Role.OPERATOR)
async def find_people(request: web.Request) -> web.StreamResponse:
    """Return the phone book's people by name, title, unit or number, for a transfer."""
    hotline, typed = _hotline(request), request.query.get("q", "")[:200]
    async with request.app[DB].read() as session:
        found = await search.find_people(session, hotline, typed, request.app[CLOCK].now())
        items = [shape.person(p, u.name) for p, u in found if p.phone]
    return web.json_response({"items": items})


@routes.get("/console/hotlines/{hotline}/focal-point")
@allowed(Role.OPERATOR)
async def focal_point(request: web.Request) -> web.StreamResponse:
    """Return who takes a unit's calls and SMS now (CT-9.1.2a, CT-14.2)."""
    hotline, unit_id = _hotline(request), request.query.get("unit", "")
    async with request.app[DB].read() as session:
        unit = await units.handling(session, hotline, unit_id, request.app[CLOCK].now())
        found = await units.focal_point(session, unit.id, request.app[CLOCK].now())
        body = {"person": shape.person(found, unit.name) if found else None}
    return web.json_response(body)


def _hotline(request: web.Request) -> HotlineId:
    hotline = request.match_info["hotline"]
    if not viewer(request).has(Role.OPERATOR, hotline):
        raise Forbidden("not_an_operator_here", hotline=hotline)
    return HotlineId(hotline)

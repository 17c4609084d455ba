"""/admin/units: the tree of units and who answers in them (CT-1.2, CT-2.5, CT-14.2)."""

from collections.abc import Mapping
from dataclasses import asdict
from http import HTTPStatus
from typing import Any

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tickets import units as directory
from tickets import upkeep
from tickets.tables import SubjectField, Unit
from tongdai.accounts.model import Role
from tongdai.errors import Conflict, Invalid, NotFound, Refusal
from web.admin import unit_forms
from web.admin.common import (
    chosen_hotline,
    faults_in_words,
    leaf,
    must_reach,
    show,
    trouble,
    unit_label,
)
from web.admin.unit_forms import PersonForm, UnitForm
from web.admin.unit_tree import Row, accounts_of, in_tree
from web.admin.unit_tree import rows as rows_of
from web.admin.words import KINDS, ROLES
from web.auth import allowed, viewer
from web.keys import CLOCK, DB

routes = web.RouteTableDef()
OFFICES = ("focal_point", "unit_head")
"""What people are appointed as here."""


@routes.get("/admin/units")
@allowed(Role.ADMINISTRATOR)
async def listed(request: web.Request) -> web.StreamResponse:
    """Show the tree of a hotline's units; found by name, alias or person without diacritics."""
    hotline, now = chosen_hotline(request), request.app[CLOCK].now()
    typed, state = request.query.get("q", "")[:120], request.query.get("state", "valid")
    async with request.app[DB].read() as session:
        if state == "ended":
            ended = col(Unit.valid_to) <= now
            query = select(Unit).where(col(Unit.hotline) == hotline.id, ended)
            units = list((await session.execute(query.order_by(col(Unit.folded)))).scalars())
        else:
            units = await directory.tree(session, hotline.id, now)
        heads = {
            role: {p.unit_id: p for p in await directory.people(session, hotline.id, role, now)}
            for role in OFFICES
        }
    rows = [
        Row(
            unit=unit,
            depth=depth,
            focal_point=heads["focal_point"].get(unit.id),
            unit_head=heads["unit_head"].get(unit.id),
        )
        for unit, depth in in_tree(units)
    ]
    if state == "missing":
        rows = [r for r in rows if r.unit.handling_unit and not r.reachable]
    if typed:
        rows = [r for r in rows if r.matches(typed)]
    context = {
        "hotline": hotline,
        "leaf": leaf(request, rows),
        "kinds": KINDS,
        "typed": {"q": typed, "state": state, "hotline": hotline.id},
    }
    return show(request, "units.html", context)


@routes.get("/admin/units/new")
@allowed(Role.ADMINISTRATOR)
async def new(request: web.Request) -> web.StreamResponse:
    """Show an empty form."""
    return await _new_page(request, UnitForm(), {})


@routes.post("/admin/units/new")
@allowed(Role.ADMINISTRATOR)
async def add(request: web.Request) -> web.StreamResponse:
    """Add a unit to the hotline of the address."""
    hotline, form = chosen_hotline(request), UnitForm.of(await request.post())
    try:
        async with request.app[DB].write() as tx:
            units = await directory.tree(tx.session, hotline.id, tx.now)
            unit = await unit_forms.new_unit(tx.session, hotline.id, form, units, tx.now)
            await directory.add_unit(tx, unit, viewer(request))
            unit_id = unit.id
    except Invalid as refusal:
        return await _new_page(request, form, refusal.fields, HTTPStatus.UNPROCESSABLE_ENTITY)
    raise web.HTTPSeeOther(f"/admin/units/{unit_id}?done=unit_added")


@routes.get("/admin/units/{unit}")
@allowed(Role.ADMINISTRATOR)
async def one(request: web.Request) -> web.StreamResponse:
    """Show a unit: what it is, who answers, who answered before."""
    return await _unit_page(request)


@routes.post("/admin/units/{unit}")
@allowed(Role.ADMINISTRATOR)
async def change(request: web.Request) -> web.StreamResponse:
    """Rename a unit, or change what it is."""
    form = UnitForm.of(await request.post())
    try:
        async with request.app[DB].write() as tx:
            unit = await _mine(request, tx.session)
            await upkeep.change_unit(tx, unit.id, form.facts(), viewer(request))
    except Invalid as refusal:
        return await _unit_page(request, refusal, which="unit", typed=asdict(form))
    raise web.HTTPSeeOther(f"{request.path}?done=saved")


@routes.post("/admin/units/{unit}/end")
@allowed(Role.ADMINISTRATOR)
async def end(request: web.Request) -> web.StreamResponse:
    """Let a unit end with a day, or go on when no day is given."""
    typed = str((await request.post()).get("last_day", "")).strip()
    try:
        async with request.app[DB].write() as tx:
            unit = await _mine(request, tx.session)
            at = unit_forms.end_of(typed, unit.valid_from)
            await upkeep.end_unit(tx, unit.id, at, viewer(request))
    except (Invalid, Conflict) as refusal:
        return await _unit_page(request, refusal, which="end", typed={"last_day": typed})
    raise web.HTTPSeeOther(f"/admin/units/{unit.id}?done={'ended' if at else 'saved'}")


@routes.post("/admin/units/{unit}/people")
@allowed(Role.ADMINISTRATOR)
async def appoint(request: web.Request) -> web.StreamResponse:
    """Appoint a focal point or a head; whoever was it steps down, open tickets follow (CT-14.2)."""
    form = PersonForm.of(await request.post())
    try:
        async with request.app[DB].write() as tx:
            unit = await _mine(request, tx.session)
            form.check()
            person = directory.new_person(
                unit,
                name=form.name,
                role=form.role,
                active_from=tx.now,
                phone=form.phone or form.mobile,
                mobile=form.mobile,
                title=form.title,
            )
            await directory.appoint(tx, person, viewer(request))
    except Invalid as refusal:
        which = form.role if form.role in OFFICES else OFFICES[0]
        return await _unit_page(request, refusal, which=which, typed=asdict(form))
    raise web.HTTPSeeOther(f"/admin/units/{unit.id}?done=appointed")


@routes.post("/admin/people/{person}")
@allowed(Role.ADMINISTRATOR)
async def correct(request: web.Request) -> web.StreamResponse:
    """Correct somebody's name, title or numbers."""
    form = PersonForm.of(await request.post())
    async with request.app[DB].read() as session:
        known = await directory.person(session, request.match_info["person"])
    must_reach(request, known.hotline)
    form.role = known.role
    try:
        form.check()
        async with request.app[DB].write() as tx:
            facts = upkeep.PersonFacts(
                name=form.name,
                title=form.title,
                phone=form.phone or form.mobile,
                mobile=form.mobile,
            )
            await upkeep.correct_person(tx, known.id, facts, viewer(request))
    except Invalid as refusal:
        return await _unit_page(
            request, refusal, which=known.id, typed=asdict(form), unit_id=known.unit_id
        )
    raise web.HTTPSeeOther(f"/admin/units/{known.unit_id}?done=saved")


@routes.post("/admin/people/{person}/dismiss")
@allowed(Role.ADMINISTRATOR)
async def dismiss(request: web.Request) -> web.StreamResponse:
    """End somebody's appointment."""
    async with request.app[DB].write() as tx:
        known = await directory.person(tx.session, request.match_info["person"])
        must_reach(request, known.hotline)
        if known.active_to is not None and known.active_to <= tx.now:
            raise Conflict("already_left", person=known.id)
        await directory.dismiss(tx, known.id, viewer(request))
        unit_id = known.unit_id
    raise web.HTTPSeeOther(f"/admin/units/{unit_id}?done=dismissed")


async def _new_page(
    request: web.Request, form: UnitForm, faults: Mapping[str, str], status: int = HTTPStatus.OK
) -> web.Response:
    hotline = chosen_hotline(request)
    async with request.app[DB].read() as session:
        units = await directory.tree(session, hotline.id, request.app[CLOCK].now())
    context = {
        "hotline": hotline,
        "form": asdict(form),
        "kinds": KINDS,
        "labels": [unit_label(u) for u in units],
        "faults": faults_in_words(faults),
    }
    return show(request, "unit_new.html", context, status=status)


async def _unit_page(
    request: web.Request,
    refusal: Refusal | None = None,
    *,
    which: str = "",
    typed: Mapping[str, Any] | None = None,
    unit_id: str | None = None,
) -> web.Response:
    """Return a unit's page; what was typed into the form `which` comes back with its faults."""
    now = request.app[CLOCK].now()
    async with request.app[DB].read() as session:
        unit = await _mine(request, session, unit_id)
        parent = await session.get(Unit, unit.parent_id) if unit.parent_id else None
        everybody = await upkeep.ever_in(session, unit.id)
        context: dict[str, Any] = {
            "unit": unit,
            "parent": parent,
            "holders": {
                role: await directory.in_role(session, unit.id, role, now) for role in OFFICES
            },
            "past": [p for p in everybody if p.active_to is not None and p.active_to <= now],
            "children": await rows_of(session, Unit, Unit.parent_id, unit.id),
            "fields": await rows_of(session, SubjectField, SubjectField.unit_id, unit.id),
            "accounts": await accounts_of(session, unit.id),
            "tickets": await upkeep.open_tickets(session, unit.id),
        }
    fields = refusal.fields if isinstance(refusal, Invalid) else {}
    context |= {
        "now": now,
        "kinds": KINDS,
        "roles": ROLES,
        "which": which,
        "typed": typed or {},
        "unit_form": typed if which == "unit" else asdict(UnitForm.of_unit(unit)),
        "last_day": unit_forms.last_day_of(unit.valid_to),
        "faults": faults_in_words(fields),
        "trouble": trouble(refusal) if refusal else "",
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if refusal else HTTPStatus.OK
    return show(request, "unit.html", context, status=status)


async def _mine(request: web.Request, session: AsyncSession, unit_id: str | None = None) -> Unit:
    unit = await directory.unit(session, unit_id or request.match_info["unit"])
    try:
        must_reach(request, unit.hotline)
    except Refusal:
        raise NotFound("no_such_unit", unit=unit.id) from None
    return unit

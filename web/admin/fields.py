"""/admin/fields: the fields of a hotline with the unit that each is for (CT-2.4, CT-3.5)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from tickets import search, upkeep
from tickets import units as directory
from tickets.tables import SubjectField, Unit
from tongdai.accounts.model import Role
from tongdai.errors import Invalid, NotFound, Refusal
from tongdai.settings import HotlineTable
from tongdai.text import clean, fold
from web.admin.common import (
    chosen_hotline,
    faults_in_words,
    law,
    leaf,
    must_reach,
    show,
    unit_label,
    unit_meant,
)
from web.admin.unit_forms import text
from web.auth import allowed, viewer
from web.keys import CLOCK, DB, SETTINGS

routes = web.RouteTableDef()


@dataclass(slots=True, kw_only=True)
class FieldForm:
    """What stands in a field's form, as typed."""

    name: str = ""
    keywords: str = ""
    unit: str = ""
    type: str = ""
    position: str = "0"
    active: bool = True

    @classmethod
    def of(cls, typed: Mapping[str, object]) -> "FieldForm":
        """Read what a browser sent."""
        names = ("name", "keywords", "unit", "type", "position")
        return cls(**{n: text(typed, n) for n in names}, active="active" in typed)

    def facts(self, units: Sequence[Unit], types: Sequence[str]) -> upkeep.FieldFacts:
        """Return how the field shall be.

        Raises:
            Invalid: `fields` says why not.
        """
        unit, why = unit_meant(units, self.unit) if self.unit else (None, "")
        faults = {"unit": why} if why else {}
        if not clean(self.name):
            faults["name"] = "required"
        if self.type and self.type not in types:
            faults["type"] = "not_allowed"
        if not self.position.isdecimal() or len(self.position) > 4:
            faults["position"] = "not_a_number"
        if faults:
            raise Invalid(fields=faults)
        return upkeep.FieldFacts(
            name=self.name,
            keywords=self.keywords,
            unit=unit.id if unit else None,
            type=self.type or None,
            position=int(self.position),
            active=self.active,
        )


@routes.get("/admin/fields")
@allowed(Role.ADMINISTRATOR)
async def listed(request: web.Request) -> web.StreamResponse:
    """List the fields of a hotline with the units that they propose."""
    hotline, typed = chosen_hotline(request), request.query.get("q", "")[:120]
    async with request.app[DB].read() as session:
        fields = await upkeep.all_fields(session, hotline.id)
        units = {u.id: u for u in await directory.tree(session, hotline.id, _now(request))}
    if typed:
        fields = [f for f in fields if search.matches(typed, _found_by(f, units))]
    context = {
        "hotline": hotline,
        "leaf": leaf(request, fields),
        "units": units,
        "types": _types(request, hotline.id),
        "typed": {"q": typed, "hotline": hotline.id},
    }
    return show(request, "fields.html", context)


@routes.get("/admin/fields/new")
@allowed(Role.ADMINISTRATOR)
async def new(request: web.Request) -> web.StreamResponse:
    """Show an empty form; it goes to the end of the list."""
    hotline = chosen_hotline(request)
    async with request.app[DB].read() as session:
        last = max((f.position for f in await upkeep.all_fields(session, hotline.id)), default=0)
    return await _page(request, hotline, FieldForm(position=str(last + 1)))


@routes.post("/admin/fields/new")
@allowed(Role.ADMINISTRATOR)
async def add(request: web.Request) -> web.StreamResponse:
    """Add a field."""
    hotline, form = chosen_hotline(request), FieldForm.of(await request.post())
    try:
        async with request.app[DB].write() as tx:
            units = await directory.tree(tx.session, hotline.id, tx.now)
            facts = form.facts(units, list(_types(request, hotline.id)))
            await upkeep.add_field(tx, hotline.id, facts, viewer(request))
    except Invalid as refusal:
        return await _page(request, hotline, form, refusal)
    raise web.HTTPSeeOther(f"/admin/fields?hotline={hotline.id}&done=field_added")


@routes.get("/admin/fields/{field}")
@allowed(Role.ADMINISTRATOR)
async def one(request: web.Request) -> web.StreamResponse:
    """Show a field."""
    async with request.app[DB].read() as session:
        known = await _mine(request, session)
        unit = await session.get(Unit, known.unit_id) if known.unit_id else None
    form = FieldForm(
        name=known.name,
        keywords=known.keywords,
        unit=unit_label(unit) if unit else "",
        type=known.type or "",
        position=str(known.position),
        active=known.active,
    )
    return await _page(request, _hotline(request, known.hotline), form, known=known)


@routes.post("/admin/fields/{field}")
@allowed(Role.ADMINISTRATOR)
async def change(request: web.Request) -> web.StreamResponse:
    """Change a field, or switch it off."""
    form = FieldForm.of(await request.post())
    async with request.app[DB].read() as session:
        known = await _mine(request, session)
    try:
        async with request.app[DB].write() as tx:
            units = await directory.tree(tx.session, known.hotline, tx.now)
            facts = form.facts(units, list(_types(request, known.hotline)))
            await upkeep.change_field(tx, known.id, facts, viewer(request))
    except Invalid as refusal:
        return await _page(request, _hotline(request, known.hotline), form, refusal, known=known)
    raise web.HTTPSeeOther(f"/admin/fields?hotline={known.hotline}&done=saved")


async def _page(
    request: web.Request,
    hotline: HotlineTable,
    form: FieldForm,
    refusal: Invalid | None = None,
    *,
    known: SubjectField | None = None,
) -> web.Response:
    async with request.app[DB].read() as session:
        units = await directory.tree(session, hotline.id, _now(request))
    context = {
        "hotline": hotline,
        "form": form,
        "known": known,
        "labels": [unit_label(u) for u in units if u.handling_unit],
        "types": list(_types(request, hotline.id).items()),
        "faults": faults_in_words(refusal.fields) if refusal else {},
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if refusal else HTTPStatus.OK
    return show(request, "field.html", context, status=status)


def _types(request: web.Request, hotline: str) -> dict[str, str]:
    rules = law(request).lawbook.form_rules(hotline)
    return {t.code: t.name for t in rules.types}


async def _mine(request: web.Request, session: AsyncSession) -> SubjectField:
    known = await upkeep.field(session, request.match_info["field"])
    try:
        must_reach(request, known.hotline)
    except Refusal:
        raise NotFound("no_such_field", field=known.id) from None
    return known


def _hotline(request: web.Request, hotline: str) -> HotlineTable:
    return next(h for h in request.app[SETTINGS].hotlines if h.id == hotline)


def _found_by(field: SubjectField, units: Mapping[str, Unit]) -> str:
    unit = units.get(field.unit_id or "")
    return fold(f"{field.folded} {unit.folded if unit else ''}")


def _now(request: web.Request) -> datetime:
    return request.app[CLOCK].now()

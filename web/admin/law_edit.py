"""Changing the law: a procedure's text, the working days of a hotline or of one of its units.

Every change is a new edition with who and why (escalation.editions); the one before stays readable.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus
from typing import Any

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from escalation import editions
from escalation.diagram import edges, svg
from escalation.editions import CALENDAR, PROCEDURE, Kind, Place
from escalation.procedure import ProcedureError
from escalation.tables import LawEdition
from tickets import units as directory
from tickets.tables import Unit
from tongdai.accounts.model import Role
from tongdai.calendar import CalendarError
from tongdai.errors import Invalid, NotFound
from tongdai.settings import HotlineTable
from web import words
from web.admin.common import chosen_hotline, law, must_reach, show
from web.admin.unit_forms import text
from web.auth import allowed, viewer
from web.desk.people import account_names
from web.desk.requests import read_day
from web.keys import CLOCK, DB

routes = web.RouteTableDef()
_LONGEST = 400_000
_PAGES: Mapping[Kind, str] = {PROCEDURE: "/admin/procedure", CALENDAR: "/admin/calendar"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Editing:
    """What stands in the form."""

    text: str
    note: str = ""
    unit: str = ""


@routes.get("/admin/procedure/diagram.svg")
@allowed(Role.ADMINISTRATOR)
async def diagram(request: web.Request) -> web.StreamResponse:
    """Draw the procedure in force."""
    known = law(request).lawbook.procedure(chosen_hotline(request).id)
    if known is None:
        raise NotFound("no_such_edition")
    headers = {"Cache-Control": "private, no-store"}
    return web.Response(text=svg(known), content_type="image/svg+xml", headers=headers)


@routes.get("/admin/{what:procedure|calendar}/edit")
@allowed(Role.ADMINISTRATOR)
async def edit(request: web.Request) -> web.StreamResponse:
    """Show the text in force to be changed; `from`: another hotline's, or edition's, as a copy."""
    hotline, kind = chosen_hotline(request), _kind(request)
    unit = request.query.get("unit", "")
    async with request.app[DB].read() as session:
        body = await _source(request, session, hotline, kind, unit)
    return await _page(request, hotline, kind, Editing(text=body, unit=unit))


@routes.post("/admin/{what:procedure|calendar}/edit")
@allowed(Role.ADMINISTRATOR)
async def save(request: web.Request) -> web.StreamResponse:
    """Put a new edition in force, or say the line and the reason why not."""
    hotline, kind, typed = chosen_hotline(request), _kind(request), await request.post()
    form = Editing(
        text=str(typed.get("text", ""))[:_LONGEST],
        note=text(typed, "note"),
        unit=text(typed, "unit") if kind == CALENDAR else "",
    )
    return await _kept(request, hotline, kind, form)


@routes.post("/admin/calendar/day")
@allowed(Role.ADMINISTRATOR)
async def add_day(request: web.Request) -> web.StreamResponse:
    """Add a day off or a make-up working day to the calendar that is in force."""
    hotline, typed = chosen_hotline(request), await request.post()
    unit, name = text(typed, "unit"), text(typed, "name", 100)
    async with request.app[DB].read() as session:
        body = await _text_of(request, session, Place(kind=CALENDAR, hotline=hotline.id), unit)
    try:
        day = read_day(text(typed, "date"))
    except ValueError:
        fault = Invalid(fields={"date": "not_a_date"})
        return await _page(request, hotline, CALENDAR, Editing(text=body, unit=unit), fault=fault)
    spans = [s.strip() for s in text(typed, "spans").split(",") if s.strip()]
    form = Editing(text=f"{body.rstrip()}\n{_entry(day, name, spans)}", unit=unit, note=name)
    return await _kept(request, hotline, CALENDAR, form)


@routes.get("/admin/law/{edition}")
@allowed(Role.ADMINISTRATOR)
async def read(request: web.Request) -> web.StreamResponse:
    """Show an edition's text."""
    number = request.match_info["edition"]
    async with request.app[DB].read() as session:
        found = await editions.edition(session, int(number)) if number.isdecimal() else None
        if found is None:
            raise NotFound("no_such_edition")
        must_reach(request, found.hotline)
        names = await account_names(session, [found.by])
    return show(request, "law_text.html", {"edition": found, "by": names.get(found.by, "")})


async def past(
    request: web.Request, hotline: str, kind: Kind
) -> tuple[list[LawEdition], dict[str, str], dict[str, str]]:
    """Return a hotline's editions of a kind, with the names of people and of units."""
    async with request.app[DB].read() as session:
        rows = await editions.history(session, Place(kind=kind, hotline=hotline))
        names = await account_names(session, [row.by for row in rows])
        tree = await directory.tree(session, hotline, request.app[CLOCK].now())
    return rows, names, {unit.id: unit.name for unit in tree}


def ways(request: web.Request, hotline: str) -> list[tuple[str, str, str, str]]:
    """Return the diagram's ways, as it numbers them: words, from, to, source."""
    known = law(request).lawbook.procedure(hotline)
    if known is None:
        return []
    names = {stage.id: stage.name for stage in known.stage}
    return [(e.words, names.get(e.tail, ""), names.get(e.head, ""), e.source) for e in edges(known)]


async def _kept(
    request: web.Request, hotline: HotlineTable, kind: Kind, form: Editing
) -> web.StreamResponse:
    place = Place(kind=kind, hotline=hotline.id, unit=form.unit or None)
    if not form.note:
        fault = Invalid(fields={"note": "required"})
        return await _page(request, hotline, kind, form, fault=fault)
    try:
        async with request.app[DB].write() as tx:
            await editions.change(tx, place, form.text, by=viewer(request), note=form.note)
    except (ProcedureError, CalendarError) as error:
        return await _page(request, hotline, kind, form, why=str(error))
    async with request.app[DB].read() as session:
        await editions.refresh(session, law(request).lawbook)
    raise web.HTTPSeeOther(f"{_PAGES[kind]}?hotline={hotline.id}&done=law_changed")


async def _source(
    request: web.Request, session: AsyncSession, hotline: HotlineTable, kind: Kind, unit: str
) -> str:
    """Return the text to begin with."""
    wanted = request.query.get("from", "")
    if wanted.isdecimal():
        found = await editions.edition(session, int(wanted))
        if found is None or found.kind != kind:
            raise NotFound("no_such_edition")
        must_reach(request, found.hotline)
        return found.text
    if not wanted:
        return await _text_of(request, session, Place(kind=kind, hotline=hotline.id), unit)
    copied = await _text_of(request, session, Place(kind=kind, hotline=wanted), "")
    return copied.replace(f'id = "{wanted}"', f'id = "{hotline.id}"', 1)


async def _text_of(request: web.Request, session: AsyncSession, place: Place, unit: str) -> str:
    """Return the text that is in force: a unit's own, the hotline's, or the file's."""
    lawbook = law(request).lawbook
    if place.kind == PROCEDURE:
        version = lawbook.version(place.hotline)
        return version.text if version else ""
    rows = await editions.history(session, place)
    for owner in dict.fromkeys((unit or None, None)):
        row = next((r for r in rows if r.unit_id == owner), None)
        if row is not None and row.text:
            return row.text
    return lawbook.texts.get(place.hotline, "")


async def _page(
    request: web.Request,
    hotline: HotlineTable,
    kind: Kind,
    form: Editing,
    *,
    fault: Invalid | None = None,
    why: str = "",
) -> web.StreamResponse:
    async with request.app[DB].read() as session:
        tree = await directory.tree(session, hotline.id, request.app[CLOCK].now())
    wrong = fault.fields if fault else {}
    context: dict[str, Any] = {
        "hotline": hotline,
        "kind": kind,
        "form": form,
        "units": [unit for unit in tree if unit.handling_unit] if kind == CALENDAR else [],
        "unit_name": _name(tree, form.unit),
        "known": sorted(law(request).lawbook.versions),
        "faults": {name: words.of_code(code) for name, code in wrong.items()},
        "trouble": why,
        "path": _PAGES[kind],
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if fault or why else HTTPStatus.OK
    return show(request, "law_edit.html", context, status=status)


def _name(tree: list[Unit], unit: str) -> str:
    return next((u.name for u in tree if u.id == unit), "")


def _kind(request: web.Request) -> Kind:
    return PROCEDURE if request.match_info["what"] == PROCEDURE else CALENDAR


def _entry(day: date, name: str, spans: list[str]) -> str:
    """Return the lines of a day: off without spans, a make-up working day with them."""
    told = name.replace("\\", "").replace('"', "'")
    if not spans:
        return f'\n[[holiday]]\ndate = {day:%Y-%m-%d}\nname = "{told}"\n'
    written = ", ".join(f'"{span}"' for span in spans)
    return f'\n[[workday]]\ndate = {day:%Y-%m-%d}\nspans = [{written}]\nname = "{told}"\n'

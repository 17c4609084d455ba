"""/admin/flows: what a hotline's callers hear: read, drawn, tried as text, changed.

Every change is a new edition with who and why (ivr.book); it holds for the next call.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from aiohttp import web

from ivr import book
from ivr.book import Flowbook
from ivr.flow.diagram import Line, name_of, svg, tree
from ivr.flow.model import Flow, Menu
from ivr.flow.parse import FlowError
from ivr.flow.report import Heard, facts_at, moment_of, played, presses_of
from ivr.flow.state import menu_text
from ivr.prompt_builder import PromptError
from ivr.speech.speaker import Speaker
from tongdai.accounts.model import Role
from tongdai.errors import Invalid, NotFound
from tongdai.settings import HotlineTable
from web import words
from web.admin.common import chosen_hotline, law, must_reach, show
from web.admin.unit_forms import text
from web.auth import allowed, viewer
from web.desk.people import account_names
from web.keys import CLOCK, DB

routes = web.RouteTableDef()
FLOWBOOK = web.AppKey("flowbook", Flowbook)
SPEAKER = web.AppKey("speaker", Speaker)
LONGEST = 200_000
_MOST_KEYS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """A line of the tree as the page shows it."""

    depth: int
    key: str
    words: str
    said: str
    source: str
    again: bool


@routes.get("/admin/flows")
@allowed(Role.ADMINISTRATOR)
async def flows(request: web.Request) -> web.StreamResponse:
    """Show a hotline's flow, and a call through it when `keys` or `at` is given."""
    hotline = chosen_hotline(request)
    known = request.app[FLOWBOOK]
    async with request.app[DB].read() as session:
        await known.refresh(session)
        rows = await book.history(session, hotline.id)
        people = await account_names(session, [row.by for row in rows])
    version = known.versions.get(hotline.id)
    flow = version.flow if version else None
    tried, faults = _tried(request, flow) if flow else ([], {})
    context: dict[str, Any] = {
        "hotline": hotline,
        "flow": flow,
        "branches": [_branch(flow, line) for line in tree(flow)] if flow else [],
        "editions": rows,
        "people": people,
        "tried": tried,
        "keys": request.query.get("keys", "")[:_MOST_KEYS],
        "at": request.query.get("at", ""),
        "faults": faults,
        "extension": viewer(request).extension or "",
        "number": "",
    }
    return show(request, "flows.html", context)


@routes.get("/admin/flows/diagram.svg")
@allowed(Role.ADMINISTRATOR)
async def diagram(request: web.Request) -> web.StreamResponse:
    """Draw the flow in force."""
    version = request.app[FLOWBOOK].versions.get(chosen_hotline(request).id)
    if version is None:
        raise NotFound("no_such_edition")
    headers = {"Cache-Control": "private, no-store"}
    return web.Response(text=svg(version.flow), content_type="image/svg+xml", headers=headers)


@routes.get("/admin/flows/edit")
@allowed(Role.ADMINISTRATOR)
async def edit(request: web.Request) -> web.StreamResponse:
    """Show the text in force to be changed; `from`: an earlier edition's."""
    hotline, wanted = chosen_hotline(request), request.query.get("from", "")
    version = request.app[FLOWBOOK].versions.get(hotline.id)
    body = version.text if version else ""
    if wanted.isdecimal():
        async with request.app[DB].read() as session:
            row = await book.edition(session, int(wanted))
        if row is None:
            raise NotFound("no_such_edition")
        must_reach(request, row.hotline)
        body = row.text
    return form(request, hotline, body, "")


@routes.post("/admin/flows/edit")
@allowed(Role.ADMINISTRATOR)
async def save(request: web.Request) -> web.StreamResponse:
    """Put a new edition in force for the next call, or say the line and the reason why not."""
    hotline, typed = chosen_hotline(request), await request.post()
    body, note = str(typed.get("text", ""))[:LONGEST], text(typed, "note")
    if not note:
        return form(request, hotline, body, note, fault=Invalid(fields={"note": "required"}))
    try:
        async with request.app[DB].write() as tx:
            await book.change(tx, hotline.id, body, by=viewer(request), note=note)
    except FlowError as error:
        return form(request, hotline, body, note, why=str(error))
    await _taken(request, hotline)
    raise web.HTTPSeeOther(f"/admin/flows?hotline={hotline.id}&done=flow_changed")


@routes.get("/admin/flows/edition/{edition}")
@allowed(Role.ADMINISTRATOR)
async def read(request: web.Request) -> web.StreamResponse:
    """Show an edition's text."""
    number = request.match_info["edition"]
    async with request.app[DB].read() as session:
        found = await book.edition(session, int(number)) if number.isdecimal() else None
        if found is None:
            raise NotFound("no_such_edition")
        must_reach(request, found.hotline)
        names = await account_names(session, [found.by])
    context = {"edition": found, "by": names.get(found.by, "")}
    return show(request, "flow_text.html", context)


async def _taken(request: web.Request, hotline: HotlineTable) -> None:
    """Take the edition over and speak its new texts; what cannot be spoken is an alarm."""
    known = request.app[FLOWBOOK]
    async with request.app[DB].read() as session:
        await known.refresh(session)
    version = known.versions.get(hotline.id)
    if version is None:
        return
    try:
        await request.app[SPEAKER].make_all(version.flow, hotline)
    except PromptError:
        return  # the speaker has raised the alarm, and speaks it at the next call


def _tried(request: web.Request, flow: Flow) -> tuple[list[Heard], dict[str, str]]:
    """Return a call on paper as the page asks for it."""
    keys, at = request.query.get("keys"), request.query.get("at", "")
    if keys is None:
        return [], {}
    try:
        when = moment_of(at) if at else request.app[CLOCK].now()
    except ValueError:
        return [], {"at": words.of_code("not_a_date")}
    try:
        pressed = presses_of(keys[:_MOST_KEYS])
    except ValueError:
        return [], {"keys": words.of_code("not_keys")}
    facts = facts_at(flow, law(request).lawbook.calendar(flow.id), when)
    return list(played(flow, facts, pressed)), {}


def _branch(flow: Flow, line: Line) -> Branch:
    step = line.step
    said = menu_text(flow, step) if isinstance(step, Menu) else getattr(step, "say", "")
    return Branch(
        depth=line.depth,
        key=line.way,
        words=name_of(step),
        said="" if line.again else said,
        source="" if line.again else step.source,
        again=line.again,
    )


def form(
    request: web.Request,
    hotline: HotlineTable,
    body: str,
    note: str,
    *,
    fault: Invalid | None = None,
    why: str = "",
    tried: Mapping[str, str] | None = None,
) -> web.Response:
    """Return the page on which a flow is changed, with what was typed.

    Args:
        request: By whom.
        hotline: Whose flow.
        body: The text.
        note: Why it is changed.
        fault: What is wrong with a field.
        why: What is wrong with the flow, or with the call.
        tried: What the page says of a call for trial: `number`, `when`, `done`.
    """
    wrong = fault.fields if fault else {}
    context = {
        "hotline": hotline,
        "text": body,
        "note": note,
        "faults": {name: words.of_code(code) for name, code in wrong.items()},
        "trouble": why,
        "extension": viewer(request).extension or "",
        "number": "",
        "when": "",
        **(tried or {}),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if fault or why else HTTPStatus.OK
    return show(request, "flow_edit.html", context, status=status)

"""'Call me with this flow': an edition or a draft, not in force, heard at one's telephone."""

from datetime import datetime

from aiohttp import web

from ivr import book
from ivr.flow.parse import FlowError, read_version
from ivr.flow.report import moment_of
from ivr.orders import TRIAL
from ivr.tables import PhoneOrder
from telephony.control import Place
from tongdai.accounts.model import Role
from tongdai.errors import Conflict, Forbidden, Invalid, NotFound, Unavailable
from tongdai.i18n import _
from tongdai.ids import HotlineId
from tongdai.settings import HotlineTable
from web import words
from web.admin.common import chosen_hotline, must_reach
from web.admin.flows import FLOWBOOK, LONGEST, form
from web.admin.unit_forms import text
from web.admin.words import DONE
from web.auth import allowed, viewer
from web.doors import CONTROL
from web.keys import CLOCK, DB

routes = web.RouteTableDef()


@routes.post("/admin/flows/call")
@allowed(Role.ADMINISTRATOR)
async def call(request: web.Request) -> web.StreamResponse:
    """Ring the administrator's telephone and play the draft that was typed, or an edition."""
    hotline, typed = chosen_hotline(request), await request.post()
    number, when = text(typed, "number"), text(typed, "when")
    draft = "text" in typed
    body = str(typed["text"])[:LONGEST] if draft else await _edition(request, typed)
    tried = {"number": number, "when": when}
    why = ""
    try:
        read_version(body.replace("\r\n", "\n"), f"{hotline.id}.toml")
        await _ring(request, hotline, body, number, _moment(when))
    except FlowError as error:
        why = str(error)
    except Invalid as refusal:
        why = next((words.of_code(c) for c in refusal.fields.values()), words.of(refusal))
    except (Conflict, Forbidden, Unavailable) as refusal:
        why = words.of(refusal)
    if not why and not draft:
        raise web.HTTPSeeOther(f"/admin/flows?hotline={hotline.id}&done=flow_calls")
    if not why:
        said = DONE["flow_calls"]
        tried["done"] = _(said)
    return form(request, hotline, body, text(typed, "note"), why=why, tried=tried)


async def _ring(
    request: web.Request, hotline: HotlineTable, body: str, number: str, when: datetime | None
) -> None:
    who = viewer(request)
    order = PhoneOrder(
        kind=TRIAL,
        hotline=hotline.id,
        text=body.replace("\r\n", "\n"),
        when=when,
        at=request.app[CLOCK].now(),
        by=who.id,
    )
    async with request.app[DB].write() as tx:
        tx.session.add(order)
    control = request.app[CONTROL]
    await control.lead(who, HotlineId(hotline.id), Place.TRIAL, number, order.id)


async def _edition(request: web.Request, typed: object) -> str:
    """Return an edition's text; none chosen: the one in force.

    Raises:
        NotFound: There is no such edition.
    """
    hotline = chosen_hotline(request)
    wanted = text(typed, "edition")  # type: ignore[arg-type]  # what request.post() gives
    if not wanted:
        version = request.app[FLOWBOOK].versions.get(hotline.id)
        if version is None:
            raise NotFound("no_such_edition")
        return version.text
    async with request.app[DB].read() as session:
        row = await book.edition(session, int(wanted)) if wanted.isdecimal() else None
    if row is None:
        raise NotFound("no_such_edition")
    must_reach(request, row.hotline)
    return row.text


def _moment(typed: str) -> datetime | None:
    """Return the hour that a trial is played for; None: now.

    Raises:
        Invalid: It is no moment.
    """
    if not typed:
        return None
    try:
        return moment_of(typed)
    except ValueError as error:
        raise Invalid(fields={"when": "not_a_date"}) from error

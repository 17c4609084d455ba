"""/desk/force-majeure: many tickets pause at once, with who, why and until when (A-TN-2)."""

from datetime import datetime

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from escalation import standstill
from escalation.standstill import MAY
from tickets import units
from tongdai.accounts.model import Viewer
from tongdai.errors import Invalid
from web import words
from web.auth import allowed, viewer
from web.desk import people
from web.desk.forms import StandstillForm
from web.desk.requests import read_moment
from web.doors import ACTS
from web.forms import parse
from web.keys import CLOCK, DB
from web.render import page

routes = web.RouteTableDef()
ALL = "*"


def places(request: web.Request) -> tuple[str, ...]:
    """Return the hotlines at which the viewer may declare it, and whose procedure knows it."""
    lawbook = request.app[ACTS].lawbook
    mine = viewer(request).hotlines_for(*MAY)
    return tuple(
        hotline
        for hotline in mine
        if (procedure := lawbook.procedure(hotline)) and procedure.rules_for("force_majeure_began")
    )


@routes.get("/desk/force-majeure")
@allowed(*MAY)
async def listed(request: web.Request) -> web.StreamResponse:
    """List the standstills, the newest first, with the form for another one."""
    return await _page(request)


@routes.post("/desk/force-majeure")
@allowed(*MAY)
async def declare(request: web.Request) -> web.StreamResponse:
    """Pause the open tickets of a hotline, or those of one unit."""
    typed, who = await request.post(), viewer(request)
    kept = {name: value for name, value in typed.items() if isinstance(value, str)}
    try:
        form = parse(StandstillForm, typed)
        async with request.app[DB].write() as tx:
            await standstill.declare(
                tx,
                form.hotline,
                await _tickets(tx.session, form),
                reason=form.reason,
                until=_moment(form.until),
                by=who,
            )
    except Invalid as refusal:
        faults = {name: words.of_code(code) for name, code in refusal.fields.items()}
        return await _page(request, status=422, typed=kept, faults=faults)
    raise web.HTTPSeeOther("/desk/force-majeure?done=begun")


@routes.post("/desk/force-majeure/{standstill}/end")
@allowed(*MAY)
async def end(request: web.Request) -> web.StreamResponse:
    """End one now."""
    async with request.app[DB].write() as tx:
        await standstill.end(tx, request.match_info["standstill"], viewer(request))
    raise web.HTTPSeeOther("/desk/force-majeure?done=ended")


async def _page(
    request: web.Request,
    *,
    status: int = 200,
    typed: dict[str, str] | None = None,
    faults: dict[str, str] | None = None,
) -> web.StreamResponse:
    now, here = request.app[CLOCK].now(), places(request)
    async with request.app[DB].read() as session:
        rows = await standstill.history(session, here)
        names = await people.account_names(
            session, [i for row, _ in rows for i in (row.by, row.ended_by or "")]
        )
        choices = [u for hotline in here for u in await units.tree(session, hotline, now)]
    context = {
        "rows": rows,
        "people": names,
        "here": here,
        "may_pause": bool(here),
        "units": [unit for unit in choices if unit.handling_unit],
        "typed": typed or {},
        "faults": faults or {},
        "done": request.query.get("done", ""),
        "now": now,
        "lists": _lists(viewer(request)),
    }
    return page(request, "desk/force_majeure.html", context, status=status)


async def _tickets(session: AsyncSession, form: StandstillForm) -> list[str]:
    chosen = None if form.unit == ALL else [form.unit]
    return await standstill.open_tickets(session, form.hotline, chosen)


def _moment(typed: str) -> datetime:
    try:
        return read_moment(typed)
    except ValueError:
        raise Invalid(fields={"until": "not_day_and_time"}) from None


def _lists(who: Viewer) -> bool:
    return who.has_any(people.DESK)

"""/floor/callbacks: who is to be called back, and the supervisor's acts."""

from typing import Any

from aiohttp import web
from pydantic import Field

from ivr.followups import acts, store
from ivr.followups.model import OPEN, Kind, State
from ivr.followups.store import Wanted
from tongdai.accounts.model import Role
from web.api import cursor
from web.auth import allowed, viewer
from web.callbacks.showing import shown_to
from web.callbacks.words import kinds, results, states
from web.doors import OPERATORS
from web.forms import Form, parse
from web.keys import CLOCK, DB, SETTINGS
from web.render import page

routes = web.RouteTableDef()
SHOWN = 50
ACTS = {"assign", "again", "give-up", "release"}


class ActForm(Form):
    """A supervisor's act on one task, and the list it was done in."""

    account: str = Field(default="", max_length=64)
    reason: str = Field(default="", max_length=acts.MOST_NOTE)
    back: str = Field(default="", max_length=300)


@routes.get("/floor/callbacks")
@allowed(Role.SUPERVISOR)
async def listed(request: web.Request) -> web.Response:
    """List the tasks of the viewer's hotlines, who called first first."""
    who, now, asked = viewer(request), request.app[CLOCK].now(), request.query
    mine = who.hotlines_for(Role.SUPERVISOR)
    wanted = _wanted(request, mine)
    after = cursor.to_moment(asked["cursor"]) if asked.get("cursor") else None
    async with request.app[DB].read() as session:
        found = await store.page(session, wanted, limit=SHOWN + 1, after=after)
        shown = await shown_to(session, who, found[:SHOWN], now)
        tries = {t.id: await store.tries(session, t.id) for t in found[:SHOWN] if t.tries}
        counts = await store.counts(session, mine, now)
    more = found[SHOWN - 1] if len(found) > SHOWN else None
    context: dict[str, Any] = {
        "tasks": shown,
        "tries": tries,
        "counts": counts,
        "next": cursor.of_moment(more.called_at, more.id) if more else None,
        "asked": {k: v for k, v in asked.items() if k != "cursor"},
        "hotlines": [(h.id, h.name) for h in request.app[SETTINGS].hotlines if h.id in mine],
        "operators": _operators(request),
        "kinds": kinds(),
        "states": states(),
        "results": results(),
        "open_states": OPEN,
    }
    return page(request, "floor/callbacks.html", context)


@routes.post("/floor/callbacks/{id}/{act}")
@allowed(Role.SUPERVISOR)
async def act(request: web.Request) -> web.Response:
    """Carry out a supervisor's act and return to the list."""
    form, who = parse(ActForm, dict(await request.post())), viewer(request)
    task_id, deed = request.match_info["id"], request.match_info["act"]
    if deed not in ACTS:
        raise web.HTTPNotFound
    async with request.app[DB].write() as tx:
        match deed:
            case "assign":
                await acts.assign(tx, task_id, form.account, who)
            case "again":
                await acts.again(tx, task_id, who)
            case "release":
                await acts.release(tx, task_id, who)
            case _:
                await acts.give_up(tx, task_id, who, form.reason)
    raise web.HTTPSeeOther(f"/floor/callbacks?{form.back}".rstrip("?"))


def _wanted(request: web.Request, mine: tuple[str, ...]) -> Wanted:
    asked = request.query
    chosen = asked.get("state", "")
    kind = asked.get("kind", "")
    return Wanted(
        hotlines=[h for h in mine if asked.get("hotline", "") in ("", h)],
        states=(State(chosen),) if chosen in set(State) else OPEN,
        kind=kind if kind in set(Kind) else None,
        overdue_at=request.app[CLOCK].now() if asked.get("overdue") else None,
    )


def _operators(request: web.Request) -> dict[str, list[tuple[str, str]]]:
    """Return, by hotline, who is signed on: a task is given to somebody who is there."""
    found: dict[str, list[tuple[str, str]]] = {}
    for operator in request.app[OPERATORS].snapshot():
        for hotline in operator.hotlines:
            found.setdefault(hotline, []).append((operator.account, operator.name))
    return found

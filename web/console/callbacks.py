"""The preview of a task of calling back: what is known of its caller."""

from aiohttp import web

from ivr.followups import acts, store
from ivr.followups.errors import NoSuchCallBack
from telephony.calls import store as call_store
from tongdai.accounts.model import Role
from tongdai.errors import NotFound
from tongdai.ids import CallId
from web.auth import allowed, viewer
from web.console.calls import known_of
from web.keys import CLOCK, DB

routes = web.RouteTableDef()


@routes.get("/console/callbacks/{id}/about")
@allowed(Role.OPERATOR)
async def about(request: web.Request) -> web.StreamResponse:
    """Return contacts, tickets and earlier calls of a task's caller."""
    who, task_id = viewer(request), request.match_info["id"]
    async with request.app[DB].read() as session:
        task = await store.get(session, task_id)
        if task is None or not who.has_any(acts.DOERS, task.hotline):
            raise NoSuchCallBack(callback=task_id)
        call = await call_store.get(session, CallId(task.call))
        if call is None:
            raise NotFound("no_such_call", call=task.call)
        body = await known_of(session, who, call, request.app[CLOCK].now())
    return web.json_response(body)

"""Pausing, resuming and ending a call's recording (CT-3.7)."""

from aiohttp import web

from tongdai.accounts.model import Role
from tongdai.ids import CallId
from web.auth import allowed, viewer
from web.console import shape
from web.doors import RECORDER

routes = web.RouteTableDef()


@routes.post("/console/calls/{call}/recording/pause")
@allowed(Role.OPERATOR)
async def pause(request: web.Request) -> web.StreamResponse:
    """Keep silence instead of what is said, from now on."""
    kept = await request.app[RECORDER].pause(_call(request), viewer(request))
    return web.json_response(shape.kept(kept))


@routes.post("/console/calls/{call}/recording/resume")
@allowed(Role.OPERATOR)
async def resume(request: web.Request) -> web.StreamResponse:
    """Keep what is said again."""
    kept = await request.app[RECORDER].resume(_call(request), viewer(request))
    return web.json_response(shape.kept(kept))


@routes.post("/console/calls/{call}/recording/stop")
@allowed(Role.OPERATOR)
async def stop(request: web.Request) -> web.StreamResponse:
    """End the recording for good: a state secret comes up."""
    kept = await request.app[RECORDER].stop(_call(request), viewer(request))
    return web.json_response(shape.kept(kept))


def _call(request: web.Request) -> CallId:
    return CallId(request.match_info["call"])

"""Signing on, ready, pause, the phone, the lines that are served."""

from typing import Literal

from aiohttp import web

from telephony.operators.model import Operator
from tongdai.accounts.model import Role
from tongdai.ids import HotlineId
from web.auth import allowed, viewer
from web.console import shape
from web.doors import OPERATORS
from web.forms import Form, parse, said
from web.keys import CLOCK
from web.ports import iso

routes = web.RouteTableDef()


class DeviceForm(Form):
    """Which of the seat's two phones rings."""

    device: Literal["web", "desk"]


class HotlinesForm(Form):
    """Which lines are served."""

    hotlines: list[str]


class PauseForm(Form):
    """Why one pauses."""

    reason: str


class SignOnForm(Form):
    """How a shift begins."""

    device: Literal["web", "desk"] = "web"


@routes.post("/console/me/sign-on")
@allowed(Role.OPERATOR)
async def sign_on(request: web.Request) -> web.StreamResponse:
    """Begin the shift, at all the viewer's lines, ready."""
    form = parse(SignOnForm, await said(request))
    return _me(request, await request.app[OPERATORS].sign_on(viewer(request), form.device))


@routes.post("/console/me/sign-off")
@allowed(Role.OPERATOR)
async def sign_off(request: web.Request) -> web.StreamResponse:
    """End the shift."""
    await request.app[OPERATORS].sign_off(viewer(request).id)
    return _me(request, None)


@routes.post("/console/me/ready")
@allowed(Role.OPERATOR)
async def ready(request: web.Request) -> web.StreamResponse:
    """End a pause or the wrap-up."""
    return _me(request, await request.app[OPERATORS].ready(viewer(request).id))


@routes.post("/console/me/pause")
@allowed(Role.OPERATOR)
async def pause(request: web.Request) -> web.StreamResponse:
    """Pause, now or after the call."""
    form = parse(PauseForm, await said(request))
    return _me(request, await request.app[OPERATORS].pause(viewer(request).id, form.reason))


@routes.post("/console/me/device")
@allowed(Role.OPERATOR)
async def device(request: web.Request) -> web.StreamResponse:
    """Move to the other phone of the seat."""
    form = parse(DeviceForm, await said(request))
    operators, who = request.app[OPERATORS], viewer(request)
    known = operators.get(who.id)
    lines = known.hotlines if known else None
    return _me(request, await operators.sign_on(who, form.device, lines))


@routes.post("/console/me/hotlines")
@allowed(Role.OPERATOR)
async def hotlines(request: web.Request) -> web.StreamResponse:
    """Serve these lines from here on."""
    form = parse(HotlinesForm, await said(request))
    operators, who = request.app[OPERATORS], viewer(request)
    known = operators.get(who.id)
    chosen = tuple(HotlineId(h) for h in form.hotlines)
    return _me(request, await operators.sign_on(who, known.device if known else "web", chosen))


def _me(request: web.Request, operator: Operator | None) -> web.Response:
    now = iso(request.app[CLOCK].now()) or ""
    return web.json_response(shape.me(operator, viewer(request), now))

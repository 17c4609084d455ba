"""GET and POST /development/clock: what the clock shows; move it and wait until all is done."""

import hmac
from datetime import datetime, timedelta
from typing import Protocol

from aiohttp import web
from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from tongdai.errors import Forbidden, Invalid
from web.auth import machine
from web.keys import SETTINGS

SECRET_HEADER = "X-Development-Secret"  # noqa: S105 - a header's name
routes = web.RouteTableDef()


class MovableClock(Protocol):
    """The service's clock, and everything that goes by it."""

    @property
    def offset(self) -> timedelta:
        """How far it is from the machine's time."""
        ...

    def now(self) -> datetime:
        """The service's moment."""
        ...

    async def move(self, offset: timedelta) -> int:
        """Keep a new offset; return how many due stages were carried out, when all are."""
        ...


MOVABLE_CLOCK = web.AppKey("movable_clock", MovableClock)


class Move(BaseModel):
    """What is asked: a moment to go to, or a step to take; seconds may be negative."""

    model_config = ConfigDict(extra="forbid")

    moment: AwareDatetime | None = None
    seconds: float | None = None


@routes.get("/development/clock")
@machine("the secret of [development] in the settings")
async def show(request: web.Request) -> web.Response:
    """Say what the clock shows."""
    _check(request)
    return _answer(request.app[MOVABLE_CLOCK], fired=0)


@routes.post("/development/clock")
@machine("the secret of [development] in the settings")
async def move(request: web.Request) -> web.Response:
    """Move the clock; answer when what fell due has been carried out."""
    _check(request)
    clock = request.app[MOVABLE_CLOCK]
    try:
        wanted = Move.model_validate_json(await request.read())
    except ValidationError as error:
        raise Invalid("clock_move_unreadable") from error
    offset = clock.offset
    if wanted.moment is not None:
        offset += wanted.moment - clock.now()
    offset += timedelta(seconds=wanted.seconds or 0)
    fired = await clock.move(offset)
    return _answer(clock, fired=fired)


def _check(request: web.Request) -> None:
    secret = request.app[SETTINGS].development.secret.get_secret_value()
    given = request.headers.get(SECRET_HEADER, "")
    if not secret or not hmac.compare_digest(given, secret):
        raise Forbidden("development_secret_wrong")


def _answer(clock: MovableClock, *, fired: int) -> web.Response:
    body = {
        "now": clock.now().isoformat(),
        "offset_seconds": clock.offset.total_seconds(),
        "fired": fired,
    }
    return web.json_response(body)

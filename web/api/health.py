"""/healthz: everybody is asked at once, nobody is waited for longer than a moment."""

import asyncio
from collections.abc import Mapping
from typing import Any

import structlog
from aiohttp import web

from tongdai.clock import HCM, Clock
from tongdai.health import HasHealth, Part, State
from web.auth import public
from web.keys import CLOCK, DB

log = structlog.get_logger()
routes = web.RouteTableDef()

PATIENCE_SECONDS = 3.0
_ESSENTIAL = ("database", "agi")
_PBX = "pbx:"


class Health:
    """Asks the parts how they are.

    Each part is asked by one task at a time: a part that hangs is said to be down, and asking again
    waits for the same answer instead of hanging a second time.
    """

    def __init__(
        self,
        sources: Mapping[str, HasHealth],
        clock: Clock,
        *,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        """Take the parts.

        Args:
            sources: Name (`database`, `pbx:main`, `agi`, `spool`, `scheduler`, `sms:kannel`) of the
                part that is said to be down while the source has never answered, and the source.
            clock: For `since`.
            patience_seconds: How long an answer may take.
        """
        self._sources = dict(sources)
        self._clock = clock
        self._patience = patience_seconds
        self._asked: dict[str, asyncio.Task[dict[str, Part]]] = {}
        self._known: dict[str, dict[str, Part]] = {}

    async def ask(self) -> dict[str, Part]:
        """Return every part's condition, within the patience."""
        tasks = {name: self._task(name) for name in self._sources}
        if tasks:
            await asyncio.wait(tasks.values(), timeout=self._patience)
        parts: dict[str, Part] = {}
        for name, task in tasks.items():
            if task.done():
                self._asked.pop(name, None)
                self._known[name] = self._answer(name, task)
            else:
                self._known[name] = self._silent(name, "does not answer")
            parts |= self._known[name]
        return parts

    def _task(self, name: str) -> asyncio.Task[dict[str, Part]]:
        task = self._asked.get(name)
        if task is None:
            task = self._asked[name] = asyncio.create_task(self._sources[name].health())
        return task

    def _answer(self, name: str, task: asyncio.Task[dict[str, Part]]) -> dict[str, Part]:
        if task.cancelled():
            return self._silent(name, "was stopped")
        error = task.exception()
        if error is not None:
            log.warning("health.failed", part=name, error=str(error))
            return self._silent(name, f"cannot say how it is: {type(error).__name__}")
        return task.result()

    def _silent(self, name: str, detail: str) -> dict[str, Part]:
        down = Part(state=State.DOWN, detail=detail, since=self._clock.now())
        known = self._known.get(name) or {name: down}
        return {
            part: before if before.state is State.DOWN else down for part, before in known.items()
        }


def status_of(parts: Mapping[str, Part]) -> State:
    """Return the whole's condition: down when database, a PBX or FastAGI is (DESIGN.md)."""
    down = {name for name, part in parts.items() if part.state is State.DOWN}
    if any(name in _ESSENTIAL or name.startswith(_PBX) for name in down):
        return State.DOWN
    if any(part.state is not State.OK for part in parts.values()):
        return State.DEGRADED
    return State.OK


@routes.get("/healthz")
@public
async def healthz(request: web.Request) -> web.Response:
    """Say how the service is."""
    parts = await health_of(request.app).ask()
    status = status_of(parts)
    body: dict[str, Any] = {
        "status": status,
        "parts": {
            name: {
                "state": part.state,
                "detail": part.detail,
                "since": part.since.astimezone(HCM).isoformat(),
            }
            for name, part in sorted(parts.items())
        },
    }
    return web.json_response(body, status=503 if status is State.DOWN else 200)


HEALTH = web.AppKey("api_health", Health)
"""Everybody who can be asked how he is."""


def health_of(app: web.Application) -> Health:
    """Return the health that the composition root gave, else one that knows the database alone."""
    found = app.get(HEALTH)
    return found if found is not None else Health({"database": app[DB]}, app[CLOCK])

"""The WebSocket of each browser: /push."""

import asyncio
from contextlib import suppress
from typing import Any

from aiohttp import WSMsgType, web

from tongdai.errors import Unavailable
from web.auth import signed_in, viewer
from web.keys import ACCOUNTS, PUSH
from web.middleware.csrf import CsrfRefused, same_site
from web.middleware.login import COOKIE
from web.push import Line, Push

BEAT_SECONDS = 5.0
SIGNED_OUT = 4401
"""Close code: the session has ended; the page goes to /login."""
SOCKETS: web.AppKey[set[web.WebSocketResponse]] = web.AppKey("sockets", set)


def setup(app: web.Application) -> None:
    """Add the route, and close every socket when the service stops."""
    app[SOCKETS] = set()
    app.router.add_get("/push", push)
    app.on_shutdown.append(_close_all)


@signed_in
async def push(request: web.Request) -> web.StreamResponse:
    """Send what concerns the viewer, until one of the two sides goes or the session ends."""
    origin = request.headers.get("Origin")
    if origin is None or not same_site(request, origin):
        raise CsrfRefused
    socket = web.WebSocketResponse(heartbeat=10.0, max_msg_size=4096)
    await socket.prepare(request)
    hub = request.app[PUSH]
    line = hub.join(viewer(request))
    request.app[SOCKETS].add(socket)
    writer = asyncio.create_task(_write(request, socket, hub, line))
    try:
        async for message in socket:
            if message.type is WSMsgType.TEXT and message.data == "snapshot":
                line.again()
    finally:
        writer.cancel()
        with suppress(asyncio.CancelledError):
            await writer
        request.app[SOCKETS].discard(socket)
        hub.leave(line)
    return socket


async def _write(
    request: web.Request, socket: web.WebSocketResponse, hub: Push, line: Line
) -> None:
    """Send what is queued; in quiet moments a sign of life, while the session lasts."""
    with suppress(ConnectionError):
        await socket.send_json(hub.snapshot(line.viewer))
        while not socket.closed:
            message: dict[str, Any] | None
            try:
                async with asyncio.timeout(BEAT_SECONDS):
                    message = await line.get() or hub.snapshot(line.viewer)
            except TimeoutError:
                if not await _still_signed_in(request, line):
                    await socket.close(code=SIGNED_OUT)
                    return
                message = hub.beat(line.viewer)
            await socket.send_json(message)


async def _still_signed_in(request: web.Request, line: Line) -> bool:
    """Look at the session again; an open page is a person at work, so it keeps it alive."""
    try:
        found = await request.app[ACCOUNTS].by_cookie(request.cookies.get(COOKIE, ""))
    except Unavailable:
        return True
    if found is not None:
        line.viewer = found[1]
    return found is not None


async def _close_all(app: web.Application) -> None:
    sockets = app[SOCKETS]
    await asyncio.gather(*(s.close(code=1012, message=b"restart") for s in list(sockets)))

"""Runs the service: every part in one task group, stopped in reverse by a signal."""

import asyncio
import signal
from collections.abc import Collection
from datetime import timedelta

import structlog
from aiohttp import web

from tongdai.clock import SystemClock
from tongdai.collector import leave_alone_what_stays
from tongdai.compose import EVERYTHING, Service, build_service
from tongdai.db import Database, DatabaseAway
from tongdai.development.service import offset
from tongdai.nodes.relay import BridgeTaken
from tongdai.settings import Settings

log = structlog.get_logger()
_STOP_SECONDS = 5.0


async def serve(settings: Settings, parts: Collection[str] = EVERYTHING) -> None:
    """Run `parts` of the service until SIGTERM or SIGINT.

    Of several nodes with the part `bridge` one runs it; the others stand by, without pages.

    Args:
        settings: tongdai.toml.
        parts: Some of web, bridge, ivr, worker.

    Raises:
        BridgeTaken: Another node has taken the bridge over; start again, to stand by.
    """
    service = build_service(settings, await _kept_offset(settings), parts)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    leave_alone_what_stays()
    running = asyncio.create_task(_run(service, parts))
    stopped = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait([running, stopped], return_when=asyncio.FIRST_COMPLETED)
        log.info("service.stopping")
        if running.done():
            _raise(running.exception())
    finally:
        stopped.cancel()
        running.cancel()
        await asyncio.wait([running])
        await service.db.close()
        log.info("service.stopped")


def _raise(error: BaseException | None) -> None:
    if isinstance(error, BaseExceptionGroup) and error.subgroup(BridgeTaken):
        raise BridgeTaken
    if error is not None:
        raise error


async def _run(service: Service, parts: Collection[str]) -> None:
    runner: web.AppRunner | None = None
    try:
        async with asyncio.TaskGroup() as group:
            if service.relay is not None:
                group.create_task(service.relay.run(), name="relay")
            for part in sorted(set(parts) - {"bridge"}):
                _start(group, service, part)
            if "bridge" in parts and service.relay is not None:
                await service.relay.may_bridge()
            if "web" in parts:
                runner = await _open_web(service)
            if "bridge" in parts:
                _start(group, service, "bridge")
            log.info("service.started", parts=sorted(parts))
    finally:
        if runner is not None:
            await runner.cleanup()


def _start(group: asyncio.TaskGroup, service: Service, part: str) -> None:
    for run in service.loops.get(part, ()):
        group.create_task(_forever(run), name=f"{part}:{getattr(run, '__qualname__', run)}")


async def _forever(run: object) -> None:
    await run()  # type: ignore[operator]  # every loop is a bound `run`


async def _open_web(service: Service) -> web.AppRunner:
    runner = web.AppRunner(service.app, shutdown_timeout=_STOP_SECONDS, access_log=None)
    await runner.setup()
    table = service.settings.web
    await web.TCPSite(runner, table.host, table.port, reuse_address=True).start()
    log.info("web.listening", host=table.host, port=table.port)
    return runner


async def _kept_offset(settings: Settings) -> timedelta:
    if not settings.development.enabled:
        return timedelta(0)
    db = Database(settings.database.url, SystemClock())
    try:
        async with db.read() as session:
            return await offset(session)
    except DatabaseAway:
        log.warning("clock.offset_unknown", why="the database does not answer")
        return timedelta(0)
    finally:
        await db.close()

"""A bridge on a world's Asterisk, through a line that a test can cut or hold."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from telephony.bridge import Bridge
from telephony.calls import store
from telephony.calls.model import CallView
from telephony.calls.tables import CallLegRow
from tests.support.wait import until
from tests.support.world import World
from tongdai.clock import SystemClock
from tongdai.db import Database
from tongdai.events import Bus, Event
from tongdai.health import Part
from tongdai.settings import Settings


class Line:
    """A TCP line to the manager interface: `cut`, `hold` (nothing passes), `mend`."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._passes = asyncio.Event()
        self._passes.set()
        self._open = True
        self.port = 0

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._joined, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        self.cut()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    def cut(self) -> None:
        self._open = False
        for writer in self._writers:
            writer.transport.abort()

    def hold(self) -> None:
        self._passes.clear()

    def mend(self) -> None:
        self._open = True
        self._passes.set()

    async def _joined(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._open:
            writer.transport.abort()
            return
        there, back = await asyncio.open_connection("127.0.0.1", self._to)
        self._writers |= {writer, back}
        with suppress(OSError):
            await asyncio.gather(self._pump(reader, back), self._pump(there, writer))
        for one in (writer, back):
            one.transport.abort()
            self._writers.discard(one)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            await self._passes.wait()
            writer.write(data)
            await writer.drain()
        writer.transport.abort()


@dataclass
class Bridged:
    """A running bridge and what it told."""

    bridge: Bridge
    db: Database
    settings: Settings
    events: list[Event] = field(default_factory=list)

    def told(self, *, of: str | None = None) -> list[str]:
        return [
            type(e).__name__
            for e in self.events
            if (call := getattr(e, "call", None)) is not None and of in (None, call.id)
        ]

    async def part(self) -> Part:
        return (await self.bridge.health())["pbx:main"]

    async def ok(self, within: float = 15) -> None:
        async def well() -> bool:
            return (await self.part()).state == "ok"

        await until(well, within=within)

    async def event(self, name: str, within: float = 10) -> Event:
        found: Event = await until(
            lambda: next((e for e in self.events if type(e).__name__ == name), None), within=within
        )
        return found

    async def rows(self) -> list[CallView]:
        await self.bridge.settled()
        async with self.db.read() as session:
            return list(
                await store.page(session, [h.id for h in self.settings.hotlines], limit=100)
            )

    async def legs(self, call: str) -> list[CallLegRow]:
        async with self.db.read() as session:
            return list(await store.legs(session, call))


def with_port(settings: Settings, port: int, **more: object) -> Settings:
    """Return the settings with the PBX at another port."""
    pbx = settings.pbx[0].model_copy(update={"port": port, **more})
    return settings.model_copy(update={"pbx": (pbx,)})


@asynccontextmanager
async def bridged(world: World, settings: Settings | None = None) -> AsyncIterator[Bridged]:
    """Run a bridge on the world's database and journal; the database is made when it is new."""
    settings = settings or world.settings
    clock, bus = SystemClock(), Bus()
    db = Database(settings.database.url, clock, bus)
    await db.create_all()
    running = Bridged(Bridge(settings, db, bus, clock), db, settings)
    bus.on(Event, running.events.append)
    task = asyncio.create_task(running.bridge.run())
    try:
        yield running
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await db.close()

"""The FastAGI server: panoramisk's, behind a guard that no peer can stop.

panoramisk's handler reads until a blank line comes: a peer that connects and closes makes it spin
for ever (the whole event loop with it), one that goes on makes it keep everything. Here the header
is read first, with a limit and a deadline, and handed on whole; the rest has a deadline too.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import structlog
from panoramisk import fast_agi

from tongdai.clock import Clock
from tongdai.health import Condition, Part, State
from tongdai.settings import AgiTable

log = structlog.get_logger()

HEADER_BYTES = 16_384
"""The longest header, and the longest line of an answer (Asterisk's own are some 800 bytes)."""
HEADER_SECONDS = 5.0
REQUEST_SECONDS = 1800.0
"""The longest visit to the menus; that a peer answers each command is ivr.line's to watch."""
MOST_CONNECTIONS = 500
RETRY_SECONDS = 2.0

Route = Callable[[fast_agi.Request], Awaitable[None]]


class AgiServer:
    """Answers agi://HOST:PORT/ROUTE."""

    def __init__(
        self,
        table: AgiTable,
        routes: Mapping[str, Route],
        clock: Clock,
        *,
        header_seconds: float = HEADER_SECONDS,
        request_seconds: float = REQUEST_SECONDS,
        also: Condition | None = None,
    ) -> None:
        """Take the routes; nothing listens before `run`.

        Args:
            table: Where to listen.
            routes: Path -> what answers it.
            clock: For health.
            header_seconds: How long a peer may take to say what it wants.
            request_seconds: How long a request may last.
            also: What else makes the part unwell: prompts that are missing.
        """
        self._table, self._routes = table, dict(routes)
        self._header_seconds, self._request_seconds = header_seconds, request_seconds
        self._condition = Condition(clock, State.DOWN, "not listening yet")
        self._also = also
        self._connections = 0
        self.port = table.port

    async def run(self) -> None:
        """Listen until cancelled; when the address is taken, say so and try again."""
        application = fast_agi.Application(loop=asyncio.get_running_loop())
        for path, route in self._routes.items():
            application.add_route(path, _quietly(route))

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await self._connected(application, reader, writer)

        while True:
            try:
                server = await asyncio.start_server(
                    connected, self._table.host, self._table.port, limit=HEADER_BYTES
                )
            except OSError as error:
                where = f"{self._table.host}:{self._table.port}"
                self._condition.set(State.DOWN, f"cannot listen at {where}: {error.strerror}")
                await asyncio.sleep(RETRY_SECONDS)
                continue
            async with server:
                self.port = server.sockets[0].getsockname()[1]
                self._condition.set(State.OK)
                try:
                    await server.serve_forever()
                finally:
                    self._condition.set(State.DOWN, "stopped")

    async def health(self) -> dict[str, Part]:
        """Say whether it listens; see tongdai.health.HasHealth."""
        part = self._condition.part
        if self._also is not None and part.state is State.OK:
            part = self._also.part
        return {"agi": part}

    async def _connected(
        self,
        application: fast_agi.Application,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        if self._connections >= MOST_CONNECTIONS:
            log.warning("agi.too_many", connections=self._connections)
            writer.close()
            return
        self._connections += 1
        try:
            header = await self._header(reader)
            if header:
                async with asyncio.timeout(self._request_seconds):
                    await application.handler(_Primed(header, reader), writer)
        except TimeoutError:
            log.warning("agi.too_slow", seconds=self._request_seconds)
        except OSError as error:
            log.info("agi.peer_lost", why=str(error))
        finally:
            self._connections -= 1
            writer.close()

    async def _header(self, reader: asyncio.StreamReader) -> bytes:
        """Return the header with its blank line; nothing when the peer sends no proper one."""
        try:
            async with asyncio.timeout(self._header_seconds):
                header = await reader.readuntil(b"\n\n")
        except asyncio.IncompleteReadError as error:
            log.info("agi.no_header", received=len(error.partial))
        except asyncio.LimitOverrunError:
            log.warning("agi.header_too_long", limit=HEADER_BYTES)
        except TimeoutError:
            log.warning("agi.no_header_in_time", seconds=self._header_seconds)
        else:
            return header.decode(errors="replace").encode()
        return b""


class _Primed:
    """A reader whose header was read already: gives it out whole, then what comes after it."""

    def __init__(self, header: bytes, reader: asyncio.StreamReader) -> None:
        self._header = header
        self._reader = reader

    async def read(self, size: int) -> bytes:
        """Return the header; panoramisk asks for no more than up to its blank line."""
        del size
        header, self._header = self._header, b""
        if not header:
            raise ConnectionResetError
        return header

    async def readline(self) -> bytes:
        """Return the next line of an answer.

        Raises:
            ConnectionResetError: The peer is gone.
        """
        line = await self._reader.readline()
        if not line.endswith(b"\n"):
            raise ConnectionResetError
        return line.decode(errors="replace").encode()


def _quietly(route: Route) -> Route:
    """Let a caller who hangs up, or nonsense for an answer, end a route without a traceback."""

    async def quiet(request: fast_agi.Request) -> None:
        try:
            await route(request)
        except (OSError, ValueError) as error:
            log.info("agi.ended_early", why=str(error))

    return quiet

"""A node's line to the others: PostgreSQL's LISTEN/NOTIFY, on a connection of its own.

What is sent while the line is down is not kept: whoever needs it asks for the state afterwards.
"""

import asyncio
import json
from collections import deque
from collections.abc import Callable
from typing import Any

import asyncpg
import structlog
from sqlalchemy import URL

from tongdai.nodes.wire import Joiner, split

log = structlog.get_logger()
Message = dict[str, Any]

CHANNEL = "tongdai"
FIRST_RETRY, LONGEST_RETRY = 0.5, 5.0
SILENT_SECONDS = 15.0
"""A line that brings not even our own words for so long is dead."""
_MOST = 20_000
_AWAY = (
    OSError,
    TimeoutError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # cut off between two of its own steps
)
_SETTINGS = {
    "application_name": "tongdai-node",
    "synchronous_commit": "off",  # a notification is not worth waiting for the disk
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
}


class Line:
    """Connects for ever; `heard` gets the others' messages, `opened` is called at each connect."""

    def __init__(
        self, url: URL, node: str, heard: Callable[[Message], None], opened: Callable[[], None]
    ) -> None:
        """Begin without a connection.

        Args:
            url: The database's.
            node: Our name among the nodes.
            heard: Called with each message of another node, in that node's order.
            opened: Called when the line stands (again).
        """
        self._dsn = url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._node, self._heard, self._opened = node, heard, opened
        self._out: deque[str] = deque()
        self._wake = asyncio.Event()
        self._joiner = Joiner()
        self._number = 0
        self._connection: asyncpg.Connection | None = None
        self._busy = asyncio.Lock()
        self._heard_at = 0.0
        self.failed = False
        """Whether the last attempt to connect failed."""
        self.opened_at: float | None = None
        """When the line was opened, on the loop's clock; None while it is down."""

    def send(self, message: Message) -> None:
        """Tell the other nodes, in order; while the line is down nobody is told."""
        if self.opened_at is None or len(self._out) > _MOST:
            return
        self._number += 1
        text = json.dumps({"node": self._node, **message})
        self._out.extend(split(self._node, self._number, text))
        self._wake.set()

    async def run(self) -> None:
        """Keep the line open until cancelled."""
        delay = FIRST_RETRY
        while True:
            try:
                connection = await asyncpg.connect(
                    self._dsn, timeout=5, command_timeout=10, server_settings=_SETTINGS
                )
            except _AWAY as away:
                self.failed = True
                log.warning("node.line_not_open", why=str(away) or type(away).__name__)
                await asyncio.sleep(delay)
                delay = min(delay * 2, LONGEST_RETRY)
                continue
            delay = FIRST_RETRY
            try:
                await self._serve(connection)
            except _AWAY as away:
                log.warning("node.line_lost", why=str(away) or type(away).__name__)
            except Exception:  # whatever it is, a node without a line is deaf for ever
                log.exception("node.line_failed")
                await asyncio.sleep(delay)
            finally:
                self.opened_at = self._connection = None
                self._out.clear()
                connection.terminate()

    async def lock(self, key: int) -> bool | None:
        """Take a lock that lasts as long as the line; None while the line is down."""
        connection = self._connection
        if connection is None:
            return None
        try:
            async with self._busy:
                return bool(await connection.fetchval("SELECT pg_try_advisory_lock($1)", key))
        except _AWAY:
            return None

    async def flush(self) -> None:
        """Send what waits, before the end."""
        if self._connection is not None:
            try:
                await self._notify(self._connection)
            except _AWAY as away:
                log.info("node.not_flushed", why=str(away))

    async def _serve(self, connection: asyncpg.Connection) -> None:
        loop = asyncio.get_running_loop()
        self._joiner = Joiner()
        await connection.add_listener(CHANNEL, self._arrived)
        connection.add_termination_listener(lambda _: self._wake.set())
        self._connection, self.failed = connection, False
        self._heard_at = self.opened_at = loop.time()
        log.info("node.line_open", node=self._node)
        self._opened()
        while not connection.is_closed():
            if loop.time() - self._heard_at > SILENT_SECONDS:
                raise TimeoutError
            await self._notify(connection)
            try:
                async with asyncio.timeout(1.0):
                    await self._wake.wait()
            except TimeoutError:
                continue
            self._wake.clear()

    async def _notify(self, connection: asyncpg.Connection) -> None:
        async with self._busy:
            while self._out:
                batch = [self._out.popleft() for _ in range(min(len(self._out), 100))]
                await connection.execute(
                    "SELECT pg_notify($1, p.text) FROM unnest($2::text[]) WITH ORDINALITY"
                    " AS p(text, place) ORDER BY p.place",
                    CHANNEL,
                    batch,
                )

    def _arrived(self, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        self._heard_at = asyncio.get_running_loop().time()
        text = self._joiner.take(str(payload))
        if text is None:
            return
        try:
            message = json.loads(text)
            if message["node"] != self._node:
                self._heard(message)
        except Exception:  # what one message is about must not cost the line
            log.exception("node.message_failed")

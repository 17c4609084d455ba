"""A manager interface that follows a script: it speaks the protocol over a socket, tests only."""

import asyncio
from collections.abc import Callable
from typing import Self

from pydantic import SecretStr

from tongdai.settings import PbxTable

BANNER = b"Asterisk Call Manager/11.0.0\r\n"
BOOTED = "Event: FullyBooted\r\nPrivilege: system,all\r\nStatus: Fully Booted\r\n\r\n"
Script = Callable[[dict[str, str]], str | None]


class AmiServer:
    """Answers each action with what `script` returns; None is silence. Keeps what it was sent."""

    def __init__(self, script: Script | None = None, *, boots: bool = True) -> None:
        self.script = script or (lambda _: None)
        self.boots = boots
        self.actions: list[dict[str, str]] = []
        self.logins = 0
        self.silent = False
        self.port = 0
        self._server: asyncio.Server | None = None
        self._writers: list[asyncio.StreamWriter] = []

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._joined, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self.cut()
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()

    def table(self, secret: str = "s") -> PbxTable:  # noqa: S107 - the script knows it
        """Return settings that reach it."""
        return PbxTable(port=self.port, username="tongdai", secret=SecretStr(secret))

    def send(self, data: bytes | str) -> None:
        """Send bytes to whoever is connected."""
        for writer in self._writers:
            writer.write(data.encode() if isinstance(data, str) else data)

    def cut(self) -> None:
        """Drop every connection."""
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    def of(self, name: str) -> list[dict[str, str]]:
        """Return the actions of that name."""
        return [action for action in self.actions if action["Action"] == name]

    async def _joined(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        writer.write(BANNER)
        try:
            while True:
                text = (await reader.readuntil(b"\r\n\r\n")).decode()
                pairs = (line.split(": ", 1) for line in text.strip().split("\r\n"))
                self._act(dict(pairs), writer)
        except (asyncio.IncompleteReadError, OSError):
            writer.transport.abort()

    def _act(self, action: dict[str, str], writer: asyncio.StreamWriter) -> None:
        self.actions.append(action)
        if self.silent:
            return
        answer = self.script(action)
        if answer is None and action["Action"] == "Login":
            self.logins += 1
            good = action["Secret"] == "s"
            said = "Authentication accepted" if good else "Authentication failed"
            answer = f"Response: {'Success' if good else 'Error'}\r\nActionID: {{id}}\r\n"
            answer += f"Message: {said}\r\n\r\n" + (BOOTED if good and self.boots else "")
        if answer is None and action["Action"] == "Ping":
            answer = "Response: Success\r\nActionID: {id}\r\nPing: Pong\r\n\r\n"
        if answer is not None:
            writer.write(answer.replace("{id}", action["ActionID"]).encode())


def success(**headers: str) -> str:
    """Return a Response: Success with these headers."""
    lines = ["Response: Success", "ActionID: {id}", *(f"{k}: {v}" for k, v in headers.items())]
    return "\r\n".join(lines) + "\r\n\r\n"

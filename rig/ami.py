"""A small client of Asterisk's manager interface, for the rig alone (the product has its own)."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from types import TracebackType
from typing import Self

Packet = dict[str, str]


class AmiError(RuntimeError):
    """The manager interface refused, or is not there."""


class Ami:
    """One connection; actions one after the other, events kept in `events`."""

    def __init__(
        self, host: str, port: int, username: str, secret: str, patience: float = 1
    ) -> None:
        """Name it; nothing is connected yet.

        Args:
            host: Where it listens.
            port: Where it listens.
            username: Of its users.
            secret: That user's.
            patience: Each `within` is taken so many times: what it means on a busy machine.
        """
        self._patience = patience
        self._address = (host, port)
        self._login = (username, secret)
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._number = 0
        self.events: list[Packet] = []

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def open(self) -> None:
        """Connect and log in.

        Raises:
            AmiError: The login is refused.
            OSError: Nobody listens.
        """
        self._reader, self._writer = await asyncio.open_connection(*self._address)
        await self._reader.readline()
        username, secret = self._login
        await self.action("Login", Username=username, Secret=secret)

    async def close(self) -> None:
        """Close the connection."""
        if self._writer is not None:
            self._writer.close()
            with contextlib.suppress(OSError):
                await self._writer.wait_closed()
            self._writer = None

    async def action(self, name: str, *variables: str, within: float = 10, **fields: str) -> Packet:
        """Send an action and return its response.

        Args:
            name: The action.
            variables: Each becomes a `Variable:` header.
            within: Seconds to wait.
            fields: The other headers.

        Raises:
            AmiError: The answer is an error, or a value holds a line break.
            TimeoutError: There is no answer.
        """
        self._number += 1
        action_id = f"rig-{self._number}"
        lines = [f"Action: {name}", f"ActionID: {action_id}"]
        lines += [f"{key}: {value}" for key, value in fields.items()]
        lines += [f"Variable: {value}" for value in variables]
        if any("\r" in line or "\n" in line for line in lines):
            message = f"{name}: a value holds a line break"
            raise AmiError(message)
        if self._writer is None:
            message = f"{name}: not connected"
            raise AmiError(message)
        self._writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        await self._writer.drain()
        async with asyncio.timeout(within * self._patience):
            async for packet in self._packets():
                if packet.get("ActionID") == action_id and "Response" in packet:
                    return _accepted(name, packet)
                self.events.append(packet)
        message = f"{name}: the connection was closed"
        raise AmiError(message)

    async def event(self, name: str, within: float = 10, **fields: str) -> Packet:
        """Return the next event of that name with these headers, beginning with what came so far.

        Raises:
            TimeoutError: It does not come within so many seconds.
            AmiError: The connection was closed.
        """

        def wanted(packet: Packet) -> bool:
            return packet.get("Event") == name and fields.items() <= packet.items()

        for index, packet in enumerate(self.events):
            if wanted(packet):
                del self.events[: index + 1]
                return packet
        self.events.clear()
        async with asyncio.timeout(within * self._patience):
            async for packet in self._packets():
                if wanted(packet):
                    return packet
        message = f"{name}: the connection was closed"
        raise AmiError(message)

    async def next_event(self, within: float = 10) -> Packet:
        """Return whatever comes next.

        Raises:
            TimeoutError: Nothing comes within so many seconds.
            AmiError: The connection was closed.
        """
        if self.events:
            return self.events.pop(0)
        async with asyncio.timeout(within * self._patience):
            async for packet in self._packets():
                return packet
        message = "the connection was closed"
        raise AmiError(message)

    async def _packets(self) -> AsyncIterator[Packet]:
        reader = self._reader
        if reader is None:
            return
        while True:
            try:
                raw = await reader.readuntil(b"\r\n\r\n")
            except (asyncio.IncompleteReadError, OSError):
                return
            lines = raw.decode(errors="replace").strip().split("\r\n")
            yield dict(line.split(": ", 1) for line in lines if ": " in line)


def _accepted(name: str, packet: Packet) -> Packet:
    if packet["Response"] == "Error":
        message = f"{name}: {packet.get('Message', 'refused')}"
        raise AmiError(message)
    return packet


async def until_booted(ami: Ami, alive: Callable[[], None], within: float) -> None:
    """Return when Asterisk has finished starting (its FullyBooted event).

    Args:
        ami: A client, not connected.
        alive: Asked before each try; raises when there is nothing left to wait for.
        within: Seconds to wait.

    Raises:
        TimeoutError: It has not within so many seconds.
        AmiError: The login is refused.
    """
    async with asyncio.timeout(within):
        while True:
            alive()
            with contextlib.suppress(OSError):
                async with ami:
                    await ami.event("FullyBooted", within)
                    return
            await asyncio.sleep(0.1)

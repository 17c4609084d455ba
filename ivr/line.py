"""A caller's line as a FastAGI peer gives it: play, read keys, record, set a variable."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from panoramisk.fast_agi import Request

KEYS = "0123456789*#"
SAMPLES_A_SECOND = 8_000
BYTES_A_SECOND = 16_000
"""Of a prompt: 8 kHz, 16 bit, mono."""
PATIENCE_SECONDS = 15.0
"""Beyond what a command takes by itself: a peer that is silent for so long is gone."""


class CallerGoneError(ConnectionResetError):
    """The caller hung up, or Asterisk closed the line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """How a file ended.

    Attributes:
        key: The key that stopped it; empty: it was played to its end.
        samples: Where it stopped; 0: nothing was heard.
    """

    key: str
    samples: int


class Line:
    """One caller's channel, for as long as the request lasts."""

    def __init__(self, request: Request) -> None:
        self._request = request

    def header(self, name: str) -> str:
        """Return a header of the request: `agi_extension`, `agi_arg_1`, ..."""
        return str(self._request.headers.get(name, ""))

    async def play(self, path: Path, *, offset: int = 0) -> Played:
        """Play a file from a sample on; any key stops it.

        Raises:
            CallerGoneError: There is nobody to hear it.
            TimeoutError: The peer says nothing any more; so everywhere here.
        """
        bare = path.with_suffix("")
        said = await self._command(f'STREAM FILE "{bare}" "{KEYS}" {offset}', seconds_of(path))
        return Played(key=_key(said), samples=_number(said, "endpos"))

    async def key(self, seconds: float) -> str:
        """Wait for a key; empty when none came.

        Raises:
            CallerGoneError: The caller hung up.
        """
        return _key(await self._command(f"WAIT FOR DIGIT {int(seconds * 1000)}", seconds))

    async def digits(self, most: int, seconds: float, prompt: Path | None = None) -> str:
        """Wait for keys up to the hash key, or so many; empty when none came.

        Args:
            most: So many at the most.
            seconds: How long each is waited for.
            prompt: Played meanwhile; the first key stops it and counts as the others do. One file:
                Asterisk's GET DATA joins none by `&`, as its application Read does.

        Raises:
            CallerGoneError: The caller hung up, or the prompt cannot be played.
        """
        bare = prompt.with_suffix("") if prompt else ""
        command = f'GET DATA "{bare}" {int(seconds * 1000)} {most}'
        takes = seconds * most + (seconds_of(prompt) if prompt else 0)
        said = await self._command(command, takes)
        return "".join(key for key in said["result"][0] if key in KEYS)

    async def record(self, path: Path, most_seconds: int) -> float:
        """Record what the caller says, until a key, five quiet seconds or the limit.

        Returns:
            How many seconds were recorded: Asterisk answers before it has closed the file.

        Raises:
            CallerGoneError: The caller hung up; what was recorded lies in the file.
        """
        bare, kind = path.with_suffix(""), path.suffix.removeprefix(".")
        command = f'RECORD FILE "{bare}" {kind} "{KEYS}" {most_seconds * 1000} s=5'
        said = await self._command(command, most_seconds)
        return _number(said, "endpos") / SAMPLES_A_SECOND

    async def set(self, name: str, value: str) -> None:
        """Set a channel variable, or write a function: `TIMEOUT(absolute)`.

        Raises:
            CallerGoneError: The caller hung up.
            ValueError: The value would end the command.
        """
        if not set(value).isdisjoint('\r\n"\\'):
            message = f"{value!r} cannot be a variable's value"
            raise ValueError(message)
        await self._command(f'SET VARIABLE {name} "{value}"')

    async def tell(self, event: str, header: str) -> None:
        """Say something to whoever listens to the PBX: a UserEvent of the manager interface.

        Args:
            event: Its name, of the parser's: `TongdaiMenu`.
            header: `Name: value`, ASCII.

        Raises:
            CallerGoneError: The caller hung up.
            ValueError: The header would end the command, or be two.
        """
        if not header.isascii() or not set(header).isdisjoint('\r\n"\\,'):
            message = f"{header!r} cannot be an event's header"
            raise ValueError(message)
        await self._command(f'EXEC UserEvent "{event},{header}"')

    async def _command(self, command: str, seconds: float = 0) -> dict[str, Any]:
        async with asyncio.timeout(seconds + PATIENCE_SECONDS):
            said: dict[str, Any] = await self._request.send_command(command)
        if "error" in said:
            raise CallerGoneError(said.get("msg", "") or said["error"])
        return said


def seconds_of(path: Path) -> float:
    """Return how long a prompt is; 0 when it is not there."""
    try:
        return path.stat().st_size / BYTES_A_SECOND
    except OSError:
        return 0.0


def _key(said: dict[str, Any]) -> str:
    code = _number(said, "result")
    return chr(code) if 0 < code < 128 and chr(code) in KEYS else ""


def _number(said: dict[str, Any], name: str) -> int:
    value = str(said.get(name, ("0", ""))[0])
    return int(value) if value.isdecimal() else 0

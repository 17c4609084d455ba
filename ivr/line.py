"""A caller's line as a FastAGI peer gives it: play, read keys, record, set a variable."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from panoramisk.fast_agi import Request

from ivr.presses import EVENT, KEYS, MOST, Keypads, Presses

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
        key: The key that stopped it, after keys pressed before it; empty: it was played to its end.
        samples: Where it stopped; 0: nothing was heard.
    """

    key: str
    samples: int


class Line:
    """One caller's channel, for as long as the request lasts."""

    def __init__(self, request: Request, keypads: Keypads | None = None) -> None:
        """Take a request.

        Args:
            request: Of a peer.
            keypads: Know of keys that the PBX throws away between two commands; see ivr.presses.
        """
        self._request = request
        self._presses = Presses()
        self._attended = keypads is None
        if keypads is not None:
            where = self.header("agi_arg_2"), self.header("agi_uniqueid")
            self._presses = keypads.line(*where)

    def header(self, name: str) -> str:
        """Return a header of the request: `agi_extension`, `agi_arg_1`, ..."""
        return str(self._request.headers.get(name, ""))

    async def play(self, path: Path, *, offset: int = 0) -> Played:
        """Play a file from a sample on; any key stops it.

        Raises:
            CallerGoneError: There is nobody to hear it.
            TimeoutError: The peer says nothing any more; so everywhere here.
        """
        if before := await self._pressed_before():
            return Played(key=before, samples=offset)
        bare = path.with_suffix("")
        while True:
            said = await self._command(f'STREAM FILE "{bare}" "{KEYS}" {offset}', seconds_of(path))
            at, press = _number(said, "endpos"), _key(said)
            pressed = self._presses.took(press)
            if pressed or not press:
                return Played(key=pressed, samples=at)
            offset = max(at, offset)

    async def key(self, seconds: float) -> str:
        """Wait for a key; empty when none came.

        Raises:
            CallerGoneError: The caller hung up.
        """
        if before := await self._pressed_before(most=1):
            return before
        while True:
            said = await self._command(f"WAIT FOR DIGIT {int(seconds * 1000)}", seconds)
            press = _key(said)
            pressed = self._presses.took(press) + self._presses.lost()
            if pressed or not press:
                self._presses.give_back(pressed[1:])
                return pressed[:1]

    async def digits(self, most: int, seconds: float, prompt: Path | None = None) -> str:
        """Wait for keys up to the hash key, or so many; empty when none came.

        Returns:
            The keys; the hash key is the last of them when it ended them.

        Args:
            most: So many at the most.
            seconds: How long each is waited for.
            prompt: Played meanwhile; the first key stops it and counts as the others do. One file:
                Asterisk's GET DATA joins none by `&`, as its application Read does.

        Raises:
            CallerGoneError: The caller hung up, or the prompt cannot be played.
        """
        typed = await self._pressed_before()
        ended = False
        while len(typed) < most and "#" not in typed and not ended:
            bare = prompt.with_suffix("") if prompt and not typed else ""
            left = most - len(typed)
            command = f'GET DATA "{bare}" {int(seconds * 1000)} {left}'
            takes = seconds * left + (seconds_of(prompt) if prompt else 0)
            got = _keys(await self._command(command, takes), left)
            ended = len(got) < left
            typed += self._presses.took(got) + self._presses.lost()
        entry = (typed.partition("#")[0] + "#" if "#" in typed else typed)[:most]
        self._presses.give_back(typed[len(entry) :])
        return entry

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
        self._presses.took(_key(said))  # it ended the recording; what comes behind it counts
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

    async def attend(self) -> None:
        """Begin to count the keys, once: from here on none is lost between two commands.

        Raises:
            CallerGoneError: The caller hung up.
        """
        if not self._attended:
            self._attended = True
            await self.tell(EVENT, "Keys: counted")

    def forget_keys(self) -> None:
        """Let what was pressed so far be for nothing."""
        self._presses.forget()

    async def _pressed_before(self, most: int = MOST) -> str:
        """Return keys that fell between two commands; the first time, begin to count them."""
        await self.attend()
        return self._presses.lost(most)

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


def _keys(said: dict[str, Any], most: int) -> str:
    """Return the keys of GET DATA, which keeps the hash key that ended them to itself."""
    digits, note = said["result"]
    keys = "".join(key for key in digits if key in KEYS)
    ended = keys and note != "timeout" and len(keys) < most
    return f"{keys}#" if ended else keys


def _number(said: dict[str, Any], name: str) -> int:
    value = str(said.get(name, ("0", ""))[0])
    return int(value) if value.isdecimal() else 0

"""Asterisk's side of a FastAGI request, on paper: presses keys when it is asked for one."""

import asyncio
import re
from dataclasses import dataclass, field
from pathlib import Path

_STREAM = re.compile(r'STREAM FILE "([^"]+)" "[^"]*"')
_SET = re.compile(r'SET VARIABLE (\S+) "?([^"]*)"?')
_TELL = re.compile(r'EXEC UserEvent "(\w+),([^",]*)"')
_GET = re.compile(r'GET DATA "([^"]*)" \d+ (\d+)')
_RECORD = re.compile(r'RECORD FILE "([^"]+)" wav ')


@dataclass
class Phone:
    """A caller.

    Attributes:
        keys: What is pressed when a key is asked for, in order; `-` is silence, `x` hanging up.
        hotline: That is called.
        caller: The number that the network shows.
        linkedid: The call.
        at_once: Pressed while the first prompt sounds.
        speaks: Bytes of the message that is left; None: the caller hangs up in the recording.
        into: A file, and the key that is pressed while it is played.
        deaf_to: A file of which nothing is heard.
        leaves_at: Hangs up at that command, from 1.
        holds_at: Lets that command wait until `released` is set.
        route: What is asked for.
        more: The arguments after linkedid and PBX.
        heard: The files that were played.
        gathered: Of each entry of digits the file that was played meanwhile; empty: none.
        asked: The commands, by their first word; of a STREAM its file as well.
    """

    keys: str = ""
    hotline: str = "can-tho"
    caller: str = "0912345678"
    linkedid: str = "1764000000.1"
    at_once: str = ""
    speaks: int | None = 64_000
    into: tuple[str, str] = ("", "")
    deaf_to: str = ""
    leaves_at: int = 0
    holds_at: int = 0
    route: str = "greeting"
    more: tuple[str, ...] = ()
    released: asyncio.Event = field(default_factory=asyncio.Event)
    heard: list[str] = field(default_factory=list)
    gathered: list[str] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)
    told: dict[str, str] = field(default_factory=dict)
    outcomes: list[str] = field(default_factory=list)
    commands: int = 0
    asked: list[str] = field(default_factory=list)

    async def call(self, port: int) -> "Phone":
        """Call, answer each command, return when the line is closed."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        header = (
            f"agi_network: yes\nagi_network_script: {self.route}\n"
            f"agi_extension: {self.hotline}\nagi_callerid: {self.caller}\n"
            f"agi_uniqueid: {self.linkedid}\nagi_arg_1: {self.linkedid}\nagi_arg_2: main\n"
        )
        more = "".join(f"agi_arg_{n}: {arg}\n" for n, arg in enumerate(self.more, start=3))
        writer.write(f"{header}{more}\n".encode())
        while line := (await reader.readline()).decode().strip():
            self.commands += 1
            if self.commands == self.holds_at:
                await self.released.wait()
            answer = None if self.commands == self.leaves_at else self._answer(line)
            if answer is None:
                break
            writer.write(f"{answer}\n".encode())
            await writer.drain()
        writer.close()
        return self

    def _answer(self, line: str) -> str | None:  # noqa: PLR0911 - one branch a command
        self.asked.append(line.split(maxsplit=1)[0])
        if found := _STREAM.match(line):
            self.asked[-1] += f" {found[1]}"
            return self._stream(found[1])
        if found := _SET.match(line):
            self.variables[found[1]] = found[2]
            return "200 result=1"
        if found := _TELL.match(line):
            self.told[found[1]] = found[2]
            if found[1] == "TongdaiOutcome":
                self.outcomes.append(found[2].removeprefix("Outcome: "))
            return "200 result=0"
        if line.startswith("WAIT FOR DIGIT"):
            key, self.keys = self.keys[:1] or "-", self.keys[1:]
            return None if key == "x" else f"200 result={0 if key == '-' else ord(key)}"
        if found := _GET.match(line):
            return self._gathered(found[1], int(found[2]))
        if found := _RECORD.match(line):
            Path(f"{found[1]}.wav").write_bytes(b"\1" * (self.speaks or 64_000))
            return (
                None if self.speaks is None else f"200 result=35 (dtmf) endpos={self.speaks // 2}"
            )
        return "510 Invalid or unknown command"

    def _gathered(self, path: str, most: int) -> str | None:
        if path and self.deaf_to and self.deaf_to in path:
            return "200 result=-1"
        self.heard += [path] if path else []
        self.gathered.append(path)
        self.keys, self.at_once = self.at_once + self.keys, ""
        typed = ""
        while len(typed) < most:
            key, self.keys = self.keys[:1] or "-", self.keys[1:]
            if key == "x":
                return None
            if key == "-":
                return f"200 result={typed} (timeout)"
            if key == "#":
                break
            typed += key
        return f"200 result={typed}"

    def _stream(self, path: str) -> str:
        if self.deaf_to and self.deaf_to in path:
            return "200 result=0 endpos=0"
        self.heard.append(path)
        key, self.at_once = self.at_once[:1], self.at_once[1:]
        if self.into[0] and path.endswith(self.into[0]):
            key, self.into = self.into[1], ("", "")
        return f"200 result={ord(key) if key else 0} endpos={400 if key else 4000}"

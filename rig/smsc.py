"""The far end of Kannel's fake SMSC: takes what is sent and writes it down, readable.

    python -m rig.smsc PORT LOG

One JSON object a line: when, from, to, text, parts. A text of several parts (UDH) is written as one
when its last part has come. Kannel itself answers the receipts of what it hands over here.
"""

import asyncio
import contextlib
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote_to_bytes

from tongdai.clock import HCM, SystemClock

# "sender receiver kind data": the sender may hold blanks, the receiver is a number.
_LINE = re.compile(rb"(.*?) (\+?[0-9]+) (text|data|ucs-2|udh) (.*)", re.DOTALL)
_CONCATENATED = b"\x05\x00\x03"
_LOOK_SECONDS = 0.1
_RETRY_SECONDS = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One short message: the `number`th of `of` that have the same `reference`."""

    sender: str
    to: str
    text: str
    reference: int = 0
    number: int = 1
    of: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A whole text."""

    sender: str
    to: str
    text: str
    parts: int


def parse(line: bytes) -> Part | None:
    """Return the part that a line of the fake SMSC's protocol holds; None when it is not one."""
    found = _LINE.fullmatch(line)
    if not found:
        return None
    sender, to, kind, data = (
        found[1].decode(errors="replace"),
        found[2].decode(),
        found[3],
        found[4],
    )
    match kind:
        case b"text":
            return Part(sender=sender, to=to, text=data.decode(errors="replace"))
        case b"ucs-2":
            return Part(sender=sender, to=to, text=_ucs2(_unquote(data)))
        case b"data":
            return Part(sender=sender, to=to, text=_decode(_unquote(data)))
        case _:
            header, _, body = data.partition(b" data ")
            return _concatenated(sender, to, _unquote(header), _decode(_unquote(body)))


class Joiner:
    """Puts parts together again."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[str, str, int], dict[int, Part]] = {}

    def add(self, part: Part) -> Iterator[Message]:
        """Take a part; yield the message when it is whole."""
        key = (part.sender, part.to, part.reference)
        parts = self._waiting.setdefault(key, {})
        parts[part.number] = part
        if len(parts) == part.of:
            del self._waiting[key]
            text = "".join(parts[number].text for number in sorted(parts))
            yield Message(sender=part.sender, to=part.to, text=text, parts=part.of)


async def serve(port: int, log: Path) -> None:
    """Take messages until cancelled; connect again whenever Kannel went away."""
    joiner = Joiner()
    while True:
        with contextlib.suppress(OSError):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            saying = asyncio.create_task(_say(writer, said_in(log)))
            try:
                await _take(reader, joiner, log)
            finally:
                saying.cancel()
                writer.close()
        await asyncio.sleep(_RETRY_SECONDS)


def said_in(log: Path) -> Path:
    """Return the file whose lines the SMSC brings to Kannel as messages from telephones."""
    return log.with_suffix(".said")


def mobile_originated(sender: str, to: str, text: str) -> str:
    """Return the line of a message from a telephone, as the protocol has it.

    What is not ASCII goes as its UTF-8 bytes: from this side the protocol takes no UCS-2.
    """
    if text.isascii():
        return f"{sender} {to} text {text}"
    return f"{sender} {to} data {quote(text)}"


async def _say(writer: asyncio.StreamWriter, path: Path) -> None:
    """Bring what is written into a file from now on."""
    done = len(_read(path))
    while True:
        said = _read(path)
        writer.write(said[done:])
        await writer.drain()
        done = len(said)
        await asyncio.sleep(_LOOK_SECONDS)


def _read(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""


def messages(log: Path) -> list[dict[str, str | int]]:
    """Return what a log holds, oldest first."""
    if not log.exists():
        return []
    return [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]


async def _take(reader: asyncio.StreamReader, joiner: Joiner, log: Path) -> None:
    """Read lines; a plain text that holds line breaks comes as several, which follow at once."""
    pending = b""
    while True:
        try:
            line = await asyncio.wait_for(reader.readline(), 0.1 if pending else None)
        except TimeoutError:
            _write(pending, joiner, log)
            pending = b""
            continue
        if pending and (not line or _LINE.fullmatch(line.rstrip(b"\n"))):
            _write(pending, joiner, log)
            pending = b""
        if not line:
            return
        pending = pending + b"\n" + line.rstrip(b"\n") if pending else line.rstrip(b"\n")


def _write(line: bytes, joiner: Joiner, log: Path) -> None:
    part = parse(line)
    if part is None:
        return
    for message in joiner.add(part):
        entry = {
            "at": SystemClock().now().astimezone(HCM).isoformat(timespec="milliseconds"),
            "from": message.sender,
            "to": message.to,
            "parts": message.parts,
            "text": message.text,
        }
        with log.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry, ensure_ascii=False) + "\n")


def _concatenated(sender: str, to: str, header: bytes, text: str) -> Part:
    if header.startswith(_CONCATENATED) and len(header) == len(_CONCATENATED) + 3:
        reference, of, number = header[3:]
        return Part(sender=sender, to=to, text=text, reference=reference, number=number, of=of)
    return Part(sender=sender, to=to, text=text)


def _unquote(data: bytes) -> bytes:
    """Kannel writes a blank as plus."""
    return unquote_to_bytes(data.replace(b"+", b" "))


def _decode(data: bytes) -> str:
    """Kannel does not name the alphabet of a part; a zero byte (a blank) says that it is UCS-2."""
    return _ucs2(data) if b"\0" in data else data.decode(errors="replace")


def _ucs2(data: bytes) -> str:
    return data.decode("utf-16-be", errors="replace")


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        Path(sys.argv[2]).touch()
        asyncio.run(serve(int(sys.argv[1]), Path(sys.argv[2])))

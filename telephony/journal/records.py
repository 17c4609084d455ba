r"""The journal's records: framing and kinds; pure.

A segment, uncompressed, is a sequence of `@KIND SECONDS LENGTH\n` + LENGTH bytes + `\n`, so that
`zcat` shows a person what came and when. SECONDS is the service's real time of writing, not
the development clock's.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

_MAX_HEADER = 64


class Kind(StrEnum):
    """What a record holds."""

    CHECKPOINT = "K"
    CONNECTED = "C"
    LOST = "L"
    PACKETS = "P"
    STATE = "S"
    NOTE = "N"


@dataclass(frozen=True, slots=True)
class Record:
    """One record; `at` is in seconds since the epoch."""

    kind: Kind
    at: float
    data: bytes

    def json(self) -> Any:
        """Return the data of a CHECKPOINT, CONNECTED, LOST, STATE or NOTE."""
        return json.loads(self.data)


def frame(kind: Kind, at: float, data: bytes) -> bytes:
    """Return a record's bytes."""
    return b"@%s %.6f %d\n%s\n" % (kind.value.encode(), at, len(data), data)


def dump(data: Any) -> bytes:
    """Return JSON for a record's data."""
    return json.dumps(data, separators=(",", ":")).encode()


def parse(text: bytes) -> Iterator[Record]:
    """Give the whole records of a segment's text; a last one cut off by a crash is left out.

    Raises:
        ValueError: The text is no journal's.
    """
    position = 0
    while position < len(text):
        end = text.find(b"\n", position, position + _MAX_HEADER)
        if end < 0:
            if len(text) - position > _MAX_HEADER or not text.startswith(b"@", position):
                message = f"no journal record at byte {position}"
                raise ValueError(message)
            return
        try:
            kind, at, length = text[position:end].decode("ascii").split(" ")
            record = Record(Kind(kind[1:]), float(at), text[end + 1 : end + 1 + int(length)])
        except ValueError as error:
            message = f"no journal record at byte {position}"
            raise ValueError(message) from error
        if len(record.data) < int(length):
            return
        yield record
        position = end + 2 + int(length)

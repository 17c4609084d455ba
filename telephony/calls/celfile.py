"""Reads the end of the PBX's CEL file: the lines since a moment, never the whole file."""

import csv
from datetime import datetime
from pathlib import Path

_BLOCK = 262_144
MOST = 64 * 1024 * 1024
"""Bytes that are read at most: several days of a large city."""


def lines_since(path: Path, since: datetime) -> list[str]:
    """Return the lines whose time is `since` (aware) or later, in the file's order.

    The file is read backwards, a block at a time, until a block begins before `since`.

    Raises:
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        position = file.seek(0, 2)
        text, read = b"", 0
        while position > 0 and read < MOST:
            step = min(_BLOCK, position)
            position -= step
            read += step
            file.seek(position)
            text = file.read(step) + text
            first = _first_whole_line(text, at_start=position == 0)
            if first is not None and _time(first) < since.timestamp():
                break
    lines = text.decode("utf-8", "replace").splitlines()
    return [line for line in lines if _time(line) >= since.timestamp()]


def _first_whole_line(text: bytes, *, at_start: bool) -> str | None:
    lines = text.split(b"\n", 2)
    index = 0 if at_start else 1
    whole = len(lines) > index + 1
    return lines[index].decode("utf-8", "replace") if whole else None


def _time(line: str) -> float:
    """Return a line's time in seconds, or minus infinity where there is none."""
    try:
        return float(next(csv.reader([line]))[1])
    except (StopIteration, IndexError, ValueError, csv.Error):
        return float("-inf")

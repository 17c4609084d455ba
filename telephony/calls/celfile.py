"""Reads the end of the PBX's CEL file: the lines since a moment, never the whole file."""

import csv
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from telephony.calls.registry import Registry

log = structlog.get_logger()

_BLOCK = 262_144
MOST = 64 * 1024 * 1024
"""Bytes that are read at most: several days of a large city."""
_MARGIN = timedelta(seconds=60)


def missed_lines(path: Path | None, registry: Registry) -> list[str]:
    """Return the lines since the PBX, or any call that still lives, was last heard of.

    None are needed when it was never heard of; a file that cannot be read is logged.
    """
    if registry.alive_at is None or path is None:
        return []
    moments = [registry.alive_at - _MARGIN, *(c.last_at for c in registry.live.values())]
    try:
        return lines_since(path, min(moments) - registry.offset)
    except OSError as error:
        log.warning("cel.not_read", pbx=registry.pbx, error=str(error))
        return []


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

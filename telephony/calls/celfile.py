"""Reads the end of the PBX's CEL file: the lines since a moment, never all that there is.

While the service was down, logrotate may have put the file away: `NAME.1`, `NAME-20261125`, packed
or not. Those are read too, the newest first, as far back as the moment lies.
"""

import bz2
import csv
import gzip
import lzma
import re
import zlib
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from telephony.calls.registry import Registry

log = structlog.get_logger()

_BLOCK = 262_144
MOST = 64 * 1024 * 1024
"""Bytes that are read of an unpacked file at most: several days of a large city."""
_MARGIN = timedelta(seconds=60)
_UNPACK: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.decompress,
    ".bz2": bz2.decompress,
    ".xz": lzma.decompress,
}
_ATTEMPTS = 3


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
    """Return the lines whose time is `since` (aware) or later, oldest file first, each once.

    Raises:
        OSError: A file cannot be read, or there is none.
    """
    for attempt in range(_ATTEMPTS):
        try:
            return _of_all(path, since.timestamp())
        except FileNotFoundError:  # rotated, or packed, under our hands: look again
            if attempt + 1 == _ATTEMPTS:
                raise
    raise AssertionError


def _of_all(path: Path, since: float) -> list[str]:
    """Read the file, and its predecessors until one begins before `since`."""
    files = _predecessors(path, since)
    if path.exists() or not files:
        files.insert(0, path)
    found: list[str] = []
    for file in files:
        lines, begins_before = _of_one(file, since)
        found = lines + found
        if begins_before:
            break
    return list(dict.fromkeys(found))  # copied away and not yet cut off: a line stands in both


def _predecessors(path: Path, since: float) -> list[Path]:
    """Return what was rotated and still has lines since then, the newest first."""
    name = re.compile(re.escape(path.name) + r"[.-]\d[\d.-]*(\.gz|\.bz2|\.xz)?")
    changed = {p: p.stat().st_mtime for p in path.parent.iterdir() if name.fullmatch(p.name)}
    last = [p for p, at in changed.items() if at >= since]
    return sorted(last, key=lambda p: changed[p], reverse=True)


def _of_one(path: Path, since: float) -> tuple[list[str], bool]:
    """Return one file's lines since then, and whether it has lines before it."""
    unpack = _UNPACK.get(path.suffix)
    if unpack is None:
        return _of_end(path, since)
    packed = path.read_bytes()
    try:
        data = unpack(packed)
    except (EOFError, ValueError, zlib.error, lzma.LZMAError, OSError) as error:
        log.warning("cel.not_unpacked", file=path.name, error=str(error))
        return [], False
    return _since(data.decode("utf-8", "replace").splitlines(), since)


def _of_end(path: Path, since: float) -> tuple[list[str], bool]:
    """Read backwards, a block at a time, until a block begins before `since`."""
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
            if first is not None and _begins_before(first, since):
                break
    return _since(text.decode("utf-8", "replace").splitlines(), since)


def _since(lines: list[str], since: float) -> tuple[list[str], bool]:
    before = any(_begins_before(line, since) for line in lines)
    return [line for line in lines if _time(line) >= since], before


def _begins_before(line: str, since: float) -> bool:
    return float("-inf") < _time(line) < since


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

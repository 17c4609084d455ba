"""Reads journals: a segment, a folder of them, also what a crash has left of the last one."""

import zlib
from collections.abc import Iterator
from pathlib import Path

from telephony.journal.records import Kind, Record, parse
from telephony.journal.writer import SUFFIX

_GZIP = 31
MAGIC = b"\x1f\x8b"


def segments(folder: Path) -> list[Path]:
    """Return the segments of one PBX's folder, oldest first."""
    return sorted(folder.glob(f"*{SUFFIX}"))


def read_segment(path: Path) -> Iterator[Record]:
    """Give a segment's records; one that was cut off in the middle ends the segment.

    Raises:
        ValueError: The file is no journal segment.
        OSError: It cannot be read.
    """
    data = path.read_bytes()
    if not data.startswith(MAGIC):
        message = f"{path} is no journal segment"
        raise ValueError(message)
    unzip = zlib.decompressobj(_GZIP)
    try:
        text = unzip.decompress(data)
    except zlib.error as error:
        message = f"{path} is damaged: {error}"
        raise ValueError(message) from error
    yield from parse(text)


def last_run(folder: Path) -> list[Record]:
    """Return the newest segment's records: a checkpoint and all that came after it.

    Damaged or empty segments are passed over: a checkpoint that is older and whole is better.
    """
    for path in reversed(segments(folder)):
        try:
            records = list(read_segment(path))
        except (ValueError, OSError):
            continue
        if records and records[0].kind is Kind.CHECKPOINT:
            return records
    return []

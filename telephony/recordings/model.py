"""Values and pure rules of recordings; no I/O."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

from tongdai.clock import HCM

NO_HOTLINE = "no-hotline"
"""The folder of recordings whose call is not known when they are taken."""
BYTES_PER_SECOND = 32_000
"""Of a raw spool file (docs/recordings-spool.md)."""
HOLE_SECONDS = 3.0
"""The PBX writes a second at a time, and looks come when they can: less is no hole."""
_NAME = re.compile(
    r"(?P<kind>call|consultation|message)"
    r"-(?P<linkedid>(?:[A-Za-z0-9_-]{1,64}-)?\d{1,12}\.\d{1,12})"
    r"(?:-(?P<n>\d{1,6}))?"
    r"\.(?P<ext>raw|wav)"
)


class Kind(StrEnum):
    """What was recorded (DESIGN.md, API)."""

    CALL = "call"
    CONSULTATION = "consultation"
    MESSAGE = "message"


Format = Literal["flac", "wav", "opus"]
"""What a recording is written as; FLAC and WAV are the samples, bit for bit, Opus is not."""


class RecordingState(StrEnum):
    """Where a recording is in its life."""

    ARCHIVED = "archived"
    HELD = "held"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class SpoolName:
    """What a file's name in the spool says: `<kind>-<linkedid>[-n].<ext>`.

    Attributes:
        kind: What was recorded.
        linkedid: The call, as its PBX knows it.
        n: Counts the recordings of this kind in one call, from 0.
        ext: `raw` (16-bit little-endian, 8 kHz, two channels interleaved) or `wav`.
    """

    kind: Kind
    linkedid: str
    n: int
    ext: str


def parse_spool_name(name: str) -> SpoolName | None:
    """Return what a spool file's name says, or None when it is not one of ours."""
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    return SpoolName(
        kind=Kind(match["kind"]),
        linkedid=match["linkedid"],
        n=int(match["n"] or 0),
        ext=match["ext"],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A spool file as it was at one look.

    Attributes:
        size: Bytes.
        mtime_ns: When it was last written, by the file system.
        unchanged_seconds: How long we have seen it just so (our own monotonic time).
    """

    size: int
    mtime_ns: int
    unchanged_seconds: float


Hole = tuple[float, float]
"""From which second of a recording something is missing, and how many seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """How a spool file grew while it was looked at.

    Attributes:
        size: Bytes.
        at: When it was first seen so large (our own monotonic time).
        holes: Where it stood still although its call went on; see `grown`.
    """

    size: int
    at: float
    holes: tuple[Hole, ...] = ()


def grown(before: Growth, size: int, now: float) -> Growth:
    """Return a file's growth after another look.

    A recording grows by BYTES_PER_SECOND while its call lasts. What it lacks when it grows again
    was perhaps never written (the PBX or its disk stood still); its length says so at the end.
    """
    if size == before.size:
        return before
    missing = (now - before.at) - (size - before.size) / BYTES_PER_SECOND
    seen = before.size > 0 and missing >= HOLE_SECONDS
    hole = ((before.size / BYTES_PER_SECOND, missing),) if seen else ()
    return Growth(size=size, at=now, holes=before.holes + hole)


def is_finished(
    seen: Seen,
    *,
    alive: bool | None,
    being_written: bool,
    settle_seconds: float,
    unknown_seconds: float,
) -> bool:
    """Say whether nothing more will come into a spool file.

    A caller on hold may be silent for minutes: a file that does not grow is no proof by itself.

    Args:
        seen: The file at the last looks.
        alive: Whether the PBX still has the call; None when the PBX cannot be asked.
        being_written: Whether a process of this machine has the file open.
        settle_seconds: How long it must be unchanged once the call has ended.
        unknown_seconds: How long it must be unchanged while the PBX cannot be asked.
    """
    if alive or being_written:
        return False
    return seen.unchanged_seconds >= (unknown_seconds if alive is None else settle_seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """What the archive holds of one recording.

    Attributes:
        format: flac, wav or opus.
        channels: 2 (left the caller, right our side) or 1 (a message).
        sample_rate: Hertz.
        seconds: Length.
        bytes: Size of the sound as it is heard.
        sha256: Of the sound as it is heard.
        source_bytes: Size of the spool file.
        source_sha256: Of the spool file.
        pcm_sha256: Of the samples that the PBX wrote (16-bit little-endian, interleaved): the same
            before and after, except in Opus.
    """

    format: str
    channels: int
    sample_rate: int
    seconds: float
    bytes: int
    sha256: str
    source_bytes: int
    source_sha256: str
    pcm_sha256: str


def stored_name(
    *,
    started_at: datetime,
    hotline: str | None,
    call: str,
    kind: str,
    n: int,
    sha256: str,
    extension: str,
) -> str:
    """Return an object's name: day in Vietnam, hotline, call, then kind, n and its own digest.

    A person finds it by day and call; `sha256sum` says whether it still is what its name says, also
    where it is encrypted. Whatever changes it gives it another name: nothing is overwritten.
    """
    day = started_at.astimezone(HCM)
    return f"{day:%Y/%m/%d}/{hotline or NO_HOTLINE}/{call}/{kind}-{n}-{sha256}.{extension}"


def started_at(answered_at: datetime | None, last_written: datetime, seconds: float) -> datetime:
    """Return when a recording began.

    Args:
        answered_at: The first person's answer, where the call is known.
        last_written: When the file was last written (aware).
        seconds: Its length.
    """
    return answered_at or last_written - timedelta(seconds=seconds)

"""A spool file that a PBX on another host brings: whole and proven, or not there at all."""

import asyncio
import hashlib
import os
import re
import time
from collections.abc import AsyncIterable
from contextlib import suppress
from enum import StrEnum
from pathlib import Path

from telephony.recordings import audio, store
from telephony.recordings.errors import SpoolFileChanged
from telephony.recordings.model import parse_spool_name
from telephony.recordings.spool import Spool
from tongdai.db import Database
from tongdai.errors import Invalid, Unavailable
from tongdai.ids import new_id

MARGIN_BYTES = 20_000_000
"""What stays free on the spool's disk: the calls of our own PBX are recorded there as well."""
STALE_SECONDS = 3600.0
_SHA256 = re.compile(r"[0-9a-f]{64}")


class SpoolNameStrange(Invalid):
    """The name is none that a recording in the spool has."""

    code = "spool_name_strange"


class SpoolDigestWrong(Invalid):
    """What arrived is not what the PBX said that it sends; nothing of it was kept."""

    code = "spool_digest_wrong"


class SpoolFull(Unavailable):
    """The spool has no room for it: the PBX keeps the file and tries again."""

    code = "spool_full"


class Arrived(StrEnum):
    """What became of a file that was brought."""

    TAKEN = "taken"
    """It lies in the spool, synced; the intake takes it from there."""
    THERE = "there"
    """It lay there already."""
    ARCHIVED = "archived"
    """The archive has it already."""


async def receive(
    db: Database, spool: Spool, name: str, sha256: str, size: int, chunks: AsyncIterable[bytes]
) -> Arrived:
    """Put a file into a spool in one step, when all of it has arrived; harmless when repeated.

    Args:
        db: Says what is archived already.
        spool: The PBX's own.
        name: The file's name in the PBX's spool.
        sha256: As the PBX has worked it out, 64 hexadecimal digits.
        size: Bytes, as announced.
        chunks: The file.

    Raises:
        SpoolNameStrange, SpoolDigestWrong, SpoolFull: See there.
        SpoolFileChanged: Another content lies under that name and is not taken yet.
        OSError: The disk refuses.
    """
    parsed = parse_spool_name(name)
    if parsed is None:
        raise SpoolNameStrange(fields={"name": "not_known"})
    if not _SHA256.fullmatch(sha256):
        raise SpoolDigestWrong(fields={"sha256": "required"})
    async with db.read() as session:
        rows = await store.of_spool_name(session, spool.pbx, parsed)
    if any(row.source_sha256 == sha256 for row in rows):
        return Arrived.ARCHIVED
    target = spool.folder / name
    if await asyncio.to_thread(_digest, target) == sha256:
        return Arrived.THERE
    await asyncio.to_thread(_tidy, spool.folder)
    free, _ = await asyncio.to_thread(spool.room)
    if free < size + MARGIN_BYTES:
        raise SpoolFull(pbx=spool.pbx)
    part = spool.folder / f".{name}.{new_id()}.part"
    try:
        if await _write(part, chunks) != sha256:
            raise SpoolDigestWrong(fields={"sha256": "not_known"})
        await asyncio.to_thread(_place, part, target)
    finally:
        await asyncio.to_thread(part.unlink, missing_ok=True)
    return Arrived.TAKEN


async def _write(part: Path, chunks: AsyncIterable[bytes]) -> str:
    """Write what comes, synced; return its SHA-256."""
    digest = hashlib.sha256()
    await asyncio.to_thread(part.touch, exist_ok=False)
    async for chunk in chunks:
        digest.update(chunk)
        await asyncio.to_thread(_append, part, chunk)
    await asyncio.to_thread(_sync, part)
    return digest.hexdigest()


def _append(part: Path, chunk: bytes) -> None:
    """Add to the file; it is not open meanwhile, for who waits for a thread may be cancelled."""
    with part.open("ab") as file:
        file.write(chunk)


def _sync(part: Path) -> None:
    with part.open("rb") as file:
        os.fsync(file.fileno())


def _place(part: Path, target: Path) -> None:
    """Give the file its name, unless something else has it: nothing is ever overwritten."""
    try:
        os.link(part, target)
    except FileExistsError:
        raise SpoolFileChanged(file=target.name) from None
    handle = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _digest(path: Path) -> str | None:
    try:
        return audio.file_sha256(path)
    except FileNotFoundError:
        return None


def _tidy(folder: Path) -> None:
    """Remove what transfers that were cut off have left."""
    oldest = time.time() - STALE_SECONDS  # noqa: TID251 - held against the files' own times
    for part in folder.glob(".*.part"):
        with suppress(FileNotFoundError):
            if part.stat().st_mtime < oldest:
                part.unlink()

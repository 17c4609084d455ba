"""Keeps the manifest's files in step with its tables."""

import asyncio
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlmodel import col, select

from telephony.recordings.archive import Archive
from telephony.recordings.archive.folder import FolderObjects
from telephony.recordings.manifest.files import FOLDER, ManifestFiles
from telephony.recordings.manifest.tables import ManifestEntry, ManifestHead
from tongdai.db import Database

_AT_ONCE = 1000


def files_of(archive: Archive) -> ManifestFiles:
    """Return the manifest's files of an archive."""
    return ManifestFiles(archive.root / FOLDER)


async def catch_up(db: Database, archive: Archive, keys: dict[str, str]) -> None:
    """Write what the files lack: heads with their lines, then the lines since the last head.

    Args:
        db: The tables.
        archive: Beside which the files lie; heads go into an S3 store as well.
        keys: Public keys by id, published with the heads.

    Raises:
        OSError: Disk or store refuse; the next time goes on.
        DatabaseAway: The database does not answer.
    """
    beside = files_of(archive)
    async with db.read() as session:
        rows = await session.execute(select(ManifestHead).order_by(col(ManifestHead.no)))
        found = list(rows.scalars())
    missing = [head for head in found if not beside.sealed(head.no)]
    for head in missing:
        lines = await _lines(db, head.first, head.last)
        await asyncio.to_thread(_seal, beside, head, lines, keys)
        await _send(archive, beside, head.no)
    first = found[-1].last + 1 if found else 1
    if missing:
        lines = await _lines(db, first, None)
        await asyncio.to_thread(_reopen, beside, lines)
        return
    since = max(first, await asyncio.to_thread(beside.last_open) + 1)
    lines = await _lines(db, since, None)
    if lines:
        await asyncio.to_thread(_append, beside, since, lines)


async def _lines(db: Database, first: int, last: int | None) -> list[str]:
    lines: list[str] = []
    while True:
        query = select(ManifestEntry.line).where(col(ManifestEntry.seq) >= first + len(lines))
        if last is not None:
            query = query.where(col(ManifestEntry.seq) <= last)
        async with db.read() as session:
            rows = await session.execute(query.order_by(col(ManifestEntry.seq)).limit(_AT_ONCE))
            some = list(rows.scalars())
        if not some:
            return lines
        lines += some


def _seal(
    beside: ManifestFiles, head: ManifestHead, lines: list[str], keys: dict[str, str]
) -> None:
    with beside.locked():
        beside.publish(keys)
        beside.seal(head.no, lines, head.line, head.signature)


def _reopen(beside: ManifestFiles, lines: list[str]) -> None:
    with beside.locked():
        beside.reopen(lines)


def _append(beside: ManifestFiles, since: int, lines: list[str]) -> None:
    with beside.locked():
        if beside.last_open() < since:  # another node may have been quicker
            beside.append(lines)


async def _send(archive: Archive, beside: ManifestFiles, no: int) -> None:
    if isinstance(archive.objects, FolderObjects):
        return
    for file in sorted(beside.folder.glob(f"{no:06d}.*")):
        with TemporaryDirectory(prefix="tongdai-manifest-") as folder:
            copy = Path(await asyncio.to_thread(shutil.copy, file, folder))
            await archive.objects.put(copy, f"{FOLDER}/{file.name}")

"""Proves the archive: each row has its file, as it was sealed, and each file has a row."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlmodel import col, select

from telephony.recordings.archive import INCOMING, Archive
from telephony.recordings.model import RecordingState
from telephony.recordings.tables import Recording
from tongdai import audit
from tongdai.db import Database

BATCH = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something that is not as it was sealed.

    Attributes:
        recording: The recording's id, or the file's stem where there is no row.
        path: Below the archive.
        why: missing, changed, row_changed (it differs from the audit chain), no_row.
    """

    recording: str
    path: str
    why: str


async def verify(db: Database, archive: Archive) -> AsyncIterator[Problem]:
    """Read every archived file; yield what does not prove.

    Raises:
        DatabaseAway: The database does not answer.
    """
    last = ""
    while batch := await _batch(db, last):
        last = batch[-1][0].id
        for row, sealed in batch:
            why = await _problem(archive, row, sealed)
            if why:
                yield Problem(recording=row.id, path=row.path, why=why)
    for folder in await asyncio.to_thread(lambda: list(_folders(archive.root))):
        async for problem in _strays(db, archive, folder):
            yield problem


async def count(db: Database) -> int:
    """Return how many recordings the archive must hold."""
    total, last = 0, ""
    while batch := await _batch(db, last):
        last = batch[-1][0].id
        total += len(batch)
    return total


async def _batch(db: Database, after: str) -> list[tuple[Recording, audit.AuditEntry | None]]:
    async with db.read() as session:
        rows = list(
            (
                await session.execute(
                    select(Recording)
                    .where(
                        col(Recording.id) > after,
                        col(Recording.state) != RecordingState.DELETED,
                    )
                    .order_by(col(Recording.id))
                    .limit(BATCH)
                )
            ).scalars()
        )
        entries = (
            await session.execute(
                select(audit.AuditEntry).where(
                    col(audit.AuditEntry.chain) == audit.RECORDINGS,
                    col(audit.AuditEntry.kind) == "archived",
                    col(audit.AuditEntry.subject).in_([r.id for r in rows]),
                )
            )
        ).scalars()
        by_subject = {e.subject: e for e in entries}
    return [(row, by_subject.get(row.id)) for row in rows]


async def _problem(archive: Archive, row: Recording, sealed: audit.AuditEntry | None) -> str | None:
    try:
        if await archive.stored_sha256(row.path) != row.stored_sha256:
            return "changed"
    except FileNotFoundError:
        return "missing"
    if sealed is None or sealed.data.get("sha256") != row.sha256:
        return "row_changed"
    return None


def _folders(root: Path) -> Iterator[Path]:
    for folder in sorted(p for p in root.rglob("*") if p.is_dir()):
        if INCOMING not in folder.relative_to(root).parts:
            yield folder


async def _strays(db: Database, archive: Archive, folder: Path) -> AsyncIterator[Problem]:
    files = await asyncio.to_thread(lambda: sorted(p for p in folder.iterdir() if p.is_file()))
    for start in range(0, len(files), BATCH):
        paths = [str(p.relative_to(archive.root)) for p in files[start : start + BATCH]]
        async with db.read() as session:
            known = set(
                (
                    await session.execute(
                        select(Recording.path).where(col(Recording.path).in_(paths))
                    )
                ).scalars()
            )
        for path in paths:
            if path not in known:
                yield Problem(recording=Path(path).stem, path=path, why="no_row")

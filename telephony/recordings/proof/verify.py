"""Proves the whole archive: manifest, rows and objects; every difference is named."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func
from sqlmodel import col, select

from telephony.recordings.archive import Archive
from telephony.recordings.manifest.beside import files_of
from telephony.recordings.manifest.files import FOLDER
from telephony.recordings.manifest.keys import Keys
from telephony.recordings.manifest.lines import EntryKind
from telephony.recordings.manifest.tables import ManifestEntry
from telephony.recordings.model import RecordingState
from telephony.recordings.proof import chain, rows
from telephony.recordings.proof.problem import Problem, Why
from telephony.recordings.tables import Recording
from tongdai.db import Database

BATCH = 200
_AT_ONCE = max(2, os.cpu_count() or 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """How far a walk is: the last recording that is done, and how many bytes were read for it."""

    last: str
    recordings: int
    bytes: int


def _unheard(_: Step) -> None:
    return


async def verify(
    db: Database,
    archive: Archive,
    keys: Keys | None = None,
    *,
    after: str = "",
    on_step: Callable[[Step], None] = _unheard,
) -> AsyncIterator[Problem]:
    """Read the manifest, every row and every object; yield what does not prove.

    Args:
        db: The register.
        archive: The objects.
        keys: The keys that are trusted; without, signatures are left out.
        after: Go on behind this recording; manifest and strays are always looked at whole.
        on_step: Told after each batch of recordings.

    Raises:
        DatabaseAway: The database does not answer.
        OSError: The store does not answer.
    """
    async for problem in _manifest(db, archive, keys):
        yield problem
    last = after
    while batch := await _batch(db, last):
        last = batch[-1][0].id
        for start in range(0, len(batch), _AT_ONCE):
            some = batch[start : start + _AT_ONCE]
            for found in await asyncio.gather(*(_recording(db, archive, *one) for one in some)):
                for problem in found:
                    yield problem
        read = sum(row.stored_bytes for row, _ in batch)
        on_step(Step(last=last, recordings=len(batch), bytes=read))
    async for problem in _rows_missing(db):
        yield problem
    async for problem in _strays(db, archive):
        yield problem


async def total(db: Database) -> tuple[int, int]:
    """Return how many recordings the archive must hold, and how many bytes."""
    async with db.read() as session:
        found = await session.execute(
            select(func.count(), func.coalesce(func.sum(col(Recording.stored_bytes)), 0)).where(
                col(Recording.state) != RecordingState.DELETED
            )
        )
        count, size = found.one()
    return int(count), int(size)


async def _manifest(db: Database, archive: Archive, keys: Keys | None) -> AsyncIterator[Problem]:
    async for problem in chain.entries(db):
        yield problem
    if keys is None:
        return
    trusted = await asyncio.to_thread(keys.public)
    async for problem in chain.signed(db, trusted, db.clock.now()):
        yield problem
    async for problem in chain.files(db, files_of(archive)):
        yield problem


async def _batch(db: Database, after: str) -> list[tuple[Recording, list[ManifestEntry]]]:
    query = select(Recording.id).where(col(Recording.id) > after).order_by(col(Recording.id))
    async with db.read() as session:
        some = list((await session.execute(query.limit(BATCH))).scalars())
    return await _about(db, some)


async def _about(db: Database, ids: list[str]) -> list[tuple[Recording, list[ManifestEntry]]]:
    async with db.read() as session:
        found = await session.execute(
            select(Recording).where(col(Recording.id).in_(ids)).order_by(col(Recording.id))
        )
        some = list(found.scalars())
        entries = await session.execute(
            select(ManifestEntry)
            .where(col(ManifestEntry.recording).in_([r.id for r in some]))
            .order_by(col(ManifestEntry.seq))
        )
        about: dict[str, list[ManifestEntry]] = {}
        for entry in entries.scalars():
            about.setdefault(entry.recording, []).append(entry)
    return [(row, about.get(row.id, [])) for row in some]


async def _recording(
    db: Database, archive: Archive, row: Recording, entries: list[ManifestEntry]
) -> list[Problem]:
    problems = await _compared(db, archive, row, entries)
    if not problems:
        return []
    again = await _about(db, [row.id])  # it may have been held, deleted or placed meanwhile
    if not again or await asyncio.to_thread(archive.is_on_its_way, row.id):
        return []
    return await _compared(db, archive, *again[0])


async def _compared(
    db: Database, archive: Archive, row: Recording, entries: list[ManifestEntry]
) -> list[Problem]:
    try:
        facts = rows.expected(entries)
    except (ValueError, KeyError):
        facts = None  # the entry itself is named by the walk along the chain
    if facts is None:
        return [_of(row, Why.NOT_IN_MANIFEST)]
    problems = []
    changed = rows.differing(row, facts)
    if changed:
        problems.append(_of(row, Why.ROW_CHANGED, ", ".join(changed)))
    name, digest = str(facts["name"]), str(facts["stored_sha256"])
    problems += await _object(db, archive, row, name, digest)
    return problems


async def _object(
    db: Database, archive: Archive, row: Recording, name: str, digest: str
) -> list[Problem]:
    if row.state == RecordingState.DELETED:
        there = await archive.objects.size(name) is not None
        return [_of(row, Why.DELETED_BUT_THERE)] if there else []
    try:
        found = await archive.stored_sha256(name)
    except FileNotFoundError:
        return [_of(row, Why.MISSING)]
    if found == digest:
        return []
    async with db.read() as session:
        other = await session.execute(
            select(Recording.id).where(col(Recording.stored_sha256) == found).limit(1)
        )
        whose = other.scalar_one_or_none()
    if whose is not None and whose != row.id:
        return [_of(row, Why.SWAPPED, f"it holds recording {whose}")]
    return [_of(row, Why.CHANGED, f"{await archive.objects.size(name)} bytes")]


async def _rows_missing(db: Database) -> AsyncIterator[Problem]:
    last = 0
    while True:
        async with db.read() as session:
            found = await session.execute(
                select(ManifestEntry)
                .join(Recording, col(Recording.id) == col(ManifestEntry.recording), isouter=True)
                .where(
                    col(ManifestEntry.seq) > last,
                    col(ManifestEntry.event) == EntryKind.ARCHIVED,
                    col(Recording.id).is_(None),
                )
                .order_by(col(ManifestEntry.seq))
                .limit(BATCH)
            )
            some = list(found.scalars())
        if not some:
            return
        last = some[-1].seq
        for entry in some:
            path = f"manifest entry {entry.seq}"
            yield Problem(recording=entry.recording, path=path, why=Why.ROW_MISSING)


async def _strays(db: Database, archive: Archive) -> AsyncIterator[Problem]:
    names: list[str] = []
    async for kept in archive.objects.walk():
        if not kept.name.startswith(f"{FOLDER}/"):
            names.append(kept.name)
        if len(names) == BATCH:
            for problem in await _unknown(db, names):
                yield problem
            names = []
    for problem in await _unknown(db, names):
        yield problem


async def _unknown(db: Database, names: list[str]) -> list[Problem]:
    async with db.read() as session:
        found = await session.execute(select(Recording.path).where(col(Recording.path).in_(names)))
        known = set(found.scalars())
    return [
        Problem(recording=Path(name).stem, path=name, why=Why.NO_ROW)
        for name in names
        if name not in known
    ]


def _of(row: Recording, why: Why, detail: str = "") -> Problem:
    return Problem(recording=row.id, path=row.path, why=why, detail=detail)

"""Another key for what is archived: wrapped anew, or encrypted where it was not."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import ColumnElement, and_, func, or_
from sqlmodel import col, select

from telephony.recordings.archive import INCOMING, Archive, cipher
from telephony.recordings.archive.archive import ENCRYPTED
from telephony.recordings.archive.keyring import DEFAULT, KeyRing
from telephony.recordings.archive.sealing import Stored, finish, stored
from telephony.recordings.errors import RecordingKeyMissing, StoredDamaged
from telephony.recordings.leftovers import WORK, Leftovers
from telephony.recordings.manifest import chain
from telephony.recordings.manifest.lines import EntryKind
from telephony.recordings.model import RecordingState, stored_name
from telephony.recordings.tables import Recording
from tongdai.db import Database


async def to_rekey(db: Database, archive: Archive, hotline: str | None = None) -> int:
    """Return how many stored bytes have another key than their hotline's present one.

    Raises:
        RecordingKeyMissing: There is no key ring.
    """
    query = select(func.coalesce(func.sum(col(Recording.stored_bytes)), 0))
    async with db.read() as session:
        found = await session.execute(query.where(*_other_key(_ring(archive), hotline)))
        return int(found.scalar_one())


def _untold(_: int) -> None:
    return


async def rekey(
    db: Database,
    archive: Archive,
    hotline: str | None = None,
    *,
    on_removed: Callable[[int], None] = _untold,
) -> AsyncIterator[int]:
    """Give recordings their hotline's present key; yield the stored bytes of each that is done.

    One after the other: the new object, then row and manifest in one transaction, then the old
    object goes. Stopped anywhere it goes on with what is left, and first removes what a killed one
    has left behind (see leftovers).

    Args:
        db: The register.
        archive: The objects and the ring.
        hotline: Whose recordings; None: all.
        on_removed: Told how many objects of a killed rekey went, when there were any.

    Raises:
        RekeyRunning: Another one works on this archive.
        RecordingKeyMissing, RecordingKeyWrong: A key that is needed is not in the ring.
        StoredDamaged: An object is not what was stored.
        OSError: The store does not answer.
    """
    ring, left = _ring(archive), Leftovers(archive)
    with left.held():
        removed = await left.clear(db)
        if removed:
            on_removed(removed)
        async for row in _with_other_key(db, ring, hotline):
            await _one(db, archive, ring, row)
            await asyncio.to_thread(left.forget, row.id)
            yield row.stored_bytes


async def _with_other_key(
    db: Database, ring: KeyRing, hotline: str | None
) -> AsyncIterator[Recording]:
    last = ""
    while True:
        query = select(Recording).where(*_other_key(ring, hotline), col(Recording.id) > last)
        async with db.read() as session:
            found = await session.execute(query.order_by(col(Recording.id)).limit(100))
            some = list(found.scalars())
        if not some:
            return
        for row in some:
            last = row.id
            yield row


async def _one(db: Database, archive: Archive, ring: KeyRing, row: Recording) -> None:
    old = row.path
    if not await archive.proves(row):
        raise StoredDamaged(recording=row.id)
    place = archive.root / INCOMING
    await asyncio.to_thread(place.mkdir, parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=WORK, dir=place) as folder:
        made = await _made(archive, ring, row, Path(folder))
        extension = row.format + ENCRYPTED
        name = stored_name(
            started_at=row.started_at,
            hotline=row.hotline,
            call=row.call,
            kind=row.kind,
            n=row.n,
            sha256=made.sha256,
            extension=extension,
        )
        await asyncio.to_thread(Leftovers(archive).note, row.id, old, name)
        await archive.place(made.work, name)
    async with db.write() as tx:
        now = await tx.session.get_one(Recording, row.id, with_for_update=True)
        if now.path != old or now.state == RecordingState.DELETED:
            moved = False
        else:
            moved = True
            now.path, now.key = name, made.key
            now.stored_bytes, now.stored_sha256 = made.bytes, made.sha256
            facts = {
                "name": name,
                "key": made.key,
                "stored_bytes": made.bytes,
                "stored_sha256": made.sha256,
            }
            await chain.append(tx, EntryKind.REKEYED, row.id, facts)
    await archive.objects.delete(old if moved else name)


async def _made(archive: Archive, ring: KeyRing, row: Recording, folder: Path) -> Stored:
    work = folder / f"{row.id}.{row.format}"
    if row.key is None:
        await _copied(archive, row.path, work, 0)
        return await asyncio.to_thread(finish, work, ring, row.hotline)
    head, own = await archive.opened(row)
    key_id = ring.current(row.hotline)
    target = work.with_name(work.name + ENCRYPTED)
    fresh = cipher.wrap(head, own, key_id, ring.key(key_id))
    await asyncio.to_thread(target.write_bytes, fresh.packed())
    await _copied(archive, row.path, target, cipher.HEAD_BYTES)
    return await asyncio.to_thread(stored, target, key_id)


async def _copied(archive: Archive, name: str, target: Path, start: int) -> None:
    with target.open("ab") as file:
        async for block in archive.objects.read(name, start):
            file.write(block)


def _ring(archive: Archive) -> KeyRing:
    if archive.ring is None:
        raise RecordingKeyMissing(key=DEFAULT)
    return archive.ring


def _other_key(ring: KeyRing, hotline: str | None) -> list[ColumnElement[bool]]:
    named = [name for name in ring.use if name != DEFAULT]

    def other(key_id: str) -> ColumnElement[bool]:
        return or_(col(Recording.key).is_(None), col(Recording.key) != key_id)

    cases = [and_(col(Recording.hotline) == name, other(ring.use[name])) for name in named]
    rest = or_(col(Recording.hotline).is_(None), col(Recording.hotline).not_in(named))
    conditions: list[ColumnElement[bool]] = [
        col(Recording.state) != RecordingState.DELETED,
        or_(*cases, and_(rest, other(ring.use[DEFAULT]))),
    ]
    if hotline is not None:
        conditions.append(col(Recording.hotline) == hotline)
    return conditions

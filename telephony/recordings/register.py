"""Writes recordings down and puts their files in their places; restartable at every step."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from sqlalchemy import func
from sqlmodel import col, select

from telephony.capture import sound, sounds
from telephony.recordings import audio, store
from telephony.recordings.archive import Archive
from telephony.recordings.archive.archive import ENCRYPTED
from telephony.recordings.archive.sealing import Stored, finish
from telephony.recordings.errors import SealMismatch, SpoolFileChanged
from telephony.recordings.events import RecordingArchived
from telephony.recordings.manifest import chain
from telephony.recordings.manifest.lines import EntryKind
from telephony.recordings.model import (
    RecordingState,
    Sealed,
    SpoolName,
    started_at,
    stored_name,
)
from telephony.recordings.spool import SpoolFile
from telephony.recordings.tables import Recording
from tongdai import audit
from tongdai.clock import Clock, SystemClock
from tongdai.db import Database, Tx
from tongdai.ids import CallId, RecordingId, call_id_of, new_id

log = structlog.get_logger()

ADOPT_AT_ONCE = 200


class Register:
    """The rows of the archive and their files, kept in step."""

    def __init__(self, db: Database, clock: Clock, archive: Archive) -> None:
        self._db = db
        self._clock = clock
        self._archive = archive
        self._machine = SystemClock()

    async def holds(self, pbx: str, file: SpoolFile) -> bool:
        """Say whether a spool file is archived already, and its archived file proven.

        Raises:
            SealMismatch: It was archived, and the archived file is missing or changed: the spool
                file is the only good copy and stays.
        """
        async with self._db.read() as session:
            rows = await store.of_spool_name(session, pbx, file.name)
        if not any(r.source_bytes == file.seen.size for r in rows):
            return False
        digest = await asyncio.to_thread(audio.file_sha256, file.path)
        return await self.holds_digest(pbx, file.name, digest)

    async def holds_digest(self, pbx: str, name: SpoolName, sha256: str) -> bool:
        """Say whether a spool file of that name and content is archived, and proven there.

        Raises:
            SealMismatch: It was archived, and the archived file is missing or changed.
        """
        async with self._db.read() as session:
            rows = await store.of_spool_name(session, pbx, name)
        row = next((r for r in rows if r.source_sha256 == sha256), None)
        if row is None:
            return False
        if not await self._archive.proves(row):
            raise SealMismatch(recording=row.id)
        return True

    async def archive(self, pbx: str, file: SpoolFile, source: audio.Source) -> None:
        """Seal a spool file, write it down, put it in its place.

        Raises:
            SpoolFileChanged: It was written meanwhile.
            SealMismatch: It does not read back the same.
            RecordingKeyMissing: Its hotline's key is not in the ring: nothing was begun.
            DatabaseAway: Nothing was written down; the spool file is as it was.
        """
        recording_id = new_id()
        work = self._archive.incoming(pbx, recording_id)
        call = call_id_of(pbx, file.name.linkedid)
        async with self._db.read() as session:
            facts = await store.call_facts(session, call)
        try:
            self._archive.must_encrypt_for(facts.hotline if facts else None)
            sealed = await asyncio.to_thread(audio.seal, source, work, self._archive.format)
            stored = await asyncio.to_thread(
                finish, work, self._archive.ring, facts.hotline if facts else None
            )
            measured = await asyncio.to_thread(sound.measure, source)
            _refuse_changed(file)
            async with self._db.write() as tx:
                sounds.keep(tx, recording_id, replace(measured, holes=file.holes))
                row = await self._write_down(tx, recording_id, pbx, file, (sealed, stored))
        except BaseException:
            await self._drop_unless_written_down(work)
            raise
        await self._archive.place(stored.work, row.path)
        log.info(
            "recording.archived",
            recording=row.id,
            call=row.call,
            kind=row.kind,
            seconds=round(row.seconds, 1),
        )

    async def recover(self, pbx: str) -> None:
        """Finish what an interrupted taking left in the work folder: place it, or drop it."""
        for work in await asyncio.to_thread(self._archive.left_behind, pbx):
            async with self._db.read() as session:
                row = await session.get(Recording, recording_of(work))
            if row is None or (row.key is not None) != (work.suffix == ENCRYPTED):
                await asyncio.to_thread(work.unlink, missing_ok=True)
                log.info("recording.work_dropped", file=work.name)
            else:
                await self._archive.place(work, row.path)
                log.info("recording.placed_late", recording=row.id)

    async def adopt(self, pbx: str) -> None:
        """Give recordings that came before their calls were known the calls' hotlines."""
        async with self._db.read() as session:
            waiting = await store.adoptable(session, pbx, ADOPT_AT_ONCE)
        if not waiting:
            return
        async with self._db.write() as tx:
            for recording_id, hotline in waiting:
                row = await tx.session.get(Recording, recording_id)
                if row is not None:
                    row.hotline = hotline
                    await chain.append(tx, EntryKind.ADOPTED, row.id, {"hotline": hotline})

    async def _write_down(
        self,
        tx: Tx,
        recording_id: str,
        pbx: str,
        file: SpoolFile,
        finished: tuple[Sealed, Stored],
    ) -> Recording:
        sealed, stored = finished
        call = call_id_of(pbx, file.name.linkedid)
        facts = await store.call_facts(tx.session, call)
        answered = facts.answered_at if facts and file.name.kind == "call" else None
        began = started_at(answered, self._last_written(file), sealed.seconds)
        n, hotline = await _free_n(tx, pbx, file), facts.hotline if facts else None
        row = Recording(
            id=recording_id,
            kind=file.name.kind,
            pbx=pbx,
            linkedid=file.name.linkedid,
            n=n,
            call=call,
            hotline=hotline,
            started_at=began,
            seconds=round(sealed.seconds, 3),
            bytes=sealed.bytes,
            sha256=sealed.sha256,
            stored_bytes=stored.bytes,
            stored_sha256=stored.sha256,
            key=stored.key,
            source_bytes=sealed.source_bytes,
            source_sha256=sealed.source_sha256,
            pcm_sha256=sealed.pcm_sha256,
            format=sealed.format,
            channels=sealed.channels,
            sample_rate=sealed.sample_rate,
            path=stored_name(
                started_at=began,
                hotline=hotline,
                call=call,
                kind=file.name.kind,
                n=n,
                sha256=stored.sha256,
                extension=stored.work.name.partition(".")[2],
            ),
            state=RecordingState.ARCHIVED,
            created_at=tx.now,
        )
        tx.session.add(row)
        await chain.append_archived(tx, row)
        await audit.append(
            tx,
            chain=audit.RECORDINGS,
            subject=row.id,
            kind="archived",
            actor="system",
            data={
                "call": call,
                "kind": row.kind,
                "sha256": row.sha256,
                "source_sha256": row.source_sha256,
            },
        )
        tx.emit(
            RecordingArchived(
                recording=RecordingId(row.id),
                call=CallId(call),
                kind=row.kind,
                hotline=row.hotline,
            )
        )
        return row

    def _last_written(self, file: SpoolFile) -> datetime:
        """Return the file's time on the service's clock, which a developer may have moved."""
        age = self._machine.now().timestamp() - file.seen.mtime_ns / 1e9
        return self._clock.now() - timedelta(seconds=max(0.0, age))

    async def _drop_unless_written_down(self, work: Path) -> None:
        # a commit whose answer was lost may have happened: then `recover` places the file
        if not await self._is_written_down(recording_of(work)):
            for left in (work, work.with_name(work.name + ENCRYPTED)):
                await asyncio.to_thread(left.unlink, missing_ok=True)

    async def _is_written_down(self, recording_id: str) -> bool:
        try:
            async with self._db.read() as session:
                return await session.get(Recording, recording_id) is not None
        except Exception:  # noqa: BLE001 - not knowing means keeping the file
            return True


def recording_of(work: Path) -> str:
    """Return the id of the recording that a work file is of: ID.flac, ID.flac.enc."""
    return work.name.partition(".")[0]


async def _free_n(tx: Tx, pbx: str, file: SpoolFile) -> int:
    """Return the file's own n, or the next free one when another recording has it."""
    rows = await store.of_spool_name(tx.session, pbx, file.name)
    if not any(r.n == file.name.n for r in rows):
        return file.name.n
    highest = await tx.session.execute(
        select(func.max(col(Recording.n))).where(
            col(Recording.pbx) == pbx,
            col(Recording.linkedid) == file.name.linkedid,
            col(Recording.kind) == file.name.kind,
        )
    )
    return int(highest.scalar_one() or 0) + 1


def _refuse_changed(file: SpoolFile) -> None:
    stat = file.path.stat()
    if (stat.st_size, stat.st_mtime_ns) != (file.seen.size, file.seen.mtime_ns):
        raise SpoolFileChanged(file=file.path.name)

"""Carries approved lists out: row and manifest first, then the object; restartable anywhere."""

from typing import Any

import structlog
from sqlalchemy import delete
from sqlmodel import col, select

from telephony.recordings.archive import Archive
from telephony.recordings.hearing.tables import RecordingPeaks
from telephony.recordings.manifest import chain
from telephony.recordings.manifest.lines import EntryKind, moment
from telephony.recordings.model import RecordingState
from telephony.recordings.retention.model import ItemState, ListState
from telephony.recordings.retention.tables import DeletionItem, DeletionList
from telephony.recordings.tables import Recording
from tongdai.db import Database, Tx

log = structlog.get_logger()

AT_ONCE = 100


async def carry_out(db: Database, archive: Archive) -> int:
    """Delete what approved lists say; return how many objects went.

    Raises:
        DatabaseAway, OSError: Database or store do not answer; the next time goes on.
    """
    async with db.read() as session:
        rows = await session.execute(
            select(DeletionList.id).where(col(DeletionList.state) == ListState.APPROVED)
        )
        approved = list(rows.scalars())
    return sum([await _carry_out(db, archive, one) for one in approved])


async def _carry_out(db: Database, archive: Archive, deletion: str) -> int:
    gone = 0
    while True:
        async with db.write() as tx:
            more = await _certify(tx, deletion)
        names = await _deleted(db, deletion)
        for _, name in names:
            await archive.objects.delete(name)
        async with db.write() as tx:
            for recording, _ in names:
                item = await tx.session.get_one(DeletionItem, (deletion, recording))
                item.state = ItemState.REMOVED
            if not more:
                found = await tx.session.get_one(DeletionList, deletion)
                found.state, found.ended_at = ListState.DONE, tx.now
        gone += len(names)
        if not more:
            log.info("recording.deletion_done", deletion=deletion, removed=gone)
            return gone


async def _certify(tx: Tx, deletion: str) -> bool:
    """Say of some waiting recordings, in row and manifest, that they are deleted; any left?"""
    query = select(DeletionList).where(col(DeletionList.id) == deletion).with_for_update()
    found = (await tx.session.execute(query)).scalar_one()
    rows = await tx.session.execute(
        select(DeletionItem)
        .where(col(DeletionItem.deletion) == deletion, col(DeletionItem.state) == ItemState.WAITING)
        .order_by(col(DeletionItem.recording))
        .limit(AT_ONCE)
    )
    waiting = list(rows.scalars())
    for item in waiting:
        one = select(Recording).where(col(Recording.id) == item.recording).with_for_update()
        row = (await tx.session.execute(one)).scalar_one()
        if row.state != RecordingState.ARCHIVED:  # held since it was proposed
            item.state = ItemState.KEPT
            continue
        row.state = RecordingState.DELETED
        picture = delete(RecordingPeaks).where(col(RecordingPeaks.recording) == row.id)
        await tx.session.execute(picture)
        entry = await chain.append(tx, EntryKind.DELETED, row.id, _certificate(found, row))
        item.state, item.entry = ItemState.DELETED, entry.seq
    return len(waiting) == AT_ONCE


def _certificate(found: DeletionList, row: Recording) -> dict[str, Any]:
    """Return what stays in the manifest for ever: what went, why, by whom."""
    return {
        "name": row.path,
        "sha256": row.sha256,
        "stored_sha256": row.stored_sha256,
        "source_sha256": row.source_sha256,
        "call": row.call,
        "hotline": row.hotline,
        "kind": row.kind,
        "started_at": moment(row.started_at),
        "seconds": row.seconds,
        "deletion": found.id,
        "rule_days": found.days,
        "reason": found.reason,
        "proposed": {"by": found.proposed_by, "name": found.proposed_name},
        "approved": {"by": found.decided_by, "name": found.decided_name},
    }


async def _deleted(db: Database, deletion: str) -> list[tuple[str, str]]:
    async with db.read() as session:
        rows = await session.execute(
            select(Recording.id, Recording.path)
            .join(DeletionItem, col(DeletionItem.recording) == col(Recording.id))
            .where(
                col(DeletionItem.deletion) == deletion,
                col(DeletionItem.state) == ItemState.DELETED,
            )
        )
        return [(recording, path) for recording, path in rows]

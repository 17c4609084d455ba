"""Legal hold: an auditor keeps a recording, with a reason, until an auditor releases it."""

from datetime import datetime

from sqlalchemy import tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from telephony.recordings.errors import (
    HeldAlready,
    NotHeld,
    ReasonNeeded,
    RecordingDeleted,
    RecordingUnknown,
    RetentionForbidden,
)
from telephony.recordings.manifest import chain
from telephony.recordings.manifest.lines import EntryKind
from telephony.recordings.model import RecordingState
from telephony.recordings.retention.tables import RecordingHold
from telephony.recordings.tables import Recording
from tongdai import audit
from tongdai.accounts.model import Role, Viewer
from tongdai.db import Tx
from tongdai.text import clean

LONGEST_REASON = 500


async def place(tx: Tx, viewer: Viewer, recording_id: str, reason: str) -> RecordingHold:
    """Hold a recording: it is in no list of deletions until it is released (CT-11.1b, GL-12.1b).

    Raises:
        RecordingUnknown: There is none, or it is none of the viewer's.
        RetentionForbidden: The viewer is no auditor there.
        ReasonNeeded: No reason is given.
        RecordingDeleted, HeldAlready: It cannot be held.
    """
    row = await _locked(tx, viewer, recording_id)
    if row.state == RecordingState.DELETED:
        raise RecordingDeleted(recording=row.id)
    if row.state == RecordingState.HELD:
        raise HeldAlready(recording=row.id)
    hold = RecordingHold(
        recording=row.id,
        hotline=row.hotline,
        reason=_reason(reason),
        placed_by=viewer.id,
        placed_name=viewer.name,
        placed_at=tx.now,
    )
    tx.session.add(hold)
    row.state = RecordingState.HELD
    await _write_down(tx, viewer, EntryKind.HELD, hold, hold.reason)
    return hold


async def release(tx: Tx, viewer: Viewer, recording_id: str, reason: str) -> RecordingHold:
    """End a hold: the recording's time counts again.

    Raises:
        RecordingUnknown, RetentionForbidden, ReasonNeeded: See `place`.
        NotHeld: It is not held.
    """
    row = await _locked(tx, viewer, recording_id)
    found = await tx.session.execute(
        select(RecordingHold)
        .where(col(RecordingHold.recording) == row.id, col(RecordingHold.released_at).is_(None))
        .order_by(col(RecordingHold.placed_at).desc())
        .limit(1)
    )
    hold: RecordingHold | None = found.scalar_one_or_none()
    if hold is None or row.state != RecordingState.HELD:
        raise NotHeld(recording=row.id)
    hold.released_by, hold.released_name = viewer.id, viewer.name
    hold.released_reason, hold.released_at = _reason(reason), tx.now
    row.state = RecordingState.ARCHIVED
    await _write_down(tx, viewer, EntryKind.RELEASED, hold, hold.released_reason)
    return hold


async def held(
    session: AsyncSession,
    hotlines: tuple[str, ...],
    limit: int = 200,
    before: tuple[datetime, str] | None = None,
) -> list[RecordingHold]:
    """Return the holds of some hotlines that are not released, newest first.

    Args:
        session: A session to read with.
        hotlines: Whose.
        limit: How many at most.
        before: `placed_at` and id of the last one of the page before.
    """
    at, ref = col(RecordingHold.placed_at), col(RecordingHold.id)
    query = select(RecordingHold).where(
        col(RecordingHold.released_at).is_(None), col(RecordingHold.hotline).in_(hotlines)
    )
    if before is not None:
        query = query.where(tuple_(at, ref) < before)
    found = await session.execute(query.order_by(at.desc(), ref.desc()).limit(limit))
    return list(found.scalars())


async def history(session: AsyncSession, recording: str) -> list[RecordingHold]:
    """Return every hold of a recording, newest first."""
    found = await session.execute(
        select(RecordingHold)
        .where(col(RecordingHold.recording) == recording)
        .order_by(col(RecordingHold.placed_at).desc())
    )
    return list(found.scalars())


def _reason(text: str) -> str:
    reason = clean(text)[:LONGEST_REASON]
    if not reason:
        raise ReasonNeeded
    return reason


async def _locked(tx: Tx, viewer: Viewer, recording_id: str) -> Recording:
    query = select(Recording).where(col(Recording.id) == recording_id).with_for_update()
    row: Recording | None = (await tx.session.execute(query)).scalar_one_or_none()
    if row is None or not viewer.has_any(
        (Role.AUDITOR, Role.SUPERVISOR, Role.ADMINISTRATOR), row.hotline
    ):
        raise RecordingUnknown(recording=recording_id)
    if not viewer.has_any((Role.AUDITOR,), row.hotline):
        raise RetentionForbidden(recording=recording_id)
    return row


async def _write_down(
    tx: Tx, viewer: Viewer, event: EntryKind, hold: RecordingHold, reason: str
) -> None:
    facts = {"hold": hold.id, "reason": reason, "by": viewer.id, "name_of": viewer.name}
    await chain.append(tx, event, hold.recording, facts)
    await audit.append(
        tx,
        chain=audit.RECORDINGS,
        subject=hold.recording,
        kind=event,
        actor=viewer.id,
        data={"reason": reason, "name": viewer.name},
    )

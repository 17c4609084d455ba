"""Who may hear recordings, and that they did (CT-3.4, CT-11.1b): every play is in the audit log."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from telephony.recordings import store
from telephony.recordings.errors import HearingForbidden, RecordingDeleted, RecordingUnknown
from telephony.recordings.model import RecordingState
from telephony.recordings.store import Listed
from telephony.recordings.tables import Recording
from tongdai import audit
from tongdai.accounts.model import Role, Viewer
from tongdai.db import Tx

HEARERS = (Role.AUDITOR, Role.SUPERVISOR)
LISTERS = (*HEARERS, Role.ADMINISTRATOR)
PLAYED = "played"


def heard_hotlines(viewer: Viewer) -> tuple[str, ...]:
    """Return the hotlines whose recordings the viewer may hear."""
    return tuple(viewer.hotlines_for(*HEARERS))


async def get(session: AsyncSession, viewer: Viewer, recording_id: str) -> Listed:
    """Return a recording that the viewer may list.

    Raises:
        RecordingUnknown: There is none, or it is none of the viewer's.
    """
    listed = await store.get(session, recording_id)
    if listed is None or not _reaches(viewer, LISTERS, listed.recording.hotline):
        raise RecordingUnknown(recording=recording_id)
    return listed


def must_hear(viewer: Viewer, listed: Listed) -> None:
    """Refuse whoever may not hear a recording, and a recording that cannot be heard any more.

    Raises:
        HearingForbidden: The viewer is neither auditor nor supervisor there.
        RecordingDeleted: There is nothing to hear.
    """
    if not _reaches(viewer, HEARERS, listed.recording.hotline):
        raise HearingForbidden(recording=listed.recording.id)
    if listed.recording.state == RecordingState.DELETED:
        raise RecordingDeleted(recording=listed.recording.id)


async def log_play(tx: Tx, listed: Listed, viewer: Viewer, *, how: str, span: str = "") -> None:
    """Write down that somebody hears a recording; before the first byte goes out.

    Args:
        tx: The open transaction.
        listed: What is heard.
        viewer: Who hears it.
        how: `page` or `api`.
        span: The bytes asked for, as the Range header has them.
    """
    await audit.append(
        tx,
        chain=audit.RECORDINGS,
        subject=listed.recording.id,
        kind=PLAYED,
        actor=viewer.id,
        data={
            "name": viewer.name,
            "how": how,
            "span": span,
            "call": listed.recording.call,
            "hotline": listed.recording.hotline,
        },
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Play:
    """One line of who heard what."""

    at: datetime
    seq: int
    recording: str
    actor: str
    name: str
    how: str
    hotline: str | None


async def plays(
    session: AsyncSession,
    *,
    recording: str | None = None,
    actor: str | None = None,
    hotlines: tuple[str, ...] | None = None,
    limit: int = 50,
    before: int | None = None,
) -> list[Play]:
    """Return who heard what, newest first.

    Args:
        session: A session to read with.
        recording: Only this one.
        actor: Only this account.
        hotlines: Only recordings of these, and those that belong to none yet; None: all.
        limit: How many at most.
        before: `seq` of the last one of the page before.
    """
    query = select(audit.AuditEntry).where(
        col(audit.AuditEntry.chain) == audit.RECORDINGS, col(audit.AuditEntry.kind) == PLAYED
    )
    if recording is not None:
        query = query.where(col(audit.AuditEntry.subject) == recording)
    if actor is not None:
        query = query.where(col(audit.AuditEntry.actor) == actor)
    if before is not None:
        query = query.where(col(audit.AuditEntry.seq) < before)
    if hotlines is not None:
        here = or_(col(Recording.hotline).in_(hotlines), col(Recording.hotline).is_(None))
        query = query.join(Recording, col(Recording.id) == col(audit.AuditEntry.subject))
        query = query.where(here)
    query = query.order_by(col(audit.AuditEntry.seq).desc()).limit(limit)
    return [_play(entry) for entry in (await session.execute(query)).scalars()]


def _play(entry: audit.AuditEntry) -> Play:
    return Play(
        at=entry.at,
        seq=entry.seq,
        recording=entry.subject,
        actor=entry.actor,
        name=str(entry.data.get("name", "")),
        how=str(entry.data.get("how", "")),
        hotline=entry.data.get("hotline"),
    )


def _reaches(viewer: Viewer, roles: tuple[Role, ...], hotline: str | None) -> bool:
    """Say whether one of the roles is held there; what belongs to no hotline yet needs any."""
    return viewer.has_any(roles, hotline)

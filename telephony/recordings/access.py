"""Who may list recordings, and who may hear them (CT-3.4, CT-11.1b)."""

from collections.abc import Iterable

from sqlalchemy.ext.asyncio import AsyncSession

from telephony.recordings import store
from telephony.recordings.errors import HearingForbidden, RecordingDeleted, RecordingUnknown
from telephony.recordings.model import RecordingState
from telephony.recordings.store import Listed
from tongdai.accounts.model import Role, Viewer

HEARERS = (Role.AUDITOR, Role.SUPERVISOR)
LISTERS = (*HEARERS, Role.ADMINISTRATOR)


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


def must_hear(viewer: Viewer, listed: Listed, hotlines: Iterable[str]) -> None:
    """Refuse whoever may not hear a recording, and a recording that cannot be heard any more.

    Args:
        viewer: Who wants to hear it.
        listed: The recording.
        hotlines: All of the installation: as long as a recording's call is not known it may be
            any hotline's, and only who hears all of them hears it.

    Raises:
        HearingForbidden: The viewer is neither auditor nor supervisor there.
        RecordingDeleted: There is nothing to hear.
    """
    whose = listed.recording.hotline
    if not all(viewer.has_any(HEARERS, one) for one in ([whose] if whose else hotlines)):
        raise HearingForbidden(recording=listed.recording.id)
    if listed.recording.state == RecordingState.DELETED:
        raise RecordingDeleted(recording=listed.recording.id)


def _reaches(viewer: Viewer, roles: tuple[Role, ...], hotline: str | None) -> bool:
    """Say whether one of the roles is held there; what belongs to no hotline yet is for any."""
    return viewer.has_any(roles, hotline)

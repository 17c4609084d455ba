"""The sound of a recording over HTTP: who hears it is written down before the first byte."""

from aiohttp import web

from telephony.recordings import access
from telephony.recordings.archive import Archive
from telephony.recordings.hearing import plays
from telephony.recordings.hearing.plays import Way
from telephony.recordings.store import Listed
from tongdai.accounts.model import Viewer
from web.api.ranges import must_be_there, send
from web.auth import viewer
from web.keys import ARCHIVE, DB, SETTINGS


async def play(request: web.Request, recording_id: str) -> web.StreamResponse:
    """Send the sound, or the part of it that a Range header asks for.

    To a program, or to a person who says why (`?reason=`); each request is a line of the audit log.

    Args:
        request: Whose; the viewer must be auditor or supervisor of the recording's hotline.
        recording_id: Which.

    Raises:
        RecordingUnknown: There is none, or the viewer may not know that there is.
        HearingForbidden: The viewer may list it and not hear it.
        RecordingDeleted: Its time has run out.
        ReasonMissing: A person does not say why.
        AudioMissing: The archive lacks the file.
    """
    who = viewer(request)
    listed = await to_hear(request, who, recording_id)
    return await play_to(request, listed, who, how="api", reason=request.query.get("reason", ""))


async def play_to(
    request: web.Request, listed: Listed, who: Viewer, *, how: Way, reason: str
) -> web.StreamResponse:
    """Write down who hears a recording and why, then send what was asked for.

    Args:
        request: Its Range header says which part; HEAD is no hearing.
        listed: Which; that the viewer may hear it is known.
        who: The viewer.
        how: By which door.
        reason: Why.

    Raises:
        ReasonMissing: A person does not say why.
        AudioMissing: The archive lacks the file.
    """
    archive = archive_of(request.app)
    await must_be_there(archive, listed.recording)
    if request.method == "GET":
        span = request.headers.get("Range", "")[:64]
        async with request.app[DB].write() as tx:
            await plays.begin(tx, listed, who, how=how, reason=reason, span=span)
    return await send(request, archive, listed.recording)


async def to_hear(request: web.Request, who: Viewer, recording_id: str) -> Listed:
    """Return a recording that the viewer may hear.

    Raises:
        RecordingUnknown, HearingForbidden, RecordingDeleted: See `play`.
    """
    async with request.app[DB].read() as session:
        listed = await access.get(session, who, recording_id)
    must_hear(request, who, listed)
    return listed


def must_hear(request: web.Request, who: Viewer, listed: Listed) -> None:
    """Refuse whoever may not hear a recording; see telephony.recordings.access.must_hear."""
    access.must_hear(who, listed, [h.id for h in request.app[SETTINGS].hotlines])


def archive_of(app: web.Application) -> Archive:
    """Return the archive of the settings."""
    return app[ARCHIVE]

"""The sound of a recording over HTTP: who hears it is written down before the first byte."""

from aiohttp import web

from telephony.recordings import access
from telephony.recordings.archive import Archive
from web.api.ranges import must_be_there, send
from web.auth import viewer
from web.keys import ARCHIVE, DB


async def play(
    request: web.Request, recording_id: str, *, how: str, log: bool = True
) -> web.StreamResponse:
    """Send the sound, or the part of it that a Range header asks for.

    Args:
        request: Whose; the viewer must be auditor or supervisor of the recording's hotline.
        recording_id: Which.
        how: `page` or `api`, for the audit log.
        log: False when this play is in the audit log already (a player that seeks).

    Raises:
        RecordingUnknown: There is none, or the viewer may not know that there is.
        HearingForbidden: The viewer may list it and not hear it.
        RecordingDeleted: Its time has run out.
        AudioMissing: The archive lacks the file.
    """
    who = viewer(request)
    async with request.app[DB].read() as session:
        listed = await access.get(session, who, recording_id)
    access.must_hear(who, listed)
    row = listed.recording
    await must_be_there(archive_of(request.app), row)
    if log and request.method == "GET":
        async with request.app[DB].write() as tx:
            span = request.headers.get("Range", "")[:64]
            await access.log_play(tx, listed, who, how=how, span=span)
    return await send(request, archive_of(request.app), row)


def archive_of(app: web.Application) -> Archive:
    """Return the archive of the settings."""
    return app[ARCHIVE]

"""The sound of a recording over HTTP: who hears it is written down before the first byte."""

import asyncio

from aiohttp import web

from telephony.recordings import access
from telephony.recordings.archive import Archive
from telephony.recordings.errors import AudioMissing
from web.auth import viewer
from web.keys import DB, SETTINGS


async def play(
    request: web.Request, recording_id: str, *, how: str, log: bool = True
) -> web.FileResponse:
    """Return the sound; aiohttp answers Range requests from it.

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
    path = archive_of(request.app).full(row.path)
    if not await asyncio.to_thread(path.is_file):
        raise AudioMissing(recording=row.id)
    if log and request.method == "GET":
        async with request.app[DB].write() as tx:
            span = request.headers.get("Range", "")[:64]
            await access.log_play(tx, listed, who, how=how, span=span)
    headers = {
        "Content-Type": f"audio/{row.format}",
        "Content-Disposition": f'inline; filename="{row.id}.{row.format}"',
        "Cache-Control": "no-store",
    }
    return web.FileResponse(path, headers=headers)


def archive_of(app: web.Application) -> Archive:
    """Return the archive of the settings."""
    return Archive(app[SETTINGS].recordings.archive.resolve())

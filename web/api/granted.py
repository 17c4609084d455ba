"""The sound that a unit was granted: cut, marked, counted, and given out only while it lasts."""

import asyncio
from http import HTTPStatus

from aiohttp import web

from telephony.recordings import store
from telephony.recordings.errors import RecordingDeleted, RecordingUnknown
from telephony.recordings.hearing import copies, plays, requests
from telephony.recordings.hearing.copies import Copies, Marking
from telephony.recordings.hearing.tables import RecordingRequest
from telephony.recordings.model import RecordingState
from telephony.recordings.store import Listed
from tongdai.clock import HCM
from tongdai.errors import Invalid
from web.api.ranges import must_be_there, span_of
from web.api.sound import archive_of
from web.auth import viewer
from web.forms import said
from web.keys import CLOCK, DB, SETTINGS

COPIES = web.AppKey("recording_copies", Copies)


async def begin(request: web.Request) -> web.Response:
    """Note that a unit hears what it was granted; answer the play."""
    who, now = viewer(request), request.app[CLOCK].now()
    async with request.app[DB].read() as session:
        grant = await requests.to_hear(session, who, request.match_info["request"], now)
    listed = await _recording(request, grant)
    await must_be_there(archive_of(request.app), listed.recording)
    async with request.app[DB].write() as tx:
        play = await plays.begin(
            tx, listed, who, how="request", reason=grant.reason, request=grant.id
        )
    return web.json_response({"play": play.id}, status=HTTPStatus.CREATED)


async def heard(request: web.Request) -> web.Response:
    """Note how many seconds of sound the unit's player has really played."""
    who, now = viewer(request), request.app[CLOCK].now()
    try:
        seconds = float((await said(request))["seconds"])
    except (ValueError, KeyError, TypeError) as error:
        raise Invalid(fields={"seconds": "not_a_number"}) from error
    async with request.app[DB].write() as tx:
        grant = await requests.to_hear(tx.session, who, request.match_info["request"], now)
        play = request.match_info["play"]
        row = await plays.heard(tx, who, grant.recording, play, seconds, request=grant.id)
    return web.json_response({"heard": row.heard_seconds})


async def sound(request: web.Request, play: str) -> web.Response:
    """Send what was granted, under a play that was begun for it.

    Raises:
        RequestUnknown, GrantEnded: See requests.to_hear.
        PlayUnknown: See plays.running.
    """
    who, now = viewer(request), request.app[CLOCK].now()
    async with request.app[DB].read() as session:
        grant = await requests.to_hear(session, who, request.match_info["request"], now)
        await plays.running(session, who, grant.recording, play, now, request=grant.id)
    return await _send(request, grant)


async def _send(request: web.Request, grant: RecordingRequest) -> web.Response:
    """Send the copy that is made for a grant, or the part that a Range header asks for.

    Raises:
        RecordingDeleted, AudioMissing, SealMismatch: There is nothing to make it of.
    """
    copy = request.app[COPIES].get(grant.id)
    if copy is None:
        copy = await _made(request, grant)
        request.app[COPIES].keep(grant.id, copy)
    headers = {
        "Content-Disposition": f'inline; filename="{grant.id}.flac"',
        "Cache-Control": "no-store",
        "Accept-Ranges": "bytes",
    }
    span = span_of(request, len(copy))
    if span is None:
        return web.Response(body=copy, content_type="audio/flac", headers=headers)
    start, length = span
    headers["Content-Range"] = f"bytes {start}-{start + length - 1}/{len(copy)}"
    return web.Response(
        status=HTTPStatus.PARTIAL_CONTENT,
        body=copy[start : start + length],
        content_type="audio/flac",
        headers=headers,
    )


async def _made(request: web.Request, grant: RecordingRequest) -> bytes:
    listed = await _recording(request, grant)
    settings = request.app[SETTINGS].recordings.requests
    until = grant.valid_until.astimezone(HCM) if grant.valid_until else None
    marking = Marking(
        owner=grant.unit_name,
        title=listed.recording.id,
        comment=f"Cấp cho {grant.unit_name}, đề nghị {grant.id}, đến {until:%H:%M %d/%m/%Y}",
        every_seconds=settings.mark_seconds if settings.mark == "tone" else None,
    )
    async with archive_of(request.app).sound_file(listed.recording) as path:
        return await asyncio.to_thread(
            copies.copy_of, path, marking, grant.from_seconds, grant.until_seconds
        )


async def _recording(request: web.Request, grant: RecordingRequest) -> Listed:
    async with request.app[DB].read() as session:
        listed = await store.get(session, grant.recording)
    if listed is None:
        raise RecordingUnknown(recording=grant.recording)
    if listed.recording.state == RecordingState.DELETED:
        raise RecordingDeleted(recording=grant.recording)
    return listed

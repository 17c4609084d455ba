"""Outlines of recordings: worked out when they are first looked at, then kept; no sound is heard.

`wave.svg` is the preview in a list, `outline.json` what the player draws.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict

from aiohttp import web

from telephony.calls import store as calls
from telephony.capture.marks import kept_of
from telephony.recordings import access
from telephony.recordings.hearing import outline
from telephony.recordings.hearing.outline import Outline
from telephony.recordings.hearing.tables import RecordingPeaks
from telephony.recordings.store import Listed
from telephony.recordings.tables import Recording
from telephony.transfers import store as transfers
from tongdai.ids import CallId
from web.api.marks import marks
from web.api.sound import archive_of, to_hear
from web.auth import allowed, viewer
from web.keys import DB

routes = web.RouteTableDef()
WIDTH, HEIGHT = 150, 30
_AT_ONCE = asyncio.Semaphore(2)
"""Recordings that are read through at the same time: a page of results asks for thirty."""
_JOINED = 4
"""Stretches of the outline that a preview draws as one."""
_KEPT = {"Cache-Control": "private, max-age=86400", "Vary": "Cookie"}
"""The browser keeps it a day, for this session: whoever signs in there next gets nothing of it."""


@routes.get("/audit/recordings/{id}/wave.svg")
@allowed(*access.HEARERS)
async def wave(request: web.Request) -> web.Response:
    """Answer the preview: left above, right below."""
    listed = await _listed(request)
    drawn = svg((await outline_of(request, listed.recording)).sides)
    return web.Response(text=drawn, content_type="image/svg+xml", headers=_KEPT)


@routes.get("/audit/recordings/{id}/outline.json")
@allowed(*access.HEARERS)
async def points(request: web.Request) -> web.Response:
    """Answer what the player draws: the outline of each side, 0-1, and the marks."""
    listed = await _listed(request)
    drawn = await outline_of(request, listed.recording)
    async with request.app[DB].read() as session:
        legs = await calls.legs(session, CallId(listed.recording.call))
        moved = await transfers.of_call(session, listed.recording.call)
        noted = await kept_of(session, listed.recording.call)
    return web.json_response(
        {
            "seconds": listed.recording.seconds,
            "peaks": [[round(peak / 255, 3) for peak in side] for side in drawn.sides],
            "marks": [asdict(mark) for mark in marks(listed.recording, legs, moved, noted)],
        }
    )


async def outline_of(request: web.Request, row: Recording) -> Outline:
    """Return a recording's outline; the first time its sound is read through.

    Raises:
        AudioMissing: The archive lacks the file.
        SealMismatch: It does not decode.
    """
    async with request.app[DB].read() as session:
        kept = await session.get(RecordingPeaks, row.id)
    if kept is not None:
        return Outline.unpacked(kept.channels, kept.peaks)
    async with _AT_ONCE, archive_of(request.app).sound_file(row) as path:
        made = await asyncio.to_thread(outline.outline, path)
    async with request.app[DB].write() as tx:
        if await tx.session.get(RecordingPeaks, row.id) is None:
            kept = RecordingPeaks(recording=row.id, channels=len(made.sides), peaks=made.packed())
            tx.session.add(kept)
    return made


def svg(sides: Sequence[bytes]) -> str:
    """Return a small picture of an outline; pure."""
    few = [[max(side[i : i + _JOINED]) for i in range(0, len(side), _JOINED)] for side in sides]
    above = _area(few[0], -1, "#2b7f99")
    below = _area(few[-1], 1, "#b06f00")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'preserveAspectRatio="none">{above}{below}</svg>'
    )


def _area(side: Sequence[int], way: int, colour: str) -> str:
    middle, step = HEIGHT / 2, WIDTH / len(side)
    heights = [middle + way * peak / 255 * middle for peak in side]
    points = " L".join(f"{i * step:.1f} {height:.1f}" for i, height in enumerate(heights))
    return f'<path fill="{colour}" d="M0 {middle} L{points} L{WIDTH} {middle}Z"/>'


async def _listed(request: web.Request) -> Listed:
    return await to_hear(request, viewer(request), request.match_info["id"])

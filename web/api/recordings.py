"""/api/v1/recordings."""

from typing import Annotated, Literal

from aiohttp import web
from pydantic import Field

from telephony.recordings import access, store
from telephony.recordings.hearing import plays
from telephony.recordings.store import Listed, Wanted
from web.api import cursor
from web.api.endpoint import Asked, Nothing
from web.api.lists import ListAsked, Since, Text, Until, page
from web.api.models import Page, RecordingDetail, RecordingOut
from web.api.package import exported
from web.api.sound import play
from web.api.table import TABLE
from web.auth import viewer
from web.keys import DB


class RecordingsAsked(ListAsked):
    """What recordings are wanted."""

    kind: Literal["call", "consultation", "message"] | None = None
    state: Literal["archived", "held", "deleted"] | None = None
    call: Text | None = None
    ticket: Text | None = None
    operator: Text | None = None
    since: Since | None = None
    until: Until | None = None


class SoundAsked(Asked):
    """Why somebody hears a recording: people must say, programs may."""

    reason: Annotated[str, Field(max_length=plays.LONGEST_REASON)] = ""


@TABLE.add(
    "GET",
    "/recordings",
    summary="Recordings, newest first",
    asked=RecordingsAsked,
    answer=Page[RecordingOut],
    roles=access.LISTERS,
)
async def list_recordings(request: web.Request, asked: RecordingsAsked) -> Page[RecordingOut]:
    """Answer the recordings of the viewer's hotlines."""
    wanted = Wanted(
        hotlines=viewer(request).hotlines_for(*access.LISTERS),
        loose=True,
        hotline=asked.hotline,
        kind=asked.kind,
        state=asked.state,
        call=asked.call,
        tickets=(asked.ticket,) if asked.ticket else None,
        operator=asked.operator,
        since=asked.since,
        until=asked.until,
    )
    before = cursor.to_moment(asked.cursor) if asked.cursor else None
    async with request.app[DB].read() as session:
        found = await store.page(session, wanted, limit=asked.limit + 1, before=before)
    return page(found, asked.limit, _out, _cursor)


@TABLE.add(
    "GET",
    "/recordings/{id}",
    summary="One recording",
    asked=Nothing,
    answer=RecordingDetail,
    roles=access.LISTERS,
)
async def one_recording(request: web.Request, _: Nothing) -> RecordingDetail:
    """Answer one recording."""
    async with request.app[DB].read() as session:
        found = await access.get(session, viewer(request), request.match_info["id"])
    row = found.recording
    return RecordingDetail(
        **_out(found).model_dump(),
        hotline=row.hotline,
        format=row.format,
        channels=row.channels,
        sample_rate=row.sample_rate,
        source_sha256=row.source_sha256,
    )


class PackageAsked(Asked):
    """Why a recording leaves the house; people and programs must say."""

    reason: Annotated[str, Field(min_length=1, max_length=plays.LONGEST_REASON)]


@TABLE.add(
    "GET",
    "/recordings/{id}/package",
    summary="A sealed package (ZIP) that proves itself; each is a line of the audit log",
    asked=PackageAsked,
    answer=None,
    media="application/zip",
    roles=access.HEARERS,
)
async def package_of(request: web.Request, asked: PackageAsked) -> web.Response:
    """Answer the package."""
    return await exported(request, request.match_info["id"], asked.reason)


@TABLE.add(
    "GET",
    "/recordings/{id}/audio",
    summary="The sound of a recording (FLAC); each request is a line of the audit log",
    asked=SoundAsked,
    answer=None,
    roles=access.HEARERS,
)
async def sound_of(request: web.Request, _: SoundAsked) -> web.StreamResponse:
    """Answer the sound, or the part of it that a Range header asks for."""
    return await play(request, request.match_info["id"])


def _out(found: Listed) -> RecordingOut:
    row = found.recording
    return RecordingOut.model_validate(
        {name: getattr(row, name) for name in _SAME} | {"ticket": found.ticket}
    )


_SAME = ("id", "kind", "call", "started_at", "seconds", "bytes", "sha256", "state")


def _cursor(found: Listed) -> str:
    return cursor.of_moment(found.recording.started_at, found.recording.id)

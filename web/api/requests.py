"""/api/v1/recording-requests: units ask to hear, supervisors and auditors decide (CT-11.1b)."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Literal

from aiohttp import web
from pydantic import Field

from telephony.recordings import access
from telephony.recordings.hearing import requests, wishes
from telephony.recordings.hearing.requests import Decision
from telephony.recordings.hearing.tables import RecordingRequest
from web.api import cursor, granted
from web.api.asking import asked as write_down
from web.api.asking import decided
from web.api.endpoint import Asked, Nothing
from web.api.lists import ListAsked, Text, page
from web.api.models import Answer, Page
from web.api.table import TABLE
from web.auth import viewer
from web.keys import DB

Words = Annotated[str, Field(min_length=1, max_length=requests.LONGEST)]


class RequestOut(Answer):
    """A unit's request to hear a recording."""

    id: str
    hotline: str
    ticket: str
    recording: str
    unit: str
    unit_name: str
    asked_name: str
    asked_at: datetime
    reason: str
    basis: str
    due_at: datetime
    state: Literal["open", "granted", "refused"]
    decided_name: str
    decided_at: datetime | None
    answer: str
    from_seconds: float | None
    until_seconds: float | None
    valid_until: datetime | None


class RequestsAsked(ListAsked):
    """Which requests: those to decide, or a unit's own."""

    only_open: bool = False


class WishAsked(Asked):
    """What a unit asks for."""

    ticket: Text
    recording: Text
    reason: Words
    basis: Annotated[str, Field(min_length=1, max_length=300)]


class DecisionAsked(Asked):
    """Granted (perhaps a part, for some days) or refused with the reason."""

    granted: bool
    answer: Annotated[str, Field(max_length=requests.LONGEST)] = ""
    from_seconds: Annotated[float | None, Field(ge=0)] = None
    until_seconds: Annotated[float | None, Field(ge=0)] = None
    days: Annotated[int, Field(ge=1, le=366)] = 3


class PlayAsked(Asked):
    """Under which play a unit fetches sound (POST .../plays begins one)."""

    play: Text = ""


@TABLE.add(
    "GET",
    "/recording-requests",
    summary="Units' requests to hear recordings, newest first",
    asked=RequestsAsked,
    answer=Page[RequestOut],
    roles=(*access.HEARERS, *requests.OF_UNIT),
)
async def list_requests(request: web.Request, asked: RequestsAsked) -> Page[RequestOut]:
    """Answer what the viewer may decide; to a unit, its own."""
    who, before = viewer(request), cursor.to_moment(asked.cursor) if asked.cursor else None
    async with request.app[DB].read() as session:
        if who.has_any(access.HEARERS):
            found = await wishes.page(
                session, who, only_open=asked.only_open, limit=asked.limit + 1, before=before
            )
        else:
            found = await wishes.of_units(session, who, limit=asked.limit + 1, before=before)
    return page(found, asked.limit, _out, lambda row: cursor.of_moment(row.asked_at, row.id))


@TABLE.add(
    "POST",
    "/recording-requests",
    summary="Ask to hear a recording of one of the unit's tickets",
    asked=WishAsked,
    answer=RequestOut,
    roles=requests.OF_UNIT,
    status=HTTPStatus.CREATED,
)
async def ask(request: web.Request, asked: WishAsked) -> RequestOut:
    """Write the request down."""
    row = await write_down(
        request, asked.ticket, asked.recording, reason=asked.reason, basis=asked.basis
    )
    return _out(row)


@TABLE.add(
    "POST",
    "/recording-requests/{request}/decision",
    summary="Grant, narrow or refuse a request",
    asked=DecisionAsked,
    answer=RequestOut,
    roles=access.HEARERS,
)
async def decide(request: web.Request, asked: DecisionAsked) -> RequestOut:
    """Carry the decision out."""
    decision = Decision(**asked.model_dump())
    return _out(await decided(request, request.match_info["request"], decision))


@TABLE.add(
    "POST",
    "/recording-requests/{request}/plays",
    summary="Begin to hear what was granted; the play's id is needed for the sound",
    asked=Nothing,
    answer=None,
    roles=requests.OF_UNIT,
    status=HTTPStatus.CREATED,
)
async def begin(request: web.Request, _: Nothing) -> web.StreamResponse:
    """Note that the unit hears it now."""
    return await granted.begin(request)


@TABLE.add(
    "GET",
    "/recording-requests/{request}/audio",
    summary="The granted part (FLAC), marked with the unit's name",
    asked=PlayAsked,
    answer=None,
    roles=requests.OF_UNIT,
)
async def sound(request: web.Request, asked: PlayAsked) -> web.StreamResponse:
    """Answer the sound, or the part of it that a Range header asks for."""
    return await granted.sound(request, asked.play)


def _out(row: RecordingRequest) -> RequestOut:
    return RequestOut.model_validate({name: getattr(row, name) for name in RequestOut.model_fields})

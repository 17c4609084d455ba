"""/api/v1/callbacks: who is to be called back, and what is done about it."""

from typing import Annotated, Literal

from aiohttp import web
from pydantic import Field

from ivr.followups import acts, store
from ivr.followups.errors import NoSuchCallBack
from ivr.followups.model import OPEN, State
from ivr.followups.store import Wanted
from ivr.followups.tables import CallBackTry
from tongdai.accounts.model import Role
from tongdai.errors import Invalid
from tongdai.phone import normalise
from web.api import cursor, reach
from web.api.endpoint import Nothing
from web.api.lists import ListAsked, page
from web.api.models import Page
from web.api.models_callbacks import (
    CallBackCounts,
    CallBackDetail,
    CallBackOut,
    CallBackTryOut,
)
from web.api.table import TABLE
from web.auth import viewer
from web.callbacks import message
from web.callbacks.showing import shown_to
from web.keys import CLOCK, DB

READERS = (*reach.WHOLE, Role.OPERATOR)


class CallBacksAsked(ListAsked):
    """What tasks are wanted; without `state` those that are open."""

    state: State | None = None
    kind: Literal["abandoned", "callback", "message"] | None = None
    owner: Annotated[str | None, Field(max_length=64, description="an account's id, or `me`")] = (
        None
    )
    overdue: bool = False
    number: Annotated[str | None, Field(max_length=32)] = None


@TABLE.add(
    "GET",
    "/callback-counts",
    summary="How many callers are to be called back, by hotline",
    asked=Nothing,
    answer=Page[CallBackCounts],
    roles=READERS,
)
async def list_counts(request: web.Request, _: Nothing) -> Page[CallBackCounts]:
    """Answer the numbers of the viewer's hotlines."""
    hotlines = viewer(request).hotlines_for(*READERS)
    async with request.app[DB].read() as session:
        found = await store.counts(session, hotlines, request.app[CLOCK].now())
    return Page(items=[CallBackCounts.model_validate(c) for c in found.values()], next=None)


@TABLE.add(
    "GET",
    "/callbacks",
    summary="Callers who are to be called back, who called first first",
    asked=CallBacksAsked,
    answer=Page[CallBackOut],
    roles=READERS,
)
async def list_callbacks(request: web.Request, asked: CallBacksAsked) -> Page[CallBackOut]:
    """Answer the tasks of the viewer's hotlines."""
    who, now = viewer(request), request.app[CLOCK].now()
    mine = who.hotlines_for(*READERS)
    wanted = Wanted(
        hotlines=[h for h in mine if asked.hotline in (None, h)],
        states=OPEN if asked.state is None else (asked.state,),
        kind=asked.kind,
        owner=who.id if asked.owner == "me" else asked.owner,
        overdue_at=now if asked.overdue else None,
        number=_number(asked.number),
    )
    after = cursor.to_moment(asked.cursor) if asked.cursor else None
    async with request.app[DB].read() as session:
        found = await store.page(session, wanted, limit=asked.limit + 1, after=after)
        shown = await shown_to(session, who, found, now)
    out = {item.id: item for item in shown}
    return page(
        found,
        asked.limit,
        lambda task: out[task.id],
        lambda task: cursor.of_moment(task.called_at, task.id),
    )


@TABLE.add(
    "GET",
    "/callbacks/{id}",
    summary="One task of calling back, with its tries",
    asked=Nothing,
    answer=CallBackDetail,
    roles=READERS,
)
async def one_callback(request: web.Request, _: Nothing) -> CallBackDetail:
    """Answer one task."""
    who, now = viewer(request), request.app[CLOCK].now()
    async with request.app[DB].read() as session:
        task = await store.get(session, request.match_info["id"])
        if task is None or not who.has_any(READERS, task.hotline):
            raise NoSuchCallBack(callback=request.match_info["id"])
        (shown,) = await shown_to(session, who, [task], now)
        tries = await store.tries(session, task.id)
        recording = await message.recording_of(session, task.call)
    return CallBackDetail(
        **shown.model_dump(),
        tried=[_try_out(one) for one in tries],
        message=recording,
    )


@TABLE.add(
    "GET",
    "/callbacks/{id}/message",
    summary="The sound of the caller's message; each request is a line of the audit log",
    asked=Nothing,
    answer=None,
    roles=acts.DOERS,
)
async def sound_of(request: web.Request, _: Nothing) -> web.StreamResponse:
    """Answer the sound."""
    return await message.play(request, request.match_info["id"])


def _try_out(one: CallBackTry) -> CallBackTryOut:
    return CallBackTryOut.model_validate(one)


def _number(typed: str | None) -> str | None:
    number = normalise(typed) if typed else None
    if typed and number is None:
        raise Invalid(fields={"number": "not_a_phone"})
    return number

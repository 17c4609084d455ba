"""/api/v1/callbacks/{id}/...: what is done about a caller who is to be called back."""

from http import HTTPStatus
from typing import Annotated

from aiohttp import web
from pydantic import Field

from ivr.followups import acts
from ivr.followups.model import Result
from ivr.followups.tables import CallBackTask
from tongdai.accounts.model import Role, Viewer
from tongdai.db import Tx
from web.api.endpoint import Asked, Nothing
from web.api.models_callbacks import CallBackDialled, CallBackOut
from web.api.table import TABLE
from web.auth import viewer
from web.callbacks import dialling
from web.callbacks.showing import shown_to
from web.doors import CALLBACK_RULES
from web.keys import DB

Note = Annotated[str, Field(max_length=acts.MOST_NOTE)]


class CallBackResult(Asked):
    """How a try ended."""

    result: Result
    note: Note = ""


class CallBackNote(Asked):
    """How it was dealt with, or why it is given up."""

    reason: Annotated[str, Field(min_length=acts.LEAST_REASON, max_length=acts.MOST_NOTE)]


class CallBackAssigned(Asked):
    """To whom it is given: an account's id."""

    account: Annotated[str, Field(min_length=1, max_length=64)]


@TABLE.add(
    "POST",
    "/callbacks/{id}/dial",
    summary="Call the caller back: the operator's phone rings first",
    asked=Nothing,
    answer=CallBackDialled,
    roles=acts.DOERS,
    status=HTTPStatus.CREATED,
)
async def dial(request: web.Request, _: Nothing) -> CallBackDialled:
    """Ring the operator's phone, then the caller's; answer when the first is picked up."""
    done = await dialling.dial(request, request.match_info["id"], viewer(request))
    return CallBackDialled(id=done.task.id, call=done.call, ticket=done.ticket)


@TABLE.add(
    "POST",
    "/callbacks/{id}/form",
    summary="Open the ticket form of the caller's call",
    asked=Nothing,
    answer=CallBackDialled,
    roles=acts.DOERS,
)
async def form(request: web.Request, _: Nothing) -> CallBackDialled:
    """Answer the ticket, opened now if there is none."""
    task, ticket = await dialling.opened(request, request.match_info["id"], viewer(request))
    return CallBackDialled(id=task.id, call=None, ticket=ticket)


@TABLE.add(
    "POST",
    "/callbacks/{id}/claim",
    summary="Take a task on",
    asked=Nothing,
    answer=CallBackOut,
    roles=acts.DOERS,
)
async def claim(request: web.Request, _: Nothing) -> CallBackOut:
    """Answer the task, claimed."""
    async with request.app[DB].write() as tx:
        task = await acts.claim(tx, *_whose(request), request.app[CALLBACK_RULES])
        return await _answer(tx, request, task)


@TABLE.add(
    "POST",
    "/callbacks/{id}/release",
    summary="Give a claimed task back",
    asked=Nothing,
    answer=CallBackOut,
    roles=acts.DOERS,
)
async def release(request: web.Request, _: Nothing) -> CallBackOut:
    """Answer the task, open."""
    async with request.app[DB].write() as tx:
        return await _answer(tx, request, await acts.release(tx, *_whose(request)))


@TABLE.add(
    "POST",
    "/callbacks/{id}/result",
    summary="Say how the try ended",
    asked=CallBackResult,
    answer=CallBackOut,
    roles=acts.DOERS,
)
async def result(request: web.Request, asked: CallBackResult) -> CallBackOut:
    """Answer the task as it stands now: done, to be tried again, or a supervisor's."""
    rules = request.app[CALLBACK_RULES]
    async with request.app[DB].write() as tx:
        task = await acts.result(
            tx, request.match_info["id"], asked.result, viewer(request), rules, asked.note
        )
        return await _answer(tx, request, task)


@TABLE.add(
    "POST",
    "/callbacks/{id}/close",
    summary="Close a task that needs no call: say how it was dealt with",
    asked=CallBackNote,
    answer=CallBackOut,
    roles=acts.DOERS,
)
async def close(request: web.Request, asked: CallBackNote) -> CallBackOut:
    """Answer the task, done."""
    async with request.app[DB].write() as tx:
        return await _answer(tx, request, await acts.done(tx, *_whose(request), asked.reason))


@TABLE.add(
    "POST",
    "/callbacks/{id}/pass",
    summary="Let an offered task pass; it is offered to others",
    asked=Nothing,
    answer=CallBackOut,
    roles=acts.DOERS,
)
async def let_pass(request: web.Request, _: Nothing) -> CallBackOut:
    """Answer the task."""
    async with request.app[DB].write() as tx:
        return await _answer(tx, request, await acts.let_pass(tx, *_whose(request)))


@TABLE.add(
    "POST",
    "/callbacks/{id}/give-up",
    summary="Give a task up, with a reason: a supervisor's act",
    asked=CallBackNote,
    answer=CallBackOut,
    roles=(Role.SUPERVISOR,),
)
async def give_up(request: web.Request, asked: CallBackNote) -> CallBackOut:
    """Answer the task, given up."""
    async with request.app[DB].write() as tx:
        return await _answer(tx, request, await acts.give_up(tx, *_whose(request), asked.reason))


@TABLE.add(
    "POST",
    "/callbacks/{id}/again",
    summary="Have a caller who was not reached tried once more: a supervisor's act",
    asked=Nothing,
    answer=CallBackOut,
    roles=(Role.SUPERVISOR,),
)
async def again(request: web.Request, _: Nothing) -> CallBackOut:
    """Answer the task, open."""
    async with request.app[DB].write() as tx:
        return await _answer(tx, request, await acts.again(tx, *_whose(request)))


@TABLE.add(
    "POST",
    "/callbacks/{id}/assign",
    summary="Give a task to an operator: a supervisor's act",
    asked=CallBackAssigned,
    answer=CallBackOut,
    roles=(Role.SUPERVISOR,),
)
async def assign(request: web.Request, asked: CallBackAssigned) -> CallBackOut:
    """Answer the task, that operator's."""
    async with request.app[DB].write() as tx:
        task = await acts.assign(tx, request.match_info["id"], asked.account, viewer(request))
        return await _answer(tx, request, task)


async def _answer(tx: Tx, request: web.Request, task: CallBackTask) -> CallBackOut:
    (shown,) = await shown_to(tx.session, viewer(request), [task], tx.now)
    return shown


def _whose(request: web.Request) -> tuple[str, Viewer]:
    return request.match_info["id"], viewer(request)

"""Calling back from a task: the claim, the form, the operator's phone, then the citizen's."""

from dataclasses import dataclass

from aiohttp import web

from ivr.followups import acts, store
from ivr.followups.errors import NoSuchCallBack
from ivr.followups.tables import CallBackTask
from tickets import drafts
from tongdai.accounts.model import Viewer
from tongdai.db import Tx
from tongdai.ids import CallId, HotlineId
from tongdai.phone import parse_caller
from web.doors import CALLBACK_RULES, CONTROL
from web.keys import DB


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialled:
    """A citizen is being called back."""

    task: CallBackTask
    call: CallId
    ticket: str


async def dial(request: web.Request, task_id: str, who: Viewer) -> Dialled:
    """Claim a task and call its caller; return once the operator's own phone is answered.

    The form of the lost call is opened with it, and the outgoing call is about that form.

    Raises:
        NoSuchCallBack, CallBackTaken, CallBackClosed, CallBackWithoutNumber: See acts.may_dial.
        Refusal: The phone cannot be reached; see telephony.control. The claim stays.
    """
    app = request.app
    async with app[DB].write() as tx:
        task = await acts.may_dial(tx, task_id, who, app[CALLBACK_RULES])
        ticket = await form_of(tx, task, who)
    call = await app[CONTROL].dial(who, HotlineId(task.hotline), task.number or "")
    async with app[DB].write() as tx:
        task = await acts.dialled(tx, task_id, call, who, ticket)
        await drafts.link(tx, ticket, call, who)
    return Dialled(task=task, call=call, ticket=ticket)


async def form_of(tx: Tx, task: CallBackTask, who: Viewer) -> str:
    """Return the ticket of a task's call: its form is opened now if there is none."""
    if task.ticket is None:
        ticket = await drafts.open_for_call(
            tx,
            hotline=task.hotline,
            call=task.call,
            caller=parse_caller(task.raw),
            caller_name=task.name,
            by=who,
        )
        task.ticket = ticket.id
    return task.ticket


async def opened(request: web.Request, task_id: str, who: Viewer) -> tuple[CallBackTask, str]:
    """Open the form of a task without calling: a message may be dealt with as it is.

    Raises:
        NoSuchCallBack: There is none at the viewer's hotlines.
    """
    async with request.app[DB].write() as tx:
        task = await store.get(tx.session, task_id, lock=True)
        if task is None or not who.has_any(acts.DOERS, task.hotline):
            raise NoSuchCallBack(callback=task_id)
        return task, await form_of(tx, task, who)

"""What people do with tasks; each in the caller's transaction, with its line in the history."""

from datetime import timedelta

from sqlmodel import col, select

from ivr.followups import store
from ivr.followups.changes import close, emit, line_of
from ivr.followups.errors import (
    CallBackClosed,
    CallBackForbidden,
    CallBackReasonMissing,
    CallBackTaken,
    CallBackWithoutNumber,
    NoSuchCallBack,
)
from ivr.followups.model import Kind, Result, State
from ivr.followups.rules import Rulebook
from ivr.followups.tables import CallBackDecline, CallBackTask, CallBackTry
from ivr.followups.trying import settle
from tongdai import audit
from tongdai.accounts.model import Role, Viewer
from tongdai.audit import Line
from tongdai.db import Tx

DOERS = (Role.OPERATOR, Role.SUPERVISOR)
LEAST_REASON, MOST_NOTE = 3, 500


async def claim(tx: Tx, task_id: str, by: Viewer, rules: Rulebook) -> CallBackTask:
    """Take a task on: it is nobody else's until the claim runs out.

    Raises:
        NoSuchCallBack, CallBackForbidden, CallBackClosed: See there.
        CallBackTaken: It is somebody else's.
    """
    task = await _open(tx, task_id, by)
    _take(tx, task, by, rules)
    await audit.append_all(tx, [line_of(task, "claimed", by)])
    return task


async def release(tx: Tx, task_id: str, by: Viewer) -> CallBackTask:
    """Give a claimed task back to whoever serves the hotline."""
    task = await _open(tx, task_id, by)
    _must_hold(task, by)
    if task.state == State.CLAIMED:
        task.state = State.OPEN
    task.owner = task.claimed_until = None
    emit(tx, task, by)
    await audit.append_all(tx, [line_of(task, "released", by)])
    return task


async def assign(tx: Tx, task_id: str, account: str, by: Viewer) -> CallBackTask:
    """Give a task to an operator, a supervisor's act; this claim does not run out."""
    task = await _open(tx, task_id, by)
    _must_supervise(task, by)
    task.state, task.owner, task.claimed_until = State.CLAIMED, account, None
    task.next_try_at = None
    emit(tx, task, by)
    await audit.append_all(tx, [line_of(task, "assigned", by, to=account)])
    return task


async def may_dial(tx: Tx, task_id: str, by: Viewer, rules: Rulebook) -> CallBackTask:
    """Claim a task whose caller is about to be dialled.

    Raises:
        CallBackWithoutNumber: There is nobody to dial.
    """
    task = await claim(tx, task_id, by, rules)
    if task.number is None:
        raise CallBackWithoutNumber(callback=task.id)
    return task


async def dialled(
    tx: Tx, task_id: str, call: str, by: Viewer, ticket: str | None = None
) -> CallBackTask:
    """Write down that the caller is being dialled: one more try."""
    task = await _get(tx, task_id, by)
    task.tries += 1
    task.ticket = task.ticket or ticket
    tx.session.add(CallBackTry(task=task.id, n=task.tries, call=call, at=tx.now, by=by.id))
    emit(tx, task, by)
    await audit.append_all(tx, [line_of(task, "dialled", by, n=task.tries, call=call)])
    return task


async def result(
    tx: Tx, task_id: str, given: Result, by: Viewer, rules: Rulebook, note: str = ""
) -> CallBackTask:
    """Write down how the last try ended; without one, another telephone was used: a try as well.

    Whoever is reached is owed nothing more for other calls of before either; messages are heard
    by themselves.
    """
    task = await _open(tx, task_id, by)
    _must_not_be_anothers(task, by)
    one = await _last_open_try(tx, task)
    if one is None:
        task.tries += 1
        one = CallBackTry(task=task.id, n=task.tries, at=tx.now, by=by.id)
        tx.session.add(one)
    one.result, one.settled_at, one.note = given, tx.now, note[:MOST_NOTE]
    settle(tx, task, given, by, rules, call=one.call)
    lines = [line_of(task, "try", by, n=one.n, result=given.value, note=one.note)]
    if given is Result.REACHED:
        lines += await _with_it(tx, task, one.call, by)
    await audit.append_all(tx, lines)
    return task


async def done(tx: Tx, task_id: str, by: Viewer, note: str) -> CallBackTask:
    """Close a task that needs no call any more: the message is heard, the ticket filed.

    Raises:
        CallBackReasonMissing: It is not said how it was dealt with.
    """
    task = await _open(tx, task_id, by)
    _must_not_be_anothers(task, by)
    close(tx, task, State.DONE, by, reason=_said(note))
    await audit.append_all(tx, [line_of(task, "done", by, note=task.reason)])
    return task


async def give_up(tx: Tx, task_id: str, by: Viewer, reason: str) -> CallBackTask:
    """Give a task up, with a reason: a supervisor's act.

    Raises:
        CallBackReasonMissing: There is no reason.
    """
    task = await _open(tx, task_id, by)
    _must_supervise(task, by)
    close(tx, task, State.GIVEN_UP, by, reason=_said(reason))
    await audit.append_all(tx, [line_of(task, "given_up", by, reason=task.reason)])
    return task


async def again(tx: Tx, task_id: str, by: Viewer) -> CallBackTask:
    """Have a caller who was not reached tried once more: a supervisor's act."""
    task = await _open(tx, task_id, by)
    _must_supervise(task, by)
    task.state = State.OPEN
    task.owner = task.claimed_until = task.next_try_at = None
    emit(tx, task, by)
    await audit.append_all(tx, [line_of(task, "again", by)])
    return task


async def let_pass(tx: Tx, task_id: str, by: Viewer) -> CallBackTask:
    """Let an offered task pass; it is offered to others, and stays in the list."""
    task = await _open(tx, task_id, by)
    known = await tx.session.get(CallBackDecline, (task.id, by.id))
    if known is None:
        tx.session.add(CallBackDecline(task=task.id, account=by.id, at=tx.now))
    if task.offered_to == by.id:
        task.offered_to = task.offered_until = None
    emit(tx, task, by)
    await audit.append_all(tx, [line_of(task, "passed", by)])
    return task


async def _get(tx: Tx, task_id: str, by: Viewer) -> CallBackTask:
    task = await store.get(tx.session, task_id, lock=True)
    if task is None or not by.has_any(tuple(Role), task.hotline):
        raise NoSuchCallBack(callback=task_id)
    if not by.has_any(DOERS, task.hotline):
        raise CallBackForbidden(callback=task_id)
    return task


async def _open(tx: Tx, task_id: str, by: Viewer) -> CallBackTask:
    task = await _get(tx, task_id, by)
    if State(task.state).is_closed:
        raise CallBackClosed(callback=task_id, state=task.state)
    return task


def _take(tx: Tx, task: CallBackTask, by: Viewer, rules: Rulebook) -> None:
    if task.state == State.UNREACHABLE:
        _must_supervise(task, by)
    if task.state == State.CLAIMED and task.owner != by.id:
        raise CallBackTaken(callback=task.id, owner=task.owner)
    given = task.state == State.CLAIMED and task.claimed_until is None
    minutes = rules.of(task.hotline).claim_minutes
    task.claimed_until = None if given else tx.now + timedelta(minutes=minutes)
    task.state, task.owner = State.CLAIMED, by.id
    task.offered_to = task.offered_until = None
    emit(tx, task, by)


def _must_hold(task: CallBackTask, by: Viewer) -> None:
    if task.owner != by.id:
        _must_supervise(task, by)


def _must_not_be_anothers(task: CallBackTask, by: Viewer) -> None:
    if task.state == State.UNREACHABLE:
        _must_supervise(task, by)
    if task.owner not in (None, by.id) and not by.has(Role.SUPERVISOR, task.hotline):
        raise CallBackTaken(callback=task.id, owner=task.owner)


def _must_supervise(task: CallBackTask, by: Viewer) -> None:
    if not by.has(Role.SUPERVISOR, task.hotline):
        raise CallBackForbidden(callback=task.id)


def _said(words: str) -> str:
    words = words.strip()[:MOST_NOTE]
    if len(words) < LEAST_REASON:
        raise CallBackReasonMissing(fields={"reason": "required"})
    return words


async def _last_open_try(tx: Tx, task: CallBackTask) -> CallBackTry | None:
    query = select(CallBackTry).where(
        col(CallBackTry.task) == task.id, col(CallBackTry.result).is_(None)
    )
    rows = await tx.session.execute(query.order_by(col(CallBackTry.n).desc()).limit(1))
    return rows.scalar_one_or_none()


async def _with_it(tx: Tx, task: CallBackTask, call: str | None, by: Viewer) -> list[Line]:
    """Close what else was owed to the citizen who was reached."""
    if task.number is None:
        return []
    found = await store.open_of_caller(tx.session, task.number, task.hotline, tx.now)
    lines = []
    for other in found:
        if other.id == task.id or other.kind == Kind.MESSAGE:
            continue
        close(tx, other, State.DONE, by, call=call, reason=Result.REACHED.value)
        lines.append(line_of(other, "with_another", by, other=task.id, call=call))
    return lines

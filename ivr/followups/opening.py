"""From calls to tasks: what follows from each call's end, once, however often it is asked.

A call's row says whether this was done (`followed`): so nothing is lost, whenever the service is
stopped, and what is asked for costs as much as there is to do, not as there are calls.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlmodel import col

from ivr.desk import Visit
from ivr.followups import store
from ivr.followups.changes import close, emit, line_of
from ivr.followups.model import Kind, Result, State, result_of
from ivr.followups.rules import Rulebook
from ivr.followups.tables import CallBackTask
from ivr.followups.trying import settle
from telephony.calls.model import Direction, Outcome
from telephony.calls.tables import CallRow
from tickets import drafts
from tongdai import audit
from tongdai.accounts.model import SYSTEM
from tongdai.audit import Line
from tongdai.db import Tx

KINDS = {
    Outcome.ABANDONED: Kind.ABANDONED,
    Outcome.CALLBACK: Kind.CALLBACK,
    Outcome.MESSAGE: Kind.MESSAGE,
}
BATCH = 200


async def wish(
    tx: Tx, visit: Visit, kind: Kind, rules: Rulebook, waiting_since: datetime | None = None
) -> CallBackTask:
    """Have a task for a caller who is in the menus: in the transaction that writes his wish."""
    lines: list[Line] = []
    task = await _task(
        tx,
        rules,
        lines,
        call=visit.call,
        hotline=visit.hotline,
        kind=kind,
        number=visit.caller.e164,
        raw=visit.caller.raw,
        called_at=tx.now,
        waiting_since=waiting_since,
    )
    await audit.append_all(tx, lines)
    return task


async def follow(tx: Tx, rules: Rulebook, limit: int = BATCH) -> int:
    """Write what follows from calls that ended or were answered; return how many there were."""
    calls = await store.not_followed(tx.session, limit)
    lines: list[Line] = []
    for call in calls:
        if call.direction == Direction.INBOUND:
            await _follow(tx, call, rules, lines)
    await tx.session.execute(
        update(CallRow).where(col(CallRow.id).in_([c.id for c in calls])).values(followed=True)
    )
    await audit.append_all(tx, lines)
    return len(calls)


async def settle_tries(tx: Tx, rules: Rulebook, limit: int = BATCH) -> int:
    """Give tries that reached nobody their result, from the outgoing call; return how many."""
    found = await store.unreached(tx.session, limit)
    lines: list[Line] = []
    for one, call in found:
        task = await store.get(tx.session, one.task, lock=True)
        how = await store.how_it_rang(tx.session, call.id)
        if task is None or one.result is not None:
            continue
        one.result, one.settled_at, one.note = result_of(how), tx.now, how
        if State(task.state).is_closed:
            continue
        settle(tx, task, Result(one.result), SYSTEM, rules)
        lines.append(line_of(task, "try", SYSTEM, n=one.n, result=one.result, how=how))
    await audit.append_all(tx, lines)
    return len(found)


async def release_lapsed(tx: Tx, limit: int = BATCH) -> int:
    """Give back tasks whose claim has run out; return how many."""
    found = await store.lapsed(tx.session, tx.now, limit)
    lines = [line_of(task, "claim_lapsed", SYSTEM, owner=task.owner) for task in found]
    for task in found:
        task.state, task.owner, task.claimed_until = State.OPEN, None, None
        emit(tx, task, SYSTEM)
    await audit.append_all(tx, lines)
    return len(found)


async def _follow(tx: Tx, call: CallRow, rules: Rulebook, lines: list[Line]) -> None:
    if call.answered_at is not None:
        await _answered(tx, call, lines)
        return
    own = await store.of_call(tx.session, call.id)
    kind = KINDS.get(Outcome(call.outcome)) if call.outcome else None
    if own is None and kind is None:
        return
    await _task(
        tx,
        rules,
        lines,
        call=call.id,
        hotline=call.hotline,
        kind=kind or Kind.ABANDONED,
        number=call.caller_number,
        raw=call.caller_raw,
        name=call.caller_name,
        called_at=call.started_at,
        ended_at=call.ended_at,
    )


async def _answered(tx: Tx, call: CallRow, lines: list[Line]) -> None:
    """Close what was owed to a caller who is connected with a person now."""
    own = await store.of_call(tx.session, call.id)
    if own is not None and not State(own.state).is_closed:
        close(tx, own, State.ANSWERED, SYSTEM, call=call.id)
        lines.append(line_of(own, "answered", SYSTEM, call=call.id))
    if call.caller_number is None:
        return
    number, before = call.caller_number, call.started_at
    for task in await store.open_of_caller(tx.session, number, call.hotline, before):
        if task.call != call.id:
            close(tx, task, State.RANG_AGAIN, SYSTEM, call=call.id)
            lines.append(line_of(task, "rang_again", SYSTEM, call=call.id, operator=call.operator))


async def _task(
    tx: Tx, rules: Rulebook, lines: list[Line], *, ended_at: datetime | None = None, **facts: Any
) -> CallBackTask:
    """Return the task of a call, made now if it is not there; what is learnt later is added."""
    known = await store.of_call(tx.session, facts["call"])
    if known is None:
        known = await _new(tx, rules, ended_at, facts)
        if known is not None:
            lines.append(_opened(known))
            return known
        known = await store.of_call(tx.session, facts["call"])  # another node was first
    if known is None:
        raise LookupError(facts["call"])
    _complete(tx, known, facts, lines)
    return known


async def _new(
    tx: Tx, rules: Rulebook, ended_at: datetime | None, facts: dict[str, Any]
) -> CallBackTask | None:
    ticket = await drafts.of_call(tx.session, facts["call"])
    silent = facts["number"] is None and facts["kind"] is not Kind.MESSAGE
    task = CallBackTask(
        **facts,
        ticket=ticket.id if ticket else None,
        created_at=tx.now,
        due_at=rules.due_at(facts["hotline"], ended_at or tx.now),
        state=State.NO_NUMBER if silent else State.OPEN,
        closed_at=tx.now if silent else None,
        closed_by=SYSTEM.id if silent else None,
    )
    try:
        async with tx.session.begin_nested():
            tx.session.add(task)
    except IntegrityError:
        return None
    emit(tx, task, SYSTEM)
    return task


def _complete(tx: Tx, task: CallBackTask, facts: dict[str, Any], lines: list[Line]) -> None:
    task.name = task.name or facts.get("name", "")
    task.called_at = min(task.called_at, facts["called_at"])
    task.waiting_since = task.waiting_since or facts.get("waiting_since")
    kind = Kind(facts["kind"])
    if kind.rank <= Kind(task.kind).rank:
        return
    if task.state == State.NO_NUMBER and kind is Kind.MESSAGE:  # it can be heard all the same
        task.state, task.closed_at, task.closed_by = State.OPEN, None, None
    task.kind = kind
    lines.append(line_of(task, "kind", SYSTEM, to=kind.value))
    emit(tx, task, SYSTEM)


def _opened(task: CallBackTask) -> Line:
    return line_of(
        task, "opened", SYSTEM, of=task.kind, call=task.call, due=task.due_at, state=task.state
    )

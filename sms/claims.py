"""What is done with owed messages, each in its own transaction: claim, settle, find the stuck."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement
from sqlmodel import col, select

from sms import alerts, store
from sms.model import Channel, Signal, State
from sms.outbox import all_locked, move
from sms.references import spellings
from sms.tables import Message, MessageAttempt, MessagePart
from tongdai.db import Tx
from tongdai.text import clean

NOT_REGISTERED = "not_registered"
"""Why a message waits: no gateway of its route may send its text to that network."""
_LOOK_AGAIN = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """How a try ended.

    Attributes:
        signal: What it means for the message.
        outcome: The attempt's result, as stored.
        words: The gateway's own words.
        reference: The gateway's own id, if it gave one.
        retry_in: When to try again, for Signal.RETRY.
        counts: Whether the try counts towards the limit.
        tried: The gateways that have refused it since its last pause.
        bound_to: The one gateway that it may go to from now on, "" for all of its route.
        cost: VND, when it was accepted.
        parts: The gateway's ids of its parts, where a long text went in several.
    """

    signal: Signal
    outcome: str
    words: str = ""
    reference: str = ""
    retry_in: timedelta = timedelta(0)
    counts: bool = True
    tried: tuple[str, ...] = ()
    bound_to: str = ""
    cost: int = 0
    parts: tuple[str, ...] = ()


async def claim(
    tx: Tx,
    *,
    channel: Channel,
    choose: Callable[[Message], str | None],
    limit: int,
    lease_until: datetime,
) -> list[Message]:
    """Take up to `limit` messages that are due, each with a fresh attempt row.

    Of one recipient only the oldest that is not through yet: order is kept. Nodes that claim at
    the same time skip each other's rows (PostgreSQL; on SQLite there is one writer).

    Args:
        tx: The transaction.
        channel: SMS or letters.
        choose: Returns the gateway that a message goes to, None while it has to wait, "" when
            none may send its text: then a person is told, and it is looked at again in a while.
        limit: How many are looked at.
        lease_until: By the machine's clock; what has not come back by then was cut off.
    """
    query = (
        select(Message)
        .where(
            col(Message.state) == State.QUEUED,
            col(Message.next_at) <= tx.now,
            col(Message.channel) == channel,
            ~store.waits_for_another(),
        )
        .order_by(col(Message.next_at), col(Message.seq))
        .limit(limit)
        .with_for_update(skip_locked=True, of=Message)
    )
    taken = []
    for row in (await tx.session.execute(query)).scalars():
        gateway = choose(row)
        if gateway is None:
            continue
        if not gateway:
            await _hold(tx, row)
            continue
        row.reason = ""
        move(tx, row, Signal.CLAIMED)
        row.attempts += 1
        row.gateway, row.lease_until = gateway, lease_until
        tx.session.add(
            MessageAttempt(message_id=row.id, number=row.attempts, gateway=gateway, begun_at=tx.now)
        )
        taken.append(row)
    return taken


async def _hold(tx: Tx, row: Message) -> None:
    row.next_at = tx.now + _LOOK_AGAIN
    if row.reason != NOT_REGISTERED:
        row.reason = NOT_REGISTERED
        await alerts.not_registered(tx, row)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A try that ended: the message's id, the number of the try, and how."""

    message_id: str
    number: int
    how: Settlement


async def settle(tx: Tx, ended: Sequence[Ended]) -> list[State]:
    """Write down how tries ended; return where each message is now.

    A receipt that was quicker stays: what the table does not know changes nothing.
    """
    rows = await all_locked(tx, {one.message_id for one in ended})
    found = await tx.session.execute(
        select(MessageAttempt).where(col(MessageAttempt.message_id).in_(rows))
    )
    attempts = {(a.message_id, a.number): a for a in found.scalars()}
    return [
        await _settle(tx, rows[one.message_id], attempts[one.message_id, one.number], one.how)
        for one in ended
    ]


async def _settle(tx: Tx, row: Message, attempt: MessageAttempt, how: Settlement) -> State:
    attempt.ended_at, attempt.outcome, attempt.words = tx.now, how.outcome, clean(how.words)[:500]
    if row.attempts == attempt.number:
        row.lease_until = None
        row.reference = how.reference or row.reference
        row.cost = how.cost or row.cost
        await _note_parts(tx, row, how.parts)
        row.failures += how.counts and how.signal in (Signal.RETRY, Signal.GAVE_UP)
        moved = move(tx, row, how.signal)
        if moved and how.signal is Signal.RETRY:
            row.next_at = tx.now + how.retry_in
            row.tried, row.bound_to = list(how.tried), how.bound_to
        if how.signal is Signal.GAVE_UP:
            row.reason = "gave_up"
        if moved:
            await alerts.failed(tx, row)
    return State(row.state)


async def _note_parts(tx: Tx, row: Message, references: Sequence[str]) -> None:
    """Write the parts down; one whose receipt was quicker is there already."""
    if not references:
        return
    query = select(col(MessagePart.reference)).where(col(MessagePart.message_id) == row.id)
    known = set((await tx.session.execute(query)).scalars())
    for reference in references:
        if not known & set(spellings(reference)):
            tx.session.add(MessagePart(message_id=row.id, gateway=row.gateway, reference=reference))


async def end_leases(
    tx: Tx, real_now: datetime, deduplicating: Iterable[str] = (), limit: int = 100
) -> int:
    """Give up waiting for sends that were cut off.

    They are unknown: never resent, settled by their receipts. Only a gateway that drops doubles
    (`deduplicating`) is handed its own ones again.
    """
    rows = await _locked_where(tx, limit, store.cut_off(real_now))
    again = frozenset(deduplicating)
    for row in rows:
        row.lease_until = None
        if row.gateway in again:
            row.bound_to, row.next_at = row.gateway, tx.now
            move(tx, row, Signal.RETRY)
        else:
            move(tx, row, Signal.CUT_OFF)
    return len(rows)


async def end_silence(tx: Tx, gateways: Iterable[str], waited: timedelta, limit: int = 100) -> int:
    """Mark messages whose gateway reports, but has not for `waited`, as unknown."""
    rows = await _locked_where(tx, limit, store.silent(list(gateways), tx.now - waited))
    for row in rows:
        move(tx, row, Signal.SILENCE)
    return len(rows)


async def ask_about(tx: Tx, waited: timedelta, limit: int = 100) -> int:
    """Tell a person about messages that have been unknown for `waited`; return how many."""
    rows = await _locked_where(tx, limit, store.unasked(tx.now - waited))
    for row in rows:
        row.asked_at = tx.now
        await alerts.nobody_knows(tx, row)
    return len(rows)


async def _locked_where(tx: Tx, limit: int, *where: ColumnElement[bool]) -> list[Message]:
    query = (
        select(Message)
        .where(*where)
        .order_by(col(Message.seq))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return list((await tx.session.execute(query)).scalars())

"""The outbox: owe, claim, settle, cancel. What is owed joins the transaction that causes it."""

import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from sms import store, texts
from sms.events import MessageMoved, MessageOwed
from sms.model import FINAL, Channel, Purpose, Signal, State, after, number_for_sms
from sms.tables import Message, MessageAttempt
from tongdai.db import Tx
from tongdai.ids import MessageId
from tongdai.text import clean

_ADDRESS = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+")


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
    """

    signal: Signal
    outcome: str
    words: str = ""
    reference: str = ""
    retry_in: timedelta = timedelta(0)
    counts: bool = True


async def owe(  # noqa: PLR0913 - an obligation has that many sides, each by its name
    tx: Tx,
    *,
    key: str,
    hotline: str,
    to: str | None,
    purpose: Purpose | str,
    params: Mapping[str, texts.Param],
    template: str | None = None,
    ticket_id: str | None = None,
    language: str = "vi",
    channel: Channel = Channel.SMS,
) -> MessageId:
    """Write down that a message is owed; the same `key` is the same message.

    Args:
        tx: The transaction of what causes it.
        key: Unique name of the obligation, such as `referred:<ticket>:<step>`.
        hotline: Whose sender name it carries.
        to: Number (any form) or, for a letter, address. One that no SMS reaches makes the
            message `not_sendable` with the reason; it is never an error.
        purpose: What it is for.
        params: The template's variables, without the link.
        template: Its template; default is the purpose's.
        ticket_id: The ticket it is about; needed where the template has a link.
        language: vi or en.
        channel: SMS or letter.

    Returns:
        The message's id; of the first one when the key was owed before.

    Raises:
        ValueError: Template or params are wrong.
    """
    template = template or Purpose(purpose).value
    stored = texts.check(template, params)
    if texts.needs_link(template) and ticket_id is None:
        message = f"template {template} leads to a ticket: ticket_id is missing"
        raise ValueError(message)
    known = await _id_of(tx, key)
    if known is not None:
        return known
    recipient, reason = _recipient(to, channel)
    row = Message(
        key=key,
        channel=channel,
        hotline=hotline,
        ticket_id=ticket_id,
        recipient=recipient,
        purpose=Purpose(purpose).value,
        template=template,
        language=language,
        params=stored,
        state=State.NOT_SENDABLE if reason else State.QUEUED,
        reason=reason,
        receipt_token=secrets.token_hex(16),
        created_at=tx.now,
        next_at=tx.now,
        settled_at=tx.now if reason else None,
    )
    if not await _insert(tx, row):
        return await _id_of(tx, key) or MessageId(row.id)
    tx.emit(MessageOwed(message_id=row.id, hotline=hotline, ticket_id=ticket_id))
    return MessageId(row.id)


async def cancel(
    tx: Tx, *, ticket_id: str, reason: str, purposes: Iterable[Purpose | str] | None = None
) -> int:
    """Cancel what is still queued for a ticket (answered meanwhile, say); return how many."""
    query = select(Message).where(
        col(Message.ticket_id) == ticket_id, col(Message.state) == State.QUEUED
    )
    if purposes is not None:
        query = query.where(col(Message.purpose).in_([Purpose(p).value for p in purposes]))
    rows = list((await tx.session.execute(query.with_for_update())).scalars())
    for row in rows:
        row.reason = reason
        move(tx, row, Signal.CANCEL)
    return len(rows)


async def claim(
    tx: Tx, *, channel: Channel, gateway: str, limit: int, lease_until: datetime
) -> list[Message]:
    """Take up to `limit` messages that are due, each with a fresh attempt row.

    Of one recipient only the oldest that is not through yet: order is kept. Nodes that claim at
    the same time skip each other's rows (PostgreSQL; on SQLite there is one writer).
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
    rows = list((await tx.session.execute(query)).scalars())
    for row in rows:
        move(tx, row, Signal.CLAIMED)
        row.attempts += 1
        row.gateway, row.lease_until = gateway, lease_until
        tx.session.add(
            MessageAttempt(message_id=row.id, number=row.attempts, gateway=gateway, begun_at=tx.now)
        )
    return rows


async def settle(tx: Tx, message_id: str, number: int, how: Settlement) -> State:
    """Write down how attempt `number` ended; return where the message is now.

    A receipt that was quicker stays: what the table does not know changes nothing.
    """
    attempt = (
        await tx.session.execute(
            select(MessageAttempt).where(
                col(MessageAttempt.message_id) == message_id, col(MessageAttempt.number) == number
            )
        )
    ).scalar_one()
    attempt.ended_at, attempt.outcome, attempt.words = tx.now, how.outcome, clean(how.words)[:500]
    row = await locked(tx, message_id)
    if row.attempts == number:
        row.lease_until = None
        row.reference = how.reference or row.reference
        row.failures += how.counts and how.signal in (Signal.RETRY, Signal.GAVE_UP)
        if move(tx, row, how.signal) and how.signal is Signal.RETRY:
            row.next_at = tx.now + how.retry_in
        if how.signal is Signal.GAVE_UP:
            row.reason = "gave_up"
    return State(row.state)


async def end_leases(tx: Tx, real_now: datetime, limit: int = 100) -> int:
    """Mark sends that were cut off as unknown: never resent, settled by their receipts."""
    rows = await _locked_where(tx, limit, store.cut_off(real_now))
    for row in rows:
        row.lease_until = None
        move(tx, row, Signal.CUT_OFF)
    return len(rows)


async def end_silence(tx: Tx, gateways: Iterable[str], waited: timedelta, limit: int = 100) -> int:
    """Mark messages whose gateway reports, but has not for `waited`, as unknown."""
    rows = await _locked_where(tx, limit, store.silent(list(gateways), tx.now - waited))
    for row in rows:
        move(tx, row, Signal.SILENCE)
    return len(rows)


def move(tx: Tx, row: Message, signal: Signal) -> bool:
    """Move a locked message by the table; say whether it moved."""
    target = after(State(row.state), signal)
    if target is None:
        return False
    row.state = target
    if target is State.ACCEPTED:
        row.accepted_at = tx.now
    if target in FINAL:
        row.settled_at = tx.now
    if target is not State.SENDING:
        tx.emit(
            MessageMoved(
                message_id=row.id,
                hotline=row.hotline,
                ticket_id=row.ticket_id,
                purpose=row.purpose,
                state=target,
            )
        )
    return True


async def locked(tx: Tx, message_id: str) -> Message:
    """Return a message, locked for this transaction."""
    query = select(Message).where(col(Message.id) == message_id).with_for_update()
    row: Message = (await tx.session.execute(query)).scalar_one()
    return row


async def _locked_where(tx: Tx, limit: int, *where: ColumnElement[bool]) -> list[Message]:
    query = (
        select(Message)
        .where(*where)
        .order_by(col(Message.seq))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return list((await tx.session.execute(query)).scalars())


def _recipient(to: str | None, channel: Channel) -> tuple[str, str]:
    if channel is Channel.SMS:
        return number_for_sms(to or "")
    address = clean(to or "")
    return address, "" if _ADDRESS.fullmatch(address) else "malformed"


async def _id_of(tx: Tx, key: str) -> MessageId | None:
    found = (
        await tx.session.execute(select(col(Message.id)).where(col(Message.key) == key))
    ).scalar_one_or_none()
    return MessageId(found) if found else None


async def _insert(tx: Tx, row: Message) -> bool:
    try:
        async with tx.session.begin_nested():
            tx.session.add(row)
    except IntegrityError:  # another transaction owed the same key a moment ago
        return False
    return True

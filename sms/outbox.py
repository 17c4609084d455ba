"""The outbox: owe, cancel, move. What is owed joins the transaction that causes it."""

import re
import secrets
from collections.abc import Collection, Iterable, Mapping

from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from sms import texts
from sms.events import MessageMoved, MessageOwed
from sms.model import FINAL, Channel, Purpose, Signal, State, after, number_for_sms
from sms.routes import network_of
from sms.tables import Message, MessageStop
from tongdai.db import Tx
from tongdai.ids import MessageId
from tongdai.text import clean

STOPPABLE = frozenset({Purpose.SURVEY})
"""What no law asks for: not sent to whoever answered DUNG or STOP."""
_ADDRESS = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+")


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
    again_of: str | None = None,
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
        again_of: The message that a person has sent once more with this one.

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
    if not reason and purpose in STOPPABLE and await _stopped(tx, recipient, hotline):
        reason = "stopped"
    row = Message(
        key=key,
        channel=channel,
        hotline=hotline,
        ticket_id=ticket_id,
        recipient=recipient,
        network=network_of(recipient) if channel is Channel.SMS and not reason else "",
        purpose=Purpose(purpose).value,
        template=template,
        language=language,
        params=stored,
        state=State.NOT_SENDABLE if reason else State.QUEUED,
        reason=reason,
        again_of=again_of,
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


def move(tx: Tx, row: Message, signal: Signal) -> bool:
    """Move a locked message by the table; say whether it moved."""
    target = after(State(row.state), signal)
    if target is None:
        return False
    row.state = target
    if target is State.ACCEPTED:
        row.accepted_at = tx.now
    if target is State.UNKNOWN:
        row.unknown_at, row.asked_at = tx.now, None
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


async def all_locked(tx: Tx, message_ids: Collection[str]) -> dict[str, Message]:
    """Return messages by their id, locked in the order of all who lock several: no deadlock."""
    query = (
        select(Message)
        .where(col(Message.id).in_(message_ids))
        .order_by(col(Message.seq))
        .with_for_update()
    )
    return {row.id: row for row in (await tx.session.execute(query)).scalars()}


def _recipient(to: str | None, channel: Channel) -> tuple[str, str]:
    if channel is Channel.SMS:
        return number_for_sms(to or "")
    address = clean(to or "")
    return address, "" if _ADDRESS.fullmatch(address) else "malformed"


async def _stopped(tx: Tx, number: str, hotline: str) -> bool:
    return await tx.session.get(MessageStop, (number, hotline)) is not None


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

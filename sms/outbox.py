"""The outbox: owe, cancel, move. What is owed joins the transaction that causes it."""

import re
import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from sms import texts
from sms.events import MessageMoved, MessageOwed
from sms.model import FINAL, Channel, Purpose, Signal, State, after, number_for_sms
from sms.routes import network_of
from sms.tables import Message, MessageStop
from tongdai.db import Tx
from tongdai.ids import MessageId, new_id
from tongdai.text import clean

STOPPABLE = frozenset({Purpose.SURVEY})
"""What no law asks for: not sent to whoever answered DUNG or STOP."""
_ADDRESS = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Owing:
    """A message that is to be owed.

    Attributes:
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
    """

    key: str
    hotline: str
    to: str | None
    purpose: Purpose | str
    params: Mapping[str, texts.Param]
    template: str | None = None
    ticket_id: str | None = None
    language: str = "vi"
    channel: Channel = Channel.SMS
    again_of: str | None = None


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
    """Write down that a message is owed, see Owing; the same key is the same message.

    Returns:
        The message's id; of the first one when the key was owed before.

    Raises:
        ValueError: Template or params are wrong.
    """
    owing = Owing(
        key=key,
        hotline=hotline,
        to=to,
        purpose=purpose,
        params=params,
        template=template,
        ticket_id=ticket_id,
        language=language,
        channel=channel,
        again_of=again_of,
    )
    await owe_all(tx, [owing])
    found = await tx.session.execute(select(col(Message.id)).where(col(Message.key) == key))
    return MessageId(found.scalar_one())


async def owe_all(tx: Tx, owings: Sequence[Owing]) -> None:
    """Write down that messages are owed, in this order; see `owe`.

    Raises:
        ValueError: Template or params of one are wrong.
    """
    known = await _known(tx, [owing.key for owing in owings])
    fresh = [owing for owing in owings if owing.key not in known]
    if not fresh:
        return
    rows = [await _row(tx, owing) for owing in fresh]
    try:
        async with tx.session.begin_nested():
            await tx.session.execute(insert(Message), rows)
    except IntegrityError:  # another transaction owed one of the keys a moment ago
        if len(fresh) == 1 and not await _known(tx, [fresh[0].key]):
            raise
        for owing in fresh if len(fresh) > 1 else ():
            await owe_all(tx, [owing])
        return
    for row in rows:
        tx.emit(
            MessageOwed(message_id=row["id"], hotline=row["hotline"], ticket_id=row["ticket_id"])
        )


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


async def _known(tx: Tx, keys: list[str]) -> set[str]:
    found = await tx.session.execute(select(col(Message.key)).where(col(Message.key).in_(keys)))
    return set(found.scalars())


async def _row(tx: Tx, owing: Owing) -> dict[str, Any]:
    """Return the values of a new row."""
    template = owing.template or Purpose(owing.purpose).value
    stored = texts.check(template, owing.params)
    if texts.needs_link(template) and owing.ticket_id is None:
        message = f"template {template} leads to a ticket: ticket_id is missing"
        raise ValueError(message)
    recipient, reason = _recipient(owing.to, owing.channel)
    stoppable = not reason and owing.purpose in STOPPABLE
    if stoppable and await _stopped(tx, recipient, owing.hotline):
        reason = "stopped"
    by_sms = owing.channel is Channel.SMS and not reason
    return {
        "id": new_id(),
        "key": owing.key,
        "channel": owing.channel,
        "hotline": owing.hotline,
        "ticket_id": owing.ticket_id,
        "recipient": recipient,
        "network": network_of(recipient) if by_sms else "",
        "purpose": Purpose(owing.purpose).value,
        "template": template,
        "language": owing.language,
        "params": stored,
        "state": State.NOT_SENDABLE if reason else State.QUEUED,
        "reason": reason,
        "again_of": owing.again_of,
        "receipt_token": secrets.token_hex(16),
        "created_at": tx.now,
        "next_at": tx.now,
        "settled_at": tx.now if reason else None,
    }

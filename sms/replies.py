"""What people write back (MO): to the ticket it answers where that is clear, else to the tray."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from sms import outbox
from sms.model import Signal, State, number_for_sms
from sms.tables import Message, MessageReply, MessageStop
from tongdai import audit
from tongdai.accounts.model import SYSTEM, Viewer
from tongdai.db import Database, Tx
from tongdai.errors import NotFound
from tongdai.settings import Settings
from tongdai.text import clean, unaccent

log = structlog.get_logger()

ANSWERS_WITHIN = timedelta(days=14)
"""A reply answers what was sent to its sender within so long; more than one ticket is not clear."""
_LONGEST = 1000
_LONGEST_NUMBER = 40
_IN_TRAY = (col(MessageReply.seen_at).is_(None), col(MessageReply.ticket_id).is_(None))


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A reply as a gateway gave it; `reference` is the gateway's own id of it."""

    gateway: str
    reference: str
    sender: str
    text: str


async def take(db: Database, settings: Settings, said: Said) -> str:
    """Write a reply down, once; return its id.

    DUNG or STOP alone means that its sender wants nothing that no law asks for.

    Raises:
        DatabaseAway: Not kept; the gateway shall come again.
    """
    number = clean(number_for_sms(clean(said.sender)[:_LONGEST_NUMBER])[0])
    text = clean(said.text)[:_LONGEST]
    reference = clean(f"{said.gateway}:{said.reference}")
    async with db.write() as tx:
        known = await tx.session.execute(
            select(MessageReply).where(col(MessageReply.reference) == reference)
        )
        row: MessageReply | None = known.scalar_one_or_none()
        if row is not None:
            return row.id
        hotline, ticket = await _about(tx, number)
        row = MessageReply(
            reference=reference,
            at=tx.now,
            hotline=hotline or settings.hotlines[0].id,
            sender=number,
            text=text,
            gateway=said.gateway,
            ticket_id=ticket,
            stop=unaccent(text).strip(" .!").upper() in settings.sms.stop_words,
        )
        tx.session.add(row)
        if row.stop:
            row.seen_at = tx.now  # done, here and now
            await _stop(tx, number, row.hotline)
        if ticket is not None:
            await audit.append(
                tx,
                chain=audit.ticket_chain(row.hotline),
                subject=ticket,
                kind="message",
                actor=SYSTEM.id,
                data={"what": "reply", "reason": text, "message": row.id},
            )
    log.info("reply.taken", reply_id=row.id, ticket_id=ticket, stop=row.stop)
    return row.id


async def page(
    session: AsyncSession, hotline: str, *, tray: bool, before: int | None, limit: int
) -> list[MessageReply]:
    """Return a hotline's replies, newest first; `tray`: those that wait for a person."""
    query = select(MessageReply).where(col(MessageReply.hotline) == hotline)
    if tray:
        query = query.where(*_IN_TRAY)
    if before is not None:
        query = query.where(col(MessageReply.seq) < before)
    found = await session.execute(query.order_by(col(MessageReply.seq).desc()).limit(limit))
    return list(found.scalars())


async def waiting(session: AsyncSession, hotline: str) -> int:
    """Return how many of a hotline's replies wait for a person."""
    query = select(func.count()).where(col(MessageReply.hotline) == hotline, *_IN_TRAY)
    found: int = (await session.execute(query)).scalar_one()
    return found


async def seen(tx: Tx, reply_id: str, hotlines: Collection[str], *, by: Viewer) -> None:
    """Note who has dealt with a reply of one of these hotlines; the first one stays.

    Raises:
        NotFound: There is no such reply.
    """
    query = select(MessageReply).where(
        col(MessageReply.id) == reply_id, col(MessageReply.hotline).in_(hotlines)
    )
    row = (await tx.session.execute(query.with_for_update())).scalar_one_or_none()
    if row is None:
        raise NotFound("reply_unknown")
    if row.seen_at is None:
        row.seen_at, row.seen_by = tx.now, by.id


async def _stop(tx: Tx, number: str, hotline: str) -> None:
    """Respect it from now on, for what waits already as well."""
    await tx.session.merge(MessageStop(number=number, hotline=hotline, at=tx.now))
    query = select(Message).where(
        col(Message.recipient) == number,
        col(Message.hotline) == hotline,
        col(Message.state) == State.QUEUED,
        col(Message.purpose).in_(outbox.STOPPABLE),
    )
    for row in (await tx.session.execute(query.with_for_update())).scalars():
        row.reason = "stopped"
        outbox.move(tx, row, Signal.CANCEL)


async def _about(tx: Tx, number: str) -> tuple[str | None, str | None]:
    """Return the hotline that wrote to a number last, and the one ticket it wrote about lately."""
    found = await tx.session.execute(
        select(col(Message.hotline), col(Message.ticket_id))
        .where(
            col(Message.recipient) == number,
            col(Message.attempts) > 0,
            col(Message.created_at) >= tx.now - ANSWERS_WITHIN,
        )
        .order_by(col(Message.seq).desc())
        .limit(50)
    )
    rows = found.tuples().all()
    tickets = {(hotline, ticket) for hotline, ticket in rows if ticket}
    if len(tickets) == 1:
        return next(iter(tickets))
    return (rows[0][0] if rows else None), None

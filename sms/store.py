"""Every question about messages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, exists, func, or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from sms.model import PENDING, Channel, State
from sms.tables import Message, MessageAttempt, MessageReceipt


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One message with every attempt and report, oldest first."""

    message: Message
    attempts: tuple[MessageAttempt, ...]
    receipts: tuple[MessageReceipt, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """What /metrics says of the outbox.

    Attributes:
        by_state: Messages that are not settled, by state.
        oldest_queued: When the oldest queued one was owed, or None.
    """

    by_state: dict[str, int]
    oldest_queued: datetime | None


async def get(session: AsyncSession, message_id: str) -> Message | None:
    """Return a message."""
    return (
        await session.execute(select(Message).where(col(Message.id) == message_id))
    ).scalar_one_or_none()


async def page(
    session: AsyncSession,
    *,
    hotlines: Sequence[str],
    limit: int,
    before: int | None = None,
    states: Sequence[State] = (),
    ticket_ids: Sequence[str] | None = None,
) -> list[Message]:
    """Return messages, newest first, `limit` of them below the cursor `before` (a `seq`)."""
    query = select(Message).where(col(Message.hotline).in_(hotlines))
    if before is not None:
        query = query.where(col(Message.seq) < before)
    if states:
        query = query.where(col(Message.state).in_(states))
    if ticket_ids is not None:
        query = query.where(col(Message.ticket_id).in_(ticket_ids))
    found = await session.execute(query.order_by(col(Message.seq).desc()).limit(limit))
    return list(found.scalars())


async def of_ticket(session: AsyncSession, ticket_id: str) -> list[Story]:
    """Return the messages about a ticket with their attempts and reports, oldest first."""
    messages = list(
        (
            await session.execute(
                select(Message)
                .where(col(Message.ticket_id) == ticket_id)
                .order_by(col(Message.seq))
            )
        ).scalars()
    )
    ids = [m.id for m in messages]
    attempts = (
        (
            await session.execute(
                select(MessageAttempt)
                .where(col(MessageAttempt.message_id).in_(ids))
                .order_by(col(MessageAttempt.number))
            )
        )
        .scalars()
        .all()
    )
    receipts = (
        (
            await session.execute(
                select(MessageReceipt)
                .where(col(MessageReceipt.message_id).in_(ids))
                .order_by(col(MessageReceipt.at))
            )
        )
        .scalars()
        .all()
    )
    return [
        Story(
            message=m,
            attempts=tuple(a for a in attempts if a.message_id == m.id),
            receipts=tuple(r for r in receipts if r.message_id == m.id),
        )
        for m in messages
    ]


async def story(session: AsyncSession, message: Message) -> Story:
    """Return one message with its attempts and reports."""
    attempts = await session.execute(
        select(MessageAttempt)
        .where(col(MessageAttempt.message_id) == message.id)
        .order_by(col(MessageAttempt.number))
    )
    receipts = await session.execute(
        select(MessageReceipt)
        .where(col(MessageReceipt.message_id) == message.id)
        .order_by(col(MessageReceipt.at))
    )
    return Story(
        message=message,
        attempts=tuple(attempts.scalars()),
        receipts=tuple(receipts.scalars()),
    )


async def again_of(session: AsyncSession, message_id: str) -> str | None:
    """Return the id of the message that a person had sent instead of this one, if any."""
    found = await session.execute(
        select(col(Message.id)).where(col(Message.key) == f"again:{message_id}")
    )
    return found.scalar_one_or_none()


async def needing_a_person(
    session: AsyncSession, hotlines: Sequence[str], limit: int = 100
) -> list[Message]:
    """Return the messages that nobody may resend blindly: state unknown, newest first."""
    return await page(session, hotlines=hotlines, limit=limit, states=[State.UNKNOWN])


async def next_due(session: AsyncSession, channel: Channel) -> datetime | None:
    """Return when the next queued message falls due, or None when nothing waits."""
    return (
        await session.execute(
            select(func.min(col(Message.next_at))).where(
                col(Message.state) == State.QUEUED, col(Message.channel) == channel
            )
        )
    ).scalar_one_or_none()


def waits_for_another() -> ColumnElement[bool]:
    """Say that an earlier message to the same recipient is not through: order is kept."""
    earlier = aliased(Message)
    return exists().where(
        col(earlier.recipient) == col(Message.recipient),
        col(earlier.seq) < col(Message.seq),
        col(earlier.state).in_(PENDING),
    )


async def busy(session: AsyncSession, now: datetime, channels: Sequence[Channel]) -> bool:
    """Say whether a message of the channels can go now or is on its way to a gateway."""
    due = (
        (col(Message.state) == State.QUEUED) & (col(Message.next_at) <= now) & ~waits_for_another()
    )
    query = (
        select(col(Message.seq))
        .where(
            col(Message.channel).in_(channels),
            (col(Message.state) == State.SENDING) | due,
        )
        .limit(1)
    )
    return (await session.execute(query)).first() is not None


def cut_off(real_now: datetime) -> ColumnElement[bool]:
    """Say that a send did not end within its lease (on the machine's clock)."""
    return (col(Message.state) == State.SENDING) & (col(Message.lease_until) < real_now)


def silent(gateways: Sequence[str], before: datetime) -> ColumnElement[bool]:
    """Say that a message was accepted `before` and its gateway, which reports, has not."""
    return (
        (col(Message.state) == State.ACCEPTED)
        & col(Message.gateway).in_(gateways)
        & (col(Message.accepted_at) < before)
    )


def unasked(before: datetime) -> ColumnElement[bool]:
    """Say that a message has been unknown since `before`, and nobody was told yet."""
    return (
        (col(Message.state) == State.UNKNOWN)
        & col(Message.asked_at).is_(None)
        & (col(Message.unknown_at) <= before)
    )


async def any_of(session: AsyncSession, *where: ColumnElement[bool]) -> bool:
    """Say whether there is a message for which one of the conditions holds."""
    found = await session.execute(select(col(Message.seq)).where(or_(*where)).limit(1))
    return found.first() is not None


async def numbers(session: AsyncSession) -> Numbers:
    """Count the outbox; only what is open is counted, so that the archive costs nothing."""
    open_states = [*PENDING, State.ACCEPTED, State.UNKNOWN]
    counted = await session.execute(
        select(col(Message.state), func.count())
        .where(col(Message.state).in_(open_states))
        .group_by(col(Message.state))
    )
    oldest = await session.execute(
        select(func.min(col(Message.created_at))).where(col(Message.state) == State.QUEUED)
    )
    return Numbers(
        by_state=dict(counted.tuples().all()),
        oldest_queued=oldest.scalar_one_or_none(),
    )

"""What the messages page counts: open ones by state, the oldest, the cost of a month."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from sms.model import PENDING, Channel, State
from sms.tables import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """What is not settled at some hotlines.

    Attributes:
        by_state: State -> how many.
        oldest_queued: Since when the oldest queued one could have gone, or None.
    """

    by_state: dict[str, int]
    oldest_queued: datetime | None


async def open_ones(session: AsyncSession, hotlines: list[str]) -> Open:
    """Count what is open; the archive costs nothing."""
    states = [*PENDING, State.UNKNOWN]
    mine = col(Message.hotline).in_(hotlines)
    counted = await session.execute(
        select(col(Message.state), func.count())
        .where(mine, col(Message.state).in_(states))
        .group_by(col(Message.state))
    )
    oldest = await session.execute(
        select(func.min(col(Message.created_at))).where(mine, col(Message.state) == State.QUEUED)
    )
    return Open(by_state=dict(counted.tuples().all()), oldest_queued=oldest.scalar_one_or_none())


async def oldest_due(session: AsyncSession, now: datetime) -> datetime | None:
    """Return when the oldest queued message was owed, of those whose time has come."""
    found = await session.execute(
        select(func.min(col(Message.created_at))).where(
            col(Message.state) == State.QUEUED, col(Message.created_at) <= now
        )
    )
    return found.scalar_one_or_none()


def accepted_between(hotline: str, start: datetime, end: datetime) -> ColumnElement[bool]:
    """Return the condition for the SMS of a hotline that were accepted in a time."""
    return (
        (col(Message.hotline) == hotline)
        & (col(Message.channel) == Channel.SMS)
        & (col(Message.accepted_at) >= start)
        & (col(Message.accepted_at) < end)
    )

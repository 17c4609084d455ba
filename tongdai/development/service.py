"""Reads and keeps the development clock's offset."""

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from tongdai.db import Tx
from tongdai.development.tables import ClockOffset


async def offset(session: AsyncSession) -> timedelta:
    """Return the kept offset, zero when the clock was never moved."""
    row = await session.get(ClockOffset, 1)
    return timedelta(seconds=row.seconds if row else 0.0)


async def keep_offset(tx: Tx, value: timedelta) -> None:
    """Keep `value` for the next start."""
    await tx.session.merge(ClockOffset(id=1, seconds=value.total_seconds()))

"""Names for the accounts, units and fields that a page speaks of."""

from collections.abc import Collection

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tickets.tables import Unit
from tongdai.accounts.model import Role
from tongdai.accounts.tables import Account, Membership


async def names(session: AsyncSession, accounts: Collection[str | None]) -> dict[str, str]:
    """Return account id -> full name."""
    wanted = {a for a in accounts if a}
    rows = await session.execute(
        select(Account.id, Account.full_name).where(col(Account.id).in_(wanted))
    )
    return dict(rows.tuples().all())


async def unit_names(session: AsyncSession, units: Collection[str | None]) -> dict[str, str]:
    """Return unit id -> name."""
    wanted = {u for u in units if u}
    rows = await session.execute(select(Unit.id, Unit.name).where(col(Unit.id).in_(wanted)))
    return dict(rows.tuples().all())


async def operators(session: AsyncSession, hotlines: Collection[str]) -> list[tuple[str, str]]:
    """Return id and name of everybody who is or was operator of the hotlines, by name."""
    rows = await session.execute(
        select(Account.id, Account.full_name)
        .join(Membership, col(Membership.account_id) == col(Account.id))
        .where(col(Membership.role) == Role.OPERATOR, col(Membership.hotline).in_(hotlines))
        .distinct()
        .order_by(col(Account.full_name))
    )
    return [(account, name) for account, name in rows]

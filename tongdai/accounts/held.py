"""Accounts with what they are, as the administrators of their hotlines see them (CT-13.2)."""

import re
import secrets
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tongdai.accounts.model import Grant, Role, Viewer
from tongdai.accounts.tables import Account, Membership
from tongdai.errors import NotFound
from tongdai.ids import HotlineId, UnitId
from tongdai.text import fold

SEATED = (Role.OPERATOR, Role.SUPERVISOR)
"""Roles that work at a telephone."""
USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,63}")
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


class NoSuchAccount(NotFound):
    """There is no such account, or it is not of the asker's hotlines."""

    code = "no_such_account"


@dataclass(frozen=True, slots=True)
class Held:
    """An account with everything that it is."""

    account: Account
    grants: frozenset[Grant]

    def within(self, hotlines: Collection[str]) -> list[Grant]:
        """Return the grants at some hotlines, in a steady order."""
        return sorted((g for g in self.grants if g.hotline in hotlines), key=by_hotline)

    def wholly_of(self, by: Viewer) -> bool:
        """Say whether `by` administers every hotline of the account."""
        return {g.hotline for g in self.grants} <= reach(by)


def reach(by: Viewer) -> frozenset[HotlineId]:
    """Return the hotlines that somebody administers."""
    return frozenset(by.hotlines_for(Role.ADMINISTRATOR))


def new_password() -> str:
    """Return a password to be told once: 16 letters and digits that are not mistaken, 79 bits."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))


async def get(session: AsyncSession, account_id: str, by: Viewer) -> Held:
    """Return an account of one of the asker's hotlines.

    Raises:
        NoSuchAccount: There is none, or the asker may not know of it.
    """
    account = await session.get(Account, account_id)
    held = Held(account, await _grants(session, account_id)) if account else None
    if held is None or not held.within(reach(by)):
        raise NoSuchAccount(account=account_id)
    return held


async def find(
    session: AsyncSession,
    by: Viewer,
    *,
    typed: str = "",
    hotline: str | None = None,
    role: Role | None = None,
    active: bool | None = None,
) -> list[Held]:
    """Return the accounts of the asker's hotlines, by name; looked for without diacritics.

    Args:
        session: The database.
        by: Who asks.
        typed: Words that must begin words of the name or stand in the user name.
        hotline: Only those with a role there.
        role: Only those with this role (there).
        active: Open, closed, or (None) both.
    """
    places = reach(by) & {HotlineId(hotline)} if hotline else reach(by)
    wanted = select(Account).where(
        col(Account.id).in_(
            select(Membership.account_id).where(
                col(Membership.hotline).in_(sorted(places)),
                *((col(Membership.role) == role,) if role else ()),
            )
        ),
        *((col(Account.active).is_(active),) if active is not None else ()),
    )
    accounts = [a for a in (await session.execute(wanted)).scalars() if _matches(a, typed)]
    accounts.sort(key=lambda a: (fold(a.full_name).split()[-1:], fold(a.full_name), a.username))
    grants = await _grants_of(session, [a.id for a in accounts])
    return [Held(a, grants.get(a.id, frozenset())) for a in accounts]


async def free_extensions(
    session: AsyncSession, pool: Iterable[int], own: str | None = None
) -> list[str]:
    """Return the seats' extensions that nobody has, and `own`."""
    taken = set((await session.execute(select(Account.extension))).scalars())
    return [str(e) for e in pool if str(e) == own or str(e) not in taken]


def facts(held: Held) -> dict[str, Any]:
    """Return what the history keeps of an account: JSON values, no password."""
    account = held.account
    roles = sorted(held.grants, key=by_hotline)
    return {
        "username": account.username,
        "full_name": account.full_name,
        "language": account.language,
        "extension": account.extension,
        "person": account.person_id,
        "active": account.active,
        "roles": [{"hotline": g.hotline, "role": str(g.role), "unit": g.unit} for g in roles],
    }


async def _grants(session: AsyncSession, account_id: str) -> frozenset[Grant]:
    return (await _grants_of(session, [account_id])).get(account_id, frozenset())


async def _grants_of(session: AsyncSession, ids: list[str]) -> dict[str, frozenset[Grant]]:
    found: dict[str, frozenset[Grant]] = {}
    for first in range(0, len(ids), 500):
        some = ids[first : first + 500]
        query = select(Membership).where(col(Membership.account_id).in_(some))
        for row in (await session.execute(query)).scalars():
            found[row.account_id] = found.get(row.account_id, frozenset()) | {grant_of(row)}
    return found


def grant_of(row: Membership) -> Grant:
    """Return a row as a value."""
    unit = UnitId(row.unit_id) if row.unit_id else None
    return Grant(hotline=HotlineId(row.hotline), role=Role(row.role), unit=unit)


def by_hotline(grant: Grant) -> tuple[str, int, str]:
    """Return the key by which grants stand in a steady order."""
    return grant.hotline, list(Role).index(grant.role), grant.unit or ""


def _matches(account: Account, typed: str) -> bool:
    have = f"{fold(account.full_name)} {account.username} {account.extension or ''}"
    return all(word in have for word in fold(typed).split())

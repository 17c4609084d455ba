"""The list of units as a tree, and what hangs on a unit."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tickets import search
from tickets.tables import Person, Unit
from tongdai.accounts.tables import Account, Membership
from tongdai.text import fold


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A unit in the list: how deep below, who answers there."""

    unit: Unit
    depth: int
    focal_point: Person | None
    unit_head: Person | None

    @property
    def reachable(self) -> bool:
        """Say whether the focal point can be told by SMS."""
        return self.focal_point is not None and self.focal_point.mobile is not None

    def matches(self, typed: str) -> bool:
        """Say whether unit or people have the typed words; diacritics do not count."""
        people = [p.name for p in (self.focal_point, self.unit_head) if p]
        return search.matches(typed, fold(" ".join([self.unit.folded, self.unit.code, *people])))


def in_tree(units: Sequence[Unit]) -> list[tuple[Unit, int]]:
    """Return units with their depth, each below its parent; order of siblings as given."""
    there = {u.id for u in units}
    below: dict[str | None, list[Unit]] = {}
    for unit in units:
        below.setdefault(unit.parent_id if unit.parent_id in there else None, []).append(unit)
    found: list[tuple[Unit, int]] = []
    waiting = [(unit, 0) for unit in reversed(below.get(None, []))]
    while waiting:
        unit, depth = waiting.pop()
        found.append((unit, depth))
        waiting += [(child, depth + 1) for child in reversed(below.pop(unit.id, []))]
    return found


async def rows(session: AsyncSession, what: Any, column: Any, value: str) -> list[Any]:
    """Return what hangs on a unit (units, fields) by a column that names it, by name."""
    query = select(what).where(col(column) == value).order_by(col(what.folded))
    return list((await session.execute(query)).scalars())


async def accounts_of(session: AsyncSession, unit_id: str) -> list[tuple[Account, str]]:
    """Return the accounts that hold a role in a unit, and which."""
    query = (
        select(Account, col(Membership.role))
        .join(Membership, col(Membership.account_id) == col(Account.id))
        .where(col(Membership.unit_id) == unit_id)
        .order_by(col(Account.username), col(Membership.role))
    )
    return list((await session.execute(query)).tuples().all())

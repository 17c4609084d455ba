"""Who sees the desk, and the names of things by id."""

from collections.abc import Iterable, Mapping

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tickets.tables import SubjectField, Ticket, Unit
from tongdai.accounts.model import OF_UNIT, SYSTEM, Role, Viewer
from tongdai.accounts.tables import Account

DESK = (*OF_UNIT, Role.COORDINATOR, Role.ONE_STOP, Role.CITY_OFFICE, Role.LEADERSHIP)
"""Whose page /desk is."""

TICKET = (*DESK, Role.OPERATOR, Role.SUPERVISOR, Role.AUDITOR)
"""Who may open a ticket's page there; the operator enters extensions and paper replies."""

ABOVE = (Role.LEADERSHIP, Role.CITY_OFFICE, Role.COORDINATOR, Role.UNIT_HEAD)
"""Who gets the list of what is overdue; a head that of the own unit."""


async def unit_names(session: AsyncSession, ids: Iterable[str | None]) -> dict[str, str]:
    """Return the names of units by id."""
    wanted = sorted({i for i in ids if i})
    query = select(col(Unit.id), col(Unit.name)).where(col(Unit.id).in_(wanted))
    return dict((await session.execute(query)).tuples().all()) if wanted else {}


async def field_names(session: AsyncSession, ids: Iterable[str | None]) -> dict[str, str]:
    """Return the names of fields by id."""
    wanted = sorted({i for i in ids if i})
    query = select(col(SubjectField.id), col(SubjectField.name)).where(
        col(SubjectField.id).in_(wanted)
    )
    return dict((await session.execute(query)).tuples().all()) if wanted else {}


async def account_names(session: AsyncSession, ids: Iterable[str]) -> dict[str, str]:
    """Return the names of accounts by id; the service itself has none here."""
    wanted = sorted({i for i in ids if i and i != SYSTEM.id})
    query = select(col(Account.id), col(Account.full_name)).where(col(Account.id).in_(wanted))
    return dict((await session.execute(query)).tuples().all()) if wanted else {}


async def names_of(
    session: AsyncSession, tickets: Iterable[Ticket]
) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Return the names of the tickets' units and of their fields."""
    tickets = list(tickets)
    return (
        await unit_names(session, [t.unit_id for t in tickets]),
        await field_names(session, [t.field_id for t in tickets]),
    )


def own_units(viewer: Viewer, hotline: str) -> tuple[str, ...] | None:
    """Return the units whose overdue tickets a viewer asks about; None: all of the hotline."""
    whole = (Role.LEADERSHIP, Role.CITY_OFFICE, Role.COORDINATOR)
    return None if viewer.has_any(whole, hotline) else tuple(viewer.units_at(hotline))

"""Who reads what (DESIGN.md, API), and who must not learn a secret caller."""

from collections.abc import Collection

from sqlalchemy import ColumnElement, false, or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from telephony.calls.tables import CallRow
from tickets import access
from tickets.tables import Referral, Ticket
from tongdai.accounts.model import OF_UNIT, Role, Viewer

WHOLE = (Role.AUDITOR, Role.SUPERVISOR, Role.ADMINISTRATOR)
"""Read every list of their hotlines."""
CALL_READERS = (*WHOLE, Role.OPERATOR, *OF_UNIT)
TICKET_READERS = tuple(Role)
MESSAGE_READERS = CALL_READERS


async def tickets_of_units(session: AsyncSession, viewer: Viewer) -> ColumnElement[bool] | None:
    """Return the condition on Ticket.id that its unit is, or was, one of the viewer's; or None."""
    scope = await access.scope_of(session, viewer)
    units = sorted({unit for mine in scope.units.values() for unit in mine})
    if not units:
        return None
    once = select(Referral.ticket_id).where(col(Referral.unit_id).in_(units))
    return or_(col(Ticket.unit_id).in_(units), col(Ticket.id).in_(once))


async def calls_of(session: AsyncSession, viewer: Viewer) -> ColumnElement[bool]:
    """Return the condition on CallRow that the viewer may read the call."""
    reached: list[ColumnElement[bool]] = []
    whole = viewer.hotlines_for(*WHOLE)
    if whole:
        reached.append(col(CallRow.hotline).in_(whole))
    if viewer.has(Role.OPERATOR):
        reached.append(col(CallRow.operator) == viewer.id)
    of_units = await tickets_of_units(session, viewer)
    if of_units is not None:
        reached.append(col(CallRow.ticket).in_(select(Ticket.id).where(of_units)))
    return or_(false(), *reached)


async def secret_tickets(
    session: AsyncSession, viewer: Viewer, ticket_ids: Collection[str]
) -> frozenset[str]:
    """Return those of some tickets whose sender the viewer may not know."""
    if not ticket_ids:
        return frozenset()
    rows = await session.execute(
        select(Ticket).where(
            col(Ticket.id).in_(set(ticket_ids)), col(Ticket.confidential).is_(True)
        )
    )
    return frozenset(t.id for t in rows.scalars() if access.sender(viewer, t).masked)

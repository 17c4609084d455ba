"""A ticket at a unit: referred, re-routed, ended; the history of who had it stays."""

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tickets import units
from tickets.access import to_change
from tickets.errors import NoSuchPerson, WrongState
from tickets.events import TicketReferred, about
from tickets.filing import touch
from tickets.model import TicketState, clean_lines
from tickets.tables import Referral
from tongdai.accounts.model import Viewer
from tongdai.db import Tx
from tongdai.ids import UnitId


async def refer(
    tx: Tx,
    ticket_id: str,
    *,
    unit_id: str,
    person_id: str | None,
    by: Viewer,
    note: str = "",
    by_law: bool = False,
) -> Referral:
    """Put a ticket at a unit; the one that had it before has it no more (A-CT-15: re-routing).

    Args:
        tx: The open transaction.
        ticket_id: An open ticket.
        unit_id: A handling unit of the ticket's hotline.
        person_id: Who is told there; default: the focal point, if one is appointed.
        by: Who refers.
        note: For the unit.
        by_law: The procedure has named the viewer's role; see tickets.access.to_change.

    Raises:
        NoSuchTicket: There is none that the viewer sees.
        TicketForbidden: The viewer may not refer.
        WrongState: It is not open.
        NoSuchUnit: It is no handling unit of the hotline, or closed.
        NoSuchPerson: The person does not belong to the unit now.
    """
    ticket = await to_change(tx.session, by, ticket_id, "referred", by_law=by_law)
    if ticket.state not in (TicketState.OPEN, TicketState.ANSWERED):
        raise WrongState(ticket=ticket_id, state=ticket.state)
    unit = await units.handling(tx.session, ticket.hotline, unit_id, tx.now)
    addressee = await _addressee(tx, unit.id, person_id)
    await end(tx, ticket_id, "rerouted")
    referral = Referral(
        ticket_id=ticket_id,
        unit_id=unit.id,
        person_id=addressee,
        at=tx.now,
        by=by.id,
        note=clean_lines(note),
    )
    tx.session.add(referral)
    ticket.unit_id, ticket.person_id = unit.id, addressee
    touch(tx, ticket, by)
    tx.emit(TicketReferred(**about(ticket, by), unit=UnitId(unit.id)))
    return referral


async def end(tx: Tx, ticket_id: str, why: str) -> None:
    """End the running referral of a ticket, if there is one: rerouted, returned, closed."""
    running = select(Referral).where(
        col(Referral.ticket_id) == ticket_id, col(Referral.ended_at).is_(None)
    )
    for row in (await tx.session.execute(running)).scalars():
        row.ended_at, row.ended_why = tx.now, why


async def of_ticket(session: AsyncSession, ticket_id: str) -> list[Referral]:
    """Return the referrals of a ticket, oldest first."""
    query = (
        select(Referral)
        .where(col(Referral.ticket_id) == ticket_id)
        .order_by(col(Referral.at), col(Referral.id))
    )
    return list((await session.execute(query)).scalars())


async def _addressee(tx: Tx, unit_id: str, person_id: str | None) -> str | None:
    if person_id is None:
        focal = await units.focal_point(tx.session, unit_id, tx.now)
        return focal.id if focal else None
    staff = await units.of_unit(tx.session, unit_id, tx.now)
    if person_id not in {p.id for p in staff}:
        raise NoSuchPerson(person=person_id, unit=unit_id)
    return person_id

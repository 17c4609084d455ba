"""What is overdue, and whose it is; what was slow (CT-9.1.4, CT-14.5)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from escalation.tables import FIRED, Deadline
from tickets.tables import SubjectField, Ticket, Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A ticket that is overdue or was slow.

    Attributes:
        ticket: Id.
        number: What people call it.
        unit_id: Whose it is now.
        unit: That unit's name.
        field: The subject's name.
        stage: The stage that missed its limit.
        due_at: When the limit ended.
        overdue: The overdue mark stands; else it was slow only (A-CT-4).
        closed_at: When a result came at last, None: none yet.
    """

    ticket: str
    number: str | None
    unit_id: str | None
    unit: str
    field: str
    stage: str
    due_at: datetime
    overdue: bool
    closed_at: datetime | None


async def overdue(
    session: AsyncSession,
    hotline: str,
    *,
    units: Sequence[str] | None = None,
    only_open: bool = True,
    limit: int = 200,
) -> list[Case]:
    """Return a hotline's overdue tickets, the longest overdue first.

    Args:
        session: To read with.
        hotline: Whose.
        units: Only of these units.
        only_open: Without those that were answered late.
        limit: The most to return.
    """
    cases = await slow(session, hotline, units=units, limit=limit, only_overdue=True)
    latest = {case.ticket: case for case in cases}  # of one ticket the last missed stage
    found = [c for c in latest.values() if c.closed_at is None or not only_open]
    return sorted(found, key=lambda c: (c.due_at, c.ticket))


async def slow(
    session: AsyncSession,
    hotline: str,
    *,
    units: Sequence[str] | None = None,
    since: datetime | None = None,
    limit: int = 200,
    only_overdue: bool = False,
) -> list[Case]:
    """Return every missed stage of a hotline, oldest first (CT-14.5: slow or unprocessed).

    Args:
        session: To read with.
        hotline: Whose.
        units: Only of these units.
        since: Only what was missed since then (aware).
        limit: The most to return.
        only_overdue: Only of tickets with the overdue mark.
    """
    query = (
        select(Ticket, Deadline, Unit.name, SubjectField.name)
        .join(Deadline, col(Deadline.ticket_id) == col(Ticket.id))
        .join(Unit, col(Unit.id) == col(Ticket.unit_id), isouter=True)
        .join(SubjectField, col(SubjectField.id) == col(Ticket.field_id), isouter=True)
        .where(
            col(Ticket.hotline) == hotline,
            col(Deadline.state) == FIRED,
            col(Deadline.kind) == "stage",
        )
        .order_by(col(Deadline.due_at), col(Deadline.id))
        .limit(limit)
    )
    if only_overdue:
        query = query.where(col(Ticket.overdue))
    if units is not None:
        query = query.where(col(Ticket.unit_id).in_(list(units)))
    if since is not None:
        query = query.where(col(Deadline.due_at) >= since)
    return [
        Case(
            ticket=ticket.id,
            number=ticket.number,
            unit_id=ticket.unit_id,
            unit=unit or "",
            field=field or "",
            stage=deadline.stage,
            due_at=deadline.due_at,
            overdue=ticket.overdue,
            closed_at=ticket.closed_at,
        )
        for ticket, deadline, unit, field in (await session.execute(query)).all()
    ]

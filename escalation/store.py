"""Every query of the law's rows."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from escalation.lawbook import Version
from escalation.tables import WAITING, Deadline, LadderState, ProcedureVersion
from tickets.tables import Ticket
from tongdai.db import Tx


async def keep_version(tx: Tx, hotline: str, version: Version) -> None:
    """Keep the text of a version that a ticket begins with."""
    if await tx.session.get(ProcedureVersion, version.id) is None:
        tx.session.add(
            ProcedureVersion(
                id=version.id, hotline=hotline, text=version.text, first_used_at=tx.now
            )
        )
        await tx.session.flush()  # the ladder's row below refers to it


async def version_text(session: AsyncSession, version: str) -> str:
    """Return the text of a version that is kept."""
    query = select(ProcedureVersion.text).where(col(ProcedureVersion.id) == version)
    text: str = (await session.execute(query)).scalar_one()
    return text


async def ladder_row(session: AsyncSession, ticket_id: str) -> LadderState | None:
    """Return where a ticket stands; lock the ticket first to change it."""
    query = (
        select(LadderState)
        .where(col(LadderState.ticket_id) == ticket_id)
        .execution_options(populate_existing=True)
    )
    row: LadderState | None = (await session.execute(query)).scalar_one_or_none()
    return row


async def waiting(session: AsyncSession, ticket_id: str) -> list[Deadline]:
    """Return what still falls due for a ticket."""
    query = select(Deadline).where(
        col(Deadline.ticket_id) == ticket_id, col(Deadline.state) == WAITING
    )
    return list((await session.execute(query)).scalars())


async def next_due(session: AsyncSession) -> datetime | None:
    """Return the earliest instant at which anything falls due."""
    query = (
        select(Deadline.due_at)
        .where(col(Deadline.state) == WAITING)
        .order_by(col(Deadline.due_at))
        .limit(1)
    )
    return (await session.execute(query)).scalar_one_or_none()


async def claim(tx: Tx, failed: set[str]) -> tuple[Ticket, Deadline] | None:
    """Take the ticket whose deadline passed longest ago, locked; None: nothing is due.

    Nodes that claim at the same time skip each other's tickets (PostgreSQL; SQLite has one
    writer). Ticket first, deadline after: the order in which acts lock them.

    Args:
        tx: The transaction that will carry it out.
        failed: Deadlines that are left alone this time.
    """
    query = (
        select(Ticket, Deadline)
        .join(Deadline, col(Deadline.ticket_id) == col(Ticket.id))
        .where(col(Deadline.state) == WAITING, col(Deadline.due_at) < tx.now)
        .order_by(col(Deadline.due_at), col(Deadline.id))
        .limit(1)
        .with_for_update(skip_locked=True, of=Ticket)
    )
    if failed:
        query = query.where(col(Deadline.id).not_in(sorted(failed)))
    found = (await tx.session.execute(query)).first()
    if found is None:
        return None
    ticket, deadline = found
    await tx.session.refresh(ticket)  # another node may have been here between look and lock
    await tx.session.refresh(deadline)
    return ticket, deadline


async def open_tickets(session: AsyncSession, hotline: str) -> list[str]:
    """Return the ids of a hotline's tickets whose ladder has not ended."""
    query = (
        select(LadderState.ticket_id)
        .where(col(LadderState.hotline) == hotline, col(LadderState.open))
        .order_by(col(LadderState.ticket_id))
    )
    return list((await session.execute(query)).scalars())

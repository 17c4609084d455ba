"""Every query of the law's rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Select, literal, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from escalation.lawbook import Version
from escalation.tables import WAITING, Deadline, LadderState, ProcedureVersion
from tickets.tables import Ticket
from tongdai.db import Tx, UtcDateTime


class Position(NamedTuple):
    """A deadline's place in the due order."""

    due_at: datetime
    deadline: str


@dataclass(frozen=True, slots=True)
class Claim:
    """A due deadline and its ticket, which the transaction has locked."""

    ticket: Ticket
    at: Position


async def keep_version(tx: Tx, hotline: str, version: Version) -> None:
    """Keep the text of a version that a ticket begins with."""
    if await tx.session.get(ProcedureVersion, version.id) is None:
        tx.session.add(
            ProcedureVersion(
                id=version.id, hotline=hotline, text=version.text, first_used_at=tx.now
            )
        )
        await tx.session.flush()  # the ladder's row below refers to it


async def version_texts(session: AsyncSession, versions: Sequence[str]) -> dict[str, str]:
    """Return the texts of versions that are kept."""
    if not versions:
        return {}
    query = select(ProcedureVersion).where(col(ProcedureVersion.id).in_(versions))
    return {row.id: row.text for row in (await session.execute(query)).scalars()}


async def ladder_rows(session: AsyncSession, tickets: Sequence[str]) -> dict[str, LadderState]:
    """Return where tickets stand, by their ids; lock the tickets first to change it."""
    query = (
        select(LadderState)
        .where(col(LadderState.ticket_id).in_(tickets))
        .execution_options(populate_existing=True)
    )
    return {row.ticket_id: row for row in (await session.execute(query)).scalars()}


async def waiting(session: AsyncSession, tickets: Sequence[str]) -> list[Deadline]:
    """Return what still falls due for tickets."""
    query = select(Deadline).where(
        col(Deadline.ticket_id).in_(tickets), col(Deadline.state) == WAITING
    )
    return list((await session.execute(query)).scalars())


async def next_due(session: AsyncSession, after: Position | None = None) -> datetime | None:
    """Return the earliest instant at which anything falls due; `after`: of what comes later."""
    query = select(Deadline.due_at).where(col(Deadline.state) == WAITING)
    if after is not None:
        query = query.where(_later(after))
    query = query.order_by(col(Deadline.due_at), col(Deadline.id)).limit(1)
    return (await session.execute(query)).scalar_one_or_none()


def due(now: datetime, limit: int, after: Position | None) -> Select[tuple[Ticket, str, datetime]]:
    """Return the query of what is due at a moment, in due order, each with its ticket locked."""
    query = (
        select(Ticket, col(Deadline.id), col(Deadline.due_at))
        .join(Deadline, col(Deadline.ticket_id) == col(Ticket.id))
        .where(col(Deadline.state) == WAITING, col(Deadline.due_at) < now)
        .order_by(col(Deadline.due_at), col(Deadline.id))
        .limit(limit)
        .with_for_update(skip_locked=True, of=Ticket)
    )
    return query if after is None else query.where(_later(after))


async def claim(tx: Tx, limit: int, after: Position | None = None) -> list[Claim]:
    """Take the deadlines that passed longest ago, in due order, their tickets locked.

    Nodes that claim at the same time skip each other's tickets (PostgreSQL; SQLite has one
    writer). Ticket first, deadline after: the order in which acts lock them. A ticket's row is as
    it is under the lock; whether a deadline still waits must be asked again.

    Args:
        tx: The transaction that will carry them out.
        limit: How many at most.
        after: Leave alone what comes up to here.
    """
    found = (await tx.session.execute(due(tx.now, limit, after))).all()
    return [Claim(ticket, Position(due_at, name)) for ticket, name, due_at in found]


async def open_tickets(session: AsyncSession, hotline: str) -> list[str]:
    """Return the ids of a hotline's tickets whose ladder has not ended."""
    query = (
        select(LadderState.ticket_id)
        .where(col(LadderState.hotline) == hotline, col(LadderState.open))
        .order_by(col(LadderState.ticket_id))
    )
    return list((await session.execute(query)).scalars())


def _later(after: Position) -> ColumnElement[bool]:
    place = tuple_(col(Deadline.due_at), col(Deadline.id))
    reached = tuple_(literal(after.due_at, UtcDateTime), literal(after.deadline))
    later: ColumnElement[bool] = place > reached
    return later

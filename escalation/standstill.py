"""Force majeure for many tickets at once (A-TN-2): who, why, until when; written down first.

The standstill and its tickets are one transaction; each ticket then pauses, and later goes on, in a
transaction of its own. Whoever stops in between is carried on by the next sweep.
"""

from collections.abc import Sequence
from datetime import datetime

import structlog
from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from escalation.act import Act
from escalation.acts import Acts
from escalation.errors import ActRefused
from escalation.events import DeadlineSet
from escalation.tables import LadderState, Standstill, StoodStill
from tickets import access
from tickets.errors import TicketForbidden
from tickets.tables import Ticket
from tongdai.accounts.model import SYSTEM, Grant, Role, Viewer
from tongdai.db import Database, DatabaseAway, Tx
from tongdai.errors import Invalid
from tongdai.ids import AccountId, HotlineId, TicketId

log = structlog.get_logger()
MAY = (Role.SUPERVISOR, Role.COORDINATOR)
"""Who declares it: a supervisor of the coordinating unit (A-TN-2)."""
WANTED, PAUSED, ENDED, REFUSED = "wanted", "paused", "ended", "refused"


async def open_tickets(
    session: AsyncSession, hotline: str, units: Sequence[str] | None = None
) -> list[str]:
    """Return the tickets of a hotline whose ladder has not ended; `units`: only at these."""
    query = (
        select(LadderState.ticket_id)
        .where(col(LadderState.hotline) == hotline, col(LadderState.open))
        .order_by(col(LadderState.ticket_id))
    )
    if units is not None:
        query = query.join(Ticket, col(Ticket.id) == col(LadderState.ticket_id)).where(
            col(Ticket.unit_id).in_(list(units))
        )
    return list((await session.execute(query)).scalars())


async def declare(
    tx: Tx, hotline: str, tickets: Sequence[str], *, reason: str, until: datetime, by: Viewer
) -> Standstill:
    """Write a standstill down, with every ticket that is to pause; `carry_on` does it.

    Raises:
        TicketForbidden: The viewer may not declare force majeure at this hotline.
        Invalid: No reason, no ticket, or `until` is not after now.
    """
    if not by.has_any(MAY, hotline):
        raise TicketForbidden(hotline=hotline, deed="force_majeure_began")
    faults = {} if reason.strip() else {"reason": "required"}
    if until <= tx.now:
        faults["until"] = "not_later"
    if not tickets:
        faults["unit"] = "no_tickets"
    if faults:
        raise Invalid("standstill_refused", fields=faults)
    row = Standstill(
        hotline=hotline, reason=reason.strip(), began_at=tx.now, by=by.id, until_at=until
    )
    tx.session.add(row)
    await tx.session.flush()  # its tickets refer to it
    tx.session.add_all([StoodStill(standstill_id=row.id, ticket_id=t) for t in tickets])
    tx.emit(DeadlineSet(ticket=TicketId(""), hotline=HotlineId(hotline), due_at=tx.now))
    return row


async def end(tx: Tx, standstill: str, by: Viewer) -> None:
    """End a standstill now instead of at its `until`; `carry_on` does it.

    Raises:
        TicketForbidden: The viewer may not.
    """
    row = await tx.session.get(Standstill, standstill)
    if row is None or not by.has_any(MAY, row.hotline):
        raise TicketForbidden(standstill=standstill, deed="force_majeure_ended")
    if row.ended_at is None:
        row.until_at, row.ended_by = min(row.until_at, tx.now), by.id
        tx.emit(DeadlineSet(ticket=TicketId(""), hotline=HotlineId(row.hotline), due_at=tx.now))


async def carry_on(db: Database, acts: Acts, now: datetime) -> int:
    """Pause what is wanted, let go on what is over; return how many tickets that were.

    Raises:
        DatabaseAway: The database does not answer; what was done so far is done.
    """
    done, failed = 0, set[str]()
    while (found := await _next(db, now, failed)) is not None:
        standstill, ticket = found
        try:
            await _one(db, acts, standstill, ticket)
        except DatabaseAway:
            raise
        except Exception:
            failed.add(ticket.ticket_id)  # it stops nobody else's; the next sweep tries again
            log.exception("standstill.failed", ticket=ticket.ticket_id)
        else:
            done += 1
    if not failed:
        await _close(db, now)
    return done


async def next_end(session: AsyncSession) -> datetime | None:
    """Return when the next standstill ends."""
    query = select(func.min(col(Standstill.until_at))).where(col(Standstill.ended_at).is_(None))
    found: datetime | None = (await session.execute(query)).scalar_one_or_none()
    return found


async def history(
    session: AsyncSession, hotlines: Sequence[str], limit: int = 50
) -> list[tuple[Standstill, int]]:
    """Return the standstills of hotlines, the newest first, with how many tickets paused."""
    count = (
        select(func.count())
        .where(
            col(StoodStill.standstill_id) == col(Standstill.id), col(StoodStill.state) != REFUSED
        )
        .scalar_subquery()
    )
    query = (
        select(Standstill, count)
        .where(col(Standstill.hotline).in_(list(hotlines)))
        .order_by(col(Standstill.began_at).desc(), col(Standstill.id))
        .limit(limit)
    )
    return [(row, int(n)) for row, n in (await session.execute(query)).all()]


async def _next(
    db: Database, now: datetime, failed: set[str]
) -> tuple[Standstill, StoodStill] | None:
    over = (col(StoodStill.state) == PAUSED) & (col(Standstill.until_at) <= now)
    query = (
        select(Standstill, StoodStill)
        .join(StoodStill, col(StoodStill.standstill_id) == col(Standstill.id))
        .where(col(Standstill.ended_at).is_(None), (col(StoodStill.state) == WANTED) | over)
        .order_by(col(Standstill.began_at), col(StoodStill.ticket_id))
        .limit(1)
    )
    if failed:
        query = query.where(col(StoodStill.ticket_id).not_in(sorted(failed)))
    async with db.read() as session:
        found = (await session.execute(query)).first()
    return (found[0], found[1]) if found else None


async def _one(db: Database, acts: Acts, standstill: Standstill, ticket: StoodStill) -> None:
    """Do the next thing for a ticket, and keep that it is done, in one transaction."""
    key = (ticket.standstill_id, ticket.ticket_id)
    try:
        async with db.write() as tx:
            await access.locked(tx.session, ticket.ticket_id)
            row = await tx.session.get_one(StoodStill, key, populate_existing=True)
            if row.state != ticket.state:
                return  # another node was quicker
            if row.state == WANTED:
                row.state = PAUSED
                act = Act(event="force_majeure_began", reason=standstill.reason)
                await acts.perform(tx, ticket.ticket_id, act, _who(standstill))
            else:
                row.state = ENDED
                act = Act(event="force_majeure_ended", reason=standstill.reason)
                at = standstill.until_at
                await acts.perform(tx, ticket.ticket_id, act, SYSTEM, at=at)
    except ActRefused as refusal:
        log.info("standstill.refused", ticket=ticket.ticket_id, why=refusal.why)
        async with db.write() as tx:
            row = await tx.session.get_one(StoodStill, key)
            row.state = REFUSED if ticket.state == WANTED else ENDED


async def _close(db: Database, now: datetime) -> None:
    """Mark the standstills of which no ticket pauses any more."""
    query = select(Standstill).where(
        col(Standstill.ended_at).is_(None), col(Standstill.until_at) <= now
    )
    async with db.read() as session:
        over = list((await session.execute(query)).scalars())
    for row in over:
        async with db.write() as tx:
            found = await tx.session.get_one(Standstill, row.id)
            found.ended_at = found.until_at
            found.ended_by = found.ended_by or SYSTEM.id


def _who(standstill: Standstill) -> Viewer:
    """Return who declared it, as far as the act asks."""
    grant = Grant(hotline=HotlineId(standstill.hotline), role=Role.COORDINATOR)
    return Viewer(id=AccountId(standstill.by), name="", grants=frozenset({grant}))

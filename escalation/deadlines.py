"""Keeps a ticket's deadline rows the same as its ladder says."""

from collections.abc import Iterable

from escalation import store
from escalation.events import DeadlineSet
from escalation.state import Line, State
from escalation.tables import CANCELLED, FIRED, Deadline
from tickets.tables import Ticket
from tongdai.db import Tx
from tongdai.ids import HotlineId, TicketId


async def keep(tx: Tx, ticket: Ticket, state: State, lines: Iterable[Line]) -> None:
    """Fire, cancel and set rows, so that exactly what the ladder still waits for is waiting."""
    missed = {line.stage for line in lines if line.do == "missed"}
    wanted = {(s.stage, s.due) for s in state.running if s.due is not None and not s.missed}
    for row in await store.waiting(tx.session, ticket.id):
        if (row.stage, row.due_at) in wanted and row.stage not in missed:
            wanted.discard((row.stage, row.due_at))
            continue
        row.state = FIRED if row.stage in missed and row.due_at < tx.now else CANCELLED
        row.done_at = tx.now
    for stage, due in sorted(wanted):
        tx.session.add(
            Deadline(
                ticket_id=ticket.id, hotline=ticket.hotline, stage=stage, due_at=due, set_at=tx.now
            )
        )
        tx.emit(
            DeadlineSet(ticket=TicketId(ticket.id), hotline=HotlineId(ticket.hotline), due_at=due)
        )

"""Keeps a ticket's deadline rows the same as its ladder says."""

from collections.abc import Iterable

from escalation import store
from escalation.events import DeadlineSet
from escalation.procedure import Procedure
from escalation.standing import waits
from escalation.state import Line, State
from escalation.tables import CANCELLED, FIRED, Deadline
from tickets.tables import Ticket
from tongdai.db import Tx
from tongdai.ids import HotlineId, TicketId


async def keep(
    tx: Tx, ticket: Ticket, procedure: Procedure, state: State, lines: Iterable[Line]
) -> None:
    """Fire, cancel and set rows, so that exactly what the ladder still waits for is waiting."""
    fired = {("stage", line.at) for line in lines if line.do == "missed"}
    fired |= {("reminder", line.at) for line in lines if line.do == "remind"}
    wanted = set(waits(procedure, state))
    for row in await store.waiting(tx.session, ticket.id):
        if (row.stage, row.kind, row.due_at) in wanted:
            wanted.discard((row.stage, row.kind, row.due_at))
            continue
        row.state = FIRED if (row.kind, row.due_at) in fired else CANCELLED
        row.done_at = tx.now
    for stage, kind, due in sorted(wanted):
        tx.session.add(
            Deadline(
                ticket_id=ticket.id,
                hotline=ticket.hotline,
                stage=stage,
                kind=kind,
                due_at=due,
                set_at=tx.now,
            )
        )
        tx.emit(
            DeadlineSet(ticket=TicketId(ticket.id), hotline=HotlineId(ticket.hotline), due_at=due)
        )

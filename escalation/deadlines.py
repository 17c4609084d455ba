"""Keeps a ticket's deadline rows the same as its ladder says."""

from collections.abc import Iterable
from datetime import datetime

from escalation.events import DeadlineSet
from escalation.state import Line
from escalation.tables import CANCELLED, FIRED, Deadline
from tickets.tables import Ticket
from tongdai.db import Tx
from tongdai.ids import HotlineId, TicketId


def keep(
    tx: Tx,
    ticket: Ticket,
    waiting: Iterable[Deadline],
    *,
    wanted: Iterable[tuple[str, str, datetime]],
    lines: Iterable[Line],
) -> tuple[Deadline, ...]:
    """Fire, cancel and set rows, so that exactly what the ladder still waits for is waiting.

    Args:
        tx: The transaction.
        ticket: Whose; its row is locked.
        waiting: The rows that waited before.
        wanted: What the ladder waits for; see standing.waits.
        lines: What it said: what fell due in it was fired, the rest is cancelled.

    Returns:
        The rows that wait now.
    """
    fired = {("stage", line.at) for line in lines if line.do == "missed"}
    fired |= {("reminder", line.at) for line in lines if line.do == "remind"}
    missing, kept = set(wanted), []
    for row in waiting:
        if (row.stage, row.kind, row.due_at) in missing:
            missing.discard((row.stage, row.kind, row.due_at))
            kept.append(row)
            continue
        row.state = FIRED if (row.kind, row.due_at) in fired else CANCELLED
        row.done_at = tx.now
    for stage, kind, due in sorted(missing):
        row = Deadline(
            ticket_id=ticket.id,
            hotline=ticket.hotline,
            stage=stage,
            kind=kind,
            due_at=due,
            set_at=tx.now,
        )
        tx.session.add(row)
        kept.append(row)
        tx.emit(
            DeadlineSet(ticket=TicketId(ticket.id), hotline=HotlineId(ticket.hotline), due_at=due)
        )
    return tuple(kept)

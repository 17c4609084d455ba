"""A ticket's history: acts and lines in the audit chain of its hotline."""

from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from escalation.act import Act
from escalation.state import Line
from tickets.tables import Ticket
from tongdai import audit
from tongdai.accounts.model import Viewer
from tongdai.clock import HCM
from tongdai.db import Tx

_ACT = "act"
_PRIVATE = {"text", "guidance"}
"""The answer's words stand in the register; the history says that and when."""


async def act(tx: Tx, ticket: Ticket, done: Act, by: Viewer) -> None:
    """Write an act down: which, who, with what."""
    data = {
        name: value.isoformat() if isinstance(value, date | datetime) else value
        for name, value in asdict(done).items()
        if value is not None and name not in _PRIVATE
    }
    await audit.append(
        tx,
        chain=audit.ticket_chain(ticket.hotline),
        subject=ticket.id,
        kind=_ACT,
        actor=by.id,
        data=data,
    )


def line(ticket: Ticket, what: Line, by: Viewer, now: datetime) -> audit.Line:
    """Return a line of history, with when it was due (`at`) and when it was done (`now`)."""
    return audit.Line(
        chain=audit.ticket_chain(ticket.hotline),
        subject=ticket.id,
        kind=what.do,
        actor=by.id,
        data=what.as_json() | {"done": now.astimezone(HCM).isoformat()},
        at=what.at,
    )


async def lines(tx: Tx, ticket: Ticket, what: list[Line], by: Viewer) -> None:
    """Write lines down."""
    await audit.append_all(tx, [line(ticket, one, by, tx.now) for one in what])


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """Why due times moved: the calendar's change, by whom, in whose words."""

    by: str
    note: str
    version: str


async def why(tx: Tx, ticket: Ticket, reason: Why) -> None:
    """Write down why the due times of a ticket move."""
    await audit.append(
        tx,
        chain=audit.ticket_chain(ticket.hotline),
        subject=ticket.id,
        kind="calendar_changed",
        actor=reason.by,
        data={"note": reason.note, "version": reason.version},
    )


async def read(session: AsyncSession, ticket_id: str, *, acts: bool) -> list[dict[str, Any]]:
    """Return a ticket's history, oldest first.

    Args:
        session: To read with.
        ticket_id: Whose.
        acts: Also the acts themselves and what other parts wrote, with their `kind`.
    """
    ticket = await session.get(Ticket, ticket_id)
    if ticket is None:
        return []
    entries = await audit.history(session, audit.ticket_chain(ticket.hotline), ticket_id)
    return [
        entry.data | {"actor": entry.actor} if "do" in entry.data else _other(entry)
        for entry in entries
        if acts or "do" in entry.data
    ]


def _other(entry: audit.AuditEntry) -> dict[str, Any]:
    at = entry.at.astimezone(HCM).isoformat()
    return {"at": at, "kind": entry.kind, **entry.data, "actor": entry.actor}

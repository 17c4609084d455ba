"""Remarks and corrections beside a ticket's text, which itself never changes (CT-7.1)."""

from typing import Literal

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tickets.access import to_change
from tickets.errors import FormIncomplete
from tickets.events import TicketChanged, about
from tickets.model import LONGEST, clean_lines
from tickets.tables import Note
from tongdai import audit
from tongdai.accounts.model import Viewer
from tongdai.db import Tx

Kind = Literal["note", "correction", "reroute_request", "extension_request"]


async def add(tx: Tx, ticket_id: str, *, kind: Kind, text: str, by: Viewer) -> Note:
    """Write a remark, a correction, or a unit's request: another unit (A-CT-15), a later date.

    Raises:
        FormIncomplete: The text is empty or too long.
        NoSuchTicket, TicketForbidden: See tickets.access.
    """
    ticket = await to_change(tx.session, by, ticket_id, "note")
    words = clean_lines(text)
    if not words or len(words) > LONGEST["content"]:
        raise FormIncomplete(fields={"text": "too_long" if words else "required"}, ticket=ticket_id)
    note = Note(ticket_id=ticket_id, kind=kind, text=words, at=tx.now, by=by.id)
    tx.session.add(note)
    await audit.append(
        tx,
        chain=audit.ticket_chain(ticket.hotline),
        subject=ticket_id,
        kind="noted",
        actor=by.id,
        data={"note": note.id, "kind": kind, "text": words},
    )
    tx.emit(TicketChanged(**about(ticket, by)))
    return note


async def of_ticket(session: AsyncSession, ticket_id: str) -> list[Note]:
    """Return the notes of a ticket, oldest first."""
    query = (
        select(Note).where(col(Note.ticket_id) == ticket_id).order_by(col(Note.at), col(Note.id))
    )
    return list((await session.execute(query)).scalars())

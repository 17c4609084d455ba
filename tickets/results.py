"""What units answer and promise: results with their document, letters with their date."""

from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tickets import attachments
from tickets.access import to_change
from tickets.errors import FormIncomplete
from tickets.events import ResultRecorded, about
from tickets.filing import touch
from tickets.model import LONGEST, clean_lines
from tickets.tables import ExtensionLetter, Result, Ticket
from tongdai.accounts.model import Viewer
from tongdai.db import Tx
from tongdai.ids import UnitId
from tongdai.text import clean

_LONGEST_NUMBER = 100


async def record(
    tx: Tx,
    ticket_id: str,
    *,
    text: str,
    by: Viewer,
    document_number: str = "",
    unit_id: str | None = None,
    attachment_id: str | None = None,
    by_law: bool = False,
) -> Result:
    """Keep a unit's result: unit, author, time, text, document (CT-7.2, CT-9.1.2c).

    Whether a document is needed, and what follows, is the law's to say.

    Args:
        tx: The open transaction.
        ticket_id: The ticket.
        text: What the sender is answered.
        by: The unit's own person, or an operator who enters a paper reply (A-CT-8).
        document_number: Of the written reply.
        unit_id: Whose result it is; default: the unit that has the ticket.
        attachment_id: The reply as a file, attached to the ticket before.
        by_law: The procedure has named the viewer's role; see tickets.access.to_change.

    Raises:
        FormIncomplete: The text is empty or too long, or the document's number too long.
        NoSuchAttachment: The ticket has no such file.
        NoSuchTicket, TicketForbidden: See tickets.access.
    """
    ticket = await to_change(tx.session, by, ticket_id, "answered", by_law=by_law)
    words, number = clean_lines(text), clean(document_number)
    wrong = {"text": "required"} if not words else {}
    if len(words) > LONGEST["content"]:
        wrong["text"] = "too_long"
    if len(number) > _LONGEST_NUMBER:
        wrong["document_number"] = "too_long"
    if wrong:
        raise FormIncomplete(fields=wrong, ticket=ticket_id)
    if attachment_id is not None:
        await attachments.get(tx.session, ticket_id, attachment_id)
    result = Result(
        ticket_id=ticket_id,
        unit_id=unit_id or ticket.unit_id,
        person_id=by.person,
        text=words,
        document_number=number,
        attachment_id=attachment_id,
        at=tx.now,
        by=by.id,
    )
    tx.session.add(result)
    touch(tx, ticket, by)
    unit = UnitId(result.unit_id) if result.unit_id else None
    tx.emit(ResultRecorded(**about(ticket, by), unit=unit))
    return result


async def letter(
    tx: Tx,
    ticket: Ticket,
    *,
    document_number: str,
    document_date: date,
    until: datetime,
    by: Viewer,
    reason: str = "",
    attachment_id: str | None = None,
) -> ExtensionLetter:
    """Keep the letter that promises a final date (CT-9.1.2d); the law has allowed it already.

    Raises:
        NoSuchAttachment: The ticket has no such file.
    """
    if attachment_id is not None:
        await attachments.get(tx.session, ticket.id, attachment_id)
    row = ExtensionLetter(
        ticket_id=ticket.id,
        document_number=clean(document_number)[:_LONGEST_NUMBER],
        document_date=document_date,
        until=until,
        reason=clean_lines(reason),
        attachment_id=attachment_id,
        at=tx.now,
        by=by.id,
    )
    tx.session.add(row)
    return row


async def of_ticket(session: AsyncSession, ticket_id: str) -> list[Result]:
    """Return the results of a ticket, oldest first."""
    query = (
        select(Result)
        .where(col(Result.ticket_id) == ticket_id)
        .order_by(col(Result.at), col(Result.id))
    )
    return list((await session.execute(query)).scalars())


async def letters_of_ticket(session: AsyncSession, ticket_id: str) -> list[ExtensionLetter]:
    """Return the letters of a ticket, oldest first."""
    query = (
        select(ExtensionLetter)
        .where(col(ExtensionLetter.ticket_id) == ticket_id)
        .order_by(col(ExtensionLetter.at), col(ExtensionLetter.id))
    )
    return list((await session.execute(query)).scalars())

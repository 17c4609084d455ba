"""A ticket as the console shows it: the form that is being filled in, or what became of it."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from sms import store as messages
from tickets import attachments, drafts, notes
from tickets.access import sender
from tickets.directory import Person, Unit
from tickets.forms import form_of
from tickets.model import TicketForm, TicketState
from tickets.tables import Ticket
from tongdai.accounts.model import Viewer
from web.console.shape import Json
from web.ports import iso
from web.render import until

SECRET = ("sender_name", "sender_address", "sender_phone", "sender_email", "contact")


async def ticket_json(session: AsyncSession, ticket: Ticket, who: Viewer, now: datetime) -> Json:
    """Return everything that the console shows of a ticket.

    Args:
        session: To read with; an open transaction's shows what it changed.
        ticket: Which; the viewer may see it.
        who: A confidential sender is shown to those who must act only.
        now: The service's moment.
    """
    form, revision = await _form(session, ticket)
    if sender(who, ticket).masked:
        form = {name: value for name, value in form.items() if name not in SECRET}
    unit = await session.get(Unit, ticket.unit_id) if ticket.unit_id else None
    person = await session.get(Person, ticket.person_id) if ticket.person_id else None
    files = await attachments.of_ticket(session, ticket.id)
    return {
        "id": ticket.id,
        "hotline": ticket.hotline,
        "number": ticket.number,
        "code": ticket.code or "",
        "state": ticket.state,
        "channel": ticket.channel,
        "call": ticket.call_id,
        "form": form,
        "revision": revision,
        "files": [{"id": f.id, "name": f.name, "bytes": f.bytes} for f in files],
        "due_at": iso(ticket.due_at),
        "due_words": until(ticket.due_at),
        "overdue": ticket.overdue,
        "late": ticket.due_at is not None and ticket.due_at < now,
        "unit": unit.name if unit else "",
        "person": person.name if person else "",
        "stage": ticket.stage,
        "message": await _message(session, ticket),
        "notes": [
            {"at": iso(n.at), "text": n.text} for n in await notes.of_ticket(session, ticket.id)
        ],
    }


async def _form(session: AsyncSession, ticket: Ticket) -> tuple[dict[str, str], int]:
    if ticket.state != TicketState.DRAFT:
        return _flat(form_of(ticket)) | {"direct_answer": ticket.direct_answer}, 0
    form, revision = await drafts.load(session, ticket.id)
    return _flat(form), revision


def _flat(form: TicketForm) -> dict[str, str]:
    """Return the inputs of a form, those that a page added among them."""
    values = {k: str(v) for k, v in form.as_dict().items() if k != "more"}
    return dict(form.more) | values


async def _message(session: AsyncSession, ticket: Ticket) -> Json | None:
    """Return how the last SMS that told a unit stands."""
    stories = await messages.of_ticket(session, ticket.id)
    told = [s.message for s in stories if s.message.purpose in ("referral", "forwarding")]
    return {"state": told[-1].state, "purpose": told[-1].purpose} if told else None

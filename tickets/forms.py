"""Between a ticket's row and the form: one way and the other."""

from tickets.model import PLAIN, Channel, TicketForm
from tickets.tables import Ticket


def form_of(ticket: Ticket) -> TicketForm:
    """Return the form that a ticket's columns amount to."""
    return TicketForm(
        type=ticket.type or "",
        channel=ticket.channel,
        sender_kind=ticket.sender_kind,
        sender_name=ticket.sender_name,
        sender_address=ticket.sender_address,
        sender_phone=ticket.sender_phone,
        sender_email=ticket.sender_email,
        content=ticket.content,
        field=ticket.field_id or "",
        place=ticket.place,
        unit=ticket.proposed_unit_id or "",
        contact=ticket.contact_id or "",
        confidential="on" if ticket.confidential else "",
    )


def mirror(ticket: Ticket, form: TicketForm) -> None:
    """Let lists show what a draft says; ids are looked at when it is filed."""
    taken = form.checked(PLAIN)
    ticket.sender_name, ticket.sender_e164 = taken.sender_name[:200], taken.sender_e164
    ticket.sender_phone, ticket.place = taken.sender_phone[:64], taken.place[:500]
    ticket.type = form.type[:64] or None
    if form.channel in set(Channel):
        ticket.channel = form.channel

"""From a form to a ticket: numbers without holes, refusals with their ground, states."""

from datetime import datetime

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col, select

from tickets import codes, contacts, search, units
from tickets.access import to_change
from tickets.drafts import load
from tickets.errors import FormIncomplete, NoSuchContact, NoSuchUnit, UnknownGround, WrongState
from tickets.events import TicketChanged, TicketFiled, TicketRejected, about
from tickets.model import PLAIN, Checked, FormRules, TicketForm, TicketState, clean_lines
from tickets.tables import SubjectField, Ticket, TicketDraft, TicketNumber
from tongdai.accounts.model import Viewer
from tongdai.clock import HCM
from tongdai.db import Tx

_ENDED = (TicketState.CLOSED, TicketState.REJECTED)


async def file(
    tx: Tx, ticket_id: str, form: TicketForm, by: Viewer, *, rules: FormRules = PLAIN
) -> Ticket:
    """Make a ticket of a draft: checked, numbered, open.

    Track, level, stage and due time are escalation's to write.

    Args:
        tx: The open transaction; when it is rolled back the number is given to the next.
        ticket_id: A draft.
        form: Everything that stands in the form.
        by: Who files it.
        rules: What the hotline's procedure says about the form.

    Raises:
        NoSuchTicket: There is none that the viewer sees.
        TicketForbidden: The viewer does not work at the hotline's desk.
        WrongState: It is filed already.
        FormIncomplete: Fields are missing or cannot be read (CT-6.2, CT-6.3).
    """
    ticket = await to_change(tx.session, by, ticket_id, "file")
    _must_be(ticket, TicketState.DRAFT)
    return await _file(tx, ticket, form, form.validate(rules), by, rules)


async def reject(  # noqa: PLR0913 - a refusal has that many sides, each by its name
    tx: Tx,
    ticket_id: str,
    by: Viewer,
    *,
    ground: str,
    reason: str = "",
    guidance: str = "",
    rules: FormRules = PLAIN,
    form: TicketForm | None = None,
    by_law: bool = False,
) -> Ticket:
    """Refuse what does not fit articles 4 and 6, with the ground and how to complete it (CT-8.2).

    A draft is numbered first, as it stands: what it lacks may be the very ground.

    Args:
        tx: The open transaction.
        ticket_id: A draft or an open ticket.
        by: Who refuses.
        ground: A code of the procedure's grounds.
        reason: In words, for this case.
        guidance: What the sender is told to do; empty: the ground's own.
        rules: What the hotline's procedure says.
        form: What stands in the form of a draft; default: what was saved last.
        by_law: The procedure has named the viewer's role; see tickets.access.to_change.

    Raises:
        UnknownGround: The procedure has no such ground.
        NoSuchTicket, TicketForbidden, WrongState: As in `file`.
    """
    ticket = await to_change(tx.session, by, ticket_id, "rejected", by_law=by_law)
    _must_be(ticket, TicketState.DRAFT, TicketState.OPEN)
    known = rules.ground(ground)
    if known is None:
        raise UnknownGround(fields={"ground": "not_known"}, ticket=ticket_id)
    if ticket.state == TicketState.DRAFT:
        typed = form or (await load(tx.session, ticket_id))[0]
        await _file(tx, ticket, typed, typed.checked(rules), by, rules)
    ticket.ground, ticket.reason = ground, clean_lines(reason)
    ticket.guidance = clean_lines(guidance) or known.guidance
    settle(tx, ticket, TicketState.REJECTED, by)
    tx.emit(TicketRejected(**about(ticket, by), ground=ground))
    return ticket


async def answer_directly(
    tx: Tx, ticket_id: str, answer: str, by: Viewer, *, by_law: bool = False
) -> Ticket:
    """Keep the answer that the operator gave on the spot, and close (CT-9.1.1).

    `by_law`: the procedure has named the viewer's role; see tickets.access.to_change.

    Raises:
        FormIncomplete: The answer is empty.
        NoSuchTicket, TicketForbidden, WrongState: As in `file`; the ticket must be open.
    """
    ticket = await to_change(tx.session, by, ticket_id, "answered_directly", by_law=by_law)
    _must_be(ticket, TicketState.OPEN)
    text = clean_lines(answer) or ticket.direct_answer
    if not text:
        raise FormIncomplete(fields={"direct_answer": "required"}, ticket=ticket_id)
    ticket.direct_answer = text
    settle(tx, ticket, TicketState.CLOSED, by)
    return ticket


def settle(tx: Tx, ticket: Ticket, state: TicketState, by: Viewer) -> None:
    """Set the state of a ticket whose row is locked, with all that hangs on it."""
    ticket.state = state
    ticket.closed_at = tx.now if state in _ENDED else None
    touch(tx, ticket, by)


def touch(tx: Tx, ticket: Ticket, by: Viewer) -> None:
    """Count a change of a ticket whose row is locked, and tell whoever shows it."""
    ticket.changed_at = tx.now
    ticket.version += 1
    tx.emit(TicketChanged(**about(ticket, by)))


def searched(ticket: Ticket) -> list[str]:
    """Return the texts by which a ticket is found, the most telling first."""
    return [ticket.sender_name, ticket.place, ticket.sender_address, ticket.content]


async def _file(
    tx: Tx, ticket: Ticket, form: TicketForm, taken: Checked, by: Viewer, rules: FormRules
) -> Ticket:
    await _take(tx, ticket, taken)
    ticket.procedure = rules.procedure
    ticket.number = await _next_number(tx, ticket.hotline, tx.now)
    ticket.code = await _free_code(tx)
    ticket.state = TicketState.OPEN
    ticket.filed_at, ticket.filed_by = tx.now, by.id
    contact = await contacts.remember(tx, ticket.hotline, taken, caller=ticket.caller_e164)
    ticket.contact_id = contact.id if contact else None
    scope = f"ticket:{ticket.hotline}"
    await search.index(tx, scope, ticket.id, ticket.created_at, searched(ticket))
    draft = await tx.session.get(TicketDraft, ticket.id)
    if draft is not None:
        draft.form = form.as_dict()  # what was typed stays beside what was taken of it
    touch(tx, ticket, by)
    tx.emit(TicketFiled(**about(ticket, by), number=ticket.number))
    return ticket


async def _take(tx: Tx, ticket: Ticket, taken: Checked) -> None:
    field = await _field(tx, ticket.hotline, taken.field)
    ticket.type, ticket.channel = taken.type, taken.channel
    ticket.sender_kind, ticket.sender_name = taken.sender_kind, taken.sender_name
    ticket.sender_address, ticket.sender_email = taken.sender_address, taken.sender_email
    ticket.sender_phone, ticket.sender_e164 = taken.sender_phone, taken.sender_e164
    ticket.content, ticket.place = taken.content, taken.place
    ticket.confidential, ticket.direct_answer = taken.confidential, taken.direct_answer
    ticket.field_id = field.id if field else None
    ticket.proposed_unit_id = field.unit_id if field else None
    if taken.unit:
        try:
            chosen = await units.handling(tx.session, ticket.hotline, taken.unit, tx.now)
        except NoSuchUnit as refusal:
            raise FormIncomplete(fields={"unit": "not_known"}, ticket=ticket.id) from refusal
        ticket.proposed_unit_id = chosen.id
    if taken.contact:
        try:
            await contacts.get(tx.session, ticket.hotline, taken.contact)
        except NoSuchContact as refusal:
            raise FormIncomplete(fields={"contact": "not_known"}, ticket=ticket.id) from refusal


async def _field(tx: Tx, hotline: str, field_id: str | None) -> SubjectField | None:
    if field_id is None:
        return None
    field = await tx.session.get(SubjectField, field_id)
    if field is None or field.hotline != hotline:
        raise FormIncomplete(fields={"field": "not_known"})
    return field


async def _next_number(tx: Tx, hotline: str, at: datetime) -> str:
    """Count one further; the row stays locked until the transaction ends, so none is lost."""
    year = at.astimezone(HCM).year
    sqlite_here = tx.session.get_bind().dialect.name == "sqlite"
    insert = sqlite.insert if sqlite_here else postgresql.insert
    count = (
        insert(TicketNumber)
        .values(hotline=hotline, year=year, last=1)
        .on_conflict_do_update(
            index_elements=["hotline", "year"], set_={"last": col(TicketNumber.last) + 1}
        )
        .returning(col(TicketNumber.last))
    )
    last = (await tx.session.execute(count)).scalar_one()
    return f"{year}-{last:06d}"


async def _free_code(tx: Tx) -> str:
    while True:
        code = codes.new_code()
        taken = select(col(Ticket.id)).where(col(Ticket.code) == code)
        if (await tx.session.execute(taken)).scalar_one_or_none() is None:
            return code


def _must_be(ticket: Ticket, *states: TicketState) -> None:
    if ticket.state not in states:
        raise WrongState(ticket=ticket.id, state=ticket.state)

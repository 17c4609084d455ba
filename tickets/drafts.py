"""Forms that are being filled in: opened by a call, kept as typed, thrown away or filed."""

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tickets import contacts
from tickets.access import get, to_change
from tickets.errors import TicketChangedMeanwhile, TicketForbidden, WrongState
from tickets.events import (
    DraftSaved,
    TicketChanged,
    TicketDiscarded,
    TicketDrafted,
    TicketLinked,
    about,
)
from tickets.forms import form_of, mirror
from tickets.model import Channel, TicketForm, TicketState
from tickets.tables import Attachment, Note, Ticket, TicketCall, TicketDraft
from tickets.units import fields
from tongdai.accounts.model import SYSTEM, Role, Viewer
from tongdai.db import Tx
from tongdai.ids import CallId
from tongdai.phone import Caller
from tongdai.text import fold

_OPENERS = (Role.OPERATOR, Role.SUPERVISOR, Role.COORDINATOR, Role.ONE_STOP)


async def open_for_call(
    tx: Tx,
    *,
    hotline: str,
    call: str,
    caller: Caller,
    caller_name: str,
    by: Viewer,
    about_field: str = "",
) -> Ticket:
    """Return the form of a call, opened now if it is not there: one a call, asked however often.

    What is known is filled in: the number, and the sender when just one contact is known on it.
    Of several none is chosen. When the call was linked to a ticket already, that one is returned.

    Args:
        tx: The open transaction.
        hotline: That was called.
        call: The call's id.
        caller: The caller's number as understood.
        caller_name: What the network says; shown beside the form, never taken for the truth.
        by: The operator who answered.
        about_field: What the caller chose in the menu, in words; filled in when the hotline has
            a field of that name or code.
    """
    known = await of_call(tx.session, call)
    if known is not None:
        return known
    ticket = Ticket(
        hotline=hotline,
        channel=Channel.PHONE,
        call_id=call,
        popped_by=call,
        caller_e164=caller.e164,
        created_by=by.id,
        created_at=tx.now,
        changed_at=tx.now,
    )
    try:
        async with tx.session.begin_nested():
            tx.session.add(ticket)
    except IntegrityError:  # another node opened it in this very moment
        return await _popped(tx.session, call)
    form = await _prefilled(tx.session, hotline, caller, caller_name, about_field)
    await _began(tx, ticket, form, by, CallId(call))
    return ticket


async def open_blank(tx: Tx, *, hotline: str, channel: Channel, by: Viewer) -> Ticket:
    """Open a form without a call: for what came in otherwise, or a second matter of a caller.

    Raises:
        TicketForbidden: The viewer does not work at the hotline's desk.
    """
    _must_open(by, hotline)
    ticket = Ticket(
        hotline=hotline, channel=channel, created_by=by.id, created_at=tx.now, changed_at=tx.now
    )
    tx.session.add(ticket)
    await tx.session.flush()  # the draft names it
    await _began(tx, ticket, TicketForm(channel=channel), by, None)
    return ticket


async def resubmit(tx: Tx, rejected_id: str, by: Viewer) -> Ticket:
    """Open a form that completes a rejected ticket, filled in with what that one says (CT-8.2).

    Raises:
        NoSuchTicket: There is none that the viewer sees.
        WrongState: It is not rejected.
    """
    old = await get(tx.session, by, rejected_id)
    if old.state != TicketState.REJECTED:
        raise WrongState(ticket=old.id, state=old.state)
    ticket = await open_blank(tx, hotline=old.hotline, channel=Channel(old.channel), by=by)
    ticket.resubmission_of = old.id
    draft = await tx.session.get_one(TicketDraft, ticket.id)
    draft.form = form_of(old).as_dict()
    return ticket


async def save(
    tx: Tx, ticket_id: str, form: TicketForm, by: Viewer, *, revision: int | None = None
) -> TicketDraft:
    """Keep what is typed, whatever it is; the form is judged at filing.

    Args:
        tx: The open transaction.
        ticket_id: A draft.
        form: Everything that stands in the form.
        by: Who types.
        revision: The one that the form was loaded with or saved as last.

    Raises:
        NoSuchTicket: There is none that the viewer sees.
        TicketForbidden: The viewer may not write in it.
        WrongState: It is filed already; its text is fixed (CT-7.1).
        TicketChangedMeanwhile: Another tab or person saved after `revision`.
    """
    ticket = await to_change(tx.session, by, ticket_id, "save")
    _must_be_draft(ticket)
    draft = await tx.session.get(TicketDraft, ticket_id)
    if draft is None:
        draft = TicketDraft(ticket_id=ticket_id, revision=0, saved_at=tx.now, saved_by=by.id)
        tx.session.add(draft)
    if revision is not None and revision != draft.revision:
        raise TicketChangedMeanwhile(ticket=ticket_id, revision=draft.revision)
    draft.form, draft.revision = form.as_dict(), draft.revision + 1
    draft.saved_at, draft.saved_by = tx.now, by.id
    mirror(ticket, form)
    ticket.changed_at = tx.now
    tx.emit(DraftSaved(**about(ticket, by), revision=draft.revision))
    return draft


async def load(session: AsyncSession, ticket_id: str) -> tuple[TicketForm, int]:
    """Return what was typed into a draft, and its revision; an empty form when nothing was."""
    draft = await session.get(TicketDraft, ticket_id)
    return (TicketForm.of(draft.form), draft.revision) if draft else (TicketForm(), 0)


async def of_call(session: AsyncSession, call: str) -> Ticket | None:
    """Return the ticket that a call is about: the one it was linked to last, else its draft."""
    query = (
        select(Ticket)
        .join(TicketCall, col(TicketCall.ticket_id) == col(Ticket.id))
        .where(col(TicketCall.call_id) == call)
        .order_by(col(TicketCall.linked_at).desc(), col(Ticket.created_at).desc())
        .limit(1)
    )
    linked: Ticket | None = (await session.execute(query)).scalar_one_or_none()
    if linked is not None:
        return linked
    own = select(Ticket).where(col(Ticket.popped_by) == call)
    return (await session.execute(own)).scalar_one_or_none()


async def mine(session: AsyncSession, by: Viewer, limit: int = 50) -> list[Ticket]:
    """Return a person's unfinished forms, newest first."""
    query = (
        select(Ticket)
        .where(col(Ticket.created_by) == by.id, col(Ticket.state) == TicketState.DRAFT)
        .order_by(col(Ticket.created_at).desc(), col(Ticket.id).desc())
        .limit(limit)
    )
    return list((await session.execute(query)).scalars())


async def link(tx: Tx, ticket_id: str, call: str, by: Viewer) -> Ticket:
    """Say that a call is about a ticket; said twice it is harmless.

    The call's own form goes away when nothing was typed into it beyond what was filled in.

    Raises:
        NoSuchTicket: There is none that the viewer sees.
        TicketForbidden: The viewer does not work at the hotline's desk.
    """
    ticket = await to_change(tx.session, by, ticket_id, "link")
    own = await _popped_or_none(tx.session, call)
    if own is not None and own.id != ticket.id and await _untouched(tx.session, own):
        await _delete(tx, own, by)
    await _link(tx, ticket, CallId(call), by)
    return ticket


async def discard(tx: Tx, ticket_id: str, by: Viewer) -> None:
    """Throw a form away that will not become a ticket.

    Raises:
        NoSuchTicket: There is none that the viewer sees.
        TicketForbidden: The viewer may not.
        WrongState: It is filed already, or files and notes hang on it.
    """
    ticket = await to_change(tx.session, by, ticket_id, "discard")
    _must_be_draft(ticket)
    for table in (Attachment, Note):
        hanging = select(table).where(col(table.ticket_id) == ticket_id).limit(1)
        if (await tx.session.execute(hanging)).scalar_one_or_none() is not None:
            raise WrongState(ticket=ticket_id, state=ticket.state)
    await _delete(tx, ticket, by)


async def _prefilled(
    session: AsyncSession, hotline: str, caller: Caller, caller_name: str, about_field: str
) -> TicketForm:
    known = await contacts.by_number(session, hotline, caller.e164)
    more = {"caller_name": caller_name[:200]} if caller_name else {}
    form = {"channel": str(Channel.PHONE), "sender_phone": caller.national if caller.e164 else ""}
    field_id = await _field_called(session, hotline, about_field)
    if field_id:
        form["field"] = field_id
    if len(known) == 1:
        form |= {
            "contact": known[0].id,
            "sender_kind": known[0].kind,
            "sender_name": known[0].name,
            "sender_address": known[0].address,
            "sender_email": known[0].email,
        }
    return TicketForm.of(form | more)


async def _field_called(session: AsyncSession, hotline: str, words: str) -> str:
    """Return the id of the hotline's field that is called so; empty: there is none."""
    wanted = fold(words)
    if not wanted:
        return ""
    found = await fields(session, hotline)
    return next((f.id for f in found if wanted in (fold(f.name), fold(f.code))), "")


async def _began(tx: Tx, ticket: Ticket, form: TicketForm, by: Viewer, call: CallId | None) -> None:
    tx.session.add(
        TicketDraft(ticket_id=ticket.id, form=form.as_dict(), saved_at=tx.now, saved_by=by.id)
    )
    mirror(ticket, form)
    tx.emit(TicketDrafted(**about(ticket, by), call=call))
    if call is not None:
        await _link(tx, ticket, call, by)


async def _link(tx: Tx, ticket: Ticket, call: CallId, by: Viewer) -> None:
    if await tx.session.get(TicketCall, (ticket.id, call)) is None:
        tx.session.add(
            TicketCall(ticket_id=ticket.id, call_id=call, linked_at=tx.now, linked_by=by.id)
        )
        await tx.session.flush()  # whoever asks for the call's ticket next finds it
    ticket.call_id = ticket.call_id or call
    tx.emit(TicketLinked(**about(ticket, by), call=call))
    tx.emit(TicketChanged(**about(ticket, by)))


async def _untouched(session: AsyncSession, ticket: Ticket) -> bool:
    draft = await session.get(TicketDraft, ticket.id)
    return ticket.state == TicketState.DRAFT and (draft is None or draft.revision == 1)


async def _delete(tx: Tx, ticket: Ticket, by: Viewer) -> None:
    what = about(ticket, by)
    links = select(TicketCall).where(col(TicketCall.ticket_id) == ticket.id)
    for row in (await tx.session.execute(links)).scalars():
        await tx.session.delete(row)
    draft = await tx.session.get(TicketDraft, ticket.id)
    if draft is not None:
        await tx.session.delete(draft)
    await tx.session.flush()  # nothing names it any more
    await tx.session.delete(ticket)
    await tx.session.flush()  # its call may open another form
    tx.emit(TicketDiscarded(**what))


async def _popped(session: AsyncSession, call: str) -> Ticket:
    found: Ticket = (
        await session.execute(select(Ticket).where(col(Ticket.popped_by) == call))
    ).scalar_one()
    return found


async def _popped_or_none(session: AsyncSession, call: str) -> Ticket | None:
    return (
        await session.execute(select(Ticket).where(col(Ticket.popped_by) == call))
    ).scalar_one_or_none()


def _must_be_draft(ticket: Ticket) -> None:
    if ticket.state != TicketState.DRAFT:
        raise WrongState(ticket=ticket.id, state=ticket.state)


def _must_open(by: Viewer, hotline: str) -> None:
    if by.id != SYSTEM.id and not by.has_any(_OPENERS, hotline):
        raise TicketForbidden(hotline=hotline, deed="save")

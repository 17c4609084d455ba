"""What an act and its lines do to the ticket's own rows."""

from collections.abc import Sequence

from escalation.act import Act
from escalation.events import StageMissed, TicketOverdue
from escalation.procedure import Procedure
from escalation.standing import waits
from escalation.state import Line, State
from sms import outbox
from sms.model import Purpose
from tickets import filing, ratings, referrals, results, units
from tickets.model import FormRules, TicketState
from tickets.tables import Ticket
from tongdai.accounts.model import Viewer
from tongdai.clock import HCM
from tongdai.db import Tx
from tongdai.ids import HotlineId, TicketId

_UNITS = frozenset({units.FOCAL_POINT, units.UNIT_HEAD})
_TO_OFFICIALS = (Purpose.REFERRAL, Purpose.FORWARDING)


async def reject(
    tx: Tx, ticket: Ticket, act: Act, by: Viewer, rules: FormRules, *, by_law: bool = False
) -> None:
    """Refuse a draft or an open ticket (CT-8.2); `by_law`: the procedure has named the role.

    Raises:
        UnknownGround, NoSuchTicket, TicketForbidden, WrongState: See tickets.filing.reject.
    """
    if ticket.state == TicketState.REJECTED:
        return  # a draft was filed and refused in one step
    await filing.reject(
        tx,
        ticket.id,
        by,
        ground=act.ground or "",
        reason=act.reason or "",
        guidance=act.guidance or "",
        rules=rules,
        by_law=by_law,
    )


async def out(
    tx: Tx,
    ticket: Ticket,
    act: Act,
    by: Viewer,
    rules: FormRules,
    lines: Sequence[Line] | None,
) -> None:
    """Do in the register what the ladder has allowed.

    Args:
        tx: The open transaction.
        ticket: The ticket, locked.
        act: What was done.
        by: Who did it.
        rules: What the form of a ticket goes by.
        lines: What the ladder said to it; None: the hotline has no procedure, so that the
            register's own table says who may.
    """
    by_law = lines is not None
    match act.event:
        case "rejected":
            await reject(tx, ticket, act, by, rules, by_law=by_law)
        case "answered_directly":
            await filing.answer_directly(tx, ticket.id, act.text or "", by, by_law=by_law)
        case "referred":
            if _falls_to_a_unit(lines or ()):  # HB: the one-stop desk is none
                await _refer(tx, ticket, act, by)
        case "extended":
            await _letter(tx, ticket, act, by)
        case "answered":
            await _answer(tx, ticket, act, by)
        case "received":
            _receive(ticket, lines or ())
        case "returned":
            await _return(tx, ticket, act, lines or ())
        case "rated":
            ratings.record(tx, ticket.id, score=act.score or "", reason=act.reason or "", by=by)
        case _:
            pass  # nothing of it lies in the register


async def mirror(
    tx: Tx, ticket: Ticket, procedure: Procedure, state: State, lines: list[Line], by: Viewer
) -> None:
    """Show in the ticket's columns where its ladder stands."""
    ticket_id, hotline = TicketId(ticket.id), HotlineId(ticket.hotline)
    ticket.track = state.track
    ticket.stage = state.running[-1].shown if state.running else None
    dues = [due for _, kind, due in waits(procedure, state) if kind == "stage"]
    ticket.due_at = min(dues, default=None)
    ticket.level = state.level if procedure.has_levels else None
    ticket.overdue = state.overdue
    for line in lines:
        if line.do == "missed":
            tx.emit(StageMissed(ticket=ticket_id, hotline=hotline, stage=str(line.stage)))
        elif line.do == "overdue":
            tx.emit(TicketOverdue(ticket=ticket_id, hotline=hotline))
    if state.closed_at is not None and ticket.state in (TicketState.OPEN, TicketState.ANSWERED):
        await referrals.end(tx, ticket.id, "closed")
        filing.settle(tx, ticket, TicketState.CLOSED, by)
    elif lines:
        filing.touch(tx, ticket, by)


async def _refer(tx: Tx, ticket: Ticket, act: Act, by: Viewer) -> None:
    await outbox.cancel(tx, ticket_id=ticket.id, purposes=_TO_OFFICIALS, reason="rerouted")
    await referrals.refer(
        tx,
        ticket.id,
        unit_id=act.unit_id or "",
        person_id=act.person_id,
        by=by,
        note=act.reason or "",
        by_law=True,
    )


async def _letter(tx: Tx, ticket: Ticket, act: Act, by: Viewer) -> None:
    if act.until is None:
        return  # the ladder refuses an extension without a date
    await results.letter(
        tx,
        ticket,
        document_number=act.document or "",
        document_date=act.document_date or tx.now.astimezone(HCM).date(),
        until=act.until,
        by=by,
        reason=act.reason or "",
        attachment_id=act.attachment_id,
    )


async def _answer(tx: Tx, ticket: Ticket, act: Act, by: Viewer) -> None:
    await outbox.cancel(tx, ticket_id=ticket.id, purposes=_TO_OFFICIALS, reason="answered")
    await results.record(
        tx,
        ticket.id,
        text=act.text or "",
        document_number=act.document_number or "",
        by=by,
        attachment_id=act.attachment_id,
        by_law=True,
    )
    await referrals.end(tx, ticket.id, "answered")


def _receive(ticket: Ticket, lines: Sequence[Line]) -> None:
    """Where a unit receives (HN-7.2), it is the one that was chosen in the form."""
    if _falls_to_a_unit(lines):
        ticket.unit_id = ticket.proposed_unit_id


async def _return(tx: Tx, ticket: Ticket, act: Act, lines: Sequence[Line]) -> None:
    """Take a ticket from its unit: passed up to the superior one, or back to the coordinator.

    Source: HN-7.2.c, TN-8.2.b.
    """
    await referrals.end(tx, ticket.id, "returned")
    superior = None
    if _falls_to_a_unit(lines) and ticket.unit_id is not None:
        superior = act.unit_id or (await units.unit(tx.session, ticket.unit_id)).parent_id
    if superior is not None and superior == act.unit_id:
        await units.handling(tx.session, ticket.hotline, superior, tx.now)
    ticket.unit_id, ticket.person_id = superior, None


def _falls_to_a_unit(lines: Sequence[Line]) -> bool:
    return any(line.do == "start" and line.responsible in _UNITS for line in lines)

"""Who listens to whom: an event of one part becomes a call of another."""

from dataclasses import dataclass
from typing import Any

from escalation.act import Act
from escalation.acts import Acts
from escalation.events import DeadlineSet, LawChanged
from escalation.wake import Waker
from sms.events import MessageOwed
from sms.sender import Sender
from telephony.bridge import Bridge
from telephony.calls.choice import choice_of
from telephony.calls.events import CallAnswered, CallEnded, CallReturned, CallsRestored
from telephony.calls.model import CallView
from telephony.calls.transfer import State
from telephony.recordings.intake import Intake
from telephony.transfers.events import TransferEnded
from telephony.transfers.model import TransferView
from tickets import drafts
from tickets.events import TicketLinked
from tickets.model import TicketState
from tickets.tables import Ticket
from tongdai import audit
from tongdai.accounts.model import Grant, Role, Viewer
from tongdai.db import Database, Tx
from tongdai.errands import Errands
from tongdai.events import Bus
from tongdai.ids import AccountId, TicketId
from tongdai.phone import parse_caller
from tongdai.settings import Settings
from tongdai.text import mask_number


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """Joins the parts; `join` is called once, before any of them runs.

    What follows from a call is done at the node that runs the bridge, and nowhere else.
    """

    settings: Settings
    db: Database
    bus: Bus
    errands: Errands
    bridge: Bridge
    intake: Intake
    acts: Acts
    waker: Waker
    sender: Sender
    bridging: bool = True

    def join(self) -> None:
        """Subscribe everybody."""
        on, within = self.bus.on, self.bus.within
        on(MessageOwed, self.sender.on_owed)
        on(DeadlineSet, self.waker.on_deadline_set)
        on(LawChanged, self.waker.on_law_changed)
        if not self.bridging:
            return
        on(CallAnswered, lambda event: self._open_form(event.call))
        on(CallReturned, lambda event: self._open_form(event.call))
        on(CallsRestored, self._after_restart)
        on(CallEnded, lambda event: self.intake.call_ended(event.call.pbx, event.call.linkedid))
        on(TicketLinked, lambda event: self.bridge.link_ticket(event.call, event.ticket))
        within(TransferEnded, self._write_down)

    def _after_restart(self, event: CallsRestored) -> None:
        for call in event.calls:
            self._open_form(call)

    def _open_form(self, call: CallView) -> None:
        """Have a draft for every call that an operator answered, whatever else happens to it."""
        if call.operator is None or call.ticket is not None or call.answered_at is None:
            return  # an outbound call has its operator before anybody answers
        self.errands.give("open form", lambda: self._draft(call, call.operator or ""))

    async def _draft(self, call: CallView, operator: str) -> None:
        grants = frozenset({Grant(hotline=call.hotline, role=Role.OPERATOR)})
        async with self.db.write() as tx:
            ticket = await drafts.open_for_call(
                tx,
                hotline=call.hotline,
                call=call.id,
                caller=parse_caller(call.caller_raw),
                caller_name=call.caller_name,
                by=Viewer(id=AccountId(operator), name="", grants=grants),
                about_field=choice_of(call.menu).field,
            )
        self.bridge.link_ticket(call.id, TicketId(ticket.id))

    async def _write_down(self, tx: Tx, event: TransferEnded) -> None:
        """Put what was tried, whom, how long and how it ended into the history (CT-9.1.2b)."""
        transfer = event.transfer
        ticket_id: str | None = transfer.ticket_id
        if ticket_id is None:
            ticket = await drafts.of_call(tx.session, transfer.call_id)
            ticket_id = ticket.id if ticket else None
        if ticket_id is None:
            return
        await audit.append(
            tx,
            chain=audit.ticket_chain(transfer.hotline),
            subject=ticket_id,
            kind="transfer",
            actor=transfer.by,
            data=_told(transfer),
        )
        if self._refers_by_itself(transfer):
            self.errands.give("refer", lambda: self._refer(ticket_id, transfer))

    def _refers_by_itself(self, transfer: TransferView) -> bool:
        hotline = self.settings.hotline_by_id(transfer.hotline)
        failed = transfer.state is State.RETURNED and transfer.unit_id is not None
        return bool(failed and hotline and hotline.auto_refer)

    async def _refer(self, ticket_id: str, transfer: TransferView) -> None:
        """Refer in the operator's name: the hotline says that no answer needs no further act."""
        grants = frozenset({Grant(hotline=transfer.hotline, role=Role.OPERATOR)})
        by = Viewer(id=transfer.by, name=transfer.by_name, grants=grants)
        act = Act(event="referred", unit_id=transfer.unit_id, person_id=transfer.person_id)
        async with self.db.write() as tx:
            ticket = await tx.session.get(Ticket, ticket_id)
            if ticket is not None and ticket.state == TicketState.OPEN and ticket.unit_id is None:
                await self.acts.perform(tx, ticket_id, act, by)


def _told(transfer: TransferView) -> dict[str, Any]:
    end, start = transfer.ended_at, transfer.started_at
    return {
        "transfer": transfer.id,
        "to": transfer.label or mask_number(transfer.number),
        "number": mask_number(transfer.number),
        "manner": transfer.kind.value,
        "state": transfer.state.value,
        "reason": transfer.reason.value if transfer.reason else None,
        "detail": transfer.detail,
        "seconds": round((end - start).total_seconds(), 1) if end else None,
        "by_name": transfer.by_name,
    }

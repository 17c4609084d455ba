"""A telephone floor without telephones: what the console sees of bridge, operators and transfers.

The fakes keep the real parts' values (CallView, Operator, TransferView) and publish the real
events, so that what a page shows comes the way it comes in the service.
"""

from dataclasses import dataclass, field, replace
from typing import Any, Literal

from telephony.calls.events import (
    CallAnswered,
    CallEnded,
    CallEvent,
    CallRinging,
    CallRingingStopped,
    CallStarted,
    CallUpdated,
)
from telephony.calls.model import CallState, CallView, Direction, Outcome
from telephony.calls.transfer import Kind, Reason, State
from telephony.control import DialFailed
from telephony.operators.errors import NotSignedOn
from telephony.operators.events import OperatorChanged
from telephony.operators.model import Operator, OperatorState
from telephony.transfers.errors import NoSuchTransfer
from telephony.transfers.events import TransferChanged
from telephony.transfers.model import Target, TransferView
from tongdai.accounts.model import Role, Viewer
from tongdai.clock import Clock
from tongdai.events import Bus
from tongdai.ids import AccountId, CallId, HotlineId, Linkedid, TicketId, TransferId, new_id
from tongdai.phone import parse_caller


@dataclass
class Floor:
    """Calls, operators and transfers of one bus."""

    bus: Bus
    clock: Clock
    seen: list[tuple[str, bool]] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)
    refusal: Exception | None = None
    hung_up: list[CallId] = field(default_factory=list)
    _calls: dict[CallId, CallView] = field(default_factory=dict)
    _operators: dict[AccountId, Operator] = field(default_factory=dict)
    _transfers: dict[TransferId, TransferView] = field(default_factory=dict)

    # --- what the world does ---

    def ring(self, account: str, number: str = "0912345678", **more: Any) -> CallId:
        """Let a citizen's call ring at an operator's phone."""
        hotline = more.pop("hotline", "can-tho")
        hidden = more.pop("hidden", False)
        caller = parse_caller(number, presentation_allowed=not hidden)
        now = self.clock.now()
        call = CallView(
            id=CallId(new_id()),
            pbx="main",
            linkedid=Linkedid(new_id()[:12]),
            hotline=HotlineId(hotline),
            direction=Direction.INBOUND,
            caller_number=caller.e164,
            caller_raw="" if hidden else number,
            caller_name=more.pop("name", ""),
            caller_kind=caller.kind,
            called_number="02921022",
            started_at=now,
            queue_joined_at=now,
            state=CallState.QUEUED,
            ringing=(AccountId(account),),
            **more,
        )
        self._calls[call.id] = call
        event = CallRinging(call=call, at=now, operator=AccountId(account), seat="web-1001")
        self.bus.publish(event)
        self.operator_is(account, OperatorState.RINGING)
        return call.id

    def answer(self, call_id: CallId) -> None:
        """Let the phone that rings be picked up: it stops ringing first, as Asterisk tells it."""
        who, now = self._calls[call_id].ringing[0], self.clock.now()
        call = self._put(call_id, ringing=())
        stopped = CallRingingStopped(call=call, at=now, operator=who, seat="", why="ANSWER")
        self.bus.publish(stopped)
        call = self._put(call_id, state=CallState.ANSWERED, operator=who, answered_at=now)
        self.bus.publish(CallAnswered(call=call, at=now, operator=who, seat="web-1001"))
        self.operator_is(who, OperatorState.TALKING)

    def taken_by(self, call_id: CallId, other: str) -> None:
        """Let somebody else take the call that rings here."""
        before = self._calls[call_id].ringing[0]
        call = self._put(
            call_id,
            ringing=(),
            state=CallState.ANSWERED,
            operator=AccountId(other),
            answered_at=self.clock.now(),
        )
        event = CallRingingStopped(
            call=call, at=self.clock.now(), operator=before, seat="", why="CANCEL"
        )
        self.bus.publish(event)
        self.operator_is(before, OperatorState.READY)

    def hang_up(self, call_id: CallId) -> None:
        """Let the citizen hang up."""
        known = self._calls[call_id]
        outcome = Outcome.ANSWERED if known.answered_at else Outcome.ABANDONED
        call = self._put(
            call_id,
            ringing=(),
            state=CallState.ENDED,
            ended_at=self.clock.now(),
            outcome=outcome,
        )
        self.bus.publish(CallEnded(call=call, at=self.clock.now()))
        if call.operator:
            self.operator_is(call.operator, OperatorState.WRAP_UP)

    def again(self, call_id: CallId) -> None:
        """Publish the call once more as it is: an old event that comes late."""
        call = self._calls[call_id]
        self.bus.publish(CallUpdated(call=call, at=self.clock.now()))

    def late(self, event: CallEvent) -> None:
        """Publish an event of one's own making."""
        self.bus.publish(event)

    def operator_is(self, account: str, state: OperatorState) -> None:
        """Put an operator who is signed on into a state."""
        known = self._operators.get(AccountId(account))
        if known is None:
            return
        after = replace(known, state=state, since=self.clock.now())
        self._operators[known.account] = after
        self.bus.publish(OperatorChanged(operator=after, before=known.state, at=self.clock.now()))

    def transfer_is(
        self, transfer_id: str, state: State, reason: Reason | None = None, **more: Any
    ) -> None:
        """Put a transfer into a state."""
        ended = self.clock.now() if state.is_final else None
        view = replace(
            self._transfers[TransferId(transfer_id)],
            state=state,
            reason=reason,
            ended_at=ended,
            **more,
        )
        self._transfers[view.id] = view
        self.bus.publish(TransferChanged(transfer=view, at=self.clock.now()))

    # --- Calls ---

    def calls(self) -> tuple[CallView, ...]:
        return tuple(c for c in self._calls.values() if c.state is not CallState.ENDED)

    def call(self, call_id: CallId) -> CallView | None:
        return self._calls.get(call_id)

    def link_ticket(self, call_id: CallId, ticket_id: TicketId) -> None:
        call = self._put(call_id, ticket=ticket_id)
        self.bus.publish(CallUpdated(call=call, at=self.clock.now()))

    # --- OperatorDesk ---

    def get(self, account: AccountId) -> Operator | None:
        return self._operators.get(account)

    def snapshot(self) -> tuple[Operator, ...]:
        return tuple(self._operators.values())

    async def sign_on(
        self,
        viewer: Viewer,
        device: Literal["web", "desk"],
        hotlines: tuple[HotlineId, ...] | None = None,
    ) -> Operator:
        operator = Operator(
            account=viewer.id,
            name=viewer.name,
            extension=viewer.extension or "1001",
            device=device,
            hotlines=viewer.hotlines_for(Role.OPERATOR) if hotlines is None else hotlines,
            since=self.clock.now(),
            state=OperatorState.READY,
        )
        self._operators[viewer.id] = operator
        self.operator_is(viewer.id, OperatorState.READY)
        return operator

    async def sign_off(self, account: AccountId) -> None:
        self._known(account)
        self.operator_is(account, OperatorState.SIGNED_OFF)
        del self._operators[account]

    async def ready(self, account: AccountId) -> Operator:
        self._known(account)
        self.operator_is(account, OperatorState.READY)
        return self._operators[account]

    async def pause(self, account: AccountId, reason: str) -> Operator:
        self._operators[account] = replace(self._known(account), reason=reason)
        self.operator_is(account, OperatorState.PAUSED)
        return self._operators[account]

    def browser_seen(self, account: AccountId) -> None:
        self.seen.append((account, True))

    def browser_gone(self, account: AccountId) -> None:
        self.seen.append((account, False))

    # --- CallDesk ---

    async def dial(self, by: Viewer, hotline_id: HotlineId, number: str) -> CallId:
        """Let the operator's phone be answered, or refuse as `refusal` says."""
        if self.refusal is not None:
            raise self.refusal
        caller, now = parse_caller(number), self.clock.now()
        call = CallView(
            id=CallId(new_id()),
            pbx="main",
            linkedid=Linkedid(new_id()[:12]),
            hotline=hotline_id,
            direction=Direction.OUTBOUND,
            caller_number=caller.e164,
            caller_raw=number,
            caller_name="",
            caller_kind=caller.kind,
            called_number="02921022",
            started_at=now,
            operator=by.id,
            seat="web-1001",
        )
        self._calls[call.id] = call
        self.bus.publish(CallStarted(call=call, at=now))
        self.operator_is(by.id, OperatorState.TALKING)
        return call.id

    def reached(self, call_id: CallId) -> None:
        """Let the citizen whom an operator calls pick up."""
        now = self.clock.now()
        call = self._put(call_id, state=CallState.ANSWERED, answered_at=now)
        self.bus.publish(CallAnswered(call=call, at=now, operator=call.operator, seat=call.seat))

    def unreached(self, call_id: CallId, why: str) -> None:
        """Let the citizen whom an operator calls not be reached."""
        call = self._calls[call_id]
        self.bus.publish(DialFailed(call=call.id, operator=call.operator or AccountId(""), why=why))
        self.hang_up(call_id)

    async def end(self, call_id: CallId, by: Viewer) -> None:
        """Let the operator hang up."""
        del by
        self.hung_up.append(call_id)
        self.hang_up(call_id)

    @property
    def control(self) -> "Control":
        """The floor as the console's door to begin and end calls (`hang_up` is taken)."""
        return Control(self)

    # --- TransferDesk (a view of its own, because `get` and `start` are taken) ---

    @property
    def transfers(self) -> "Transfers":
        return Transfers(self)

    def _known(self, account: AccountId) -> Operator:
        if account not in self._operators:
            raise NotSignedOn(None, account=account)
        return self._operators[account]

    def _put(self, call_id: CallId, **changes: Any) -> CallView:
        known = self._calls[call_id]
        call = replace(known, version=known.version + 1, **changes)
        self._calls[call_id] = call
        return call


@dataclass
class Control:
    """The floor's CallDesk."""

    floor: Floor

    async def dial(self, by: Viewer, hotline_id: HotlineId, number: str) -> CallId:
        return await self.floor.dial(by, hotline_id, number)

    async def hang_up(self, call_id: CallId, by: Viewer) -> None:
        await self.floor.end(call_id, by)


@dataclass
class Transfers:
    """The floor's transfers as the console's door."""

    floor: Floor

    async def start(
        self,
        call_id: CallId,
        *,
        kind: Kind,
        target: Target,
        by: Viewer,
        ticket_id: TicketId | None = None,
    ) -> TransferView:
        floor, now = self.floor, self.floor.clock.now()
        floor.targets.append(target)
        call = floor._calls[call_id]
        view = TransferView(
            id=TransferId(new_id()),
            pbx="main",
            call_id=call_id,
            ticket_id=ticket_id,
            hotline=call.hotline,
            kind=kind,
            state=State.STARTING,
            reason=None,
            detail="",
            number=target.number or "",
            label=target.label,
            person_id=target.person_id,
            unit_id=target.unit_id,
            by=by.id,
            by_name=by.name,
            joined=False,
            operator_there=True,
            started_at=now,
        )
        floor._transfers[view.id] = view
        floor.bus.publish(TransferChanged(transfer=view, at=now))
        return view

    async def complete(self, transfer_id: TransferId, by: Viewer) -> TransferView:
        del by
        self.floor.transfer_is(transfer_id, State.COMPLETED)
        return self.floor._transfers[transfer_id]

    async def join(self, transfer_id: TransferId, by: Viewer) -> TransferView:
        del by
        self.floor.transfer_is(transfer_id, State.ACCEPTED, joined=True)
        return self.floor._transfers[transfer_id]

    async def cancel(self, transfer_id: TransferId, by: Viewer) -> TransferView:
        del by
        self.floor.transfer_is(transfer_id, State.CANCELLED, Reason.OPERATOR_CANCELLED)
        return self.floor._transfers[transfer_id]

    async def get(self, transfer_id: TransferId) -> TransferView:
        if transfer_id not in self.floor._transfers:
            raise NoSuchTransfer(None, transfer=transfer_id)
        return self.floor._transfers[transfer_id]

    def running(self) -> tuple[TransferView, ...]:
        return tuple(t for t in self.floor._transfers.values() if not t.state.is_final)

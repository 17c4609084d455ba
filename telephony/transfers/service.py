"""The doors to live transfer: who may begin, complete, join or give up one, and of which call."""

from collections.abc import Callable

from telephony.calls.model import CallState, CallView
from telephony.calls.transfer import Course, Kind, Signal
from telephony.operators import Operators
from telephony.switch import Switch
from telephony.transfers import store
from telephony.transfers.announce import Announce, say_nothing
from telephony.transfers.ear import PACKETS, Ear
from telephony.transfers.engine import Engine
from telephony.transfers.errors import (
    CallNotConnected,
    NoSuchTransfer,
    NotPossibleNow,
    NotYourCall,
    TransferRunning,
)
from telephony.transfers.live import Live
from telephony.transfers.model import Target, TransferView
from telephony.transfers.numbers import Dial, dial_of
from tongdai.accounts.model import SYSTEM, Role, Viewer
from tongdai.clock import Clock
from tongdai.db import Database
from tongdai.errors import NotFound
from tongdai.events import Bus
from tongdai.health import Condition, Part, State
from tongdai.ids import AccountId, CallId, HotlineId, TicketId, TransferId, new_id
from tongdai.settings import Settings

_MANY_WAITING = 100


class Transfers:
    """All transfers that run, and the doors to them."""

    def __init__(
        self,
        settings: Settings,
        db: Database,
        bus: Bus,
        clock: Clock,
        operators: Operators,
        *,
        announce: Announce = say_nothing,
        also_allowed: tuple[str, ...] = (),
        may_record: Callable[[CallId], bool] = lambda _: True,
    ) -> None:
        """Take what is needed; `connect` gives the bridge.

        Args:
            settings: Hotlines, seats.
            db: For the rows.
            bus: Gets TransferChanged.
            clock: The service's clock.
            operators: Knows which phone rings for an extension.
            announce: Speaks the ticket's field for the person called.
            also_allowed: E.164 numbers that may be called although the rules forbid them.
            may_record: Whether a call's consultations are recorded (telephony.capture.control).
        """
        self._settings, self._db, self._clock = settings, db, clock
        self._operators, self._also_allowed = operators, also_allowed
        self._engine = Engine(settings, db, bus, clock, announce, may_record)
        self._ear = Ear(self._engine, db)
        self._condition = Condition(clock, State.OK)
        self._switch: Switch | None = None

    def connect(self, switch: Switch) -> None:
        """Listen to the bridge and act through it."""
        self._switch = switch
        self._engine.connect(switch)
        switch.on_packet(PACKETS, self._ear.on_packet)
        switch.on_state(self._ear.on_state)

    async def run(self) -> None:
        """Write rows and renew the callers' leases until cancelled."""
        await self._engine.run()

    async def health(self) -> dict[str, Part]:
        """Say whether rows are written; see tongdai.health.HasHealth."""
        waiting = self._engine.unwritten
        if waiting > _MANY_WAITING:
            self._condition.set(State.DEGRADED, f"{waiting} transfers wait for the database")
        else:
            self._condition.set(State.OK)
        return {"transfers": self._condition.part}

    async def start(
        self,
        call_id: CallId,
        *,
        kind: Kind,
        target: Target,
        by: Viewer,
        ticket_id: TicketId | None = None,
    ) -> TransferView:
        """Begin a transfer: the caller hears music, the person's phone is called (CT-9.1.2a).

        Raises:
            NotFound: There is no such call.
            NotYourCall: The asker is neither its operator nor a supervisor of the hotline.
            CallNotConnected: Nobody talks with the caller now.
            TransferRunning: It is being transferred already.
            NumberNotAllowed, NoNumber: See numbers.dial_of.
            Unavailable: The PBX does not answer; the caller is with the operator.
        """
        if self._switch is None:
            raise CallNotConnected(None, call=call_id)
        call = self._switch.call(call_id)
        if call is None:
            raise NotFound("no_such_call", call=call_id)
        self._refuse_strangers(by, call.operator, call.hotline)
        if self._engine.of_call(call_id) is not None:
            raise TransferRunning(None, call=call_id)
        dial = self._dial(call, target)
        channels = self._switch.channels_of(call_id)
        connected = call.state in (CallState.ANSWERED, CallState.HELD)
        if not connected or channels is None or not (channels.caller and channels.operator):
            raise CallNotConnected(None, call=call_id)
        live = Live(
            id=TransferId(new_id()),
            pbx=call.pbx,
            call_id=call_id,
            linkedid=call.linkedid,
            hotline=call.hotline,
            number=dial.number,
            target=target,
            ticket_id=ticket_id or call.ticket,
            by=by.id,
            by_name=by.name,
            course=Course(kind=kind),
            started_at=self._clock.now(),
            caller=channels.caller,
            operator=channels.operator,
        )
        await self._engine.begin(live, dial)
        return live.view()

    async def complete(self, transfer_id: TransferId, by: Viewer) -> TransferView:
        """Let the operator leave; see `_order`."""
        return await self._order(transfer_id, by, Signal.COMPLETE)

    async def join(self, transfer_id: TransferId, by: Viewer) -> TransferView:
        """Bring the caller in: all three talk; see `_order`."""
        return await self._order(transfer_id, by, Signal.JOIN)

    async def cancel(self, transfer_id: TransferId, by: Viewer) -> TransferView:
        """Give up: the person is hung up, the caller is back; see `_order`."""
        return await self._order(transfer_id, by, Signal.CANCEL)

    async def get(self, transfer_id: TransferId) -> TransferView:
        """Return a transfer, running or not.

        Raises:
            NoSuchTransfer: There is none of that id.
        """
        view = self._engine.view(transfer_id)
        if view is None:
            async with self._db.read() as session:
                view = await store.by_id(session, transfer_id)
        if view is None:
            raise NoSuchTransfer(None, transfer=transfer_id)
        return view

    def for_call(self, call_id: CallId) -> TransferView | None:
        """Return the transfer of a call that runs now."""
        live = self._engine.of_call(call_id)
        return live.view() if live else None

    def running(self) -> tuple[TransferView, ...]:
        """Return all transfers that run."""
        return self._engine.views()

    async def _order(self, transfer_id: TransferId, by: Viewer, signal: Signal) -> TransferView:
        """Do what the operator wants.

        Raises:
            NoSuchTransfer: There is none of that id.
            NotYourCall: Neither the operator who began it nor a supervisor asks.
            NotPossibleNow: Its state does not allow it.
        """
        view = await self.get(transfer_id)
        self._refuse_strangers(by, view.by, view.hotline)
        after = self._engine.order(transfer_id, signal)
        if after is None:
            raise NotPossibleNow(None, transfer=transfer_id, state=view.state.value)
        return after

    def _dial(self, call: CallView, target: Target) -> Dial:
        hotline = self._settings.hotline_by_id(call.hotline)
        if hotline is None:
            raise CallNotConnected(None, call=call.id)
        seat = self._operators.seat_for(target.extension) if target.extension else ""
        return dial_of(
            self._settings, hotline, target, seat_for=seat, also_allowed=self._also_allowed
        )

    def _refuse_strangers(self, by: Viewer, operator: AccountId | None, hotline: HotlineId) -> None:
        if by.id not in (operator, SYSTEM.id) and not by.has(Role.SUPERVISOR, hotline):
            raise NotYourCall(None, account=by.id)

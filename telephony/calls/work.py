"""One packet's work on one call: who is with whom, and the state that follows; pure."""

from datetime import datetime

from telephony.calls import events as e
from telephony.calls.ledger import Ledger
from telephony.calls.model import (
    TABLE,
    Call,
    CallState,
    Channel,
    Direction,
    Signal,
    changed,
)
from telephony.calls.step import (
    HOLD_CONTEXTS,
    MENU_CONTEXTS,
    Seats,
    Step,
    companions,
    cut_off,
    outcome_of,
    reached,
)

_PLAIN: dict[Signal, type[e.CallEvent]] = {
    Signal.JOINED_QUEUE: e.CallQueued,
    Signal.HELD: e.CallHeld,
    Signal.RESUMED: e.CallResumed,
    Signal.SENT_AWAY: e.CallTransferring,
}


class Work(Ledger):
    """One packet's work on one call; lives for the length of `fold`."""

    __slots__ = (
        *("broken", "cause", "connected", "hint", "placed", "queue", "seats", "signals"),
        *("talked_in", "with_main"),
    )

    def __init__(self, call: Call, at: datetime, seats: Seats) -> None:
        super().__init__(call, at)
        self.seats, self.queue, self.hint = seats, call.queue, call.hint
        self.connected, self.talked_in, self.broken = call.connected, call.talked_in, call.broken
        self.signals: list[Signal] = []
        self.placed = False
        self.cause: int | None = None
        self.with_main: tuple[object, list[Channel]] = (None, [])

    @property
    def people(self) -> list[Channel]:
        """Who is in one bridge with the main channel now; looked for once, until one moves."""
        if self.with_main[0] is not self.channels:
            self.with_main = (self.channels, companions(self.main, self.channels))
        return self.with_main[1]

    def settle(self) -> None:
        """Draw the conclusions: who is with whom, and which state that is."""
        if self.over:
            return
        if self.cause is not None:
            self._end(self.cause)
            return
        if self.view.direction is Direction.OUTBOUND:
            self._dials()
        if self.moved:
            self._meet()
        main = self.channels.get(self.main)
        context = main.context if main else ""
        if not self.connected and self.queue is None:
            trying = any(
                c.transfer and c.ring_since and c.uniqueid != self.main
                for c in self.channels.values()
            )
            if trying or (self.placed and context in HOLD_CONTEXTS):
                self.signals.append(Signal.SENT_AWAY)
            elif self.placed and context in MENU_CONTEXTS:
                self.signals.append(Signal.BACK_IN_MENU)
        for signal in self.signals:
            self._signal(signal)
        if self.connected and self.channels is not self.call.channels:
            self._hold()

    def _dials(self) -> None:
        """An outbound call is from the first that of who sits at the phone that dials."""
        main = self.channels.get(self.main)
        if main is not None and main.seat and main.seat != self.seen.get("seat", self.view.seat):
            self.show(operator=self.seats.operator_of(main.seat), seat=main.seat)

    def _meet(self) -> None:
        citizen = reached(self.channels.get(self.main), self.people)
        if citizen is not None:
            self.main, self.with_main = citizen, (None, [])
        people = self.people
        if people and not self.connected:
            self.talked_in, self.broken = self.channels[self.main].context, False
            self.signals.append(Signal.CONNECTED)
        self.connected = bool(people)
        seats = [c for c in people if c.seat]
        if seats and all(c.seat != self.view.seat for c in seats):
            newest = max(seats, key=lambda c: c.leg)
            self.show(operator=newest.operator, seat=newest.seat)
        if people and self.view.answered_at is None:
            self.show(answered_at=self.at)

    def _hold(self) -> None:
        state = self.seen.get("state", self.view.state)
        if state in (CallState.ANSWERED, CallState.HELD):
            held = any(c.holding for c in self._present())
            self._signal(Signal.HELD if held else Signal.RESUMED)

    def _present(self) -> list[Channel]:
        """Return who is with the citizen; the main channel too where it is an operator's."""
        people, main = self.people, self.channels.get(self.main)
        return [*people, main] if people and main is not None and main.seat else people

    def _signal(self, signal: Signal) -> None:
        before: CallState = self.seen.get("state", self.view.state)
        after = TABLE.get((before, signal))
        if after is None:
            return
        self.show(state=after)
        operator = self.seen.get("operator", self.view.operator)
        seat = self.seen.get("seat", self.view.seat)
        match signal:
            case Signal.CONNECTED if before is not CallState.TRANSFERRING:
                with_seat = any(c.seat for c in self._present())
                self.tell(
                    e.CallAnswered,
                    operator=operator if with_seat else None,
                    seat=seat if with_seat else None,
                )
            case Signal.CONNECTED if any(c.seat for c in self.people):
                self.tell(e.CallReturned, operator=operator, seat=seat)
            case Signal.CONNECTED:
                self.tell(e.CallTransferred)
            case _ if signal in _PLAIN:
                self.tell(_PLAIN[signal])
            case _:
                pass

    def _end(self, cause: int) -> None:
        for channel in tuple(self.channels.values()):
            if channel.seat and channel.ring_since:
                self.stop_ring(channel, "CANCEL")
        self.queue, self.connected = None, False
        self.show(
            state=CallState.ENDED,
            outcome=outcome_of(self.view, self.hint, cause),
            cut_off=cut_off(self.view, cause, broken=self.broken),
            ended_at=max(self.at, self.view.started_at),
            ringing=(),
        )
        self.tell(e.CallEnded)

    def done(self) -> Step:
        """Return the result; a visible change that has no event of its own is CallUpdated."""
        view = self.view
        if self.seen or self.bumped:
            view = changed(view, self.seen)
            if not self.events:
                self.tell(e.CallUpdated)
        if view is self.view and not self.events and not self.legs and self._same():
            return Step(self.call)
        call = Call(
            view,
            self.main,
            self.channels,
            max(self.at, self.call.last_at),
            self.queue,
            self.connected,
            self.talked_in,
            self.hint,
            self.legs_begun,
            self.broken,
        )
        told = [kind(call=view, at=self.at, **more) for kind, more in self.events]
        return Step(call, tuple(told), tuple(self.legs))

    def _same(self) -> bool:
        call = self.call
        return (
            self.channels is call.channels
            and self.queue == call.queue
            and self.connected == call.connected
            and self.hint is call.hint
            and self.broken == call.broken
        )

"""One packet's work on one call: channels, ledger, ringing, and the state that follows; pure."""

from datetime import datetime
from typing import Any

from telephony.ami import packets as p
from telephony.calls import events as e
from telephony.calls.model import (
    TABLE,
    Call,
    CallState,
    Channel,
    Direction,
    Leg,
    LegKind,
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
    placed,
    reached,
    same_person,
)
from tongdai.ids import AccountId, Uniqueid

_PLAIN: dict[Signal, type[e.CallEvent]] = {
    Signal.JOINED_QUEUE: e.CallQueued,
    Signal.HELD: e.CallHeld,
    Signal.RESUMED: e.CallResumed,
    Signal.SENT_AWAY: e.CallTransferring,
}


class Work:
    """One packet's work on one call; lives for the length of `fold`."""

    __slots__ = (
        *(
            "at",
            "broken",
            "bumped",
            "call",
            "cause",
            "channels",
            "connected",
            "events",
            "hint",
            "legs",
        ),
        *("legs_begun", "main", "moved", "placed", "queue", "seats", "seen", "signals"),
        *("talked_in", "view", "with_main"),
    )

    def __init__(self, call: Call, at: datetime, seats: Seats) -> None:
        self.call, self.view, self.at, self.seats = call, call.view, at, seats
        self.main, self.channels = call.main, call.channels
        self.queue, self.hint, self.legs_begun = call.queue, call.hint, call.legs
        self.connected, self.talked_in, self.broken = call.connected, call.talked_in, call.broken
        self.signals: list[Signal] = []
        self.seen: dict[str, Any] = {}
        self.events: list[tuple[type[e.CallEvent], dict[str, Any]]] = []
        self.legs: list[Leg] = []
        self.moved = self.bumped = self.placed = False
        self.cause: int | None = None
        self.with_main: tuple[object, list[Channel]] = (None, [])

    @property
    def over(self) -> bool:
        """The call has ended: its last channels are only put away."""
        return self.view.state is CallState.ENDED

    @property
    def people(self) -> list[Channel]:
        """Who is in one bridge with the main channel now; looked for once, until one moves."""
        if self.with_main[0] is not self.channels:
            self.with_main = (self.channels, companions(self.main, self.channels))
        return self.with_main[1]

    def touch(self, facts: p.Facts, *, add: bool) -> None:
        """Note what the packet says of a channel; add the channel when it is new."""
        if add or facts.uniqueid in self.channels:
            self.channels = placed(self.channels, facts)

    def put(self, channel: Channel) -> None:
        """Keep a channel as it is now."""
        self.channels = {**self.channels, channel.uniqueid: channel}

    def drop(self, uniqueid: Uniqueid) -> None:
        """Forget a channel."""
        self.channels = {k: v for k, v in self.channels.items() if k != uniqueid}

    def tell(self, kind: type[e.CallEvent], **more: Any) -> None:
        """Tell of something, with the call as it is when the packet is done."""
        self.events.append((kind, more))

    def show(self, **fields: Any) -> None:
        """Change what everybody sees."""
        for name, value in fields.items():
            if self.seen.get(name, getattr(self.view, name)) != value:
                self.seen[name] = value

    def close_leg(self, channel: Channel, how: str) -> Channel:
        """End a channel's stay in its bridge."""
        if channel.bridge is None or channel.bridge_since is None:
            return channel
        self.legs.append(
            self._leg(LegKind.TALK, channel, channel.leg, channel.bridge_since, how, channel.bridge)
        )
        self.moved = True
        return channel._replace(bridge=None, bridge_since=None)

    def start_ring(self, channel: Channel, operator: AccountId | None) -> None:
        """A phone rings; tell of it when it is an operator's and no other of theirs rings yet."""
        if channel.uniqueid == self.main or (channel.ring_since and channel.operator):
            return
        already = any(same_person(channel, operator, c) for c in self.channels.values())
        since = channel.ring_since or self.at
        self.put(channel._replace(ring_since=since, operator=operator or channel.operator))
        if channel.seat is None or self.over:
            return
        self.bumped = True
        self._show_ringing()
        if not already:
            self.tell(e.CallRinging, operator=operator, seat=channel.seat)

    def stop_ring(self, channel: Channel, why: str) -> Channel:
        """A phone rings no more; an operator who answered stops ringing everywhere."""
        if channel.ring_since is None:
            return channel
        self.legs_begun += 1
        self.legs.append(
            self._leg(LegKind.RING, channel, self.legs_begun, channel.ring_since, why, None)
        )
        quiet = channel._replace(ring_since=None)
        self.put(quiet)
        if channel.seat is None or self.over:
            return quiet
        others = [c for c in self.channels.values() if same_person(channel, channel.operator, c)]
        if why == "ANSWER":
            for other in others:
                self.put(other._replace(ring_since=None))
        if why == "ANSWER" or not others:
            self.tell(e.CallRingingStopped, operator=channel.operator, seat=channel.seat, why=why)
        self.bumped = True
        self._show_ringing()
        return quiet

    def _show_ringing(self) -> None:
        ringing = sorted(
            (c.ring_since, c.operator)
            for c in self.channels.values()
            if c.ring_since and c.operator and c.seat
        )
        self.show(ringing=tuple(dict.fromkeys(operator for _, operator in ringing)))

    def _leg(
        self, kind: LegKind, c: Channel, n: int, start: datetime, how: str, bridge: str | None
    ) -> Leg:
        return Leg(
            call=self.view.id,
            n=n,
            kind=kind,
            channel=c.name,
            uniqueid=c.uniqueid,
            main=c.uniqueid == self.main,
            seat=c.seat,
            operator=c.operator,
            number=c.number,
            transfer=c.transfer,
            bridge=bridge,
            started_at=start,
            ended_at=max(start, self.at),
            how=how,
        )

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

"""A call's channels, their stays in bridges and their ringing, while a packet is handled; pure."""

from datetime import datetime
from typing import Any

from telephony.ami import packets as p
from telephony.calls import events as e
from telephony.calls.model import Call, CallState, Channel, Leg, LegKind
from telephony.calls.step import placed, same_person
from tongdai.ids import AccountId, Uniqueid


class Ledger:
    """What one packet changes of a call's channels, which rows it closes and what it tells."""

    __slots__ = (
        *("at", "bumped", "call", "channels", "events", "legs", "legs_begun", "main", "moved"),
        *("seen", "view"),
    )

    def __init__(self, call: Call, at: datetime) -> None:
        self.call, self.view, self.at = call, call.view, at
        self.main, self.channels, self.legs_begun = call.main, call.channels, call.legs
        self.seen: dict[str, Any] = {}
        self.events: list[tuple[type[e.CallEvent], dict[str, Any]]] = []
        self.legs: list[Leg] = []
        self.moved = self.bumped = False

    @property
    def over(self) -> bool:
        """The call has ended: its last channels are only put away."""
        return self.view.state is CallState.ENDED

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

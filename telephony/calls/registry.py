"""All calls of one PBX in memory, fed strictly in order; knows no I/O and reads no clock.

Whatever is in here follows from the journal: packets, what reconciliation read, and notes.
"""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from telephony.ami import packets as p
from telephony.calls import correlate
from telephony.calls.correlate import Rules
from telephony.calls.events import CallEvent, CallStarted
from telephony.calls.fold import fold
from telephony.calls.model import (
    Call,
    CallChannels,
    CallState,
    CallView,
    Channel,
    Direction,
    Leg,
)
from telephony.calls.step import NoSeats, Seats, Step, companions
from tongdai.ids import (
    CallId,
    HotlineId,
    Linkedid,
    TicketId,
    TransferId,
    Uniqueid,
    call_id_of,
)

REMEMBERED = 1000
"""Ended calls that are still answered for (wrap-up, late pages)."""


class Change(NamedTuple):
    """What one packet changed: events to publish, rows of the ledger, the call if it is to save."""

    events: tuple[CallEvent, ...] = ()
    legs: tuple[Leg, ...] = ()
    view: CallView | None = None


NOTHING = Change()
_TELL_OF_KNOWN = (p.Hangup, p.Renamed, p.BridgeLeave)
"""Packets that say nothing new of a channel that nobody knows."""


@dataclass(slots=True)
class Stranger:
    """A channel that belongs to no call (yet); `caller` is its number and name."""

    facts: p.Facts
    caller: tuple[str, str]
    born: datetime
    bridge: str | None = None
    since: datetime | None = None


class Registry:
    """The calls of one PBX."""

    def __init__(self, pbx: str, rules: Rules, seats: Seats | None = None) -> None:
        self.pbx, self.rules, self.seats = pbx, rules, seats or NoSeats()
        self.live: dict[CallId, Call] = {}
        self.ended: OrderedDict[CallId, CallView] = OrderedDict()
        self.transfers: dict[TransferId, CallId] = {}
        self.strangers: dict[Uniqueid, Stranger] = {}
        self.seen: dict[Uniqueid, int] = {}
        self.epoch = 0
        self.offset = timedelta(0)
        self.alive_at: datetime | None = None
        self._channels: dict[Uniqueid, CallId] = {}
        self._linkedids: dict[Linkedid, CallId] = {}

    def feed(self, packet: p.Packet) -> Change:
        """Take the next packet that the PBX sent."""
        self.seen[packet.channel.uniqueid] = self.epoch
        if self.offset:
            packet = replace(packet, at=packet.at + self.offset)
        return self._take(packet)

    def feed_told(self, packets: Iterable[p.Packet]) -> list[Change]:
        """Take packets that reconciliation made: they prove of no channel that it lives."""
        return [change for change in map(self._take, packets) if change is not NOTHING]

    def expect(self, transfer: TransferId, call: CallId) -> None:
        """Legs that carry TONGDAI_TRANSFER=`transfer` belong to `call`."""
        if call in self.live:
            self.transfers[transfer] = call

    def link_ticket(self, call: CallId, ticket: TicketId) -> CallView | None:
        """Note the ticket of a call; return the call as it is now, None when it is unknown."""
        known = self.live.get(call)
        if known is not None:
            self.live[call] = known._replace(view=replace(known.view, ticket=ticket))
            return self.live[call].view
        if call in self.ended:
            self.ended[call] = replace(self.ended[call], ticket=ticket)
            return self.ended[call]
        return None

    def view(self, call: CallId) -> CallView | None:
        """Return a call that is live or lately ended."""
        known = self.live.get(call)
        return known.view if known is not None else self.ended.get(call)

    def call_of(self, uniqueid: Uniqueid) -> Call | None:
        """Return the live call that a channel belongs to."""
        key = self._channels.get(uniqueid)
        return None if key is None else self.live.get(key)

    def views(self) -> tuple[CallView, ...]:
        """Return the calls that have not ended."""
        return tuple(c.view for c in self.live.values() if c.view.state is not CallState.ENDED)

    def channels_of(self, call: CallId) -> CallChannels | None:
        """Return the names of a live call's channels."""
        known = self.live.get(call)
        if known is None:
            return None
        main = known.channels.get(known.main)
        if main is not None and main.seat:
            return _outbound_channels(known, main)
        seats = [c for c in companions(known.main, known.channels) if c.seat]
        seats += [c for c in known.channels.values() if c.seat and c.seat == known.view.seat]
        operator = seats[0].name if seats else None
        named = {known.main} | ({seats[0].uniqueid} if seats else set())
        return CallChannels(
            caller=main.name if main else None,
            operator=operator,
            others=tuple(c.name for u, c in known.channels.items() if u not in named),
        )

    def adopt(self, call: Call) -> None:
        """Take over a call from elsewhere: a checkpoint, or a row without an end."""
        self.live[call.view.id] = call
        self._linkedids[call.view.linkedid] = call.view.id
        self._channels[call.main] = call.view.id
        for channel in call.channels.values():
            self._channels[channel.uniqueid] = call.view.id
            if channel.transfer is not None:
                self.transfers[channel.transfer] = call.view.id

    def knows(self, linkedid: Linkedid) -> bool:
        """Say whether a linkedid is one of a call that is live or lately ended."""
        call = call_id_of(self.pbx, linkedid)
        return linkedid in self._linkedids or call in self.live or call in self.ended

    def _take(self, packet: p.Packet) -> Change:
        call = self._locate(packet)
        if call is None:
            change = self._stranger(packet)
        elif type(packet) is p.BridgeEnter:
            change = self._enter(call, packet)
        else:
            change = self._keep(call, fold(call, packet, self.seats))
        if type(packet) is p.Hangup:
            self.seen.pop(packet.channel.uniqueid, None)
            self.strangers.pop(packet.channel.uniqueid, None)
        return change

    def _locate(self, packet: p.Packet) -> Call | None:
        facts = packet.channel
        own = self._channels.get(facts.uniqueid)
        if type(packet) is p.BridgeEnter:
            own = self._merged(facts, own)
        if own is not None:
            return self.live.get(own)
        if isinstance(packet, _TELL_OF_KNOWN):
            return None
        if facts.transfer is not None:
            own = self.transfers.get(facts.transfer)
            if own is not None:
                self._linkedids.setdefault(facts.linkedid, own)
        if own is None:
            own = self._linkedids.get(facts.linkedid)
        return None if own is None else self.live.get(own)

    def _merged(self, facts: p.Facts, own: CallId | None) -> CallId | None:
        """Let go of a channel whose linkedid has become another call's, unless it is a caller's."""
        if own is None:
            return None
        other = self._linkedids.get(facts.linkedid)
        call = self.live.get(own)
        if other is None or other == own or call is None or call.main == facts.uniqueid:
            return own
        rest = {k: v for k, v in call.channels.items() if k != facts.uniqueid}
        self.live[own] = call._replace(channels=rest)
        return other

    def _enter(self, call: Call, packet: p.BridgeEnter) -> Change:
        change = self._keep(call, fold(call, packet, self.seats))
        self.strangers.pop(packet.channel.uniqueid, None)
        if self.strangers:
            return self._meet_strangers(call.view.id, packet, change)
        return change

    def _keep(self, before: Call, step: Step) -> Change:
        call, events, legs = step
        if call is before:
            return NOTHING
        key = call.view.id
        self.live[key] = call
        if call.channels is not before.channels:
            for uniqueid, channel in call.channels.items():
                if uniqueid not in before.channels:
                    self._channels[uniqueid] = key
                if channel.transfer:
                    self.transfers.setdefault(channel.transfer, key)
            if len(call.channels) < len(before.channels):
                for uniqueid in before.channels.keys() - call.channels.keys():
                    self._channels.pop(uniqueid, None)
        if call.view.state is CallState.ENDED and not call.channels:
            self._put_away(call)
        changed = call.view if call.view is not before.view else None
        if changed is None and not legs and not events:
            return NOTHING
        return Change(events, legs, changed)

    def _put_away(self, call: Call) -> None:
        key = call.view.id
        del self.live[key]
        self._channels.pop(call.main, None)
        for linkedid in [n for n, owner in self._linkedids.items() if owner == key]:
            del self._linkedids[linkedid]
        for transfer in [n for n, owner in self.transfers.items() if owner == key]:
            del self.transfers[transfer]
        self.ended[key] = call.view
        if len(self.ended) > REMEMBERED:
            self.ended.popitem(last=False)

    def _stranger(self, packet: p.Packet) -> Change:
        facts, uniqueid = packet.channel, packet.channel.uniqueid
        if isinstance(packet, p.Hangup | p.Renamed) or not facts.linkedid:
            return NOTHING
        known = self.strangers.get(uniqueid)
        if known is None:
            caller = ("", "")
            if isinstance(packet, p.Newchannel):
                caller = (packet.number, packet.caller_name)
            known = self.strangers[uniqueid] = Stranger(facts, caller, packet.at)
        known.facts = facts
        if isinstance(packet, p.BridgeEnter):
            known.bridge, known.since = packet.bridge, packet.at
        elif isinstance(packet, p.BridgeLeave):
            known.bridge = known.since = None
        begun = correlate.begins(facts, self.rules)
        if begun is None or self.knows(facts.linkedid):
            return NOTHING
        return self._begin(packet, known, begun)

    def _begin(
        self,
        packet: p.Packet,
        known: Stranger,
        begun: tuple[HotlineId, Direction],
    ) -> Change:
        del self.strangers[packet.channel.uniqueid]
        call = correlate.new_call(
            self.pbx, packet.channel, begun, known.caller, known.born, self.rules
        )
        self.adopt(call)
        step = fold(call, packet, self.seats)
        started = CallStarted(call=step.call.view, at=call.view.started_at)
        self._keep(call, step)
        return Change((started, *step.events), step.legs, step.call.view)

    def _meet_strangers(self, key: CallId, packet: p.BridgeEnter, change: Change) -> Change:
        """Take in the strangers of a bridge that a channel of the call has entered."""
        for uniqueid, stranger in tuple(self.strangers.items()):
            call = self.live.get(key)
            if stranger.bridge != packet.bridge or call is None:
                continue
            del self.strangers[uniqueid]
            self._linkedids.setdefault(stranger.facts.linkedid, key)
            entered = p.BridgeEnter(packet.at, stranger.facts, packet.bridge)
            more = self._enter(call, entered)
            change = Change(
                change.events + more.events, change.legs + more.legs, more.view or change.view
            )
        return change


def _outbound_channels(call: Call, main: Channel) -> CallChannels:
    """Return the channels of a call that an operator dials: the citizen's is the one dialled."""
    dialled = [c for u, c in call.channels.items() if u != call.main and c.role is p.Role.OUTSIDE]
    citizen = dialled[-1] if dialled else None
    named = {c.uniqueid for c in (main, citizen) if c is not None}
    return CallChannels(
        caller=citizen.name if citizen else None,
        operator=main.name,
        others=tuple(c.name for u, c in call.channels.items() if u not in named),
    )

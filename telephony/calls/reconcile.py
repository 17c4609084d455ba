"""The PBX's state against ours: what has to be folded so that both say the same; pure.

After a (re)connect the bridge reads CoreShowChannels (channels with their bridges, linkedids and
variables) and QueueStatus (who waits, which member is which account), and the CEL lines since the
connection was lost. Everything becomes packets for the same fold, so that a call that came and
went unseen looks like any other. Source: docs.asterisk.org, "CoreShowChannel"; Asterisk 22.10.1.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from telephony.ami import packets as p
from telephony.ami import parsers
from telephony.ami.wire import name_of, value_of
from telephony.calls.cel import CelRow, packet_of
from telephony.calls.events import CallsUnheard
from telephony.calls.model import Call, CallState
from telephony.calls.registry import Change, Registry
from telephony.calls.step import LOST
from tongdai.ids import Linkedid, Uniqueid

MARGIN = timedelta(seconds=5)
"""How far before the loss an unknown call may have begun, to be one that we missed."""


@dataclass(frozen=True, slots=True)
class LiveChannel:
    """A channel that the PBX has now."""

    facts: p.Facts
    number: str
    caller_name: str
    application: str
    bridge: str | None


@dataclass(frozen=True, slots=True)
class Entry:
    """A caller who waits in a queue now."""

    uniqueid: Uniqueid
    queue: str
    waited: timedelta


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a queue now; `name` is the account's id, `status` as in QueueMemberStatus."""

    queue: str
    interface: str
    name: str
    paused: bool
    reason: str
    status: int
    penalty: int = 0
    """0: his own queue; more: he helps out there."""


@dataclass(frozen=True, slots=True)
class PbxState:
    """What the PBX says that it has."""

    channels: tuple[LiveChannel, ...] = ()
    entries: tuple[Entry, ...] = ()
    members: tuple[Member, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What reconciliation goes by.

    Attributes:
        state: The PBX's state, read at `read_at`.
        read_at: Our moment of reading it (aware).
        connected_at: Since when the events come again: CEL lines after it are theirs.
        alive_at: The last moment at which we heard of the PBX; None: never.
        cel: The CEL lines since about `alive_at`, oldest first, already in our time.
    """

    state: PbxState
    read_at: datetime
    connected_at: datetime
    alive_at: datetime | None
    cel: tuple[CelRow, ...] = field(default=())


def state_of(packets: Iterable[bytes]) -> PbxState:
    """Return the state that the answers to CoreShowChannels and QueueStatus tell of."""
    channels, entries, members = [], [], []
    for packet in packets:
        match name_of(packet):
            case b"CoreShowChannel":
                facts = parsers.facts_of(packet)
                if facts is not None:
                    number, name = parsers.name_and_number(packet)
                    bridge = value_of(packet, b"BridgeId") or None
                    application = value_of(packet, b"Application")
                    channels.append(LiveChannel(facts, number, name, application, bridge))
            case b"QueueEntry":
                wait = value_of(packet, b"Wait")
                entries.append(
                    Entry(
                        Uniqueid(value_of(packet, b"Uniqueid")),
                        value_of(packet, b"Queue"),
                        timedelta(seconds=int(wait) if wait.isdigit() else 0),
                    )
                )
            case b"QueueMember":
                members.append(_member(packet))
            case _:
                pass
    return PbxState(tuple(channels), tuple(entries), tuple(members))


def _member(packet: bytes) -> Member:
    status, penalty = value_of(packet, b"Status"), value_of(packet, b"Penalty")
    return Member(
        value_of(packet, b"Queue"),
        value_of(packet, b"Location"),
        value_of(packet, b"Name"),
        value_of(packet, b"Paused") == "1",
        value_of(packet, b"PausedReason"),
        int(status) if status.isdigit() else 0,
        int(penalty) if penalty.isdigit() else 0,
    )


def reconcile(registry: Registry, found: Findings) -> list[Change]:
    """Bring the registry to what the PBX has; return what changed, in order.

    1. What the CEL tells of the time in between is folded: calls that came, moved, ended.
    2. Channels that are gone all the same ended when the PBX was last heard of.
    3. Channels that live are taken as they are: in which bridge, waiting, ringing.
    """
    changes = registry.feed_told(missed(registry, found))
    present = {c.facts.uniqueid for c in found.state.channels}
    changes += registry.feed_told(gone(registry, present, found))
    for strange in [u for u in registry.strangers if u not in present]:
        if registry.seen.get(strange) != registry.epoch:
            del registry.strangers[strange]
    changes += registry.feed_told(alive(registry, found))
    registry.seen = {u: n for u, n in registry.seen.items() if n == registry.epoch or u in present}
    return changes


def unheard(registry: Registry, since: datetime | None, connected: datetime) -> CallsUnheard:
    """Return the calls in which a person talked while nothing was heard of the PBX.

    Args:
        registry: After `reconcile`.
        since: `alive_at` before it; None: never heard of, and nothing was missed.
        connected: Since when the events come again, on the PBX's clock.
    """
    until = connected + registry.offset
    since = until if since is None else since
    talked = [
        call
        for call in (*registry.views(), *registry.ended.values())
        if call.answered_at is not None
        and call.answered_at < until
        and since < until
        and (call.ended_at is None or call.ended_at > since)
    ]
    return CallsUnheard(pbx=registry.pbx, since=since, until=until, calls=tuple(talked))


def missed(registry: Registry, found: Findings) -> list[p.Packet]:
    """Return what the CEL tells of calls that are ours, or that began while we heard nothing."""
    if found.alive_at is None:
        return []
    since = {c.view.linkedid: c.last_at for c in registry.live.values()}
    packets, begun = [], set[Linkedid]()
    for row in found.cel:
        if row.at > found.connected_at:
            continue
        last = since.get(row.linkedid)
        if last is None and row.linkedid not in begun:
            fresh = row.event == "CHAN_START" and row.at >= found.alive_at - MARGIN
            if not fresh or registry.knows(row.linkedid):
                continue
            begun.add(row.linkedid)
        if last is None or row.at > last:
            packet = packet_of(row)
            if packet is not None:
                packets.append(packet)
    return packets


def gone(registry: Registry, present: set[Uniqueid], found: Findings) -> list[p.Packet]:
    """Return a Hangup for each channel that we have and the PBX has not.

    A channel of which we heard on this connection is alive by its events, whatever the list says.
    The caller's comes last, so that the others are put away as what they were.
    """
    packets: list[p.Packet] = []
    for call in registry.live.values():
        at = max(call.last_at, found.alive_at or call.last_at)
        ours = [u for u in call.channels if u != call.main]
        if call.view.state is not CallState.ENDED:
            ours.append(call.main)
        for uniqueid in ours:
            if uniqueid in present or registry.seen.get(uniqueid) == registry.epoch:
                continue
            packets.append(p.Hangup(at, _facts(call, uniqueid), LOST))
    return packets


def _facts(call: Call, uniqueid: Uniqueid) -> p.Facts:
    known = call.channels.get(uniqueid)
    name, context = (known.name, known.context) if known else ("", "")
    return p.Facts(uniqueid, call.view.linkedid, name, 0, context, "", None, None)


def alive(registry: Registry, found: Findings) -> list[p.Packet]:
    """Return packets that say of each living channel what it is and where.

    First all channels come to be, callers before those who ring for them; then who waits, who
    rings, who is in which bridge; last, who has left a bridge.
    """
    now, state = found.read_at, found.state
    heard = {u for u, epoch in registry.seen.items() if epoch == registry.epoch}
    channels = [c for c in state.channels if c.facts.uniqueid not in heard]
    channels.sort(key=lambda c: (str(c.facts.uniqueid) != c.facts.linkedid, c.facts.uniqueid))
    waits = {e.uniqueid: e for e in state.entries}
    names = {m.interface: m.name for m in state.members}
    packets: list[p.Packet] = [_born(c, now, registry.offset) for c in channels]
    packets += [
        p.QueueJoin(now - waits[c.facts.uniqueid].waited, c.facts, waits[c.facts.uniqueid].queue)
        for c in channels
        if c.facts.uniqueid in waits and c.bridge is None
    ]
    callers = {
        c.facts.linkedid: c.facts for c in channels if str(c.facts.uniqueid) == c.facts.linkedid
    }
    for c in channels:
        if c.bridge is not None:
            packets.append(p.BridgeEnter(now, c.facts, c.bridge))
        elif c.facts.state == p.RINGING:
            packets.append(_rings(c, callers, names, now))
    packets += _left(registry, channels, waits, now)
    return packets


def _born(c: LiveChannel, now: datetime, offset: timedelta) -> p.Packet:
    made = parsers.uniqueid_moment(c.facts.uniqueid)
    at = now if made is None else min(made + offset, now)
    return p.Newchannel(at, c.facts, c.number, c.caller_name)


def _rings(
    c: LiveChannel,
    callers: Mapping[Linkedid, p.Facts],
    names: Mapping[str, str],
    now: datetime,
) -> p.Packet:
    caller = callers.get(c.facts.linkedid)
    member = names.get(c.facts.name.rpartition("-")[0])
    if caller is not None and member is not None and c.application == "AppQueue":
        return p.AgentCalled(now, caller, c.facts, member)
    return p.DialBegin(now, c.facts, c.number)


def _left(
    registry: Registry,
    channels: list[LiveChannel],
    waits: Mapping[Uniqueid, Entry],
    now: datetime,
) -> list[p.Packet]:
    packets: list[p.Packet] = []
    for c in channels:
        call = registry.call_of(c.facts.uniqueid)
        known = None if call is None else call.channels.get(c.facts.uniqueid)
        if call is None or known is None:
            continue
        if known.bridge is not None and c.bridge is None:
            packets.append(p.BridgeLeave(now, c.facts, known.bridge))
        if known.ring_since is not None and c.facts.state == p.UP and c.bridge is None:
            packets.append(p.DialEnd(now, c.facts, "ANSWER"))
        waiting = c.facts.uniqueid in waits or c.bridge is not None
        if call.main == c.facts.uniqueid and call.queue is not None and not waiting:
            packets.append(p.QueueLeave(now, c.facts))
    return packets

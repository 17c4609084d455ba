"""(call, packet) -> call, events, ledger: what one packet makes of one call; pure.

Which call a packet belongs to is said by correlate.py; packets of a call come in their order.
"""

from collections.abc import Callable
from typing import Any

from telephony.ami import packets as p
from telephony.calls.choice import MOST_BYTES
from telephony.calls.model import Call, Direction, Outcome, Signal
from telephony.calls.step import (
    FAILURES,
    HOLD_CONTEXTS,
    LOST,
    MAX_NAME,
    MENU_CONTEXTS,
    Seats,
    Step,
    caller_fields,
    placed,
)
from telephony.calls.work import Work
from tongdai.ids import AccountId
from tongdai.text import clean

SPECIAL_CONTEXTS = HOLD_CONTEXTS | MENU_CONTEXTS


def fold(call: Call, packet: p.Packet, seats: Seats) -> Step:
    """Return what `packet` makes of `call`. The version grows by one if anybody can see it."""
    if type(packet) in _ONLY_PLACE and _nothing_follows(call, packet.channel):
        channels = placed(call.channels, packet.channel)
        if channels is call.channels:
            return Step(call)
        at = max(packet.at, call.last_at)
        return Step(call._replace(channels=channels, last_at=at))
    return work_through(call, packet, seats)


def work_through(call: Call, packet: p.Packet, seats: Seats) -> Step:
    """Return what `packet` makes of `call`, every conclusion drawn anew."""
    work = Work(call, packet.at, seats)
    work.touch(packet.channel, add=not isinstance(packet, _NEVER_ADD))
    handler = _HANDLERS.get(type(packet))
    if handler is not None:
        handler(work, packet)
    work.settle()
    return work.done()


def _nothing_follows(call: Call, facts: p.Facts) -> bool:
    """Say whether a channel's place leads to no conclusion about the call: most packets are such.

    It is nowhere special, and not found to be a transfer's leg after all. In an outbound call who
    dials follows from the main channel.
    """
    if facts.context in SPECIAL_CONTEXTS or call.view.direction is not Direction.INBOUND:
        return False
    known = call.channels.get(facts.uniqueid)
    return known is None or facts.transfer is None or facts.transfer == known.transfer


def _new_callerid(w: Work, packet: p.NewCallerid) -> None:
    if packet.channel.uniqueid != w.main or w.view.direction is not Direction.INBOUND or w.over:
        return
    if packet.hidden and w.view.caller_number is not None:
        w.show(**caller_fields(w.view.caller_raw, packet.caller_name, hidden=True))
    elif packet.caller_name and not w.view.caller_name:
        w.show(caller_name=clean(packet.caller_name)[:MAX_NAME])


def _found(w: Work, packet: p.Packet) -> None:
    """Music begins, or a channel is found: only then is its place in the dialplan news.

    A caller who leaves a bridge and hangs up a moment later was sent nowhere.
    """
    w.placed = packet.channel.uniqueid == w.main


def _renamed(w: Work, packet: p.Renamed) -> None:
    known = w.channels.get(packet.channel.uniqueid)
    if known is not None:
        role, seat = p.role_of(packet.channel.name)
        w.put(known._replace(name=packet.channel.name, role=role, seat=seat))
        w.moved = True


def _hangup(w: Work, packet: p.Hangup) -> None:
    uniqueid = packet.channel.uniqueid
    if uniqueid == w.main:
        w.cause = packet.cause
    channel = w.channels.get(uniqueid)
    if channel is None:
        return
    talked = bool(channel.leg) and channel.seat is not None and channel.seat == w.view.seat
    if talked and packet.cause in FAILURES:
        w.broken = True
    channel = w.stop_ring(channel, "CANCEL")
    w.close_leg(channel, "lost" if packet.cause == LOST else "hangup")
    w.drop(uniqueid)


def _dial_begin(w: Work, packet: p.DialBegin) -> None:
    channel = w.channels[packet.channel.uniqueid]
    if channel.number != packet.number:
        channel = channel._replace(number=packet.number)
        w.put(channel)
    if w.view.direction is Direction.OUTBOUND and channel.seat is None and not w.view.caller_raw:
        called = packet.dialled if channel.uniqueid == w.main else packet.number
        w.show(**caller_fields(called, ""))
    if channel.seat is None:
        w.start_ring(channel, None)
    elif w.queue is None:
        w.start_ring(channel, w.seats.operator_of(channel.seat))


def _agent_called(w: Work, packet: p.AgentCalled) -> None:
    w.touch(packet.dest, add=True)
    channel = w.channels[packet.dest.uniqueid]
    if channel.seat is None and channel.role is p.Role.OUTSIDE:
        channel = channel._replace(seat=channel.name.rpartition("-")[0])  # another PBX's member
        w.put(channel)
    operator = AccountId(packet.member) if packet.member else None
    w.start_ring(channel, operator)


def _dial_end(w: Work, packet: p.DialEnd) -> None:
    channel = w.channels.get(packet.channel.uniqueid)
    if channel is not None:
        w.stop_ring(channel, packet.status)


def _bridge_enter(w: Work, packet: p.BridgeEnter) -> None:
    channel = w.channels[packet.channel.uniqueid]
    if channel.bridge == packet.bridge:
        return
    channel = w.close_leg(w.stop_ring(channel, "ANSWER"), "left")
    operator = channel.operator
    if channel.seat and operator is None:
        operator = w.seats.operator_of(channel.seat)
    w.legs_begun += 1
    w.put(
        channel._replace(
            bridge=packet.bridge,
            bridge_since=w.at,
            leg=w.legs_begun,
            operator=operator,
        )
    )
    w.moved = True
    if channel.uniqueid == w.main:
        w.queue = None


def _bridge_leave(w: Work, packet: p.BridgeLeave) -> None:
    channel = w.channels.get(packet.channel.uniqueid)
    if channel is not None and channel.bridge == packet.bridge:
        w.put(w.close_leg(channel, "left"))


def _hold(w: Work, packet: p.Packet) -> None:
    channel = w.channels[packet.channel.uniqueid]
    w.put(channel._replace(holding=isinstance(packet, p.Hold)))


def _queue_join(w: Work, packet: p.QueueJoin) -> None:
    if packet.channel.uniqueid != w.main or w.queue == packet.queue or w.over:
        return
    w.queue = packet.queue
    joined, answered = w.view.queue_joined_at, w.view.answered_at
    if joined is None or (answered is not None and answered > joined):
        w.show(queue_joined_at=w.at)
    w.signals.append(Signal.JOINED_QUEUE)


def _queue_leave(w: Work, packet: p.QueueLeave) -> None:
    if packet.channel.uniqueid != w.main:
        return
    w.queue = None
    if not any(c.seat and c.state == p.UP for c in w.channels.values()):
        w.signals.append(Signal.LEFT_QUEUE)


def _blind_transfer(w: Work, packet: p.BlindTransfer) -> None:
    del packet
    w.signals.append(Signal.SENT_AWAY)


def _user_event(w: Work, packet: p.UserEvent) -> None:
    if packet.channel.uniqueid != w.main or w.over:
        return
    if packet.event == "TongdaiMenu":
        w.show(menu=clean(packet.choice)[:MOST_BYTES])
    elif packet.event == "TongdaiSurvey":  # the operator has hung up, the caller goes on
        w.signals.append(Signal.BACK_IN_MENU)
    elif packet.event == "TongdaiOutcome":
        w.hint = next((o for o in Outcome if o.value == packet.choice), w.hint)


_ONLY_PLACE = (p.Newchannel, p.Touched)
_NEVER_ADD = (p.Hangup, p.Renamed, p.BridgeLeave, p.DialEnd)
_HANDLERS: dict[type[p.Packet], Callable[[Work, Any], None]] = {
    p.Newchannel: _found,
    p.Touched: _found,
    p.NewCallerid: _new_callerid,
    p.Renamed: _renamed,
    p.Hangup: _hangup,
    p.DialBegin: _dial_begin,
    p.DialEnd: _dial_end,
    p.AgentCalled: _agent_called,
    p.BridgeEnter: _bridge_enter,
    p.BridgeLeave: _bridge_leave,
    p.Hold: _hold,
    p.Unhold: _hold,
    p.QueueJoin: _queue_join,
    p.QueueLeave: _queue_leave,
    p.BlindTransfer: _blind_transfer,
    p.UserEvent: _user_event,
}

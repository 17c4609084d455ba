"""What the PBXs tell of operators: packets in their order, and their state after each connect."""

from collections.abc import Callable
from dataclasses import replace

from telephony.ami.packets import Raw
from telephony.calls.reconcile import PbxState
from telephony.operators import restore
from telephony.operators.members import AllMembers
from telephony.operators.model import Operator, OperatorState, Signal, missed_one
from telephony.operators.phones import Phones
from telephony.operators.roster import Roster
from telephony.switch import seat_of
from tongdai.clock import Clock
from tongdai.ids import AccountId, HotlineId

_STATUS = ("QueueMemberAdded", "QueueMemberStatus")
PACKETS = ("AgentCalled", "AgentRingNoAnswer", "Newstate", "Hangup", *_STATUS)
_UP = "6"
_UNREACHABLE = frozenset({"4", "5"})  # AST_DEVICE_INVALID, AST_DEVICE_UNAVAILABLE


class Ear:
    """Turns what is told into signals of the table."""

    def __init__(
        self,
        roster: Roster,
        members: AllMembers,
        phones: Phones,
        clock: Clock,
        *,
        missed_limit: int,
        grace_seconds: float,
        found: Callable[[AccountId], None],
        mark: Callable[[AccountId], None],
    ) -> None:
        """Tell `roster`.

        Args:
            roster: The operators in memory.
            members: Learns what each PBX has in our queues.
            phones: Learns channels and reachability.
            clock: The service's clock.
            missed_limit: After how many unanswered calls in a row an operator is paused.
            grace_seconds: How long a browser may take to come back.
            found: Told of somebody whom only the PBX knew.
            mark: Told whose memberships are to be compared.
        """
        self._roster, self._members, self._phones, self._clock = roster, members, phones, clock
        self._missed_limit, self._grace = missed_limit, grace_seconds
        self._found, self._mark = found, mark

    def on_packet(self, pbx: str, packet: Raw) -> None:
        """Take one of PACKETS, in the PBX's order."""
        seat = seat_of(packet["Channel" if packet.name in ("Newstate", "Hangup") else "Interface"])
        operator = self._roster.at_seat(seat) if seat else None
        if operator is None:
            return
        match packet.name:
            case "AgentCalled":
                self._rings(operator, pbx, packet["DestChannel"], packet["Queue"])
            case "AgentRingNoAnswer":
                now = self._clock.now()
                self._roster.put(missed_one(operator, self._missed_limit, at=now))
            case "Newstate" if packet["ChannelState"] == _UP:
                self._phones.add(pbx, operator.seat, packet["Channel"])
                self._roster.signal(operator, Signal.CONNECTED)
            case "Hangup":
                self._hangs_up(operator, pbx, packet["Channel"])
            case "QueueMemberAdded" | "QueueMemberStatus":
                there = packet["Status"] not in _UNREACHABLE
                there = self._phones.reached(pbx, operator.seat, there=there)
                self._roster.phone_is(operator, there=there)
            case _:
                pass

    def on_state(self, pbx: str, state: PbxState) -> None:
        """Take what the PBX has after a connect: members, phones, channels."""
        now, roster = self._clock.now(), self._roster
        self._members.learn(pbx, state.members)
        channels = restore.seat_channels(state)
        self._phones.learn(pbx, channels)
        for operator in restore.unknown(roster.operators, state, channels, now):
            if operator.account in roster.left:
                self._mark(operator.account)  # he signed off while the PBX did not listen
                continue
            roster.put(operator)
            self._found(operator.account)
            roster.browser_awaited(operator.account, self._grace)
        for account, operator in tuple(roster.operators.items()):
            there = restore.reached(operator, state)
            if there is not None:
                there = self._phones.reached(pbx, operator.seat, there=there)
                operator = replace(operator, phone=there)  # noqa: PLW2901 - as he is by now
            elsewhere = self._phones.elsewhere(pbx, operator.seat)
            roster.put(restore.caught_up(operator, state, channels, now, elsewhere=elsewhere))
            self._mark(account)

    def _rings(self, operator: Operator, pbx: str, channel: str, queue: str) -> None:
        self._phones.add(pbx, operator.seat, channel)
        if operator.state not in (OperatorState.TALKING, OperatorState.RINGING):
            hotline = HotlineId(queue.removeprefix("tongdai-"))
            operator = replace(operator, hotline=hotline, pbx=pbx)
        self._roster.signal(operator, Signal.RANG)

    def _hangs_up(self, operator: Operator, pbx: str, channel: str) -> None:
        if self._phones.gone(pbx, operator.seat, channel):
            ringing = operator.state is OperatorState.RINGING
            self._roster.signal(operator, Signal.RING_STOPPED if ringing else Signal.LEG_ENDED)

"""What can be known of operators from the PBX alone: after our restart, after its own."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime

from telephony.ami.packets import UP
from telephony.calls.reconcile import Member, PbxState
from telephony.operators.model import (
    MISSED,
    Operator,
    OperatorState,
    Signal,
    advance,
    settle,
)
from telephony.switch import seat_of
from tongdai.accounts.tables import Account
from tongdai.db import Database
from tongdai.ids import AccountId, HotlineId

QUEUES = "tongdai-"
_UNREACHABLE = frozenset({4, 5})  # AST_DEVICE_INVALID, AST_DEVICE_UNAVAILABLE


def seat_channels(state: PbxState) -> dict[str, set[str]]:
    """Return the channels of each seat's phone."""
    found: dict[str, set[str]] = {}
    for channel in state.channels:
        seat = seat_of(channel.facts.name)
        if seat:
            found.setdefault(seat, set()).add(channel.facts.name)
    return found


def unknown(
    known: Collection[AccountId],
    state: PbxState,
    channels: Mapping[str, Collection[str]],
    now: datetime,
) -> list[Operator]:
    """Return the members of our queues whom we do not know: signed on before our restart."""
    members: dict[AccountId, list[Member]] = {}
    for member in state.members:
        if member.queue.startswith(QUEUES) and seat_of(member.interface):
            members.setdefault(AccountId(member.name), []).append(member)
    return [
        _operator(account, own, channels, now)
        for account, own in members.items()
        if account not in known
    ]


def reached(operator: Operator, state: PbxState) -> bool | None:
    """Say whether the PBX reaches an operator's phone; None when it does not say."""
    statuses = {m.status for m in state.members if m.interface == operator.interface}
    return not statuses <= _UNREACHABLE if statuses else None


def caught_up(
    operator: Operator,
    state: PbxState,
    channels: Mapping[str, Collection[str]],
    now: datetime,
    *,
    elsewhere: bool = False,
) -> Operator:
    """Return an operator whom we know, as the PBX has him now.

    Args:
        operator: As he was known.
        state: What the PBX has.
        channels: Its channels by seat.
        now: The moment.
        elsewhere: His phone has a channel at another PBX.
    """
    mine = channels.get(operator.seat, ())
    up = any(c.facts.name in mine and c.facts.state == UP for c in state.channels)
    if up:
        return settle(advance(operator, Signal.CONNECTED, at=now), now)
    if not mine and not elsewhere:
        operator = advance(operator, Signal.RING_STOPPED, at=now)
        operator = advance(operator, Signal.LEG_ENDED, at=now)
    return settle(operator, now)


async def name_of(db: Database, account: AccountId) -> str:
    """Return how the account's person is called; nothing when there is no such account."""
    async with db.read() as session:
        row = await session.get(Account, account)
        return row.full_name if row else ""


def _operator(
    account: AccountId,
    members: list[Member],
    channels: Mapping[str, Collection[str]],
    now: datetime,
) -> Operator:
    own = sorted(HotlineId(m.queue.removeprefix(QUEUES)) for m in members if not m.penalty)
    also = sorted(HotlineId(m.queue.removeprefix(QUEUES)) for m in members if m.penalty)
    first = members[0]
    device, _, extension = seat_of(first.interface).partition("-")
    reason = next((m.reason for m in members if m.paused), "")
    operator = Operator(
        account=account,
        name="",
        extension=extension,
        device="web" if device == "web" else "desk",
        hotlines=tuple(own or also),
        since=now,
        state=_state(first, has_channel=bool(channels.get(seat_of(first.interface)))),
        also=tuple(also) if own else (),
    )
    if operator.state is OperatorState.PAUSED:
        return replace(operator, reason=reason or MISSED)
    return operator


def _state(member: Member, *, has_channel: bool) -> OperatorState:
    if has_channel and (member.paused and member.reason == OperatorState.TALKING):
        return OperatorState.TALKING
    if has_channel and not member.paused:
        return OperatorState.RINGING
    if not member.paused or member.reason == OperatorState.RINGING:  # his phone rings elsewhere
        return OperatorState.READY
    if member.reason in (OperatorState.TALKING, OperatorState.WRAP_UP):
        return OperatorState.WRAP_UP
    return OperatorState.PAUSED

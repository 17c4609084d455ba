"""What the fold works with: who sits where, what a step returns, who is with whom; pure."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, Protocol

from telephony.ami.packets import Facts, Role, role_of
from telephony.calls.events import CallEvent
from telephony.calls.model import Call, CallState, CallView, Channel, Direction, Leg, Outcome
from tongdai.ids import AccountId, Uniqueid
from tongdai.phone import Kind, parse_caller
from tongdai.text import clean

HOLD_CONTEXTS = frozenset({"tongdai-hold"})
MENU_CONTEXTS = frozenset({"tongdai-menu", "tongdai-survey", "tongdai-voicemail"})
LOST = -1
"""The cause of a Hangup that nobody told: reconciliation found the channel gone."""
FAILURES = frozenset({LOST, 34, 38, 41, 42, 44, 47, 58, 65, 79, 88, 95, 100, 111})
MAX_NAME = 256
_MOBILE = re.compile(r"0[35789][0-9]{8}")


class Seats(Protocol):
    """Knows who sits where."""

    def operator_of(self, seat: str) -> AccountId | None:
        """Return who is signed in at the phone `web-1001` or `desk-1001`."""
        ...


class NoSeats:
    """Nobody is known anywhere: for replay."""

    def operator_of(self, seat: str) -> AccountId | None:
        """Return None."""
        del seat
        return None


class Step(NamedTuple):
    """What a packet made: the call now, what to tell, and rows of the ledger that are closed."""

    call: Call
    events: tuple[CallEvent, ...] = ()
    legs: tuple[Leg, ...] = ()


def companions(main: Uniqueid, channels: Mapping[Uniqueid, Channel]) -> list[Channel]:
    """Return the people in one bridge with `main`, through Local channels that are not yet gone."""
    own = channels.get(main)
    if own is None or own.bridge is None:
        return []
    bridged = [c for c in channels.values() if c.bridge is not None and c is not own]
    bridges = {own.bridge}
    pipes = {c.name: c for c in bridged if c.role is Role.PIPE}
    todo = [own.bridge] if pipes else []
    while todo:
        bridge = todo.pop()
        for name, end in pipes.items():
            other = pipes.get(name[:-1] + ("1" if name.endswith("2") else "2"))
            if end.bridge == bridge and other is not None and other.bridge not in bridges:
                bridges.add(str(other.bridge))
                todo.append(str(other.bridge))
    return [
        c
        for c in bridged
        if c.bridge in bridges and c.role is not Role.PIPE and c.role is not Role.MACHINE
    ]


def reached(main: Channel | None, people: Iterable[Channel]) -> Uniqueid | None:
    """Return the citizen whom an operator called, once he is there; else None.

    From then on the call is his, as if he had called: it goes on when the operator hands it on
    and leaves, and ends when the citizen does.
    """
    if main is None or not main.seat:
        return None
    dialled = (c for c in people if c.role is Role.OUTSIDE and c.transfer is None)
    return next((c.uniqueid for c in dialled), None)


def new_channel(facts: Facts) -> Channel:
    """Return a channel as it is first heard of."""
    role, seat = role_of(facts.name)
    return Channel(
        uniqueid=facts.uniqueid,
        name=facts.name,
        role=role,
        seat=seat,
        state=facts.state,
        context=facts.context,
        transfer=facts.transfer,
    )


def placed(channels: Mapping[Uniqueid, Channel], facts: Facts) -> Mapping[Uniqueid, Channel]:
    """Return the channels, one of them as a packet tells of it; the same when that is no news."""
    known = channels.get(facts.uniqueid)
    if known is None:
        return {**channels, facts.uniqueid: new_channel(facts)}
    transfer = facts.transfer or known.transfer
    if (
        facts.state == known.state and facts.context == known.context and transfer == known.transfer
    ) or not facts.linkedid:
        return channels
    moved = known._replace(state=facts.state, context=facts.context, transfer=transfer)
    return {**channels, facts.uniqueid: moved}


def same_person(ringing: Channel, operator: AccountId | None, other: Channel) -> bool:
    """Say whether another phone rings for the operator for whom this one rings."""
    if other.uniqueid == ringing.uniqueid or not other.ring_since or not other.seat:
        return False
    return operator is not None and other.operator == operator


def caller_fields(raw: str, name: str, *, hidden: bool = False) -> dict[str, Any]:
    """Return the view's caller_* fields for what the network gave."""
    if not hidden and _MOBILE.fullmatch(raw):  # nine of ten: spare them half a millisecond
        number, kind = "+84" + raw[1:], Kind.MOBILE.value
        return {
            "caller_number": number,
            "caller_raw": raw,
            "caller_kind": kind,
            "caller_name": clean(name)[:MAX_NAME],
        }
    caller = parse_caller(raw, presentation_allowed=not hidden)
    return {
        "caller_number": caller.e164,
        "caller_raw": caller.raw,
        "caller_kind": caller.kind.value,
        "caller_name": clean(name)[:MAX_NAME],
    }


def outcome_of(view: CallView, hint: Outcome | None, cause: int) -> Outcome:
    """Return how a call has ended: what the menus said of it, else by how far it came.

    Who heard an information and then waited for an operator in vain is lost all the same.
    """
    if view.answered_at is not None:
        return Outcome.ANSWERED
    waited = view.queue_joined_at is not None
    if hint is not None and not (waited and hint is Outcome.SELF_SERVICE):
        return hint
    if view.direction is Direction.OUTBOUND:
        return Outcome.FAILED
    if view.queue_joined_at is None and cause in FAILURES:
        return Outcome.FAILED
    return Outcome.ABANDONED


def cut_off(view: CallView, cause: int, *, broken: bool) -> bool:
    """Say whether a call that ends was cut off: the caller may ring again and comes first.

    A person had answered, and then one of these: the caller's line ended with a failure of the
    network or the PBX (LOST: the PBX died, or his end was never told); the operator's telephone
    failed; he was on hold, on the way to somebody else, or waiting again, so that nobody had
    taken leave of him.

    Args:
        view: The call as it was before the end.
        cause: Of the caller's channel, Q.850.
        broken: The operator's telephone failed.
    """
    if view.answered_at is None or view.direction is Direction.OUTBOUND:
        return False
    return broken or cause in FAILURES or view.state is not CallState.ANSWERED

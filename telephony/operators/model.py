"""An operator's states as a table, and what the PBX must know of them; pure."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Literal

from tongdai.ids import AccountId, HotlineId

Device = Literal["web", "desk"]


class OperatorState(StrEnum):
    """What an operator does now."""

    SIGNED_OFF = "signed_off"
    READY = "ready"
    RINGING = "ringing"
    TALKING = "talking"
    WRAP_UP = "wrap_up"
    PAUSED = "paused"


class Signal(StrEnum):
    """What can happen to an operator."""

    SIGNED_ON = "signed_on"
    SIGNED_OFF = "signed_off"
    RANG = "rang"
    RING_STOPPED = "ring_stopped"
    CONNECTED = "connected"
    LEG_ENDED = "leg_ended"
    WANTS_READY = "wants_ready"
    WANTS_PAUSE = "wants_pause"


_S, _G = OperatorState, Signal
TABLE: dict[tuple[OperatorState, Signal], OperatorState] = {
    (_S.SIGNED_OFF, _G.SIGNED_ON): _S.READY,
    **{(state, _G.SIGNED_OFF): _S.SIGNED_OFF for state in _S},
    (_S.READY, _G.RANG): _S.RINGING,
    (_S.READY, _G.CONNECTED): _S.TALKING,
    (_S.READY, _G.WANTS_PAUSE): _S.PAUSED,
    (_S.RINGING, _G.RING_STOPPED): _S.READY,
    (_S.RINGING, _G.CONNECTED): _S.TALKING,
    (_S.RINGING, _G.WANTS_PAUSE): _S.RINGING,
    (_S.RINGING, _G.WANTS_READY): _S.RINGING,
    (_S.TALKING, _G.LEG_ENDED): _S.WRAP_UP,
    (_S.TALKING, _G.WANTS_PAUSE): _S.TALKING,
    (_S.TALKING, _G.WANTS_READY): _S.TALKING,
    (_S.WRAP_UP, _G.WANTS_READY): _S.READY,
    (_S.WRAP_UP, _G.WANTS_PAUSE): _S.PAUSED,
    (_S.WRAP_UP, _G.CONNECTED): _S.TALKING,
    (_S.WRAP_UP, _G.RANG): _S.RINGING,
    (_S.PAUSED, _G.WANTS_READY): _S.READY,
    (_S.PAUSED, _G.WANTS_PAUSE): _S.PAUSED,
    (_S.PAUSED, _G.CONNECTED): _S.TALKING,
    (_S.PAUSED, _G.RANG): _S.RINGING,
}
"""The state machine; a pair that is not here changes nothing.

            rang     ring_stopped  connected  leg_ended  wants_ready  wants_pause
ready       ringing  -             talking    -          -            paused
ringing     -        ready         talking    -          (later)      (later)
talking     -        -             -          wrap_up    (later)      (later)
wrap_up     ringing  -             talking    -          ready        paused
paused      ringing  -             talking    -          ready        paused

`(later)`: kept, and carried out when the call and its wrap-up are over. Afterwards `settle` pauses
whoever is ready without a phone or a browser, and takes the pause back when both are there again.
"""

MISSED, PHONE_AWAY, BROWSER_AWAY = "missed", "phone_away", "browser_away"
OWN_REASONS = frozenset({MISSED, PHONE_AWAY, BROWSER_AWAY})
"""Reasons for a pause that nobody chose; the others are the hotline's (settings)."""
_BY_ITSELF = frozenset({PHONE_AWAY, BROWSER_AWAY})


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """One operator as everybody may see him.

    Attributes:
        account: Whose.
        name: For people.
        extension: The seat.
        device: Which of the seat's two phones rings.
        hotlines: In whose queues the operator is.
        state: What he does.
        reason: Why he is paused: a code of the settings, or one of OWN_REASONS.
        since: When the state began (aware, UTC).
        until: When the wrap-up ends by itself.
        hotline: Whose call it is, while ringing, talking and in wrap-up.
        pbx: At which PBX the phone rang last.
        next_pause: The pause asked for while it could not begin.
        missed: Calls in a row that rang and were not answered.
        phone: The phone is registered and answers.
        browser: The console is open.
        also: Hotlines that he helps out, when a caller has waited there for long (overflow).
    """

    account: AccountId
    name: str
    extension: str
    device: Device
    hotlines: tuple[HotlineId, ...]
    since: datetime
    state: OperatorState = OperatorState.SIGNED_OFF
    reason: str = ""
    until: datetime | None = None
    hotline: HotlineId | None = None
    pbx: str = ""
    next_pause: str = ""
    missed: int = 0
    phone: bool = True
    browser: bool = True
    also: tuple[HotlineId, ...] = ()

    @property
    def seat(self) -> str:
        """The phone's endpoint: `web-1001`."""
        return f"{self.device}-{self.extension}"

    @property
    def interface(self) -> str:
        """The phone as app_queue knows it."""
        return f"PJSIP/{self.seat}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """What app_queue must know of an operator: the queues, paused or not, and why.

    Attributes:
        also: The queues in which he comes after everybody else, and only for who waits long.
    """

    interface: str
    hotlines: tuple[HotlineId, ...]
    also: tuple[HotlineId, ...]
    paused: bool
    reason: str


def advance(operator: Operator, signal: Signal, *, at: datetime, reason: str = "") -> Operator:
    """Return the operator after `signal`; the same object when it means nothing now.

    Args:
        operator: As he is.
        signal: What happened.
        at: When (aware).
        reason: The pause's code, for `wants_pause`.
    """
    to = TABLE.get((operator.state, signal))
    if to is None:
        return operator
    after = _remember(operator, signal, reason)
    if to is _S.READY and after.next_pause and signal is not _G.WANTS_READY:
        after = replace(after, next_pause="")
        return settle(_enter(after, _S.PAUSED, at, operator.next_pause or reason), at)
    if to is operator.state and signal is not _G.WANTS_PAUSE:
        return after
    pause = reason if to is _S.PAUSED else ""
    return settle(_enter(after, to, at, pause), at)


def ended_wrap_up(operator: Operator, *, at: datetime) -> Operator:
    """Return the operator once the wrap-up's time is over: ready, or in the pause asked for."""
    if operator.state is not _S.WRAP_UP:
        return operator
    if operator.next_pause:
        return advance(operator, _G.WANTS_PAUSE, at=at, reason=operator.next_pause)
    return advance(operator, _G.WANTS_READY, at=at)


def missed_one(operator: Operator, limit: int, *, at: datetime) -> Operator:
    """Return the operator after a call that rang in vain; paused when it was one too many."""
    after = replace(operator, missed=operator.missed + 1)
    if after.missed < limit:
        return after
    return advance(after, _G.WANTS_PAUSE, at=at, reason=MISSED)


def settle(operator: Operator, at: datetime) -> Operator:
    """Return the operator paused when phone or browser are away, and ready when they are back."""
    away = PHONE_AWAY if not operator.phone else "" if operator.browser else BROWSER_AWAY
    if operator.state is _S.READY and away:
        return _enter(operator, _S.PAUSED, at, away)
    if operator.state is _S.PAUSED and operator.reason in _BY_ITSELF and operator.reason != away:
        return _enter(operator, _S.PAUSED if away else _S.READY, at, away)
    return operator


def membership(operator: Operator, pbx: str) -> Membership | None:
    """Return what app_queue of a PBX must know of the operator; None when he is in no queue.

    While his phone rings for one PBX, another offers him nothing.
    """
    if operator.state is _S.SIGNED_OFF or not operator.hotlines:
        return None
    rings_elsewhere = operator.state is _S.RINGING and operator.pbx not in ("", pbx)
    paused = operator.state not in (_S.READY, _S.RINGING) or rings_elsewhere
    reason = operator.reason if operator.state is _S.PAUSED else operator.state.value
    return Membership(
        interface=operator.interface,
        hotlines=operator.hotlines,
        also=operator.also,
        paused=paused,
        reason=reason if paused else "",
    )


def _remember(operator: Operator, signal: Signal, reason: str) -> Operator:
    """Note a pause that has to wait, or that it is not wanted any more."""
    by_choice = operator.state is _S.PAUSED and operator.reason not in OWN_REASONS
    match signal:
        case _G.WANTS_PAUSE if operator.state in (_S.RINGING, _S.TALKING):
            return replace(operator, next_pause=reason)
        case _G.RANG if by_choice or operator.reason == MISSED:
            return replace(operator, next_pause=operator.reason)
        case _G.CONNECTED:
            return replace(operator, next_pause=operator.reason if by_choice else "", missed=0)
        case _G.WANTS_READY | _G.SIGNED_ON | _G.SIGNED_OFF:
            return replace(operator, next_pause="", missed=0)
        case _:
            return operator


def _enter(operator: Operator, state: OperatorState, at: datetime, reason: str) -> Operator:
    in_call = state in (_S.RINGING, _S.TALKING, _S.WRAP_UP)
    same = state is operator.state and reason == operator.reason
    return replace(
        operator,
        state=state,
        reason=reason,
        since=operator.since if same else at,
        until=None,
        hotline=operator.hotline if in_call else None,
        next_pause="" if state is _S.PAUSED else operator.next_pause,
    )

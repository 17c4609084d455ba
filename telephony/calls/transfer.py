"""A live transfer as a table: (stage, signal) -> stage and what to do; pure.

The caller waits in `tongdai-hold`, the operator in the transfer's room; the person called is asked
for a key where the hotline wants one, and then enters the room. TABLE says what each thing that
happens means, before the key, while operator and person talk (CONSULTING), and with all in the
room (JOINED). What is not in it changes nothing: a signal that came late, an order refused.
"""

from dataclasses import dataclass, replace
from enum import StrEnum


class Kind(StrEnum):
    """How a call is transferred."""

    WARM = "warm"
    BLIND = "blind"
    THREE_WAY = "three_way"


class State(StrEnum):
    """Where a transfer is, as the API says it."""

    STARTING = "starting"
    RINGING = "ringing"
    ANSWERED = "answered"
    ACCEPTED = "accepted"
    COMPLETED = "completed"
    RETURNED = "returned"
    CANCELLED = "cancelled"
    ABANDONED = "abandoned"

    @property
    def is_final(self) -> bool:
        """Whether nothing can come after it."""
        return self in _FINAL


_FINAL = frozenset({State.COMPLETED, State.RETURNED, State.CANCELLED, State.ABANDONED})


class Reason(StrEnum):
    """Why a transfer ended as it did."""

    NO_ANSWER = "no_answer"
    BUSY = "busy"
    REJECTED = "rejected"
    UNREACHABLE = "unreachable"
    NOT_ACCEPTED = "not_accepted"
    PERSON_HUNG_UP = "person_hung_up"
    OPERATOR_CANCELLED = "operator_cancelled"
    OPERATOR_HUNG_UP = "operator_hung_up"
    CALLER_HUNG_UP = "caller_hung_up"
    SERVICE_RESTARTED = "service_restarted"
    PBX_FAILED = "pbx_failed"


class Signal(StrEnum):
    """What can happen to a transfer."""

    RANG = "rang"
    ANSWERED = "answered"
    TAKEN = "taken"
    REFUSED = "refused"
    TIMED_OUT = "timed_out"
    PERSON_LEFT = "person_left"
    OPERATOR_LEFT = "operator_left"
    CALLER_LEFT = "caller_left"
    CALLER_BACK = "caller_back"
    COMPLETE = "complete"
    JOIN = "join"
    CANCEL = "cancel"


class Effect(StrEnum):
    """What the PBX is told to do, in the order given."""

    DROP_PERSON = "drop_person"
    STOP_CONSULTATION = "stop_consultation"
    BRING_CALLER = "bring_caller"
    RELEASE_OPERATOR = "release_operator"


class Stage(StrEnum):
    """A row of the table; `joined` and `consulting` are both `accepted` to the outside."""

    STARTING = "starting"
    RINGING = "ringing"
    ANSWERED = "answered"
    CONSULTING = "consulting"
    JOINED = "joined"
    COMPLETED = "completed"
    RETURNED = "returned"
    CANCELLED = "cancelled"
    ABANDONED = "abandoned"


@dataclass(frozen=True, slots=True)
class Step:
    """One cell of the table: where to, and what to do."""

    to: Stage
    effects: tuple[Effect, ...] = ()
    reason: Reason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """One transfer's way so far.

    Attributes:
        kind: How the call is transferred.
        stage: Where it is.
        operator_there: Whether the operator's leg is still up.
        reason: Why it ended so; None while it runs, and when it went as it was meant to.
        detail: For `not_accepted`: refused, later, no_key or hung_up.
    """

    kind: Kind
    stage: Stage = Stage.STARTING
    operator_there: bool = True
    reason: Reason | None = None
    detail: str = ""

    @property
    def state(self) -> State:
        """The state as the API says it."""
        return _STATES[self.stage]

    @property
    def caller_waits(self) -> bool:
        """Whether the caller is on hold (music), with nobody."""
        return not self.state.is_final and self.stage is not Stage.JOINED


_STATES = {
    **{stage: State(stage.value) for stage in Stage if stage.value in set(State)},
    Stage.CONSULTING: State.ACCEPTED,
    Stage.JOINED: State.ACCEPTED,
}
_DROP, _STOP = Effect.DROP_PERSON, Effect.STOP_CONSULTATION
_BRING, _RELEASE = Effect.BRING_CALLER, Effect.RELEASE_OPERATOR

_UNTAKEN: dict[Signal, Step] = {
    Signal.TAKEN: Step(Stage.CONSULTING),
    Signal.REFUSED: Step(Stage.RETURNED, (_DROP, _BRING), Reason.NOT_ACCEPTED),
    Signal.TIMED_OUT: Step(Stage.RETURNED, (_DROP, _BRING), Reason.NO_ANSWER),
    Signal.PERSON_LEFT: Step(Stage.RETURNED, (_BRING,), Reason.UNREACHABLE),
    Signal.OPERATOR_LEFT: Step(Stage.RETURNED, (_DROP, _BRING), Reason.OPERATOR_HUNG_UP),
    Signal.CALLER_LEFT: Step(Stage.ABANDONED, (_DROP, _RELEASE), Reason.CALLER_HUNG_UP),
    Signal.CALLER_BACK: Step(Stage.RETURNED, (_DROP,), Reason.PBX_FAILED),
    Signal.CANCEL: Step(Stage.CANCELLED, (_DROP, _BRING), Reason.OPERATOR_CANCELLED),
}
_ANSWERED: dict[Signal, Step] = {
    **_UNTAKEN,
    Signal.TIMED_OUT: Step(Stage.RETURNED, (_DROP, _BRING), Reason.NOT_ACCEPTED),
    Signal.PERSON_LEFT: Step(Stage.RETURNED, (_BRING,), Reason.NOT_ACCEPTED),
}
_CONSULTING: dict[Signal, Step] = {
    Signal.COMPLETE: Step(Stage.COMPLETED, (_STOP, _BRING, _RELEASE)),
    Signal.JOIN: Step(Stage.JOINED, (_STOP, _BRING)),
    Signal.CANCEL: Step(Stage.CANCELLED, (_DROP, _BRING), Reason.OPERATOR_CANCELLED),
    Signal.PERSON_LEFT: Step(Stage.RETURNED, (_BRING,), Reason.PERSON_HUNG_UP),
    Signal.OPERATOR_LEFT: Step(Stage.COMPLETED, (_STOP, _BRING)),
    Signal.CALLER_LEFT: Step(Stage.ABANDONED, (_DROP, _RELEASE), Reason.CALLER_HUNG_UP),
    Signal.CALLER_BACK: Step(Stage.JOINED, (_STOP,)),
}
_JOINED: dict[Signal, Step] = {
    Signal.COMPLETE: Step(Stage.COMPLETED, (_RELEASE,)),
    Signal.CANCEL: Step(Stage.CANCELLED, (_DROP,), Reason.OPERATOR_CANCELLED),
    Signal.PERSON_LEFT: Step(Stage.COMPLETED),
    Signal.OPERATOR_LEFT: Step(Stage.COMPLETED),
    Signal.CALLER_LEFT: Step(Stage.COMPLETED, (_DROP, _RELEASE)),
}
TABLE: dict[tuple[Stage, Signal], Step] = {
    **{(Stage.STARTING, signal): step for signal, step in _UNTAKEN.items()},
    (Stage.STARTING, Signal.RANG): Step(Stage.RINGING),
    (Stage.STARTING, Signal.ANSWERED): Step(Stage.ANSWERED),
    **{(Stage.RINGING, signal): step for signal, step in _UNTAKEN.items()},
    (Stage.RINGING, Signal.ANSWERED): Step(Stage.ANSWERED),
    **{(Stage.ANSWERED, signal): step for signal, step in _ANSWERED.items()},
    **{(Stage.CONSULTING, signal): step for signal, step in _CONSULTING.items()},
    **{(Stage.JOINED, signal): step for signal, step in _JOINED.items()},
}
"""Every stage that can be left, by every signal that means something there."""

_BLIND: dict[tuple[Stage, Signal], Step] = {
    (stage, signal): Step(stage, effects)
    for stage in (Stage.STARTING, Stage.RINGING, Stage.ANSWERED)
    for signal, effects in ((Signal.OPERATOR_LEFT, ()), (Signal.COMPLETE, (_RELEASE,)))
}
"""What is different for a blind transfer: the operator may leave before anybody took the call."""


def advance(
    course: Course, signal: Signal, *, reason: Reason | None = None, detail: str = ""
) -> tuple[Course, tuple[Effect, ...]] | None:
    """Return the transfer after `signal` and what is to be done, or None when it means nothing now.

    Args:
        course: The transfer so far.
        signal: What happened, or what is asked for.
        reason: The exact reason where the signal has one (how dialling failed).
        detail: See Course.
    """
    step = _BLIND.get((course.stage, signal)) if course.kind is Kind.BLIND else None
    step = step or TABLE.get((course.stage, signal))
    if step is None:
        return None
    why = reason if reason and step.reason else step.reason
    after = replace(
        course,
        stage=step.to,
        operator_there=course.operator_there
        and signal is not Signal.OPERATOR_LEFT
        and Effect.RELEASE_OPERATOR not in step.effects,
        reason=why,
        detail=detail if why is Reason.NOT_ACCEPTED else "",
    )
    return after, step.effects


def follow_up(course: Course) -> Signal | None:
    """Return the signal that a transfer gives itself once the person took the call."""
    if course.stage is not Stage.CONSULTING:
        return None
    return {Kind.BLIND: Signal.COMPLETE, Kind.THREE_WAY: Signal.JOIN}.get(course.kind)


def reason_of_cause(cause: int) -> Reason:
    """Return why nobody answered, from the leg's hang-up cause.

    Args:
        cause: Q.850 number as Asterisk gives it (486 is 17, 603 is 21, 480 is 19 or 20, 404 is 1).
    """
    return _CAUSES.get(cause, Reason.UNREACHABLE)


_CAUSES = {
    17: Reason.BUSY,
    21: Reason.REJECTED,
    18: Reason.NO_ANSWER,
    19: Reason.NO_ANSWER,
    16: Reason.NO_ANSWER,
    26: Reason.NO_ANSWER,
}

"""The live transfer's table, cell by cell."""

import pytest

from telephony.calls.transfer import (
    TABLE,
    Course,
    Effect,
    Kind,
    Reason,
    Signal,
    Stage,
    State,
    advance,
    follow_up,
    reason_of_cause,
)

BEFORE_TAKEN = (Stage.STARTING, Stage.RINGING, Stage.ANSWERED)
FINAL = (Stage.COMPLETED, Stage.RETURNED, Stage.CANCELLED, Stage.ABANDONED)


def course(kind: Kind = Kind.WARM, stage: Stage = Stage.STARTING) -> Course:
    return Course(kind=kind, stage=stage)


def run(start: Course, *signals: Signal) -> tuple[Course, list[Effect]]:
    """Follow the signals, and what the transfer says to itself; all effects in their order."""
    effects: list[Effect] = []
    for signal in signals:
        at: Signal | None = signal
        while at is not None:
            step = advance(start, at)
            assert step is not None, (start, at)
            start, done = step
            effects += done
            at = follow_up(start)
    return start, effects


def test_a_warm_transfer_waits_for_the_operator_to_leave() -> None:
    after, effects = run(course(), Signal.RANG, Signal.ANSWERED, Signal.TAKEN)
    assert (after.state, effects) == (State.ACCEPTED, [])
    after, effects = run(after, Signal.COMPLETE)
    assert after.state is State.COMPLETED
    assert effects == [Effect.STOP_CONSULTATION, Effect.BRING_CALLER, Effect.RELEASE_OPERATOR]
    assert not after.operator_there


def test_a_blind_transfer_completes_itself_when_the_person_takes_it() -> None:
    after, effects = run(course(Kind.BLIND), Signal.RANG, Signal.ANSWERED, Signal.TAKEN)
    assert after.state is State.COMPLETED
    assert Effect.BRING_CALLER in effects
    assert effects[-1] is Effect.RELEASE_OPERATOR


def test_three_way_brings_the_caller_as_soon_as_the_person_takes_it() -> None:
    after, effects = run(course(Kind.THREE_WAY), Signal.ANSWERED, Signal.TAKEN)
    assert (after.stage, after.state) == (Stage.JOINED, State.ACCEPTED)
    assert effects == [Effect.STOP_CONSULTATION, Effect.BRING_CALLER]
    assert after.operator_there
    after, effects = run(after, Signal.COMPLETE)
    assert (after.state, effects) == (State.COMPLETED, [Effect.RELEASE_OPERATOR])


@pytest.mark.parametrize(
    ("stage", "signal", "reason"),
    [
        (Stage.STARTING, Signal.PERSON_LEFT, Reason.UNREACHABLE),
        (Stage.RINGING, Signal.TIMED_OUT, Reason.NO_ANSWER),
        (Stage.ANSWERED, Signal.TIMED_OUT, Reason.NOT_ACCEPTED),
        (Stage.ANSWERED, Signal.REFUSED, Reason.NOT_ACCEPTED),
        (Stage.ANSWERED, Signal.PERSON_LEFT, Reason.NOT_ACCEPTED),
        (Stage.CONSULTING, Signal.PERSON_LEFT, Reason.PERSON_HUNG_UP),
    ],
)
@pytest.mark.parametrize("kind", [Kind.WARM, Kind.BLIND, Kind.THREE_WAY])
def test_a_failed_transfer_brings_the_caller_back(
    kind: Kind, stage: Stage, signal: Signal, reason: Reason
) -> None:
    after, effects = run(course(kind, stage), signal)
    assert (after.state, after.reason) == (State.RETURNED, reason)
    assert effects[-1] is Effect.BRING_CALLER
    assert after.operator_there


@pytest.mark.parametrize("reason", [Reason.BUSY, Reason.REJECTED, Reason.NO_ANSWER])
def test_the_exact_reason_of_dialling_is_kept(reason: Reason) -> None:
    step = advance(course(stage=Stage.RINGING), Signal.PERSON_LEFT, reason=reason)
    assert step is not None
    assert step[0].reason is reason


def test_why_nobody_took_it_is_kept() -> None:
    step = advance(course(stage=Stage.ANSWERED), Signal.REFUSED, detail="later")
    assert step is not None
    assert (step[0].reason, step[0].detail) == (Reason.NOT_ACCEPTED, "later")


@pytest.mark.parametrize("stage", BEFORE_TAKEN)
@pytest.mark.parametrize("kind", [Kind.WARM, Kind.THREE_WAY])
def test_an_operator_who_hangs_up_before_it_was_taken_gives_the_caller_to_the_queue(
    kind: Kind, stage: Stage
) -> None:
    after, effects = run(course(kind, stage), Signal.OPERATOR_LEFT)
    assert (after.state, after.reason) == (State.RETURNED, Reason.OPERATOR_HUNG_UP)
    assert effects == [Effect.DROP_PERSON, Effect.BRING_CALLER]
    assert not after.operator_there


@pytest.mark.parametrize("stage", BEFORE_TAKEN)
@pytest.mark.parametrize("signal", [Signal.OPERATOR_LEFT, Signal.COMPLETE])
def test_the_operator_of_a_blind_transfer_may_leave_early(stage: Stage, signal: Signal) -> None:
    after, effects = run(course(Kind.BLIND, stage), signal)
    assert after.stage is stage
    assert not after.operator_there
    assert Effect.DROP_PERSON not in effects
    after, _ = run(after, Signal.TAKEN)
    assert after.state is State.COMPLETED


@pytest.mark.parametrize("stage", BEFORE_TAKEN)
def test_a_warm_transfer_cannot_be_completed_before_it_was_taken(stage: Stage) -> None:
    assert advance(course(stage=stage), Signal.COMPLETE) is None
    assert advance(course(stage=stage), Signal.JOIN) is None


def test_an_operator_who_hangs_up_after_it_was_taken_completes_it() -> None:
    after, effects = run(course(stage=Stage.CONSULTING), Signal.OPERATOR_LEFT)
    assert after.state is State.COMPLETED
    assert Effect.BRING_CALLER in effects
    assert Effect.DROP_PERSON not in effects


@pytest.mark.parametrize("stage", [*BEFORE_TAKEN, Stage.CONSULTING])
@pytest.mark.parametrize("kind", list(Kind))
def test_a_caller_who_hangs_up_while_waiting_ends_it_for_all(kind: Kind, stage: Stage) -> None:
    after, effects = run(course(kind, stage), Signal.CALLER_LEFT)
    assert (after.state, after.reason) == (State.ABANDONED, Reason.CALLER_HUNG_UP)
    assert effects == [Effect.DROP_PERSON, Effect.RELEASE_OPERATOR]


@pytest.mark.parametrize("stage", [*BEFORE_TAKEN, Stage.CONSULTING])
def test_the_operator_may_give_up_at_any_time(stage: Stage) -> None:
    after, effects = run(course(stage=stage), Signal.CANCEL)
    assert (after.state, after.reason) == (State.CANCELLED, Reason.OPERATOR_CANCELLED)
    assert effects == [Effect.DROP_PERSON, Effect.BRING_CALLER]


@pytest.mark.parametrize(
    "signal", [Signal.PERSON_LEFT, Signal.OPERATOR_LEFT, Signal.CALLER_LEFT, Signal.COMPLETE]
)
def test_once_all_have_spoken_any_end_is_a_completed_transfer(signal: Signal) -> None:
    after, _ = run(course(stage=Stage.JOINED), signal)
    assert (after.state, after.reason) == (State.COMPLETED, None)


def test_a_caller_whom_the_pbx_brought_back_by_itself_is_with_the_operator() -> None:
    after, effects = run(course(stage=Stage.RINGING), Signal.CALLER_BACK)
    assert (after.state, effects) == (State.RETURNED, [Effect.DROP_PERSON])
    after, _ = run(course(stage=Stage.CONSULTING), Signal.CALLER_BACK)
    assert after.stage is Stage.JOINED


@pytest.mark.parametrize("stage", FINAL)
@pytest.mark.parametrize("signal", list(Signal))
@pytest.mark.parametrize("kind", list(Kind))
def test_a_final_state_is_final(kind: Kind, stage: Stage, signal: Signal) -> None:
    assert advance(course(kind, stage), signal) is None


@pytest.mark.parametrize("stage", [s for s in Stage if s not in FINAL])
@pytest.mark.parametrize(
    "signal", [Signal.CALLER_LEFT, Signal.PERSON_LEFT, Signal.OPERATOR_LEFT, Signal.CANCEL]
)
def test_whoever_leaves_is_noticed_at_every_stage(stage: Stage, signal: Signal) -> None:
    assert (stage, signal) in TABLE


@pytest.mark.parametrize(
    ("cause", "reason"),
    [
        (17, Reason.BUSY),
        (21, Reason.REJECTED),
        (19, Reason.NO_ANSWER),
        (20, Reason.UNREACHABLE),
        (1, Reason.UNREACHABLE),
        (34, Reason.UNREACHABLE),
        (0, Reason.UNREACHABLE),
    ],
)
def test_a_cause_is_told_in_the_words_of_the_api(cause: int, reason: Reason) -> None:
    assert reason_of_cause(cause) is reason

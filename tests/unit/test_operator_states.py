"""The operator's table: states, pauses that wait, phones and browsers that vanish."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from telephony.operators.model import (
    BROWSER_AWAY,
    MISSED,
    PHONE_AWAY,
    TABLE,
    Operator,
    OperatorState,
    Signal,
    advance,
    ended_wrap_up,
    membership,
    missed_one,
    settle,
)
from tongdai.ids import AccountId, HotlineId

AT = datetime(2026, 11, 30, 1, tzinfo=UTC)
LATER = AT + timedelta(minutes=1)


def operator(state: OperatorState = OperatorState.READY, **changes: object) -> Operator:
    anna = Operator(
        account=AccountId("anna"),
        name="Anna",
        extension="1001",
        device="web",
        hotlines=(HotlineId("can-tho"),),
        since=AT,
        state=state,
    )
    return replace(anna, **changes)  # type: ignore[arg-type]


def run(start: Operator, *signals: Signal) -> Operator:
    for signal in signals:
        start = advance(start, signal, at=LATER)
    return start


def test_a_call_ends_in_wrap_up_and_the_wrap_up_in_ready() -> None:
    after = run(operator(), Signal.RANG, Signal.CONNECTED, Signal.LEG_ENDED)
    assert (after.state, after.since) == (OperatorState.WRAP_UP, LATER)
    assert ended_wrap_up(after, at=LATER).state is OperatorState.READY


def test_a_call_that_was_not_answered_leaves_the_operator_ready() -> None:
    assert run(operator(), Signal.RANG, Signal.RING_STOPPED).state is OperatorState.READY


@pytest.mark.parametrize("during", [OperatorState.RINGING, OperatorState.TALKING])
def test_a_pause_asked_for_during_a_call_begins_after_it(during: OperatorState) -> None:
    asked = advance(operator(during), Signal.WANTS_PAUSE, at=LATER, reason="meal")
    assert asked.state is during
    signal = Signal.LEG_ENDED if during is OperatorState.TALKING else Signal.RING_STOPPED
    after = ended_wrap_up(advance(asked, signal, at=LATER), at=LATER)
    assert (after.state, after.reason, after.next_pause) == (OperatorState.PAUSED, "meal", "")


def test_a_pause_asked_for_during_a_call_can_be_taken_back() -> None:
    asked = advance(operator(OperatorState.TALKING), Signal.WANTS_PAUSE, at=LATER, reason="meal")
    after = run(asked, Signal.WANTS_READY, Signal.LEG_ENDED)
    assert ended_wrap_up(after, at=LATER).state is OperatorState.READY


def test_a_call_out_of_a_pause_ends_in_that_pause() -> None:
    after = run(operator(OperatorState.PAUSED, reason="paperwork"), Signal.CONNECTED)
    after = ended_wrap_up(run(after, Signal.LEG_ENDED), at=LATER)
    assert (after.state, after.reason) == (OperatorState.PAUSED, "paperwork")


@pytest.mark.parametrize(
    ("change", "reason"), [({"phone": False}, PHONE_AWAY), ({"browser": False}, BROWSER_AWAY)]
)
def test_whoever_vanishes_is_paused_and_is_ready_again_when_back(
    change: dict[str, bool], reason: str
) -> None:
    gone = settle(operator(**change), LATER)
    assert (gone.state, gone.reason) == (OperatorState.PAUSED, reason)
    back = settle(replace(gone, phone=True, browser=True), LATER)
    assert (back.state, back.reason) == (OperatorState.READY, "")


def test_a_pause_that_was_chosen_stays_when_the_phone_comes_back() -> None:
    paused = operator(OperatorState.PAUSED, reason="meal", phone=False)
    assert settle(replace(paused, phone=True), LATER).reason == "meal"


def test_nobody_becomes_ready_without_a_phone() -> None:
    after = run(operator(OperatorState.PAUSED, reason="meal", phone=False), Signal.WANTS_READY)
    assert (after.state, after.reason) == (OperatorState.PAUSED, PHONE_AWAY)


def test_a_phone_that_vanishes_in_a_call_pauses_after_the_wrap_up() -> None:
    talking = settle(operator(OperatorState.TALKING, phone=False), LATER)
    assert talking.state is OperatorState.TALKING
    after = ended_wrap_up(run(talking, Signal.LEG_ENDED), at=LATER)
    assert after.reason == PHONE_AWAY


def test_two_calls_missed_in_a_row_pause_and_an_answered_one_forgets_them() -> None:
    once = missed_one(operator(), 2, at=LATER)
    assert once.state is OperatorState.READY
    assert missed_one(once, 2, at=LATER).reason == MISSED
    answered = run(once, Signal.RANG, Signal.CONNECTED)
    assert answered.missed == 0


def test_a_call_missed_too_often_while_it_still_rings_pauses_when_it_stops() -> None:
    ringing = replace(run(operator(), Signal.RANG), missed=1)
    after = run(missed_one(ringing, 2, at=LATER), Signal.RING_STOPPED)
    assert (after.state, after.reason) == (OperatorState.PAUSED, MISSED)


@pytest.mark.parametrize("state", list(OperatorState))
def test_signing_off_is_always_possible_in_the_table(state: OperatorState) -> None:
    assert TABLE[state, Signal.SIGNED_OFF] is OperatorState.SIGNED_OFF


@pytest.mark.parametrize(
    ("state", "reason", "told"),
    [
        (OperatorState.READY, "", (False, "")),
        (OperatorState.RINGING, "", (False, "")),
        (OperatorState.TALKING, "", (True, "talking")),
        (OperatorState.WRAP_UP, "", (True, "wrap_up")),
        (OperatorState.PAUSED, "meal", (True, "meal")),
    ],
)
def test_the_queue_offers_calls_to_the_ready_alone(
    state: OperatorState, reason: str, told: tuple[bool, str]
) -> None:
    member = membership(operator(state, reason=reason), "main")
    assert member is not None
    assert (member.interface, member.paused, member.reason) == ("PJSIP/web-1001", *told)


def test_whoever_is_signed_off_is_in_no_queue() -> None:
    assert membership(operator(OperatorState.SIGNED_OFF), "main") is None


@pytest.mark.parametrize("state", list(OperatorState))
@pytest.mark.parametrize("signal", list(Signal))
def test_what_is_not_in_the_table_changes_nothing(state: OperatorState, signal: Signal) -> None:
    before = operator(state, reason="meal" if state is OperatorState.PAUSED else "")
    if (state, signal) not in TABLE:
        assert advance(before, signal, at=LATER) is before

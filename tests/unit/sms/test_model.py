import pytest

from sms.model import FINAL, MOVES, Signal, State, after, number_for_sms, receipt_signal
from sms.pace import pause


@pytest.mark.parametrize(
    ("state", "codes", "end"),
    [
        (State.ACCEPTED, ["8", "1"], State.DELIVERED),
        (State.ACCEPTED, ["1", "8"], State.DELIVERED),
        (State.ACCEPTED, ["4", "8", "2"], State.UNDELIVERED),
        (State.ACCEPTED, ["16"], State.REJECTED),
        (State.ACCEPTED, ["1", "1", "2"], State.DELIVERED),
        (State.SENDING, ["8"], State.ACCEPTED),
        (State.SENDING, ["1"], State.DELIVERED),
        (State.QUEUED, ["8"], State.ACCEPTED),
        (State.UNKNOWN, ["8", "1"], State.DELIVERED),
        (State.UNKNOWN, ["2"], State.UNDELIVERED),
        (State.CANCELLED, ["1"], State.CANCELLED),
        (State.REJECTED, ["1"], State.REJECTED),
        (State.NOT_SENDABLE, ["1"], State.NOT_SENDABLE),
    ],
)
def test_receipts_only_move_forward(state: State, codes: list[str], end: State) -> None:
    for code in codes:
        signal = receipt_signal(code)
        assert signal is not None
        state = after(state, signal) or state
    assert state is end


def test_final_states_are_final() -> None:
    assert not [state for state, _ in MOVES if state in FINAL]


def test_nothing_leads_back_into_the_queue_but_a_try_that_surely_failed() -> None:
    assert [move for move, target in MOVES.items() if target is State.QUEUED] == [
        (State.SENDING, Signal.RETRY)
    ]
    assert [move for move, target in MOVES.items() if target is State.SENDING] == [
        (State.QUEUED, Signal.CLAIMED)
    ]


@pytest.mark.parametrize("code", ["", "0", "3", "01", "32", "1 ", "-1", "١", "d"])
def test_a_code_that_kannel_does_not_have_says_nothing(code: str) -> None:
    assert receipt_signal(code) is None


@pytest.mark.parametrize(
    ("raw", "to", "reason"),
    [
        ("0912345678", "+84912345678", ""),
        ("84 912 345 678", "+84912345678", ""),
        ("+84328765432", "+84328765432", ""),
        ("02923812345", "+842923812345", "landline"),
        ("02921022", "+842921022", "landline"),
        ("+15551234567", "+15551234567", "foreign"),
        ("anonymous", "anonymous", "hidden"),
        ("", "", "hidden"),
        ("113", "113", "emergency"),
        ("1001", "1001", "malformed"),
        ("0912\r\n345678 DROP", "0912 345678 DROP", "malformed"),
    ],
)
def test_only_a_mobile_gets_an_sms_and_the_others_get_a_reason(
    raw: str, to: str, reason: str
) -> None:
    assert number_for_sms(raw) == (to, reason)


def test_pauses_grow_to_a_limit_and_chance_spreads_them() -> None:
    calm = [pause(n, first=5, longest=600, roll=0).total_seconds() for n in range(9)]
    assert calm == [5, 10, 20, 40, 80, 160, 320, 600, 600]
    assert pause(10_000, first=5, longest=600, roll=1).total_seconds() == 750

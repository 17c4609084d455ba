"""Until when somebody is to be called back, and what follows from a try."""

from datetime import datetime, timedelta

import pytest

from escalation.lawbook import default_lawbook
from ivr.followups.model import Result, State, after_try, due_at, result_of
from tongdai.calendar import Calendar
from tongdai.clock import HCM
from tongdai.settings_callback import CallBackTable

RULES = CallBackTable(within_minutes=60, busy_minutes=10, no_answer_minutes=60, most_tries=3)


@pytest.fixture(scope="module")
def hours() -> Calendar:
    found = default_lawbook(("hoa-binh",)).calendar("hoa-binh")
    assert found is not None
    return found


def at(words: str) -> datetime:
    return datetime.fromisoformat(words).replace(tzinfo=HCM)


@pytest.mark.parametrize(
    ("called", "due"),
    [
        ("2026-11-30T08:00", "2026-11-30T09:00"),
        ("2026-11-30T20:15", "2026-12-01T08:30"),  # HB-3.2: the nearest office hour
        ("2026-12-05T10:00", "2026-12-07T08:30"),  # a Saturday
        ("2026-12-31T19:00", "2027-01-04T08:30"),  # New Year's Day and the weekend
    ],
)
def test_a_caller_is_called_back_in_the_first_hour_of_the_nearest_office_time(
    called: str, due: str, hours: Calendar
) -> None:
    assert due_at(hours, at(called), RULES) == at(due)


def test_without_a_calendar_time_simply_runs() -> None:
    called = at("2026-12-05T22:00")
    assert due_at(None, called, RULES) == called + timedelta(hours=1)


def test_a_hotline_may_owe_the_call_at_the_opening_itself(hours: Calendar) -> None:
    rules = CallBackTable(within_minutes=0)
    assert due_at(hours, at("2026-12-05T10:00"), rules) == at("2026-12-07T07:30")


@pytest.mark.parametrize(
    ("result", "tries", "state", "again"),
    [
        (Result.REACHED, 1, State.DONE, None),
        (Result.REFUSED, 1, State.DONE, None),
        (Result.BUSY, 1, State.OPEN, "2026-11-30T09:10"),
        (Result.NO_ANSWER, 2, State.OPEN, "2026-11-30T10:00"),
        (Result.NO_ANSWER, 3, State.UNREACHABLE, None),
        (Result.BUSY, 9, State.UNREACHABLE, None),
        (Result.WRONG_NUMBER, 1, State.UNREACHABLE, None),
    ],
)
def test_what_follows_from_a_try(
    result: Result, tries: int, state: State, again: str | None, hours: Calendar
) -> None:
    verdict = after_try(result, tries, at("2026-11-30T09:00"), RULES, hours)
    assert verdict.state is state
    assert verdict.next_try_at == (at(again) if again else None)


def test_nobody_is_tried_again_at_night(hours: Calendar) -> None:
    verdict = after_try(Result.NO_ANSWER, 1, at("2026-11-30T16:50"), RULES, hours)
    assert verdict.next_try_at == at("2026-12-01T07:30")


def test_the_result_of_a_call_that_reached_nobody_is_read_from_how_it_rang() -> None:
    assert result_of("BUSY") is Result.BUSY
    assert {result_of(how) for how in ("NOANSWER", "CANCEL", "CHANUNAVAIL", "")} == {
        Result.NO_ANSWER
    }

"""Force majeure at its edges (A-TN-2): what it touches, and what had ended when it began."""

from datetime import datetime, timedelta

import pytest

from escalation.act import Act
from escalation.ladder import Ladder
from escalation.lawbook import default_lawbook
from escalation.procedure import parse_procedure
from escalation.state import State
from tests.unit.law.paper import WEEK, event, moment, paper

IN = event("30 08:00", "received")
SENT = event("30 09:00", "referred")
TAKEN = event("30 10:00", "accepted")
PROCESSING = "30 10:00 moved processing 12-09 00:00"  # six working days after the 30th
MISSED = ["12-09 00:00 missed processing", "12-09 00:00 overdue"]


def run(*events: str) -> list[str]:
    return paper("tay-ninh", "general", IN, SENT, TAKEN, *events)[4:]


def between(began: str, ended: str, until: str = "12-30 00:00") -> list[str]:
    return run(
        event(began, "force_majeure_began"),
        event(ended, "force_majeure_ended"),
        event(until, "until"),
    )


@pytest.mark.parametrize(
    ("began", "ended", "due"),
    [
        ("12-02 00:00", "12-03 00:00", "12-10 00:00"),  # just one day, from 00:00 to 24:00
        ("12-02 23:59", "12-03 00:00", "12-10 00:00"),  # a minute of it takes the day
        ("12-02 23:59", "12-03 00:01", "12-11 00:00"),  # a minute of two days takes both
        ("12-03 00:00", "12-03 00:00", "12-09 00:00"),  # no time at all takes nothing
        ("12-05 00:00", "12-07 00:00", "12-09 00:00"),  # a weekend: no working day
        ("12-05 00:00", "12-07 00:01", "12-10 00:00"),
        ("12-08 23:59", "12-09 00:00", "12-10 00:00"),  # in the last minute of the last day
        ("12-08 23:59", "12-14 00:00", "12-15 00:00"),  # the days after it are lost as well
        ("30 11:00", "12-01 00:00", "12-09 00:00"),  # the starting day does not count anyway
    ],
)
def test_a_working_day_of_which_any_part_lies_in_it_is_not_counted(
    began: str, ended: str, due: str
) -> None:
    moved = [f"{ended} moved processing {due}"] if due != "12-09 00:00" else []
    assert between(began, ended) == [
        *moved,
        f"{due} missed processing",
        f"{due} overdue",
    ]


@pytest.mark.parametrize("began", ["12-09 00:00", "12-09 00:01"])
def test_what_ended_at_24_00_is_missed_then_also_when_force_majeure_begins_at_it(
    began: str,
) -> None:
    assert between(began, "12-11 10:00") == MISSED


def test_clock_hours_that_end_as_it_begins_had_all_their_time() -> None:
    lines = paper(
        "tay-ninh",
        "general",
        IN,
        event("12-01 08:00", "force_majeure_began"),
        event("12-03 08:00", "force_majeure_ended"),
        event("12-04 08:00", "until"),
    )
    assert lines[1:] == ["12-01 08:00 missed reception"]


def test_what_is_in_time_at_the_instant_at_which_it_begins_stays_in_time() -> None:
    assert run(
        event("12-09 00:00", "force_majeure_began"),
        event("12-09 00:00", "answered"),
        event("12-10 00:00", "until"),
    ) == ["12-09 00:00 start approval unit_head 12-11 00:00"]


def test_a_sending_back_in_force_majeure_after_the_first_due_time_is_late_a_tn_13() -> None:
    lines = run(
        event("12-08 09:00", "answered"),
        event("12-09 09:00", "force_majeure_began"),
        event("12-10 09:00", "sent_back"),
        event("12-11 09:00", "force_majeure_ended"),
        event("12-30 09:00", "until"),
    )
    assert lines[1:] == [
        "12-10 09:00 missed processing",
        "12-10 09:00 overdue",
        "12-10 09:00 start processing focal_point 12-09 00:00",
    ]


def test_two_of_them_are_counted_each_and_a_day_that_both_touch_once() -> None:
    lines = run(
        event("12-02 09:00", "force_majeure_began"),
        event("12-02 10:00", "force_majeure_ended"),
        event("12-02 11:00", "force_majeure_began"),
        event("12-03 12:00", "force_majeure_ended"),
    )
    assert lines == [
        "12-02 10:00 moved processing 12-10 00:00",
        "12-03 12:00 moved processing 12-11 00:00",
    ]


def test_with_a_tn_1_working_hours_stand_still_in_working_time_only() -> None:
    """A-TN-1 read otherwise: 24 wh of reception; from 16:00 to 10:00 are three of them."""
    text = default_lawbook().versions["tay-ninh"].text
    before, after = text.split('id = "A-TN-1"', 1)
    on = f'{before}id = "A-TN-1"{after.replace("on = false", "on = true", 1)}'
    ladder, state = Ladder(parse_procedure(on, "tay-ninh"), WEEK), State(track="general")
    at = [datetime.fromisoformat(moment(t)) for t in ("30 08:00", "30 16:00", "12-01 10:00")]
    state, _ = ladder.perform(state, Act(event="received"), at[0])
    state, _ = ladder.perform(state, Act(event="force_majeure_began"), at[1])
    state, lines = ladder.perform(state, Act(event="force_majeure_ended"), at[2])
    assert [(li.do, li.due) for li in lines] == [
        ("moved", datetime.fromisoformat(moment("12-03 11:00")))
    ]
    _, lines = ladder.advance(state, at[2] + timedelta(days=9))
    assert [li.do for li in lines] == ["missed"]

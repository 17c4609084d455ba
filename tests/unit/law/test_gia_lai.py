"""Gia Lai on paper, by the rows of REQUIREMENTS.md."""

import pytest

from escalation.timeline import TimelineError
from tests.unit.law.paper import event, paper

IN = event("30 08:00", "received", channel="phone")
TO_FOCAL = event("30 09:00", "referred")
BEGUN = [
    "30 09:00 start focal_point focal_point 12-01 09:00",
    "30 09:00 notify sms focal_point",
    "30 09:00 notify sms sender",
]


def run(*events: str) -> list[str]:
    return paper("gia-lai", "general", IN, *events)


def test_gl_11_1_to_gl_11_4_two_rungs_then_overdue_and_the_province() -> None:
    """The software forwards at expiry: GL-10.1.2.b2.2b to the head, GL-10.1.2.b2.2c above him."""
    assert run(TO_FOCAL, event("12-30 08:00", "until")) == [
        *BEGUN,
        "12-01 09:00 missed focal_point",
        "12-01 09:00 start unit_head unit_head 12-02 09:00",
        "12-02 09:00 missed unit_head",
        "12-02 09:00 overdue",
        "12-02 09:00 start province city_office -",
    ]


def test_gl_10_5_a_date_stops_the_climb_and_is_reminded_of_24_clock_hours_before() -> None:
    # the end is a Monday morning: the reminder comes on Sunday (A-GL-5)
    dated = event("30 10:00", "extended", until="12-07 09:00")
    assert run(TO_FOCAL, dated, event("12-30 08:00", "until")) == [
        *BEGUN,
        "30 10:00 moved focal_point 12-07 09:00",
        "30 10:00 notify ticket_channel sender",
        "12-06 09:00 remind focal_point",
        "12-06 09:00 remind operator",
        "12-07 09:00 missed focal_point",
        "12-07 09:00 overdue",  # a lapsed date is overdue at once (A-GL-8)
        "12-07 09:00 start unit_head unit_head 12-08 09:00",
        "12-08 09:00 missed unit_head",
        "12-08 09:00 start province city_office -",
    ]


def test_gl_10_5_with_less_than_24_hours_left_the_reminder_comes_at_once() -> None:
    dated = event("30 10:00", "extended", until="12-01 08:00")
    assert run(TO_FOCAL, dated)[3:] == [
        "30 10:00 moved focal_point 12-01 08:00",
        "30 10:00 remind focal_point",
        "30 10:00 remind operator",
        "30 10:00 notify ticket_channel sender",
    ]


def test_gl_11_3_one_date_a_ticket_also_at_the_heads_rung_but_not_at_the_provinces() -> None:
    head = event("12-01 10:00", "extended", until="12-10 10:00")
    again = event("12-02 10:00", "extended", until="12-11 10:00")
    assert run(TO_FOCAL, head, again, event("12-10 10:01", "until"))[5:] == [
        "12-01 10:00 moved unit_head 12-10 10:00",
        "12-01 10:00 notify ticket_channel sender",
        "12-02 10:00 refuse extended GL-11.3",
        "12-09 10:00 remind unit_head",
        "12-09 10:00 remind operator",
        "12-10 10:00 missed unit_head",
        "12-10 10:00 overdue",
        "12-10 10:00 start province city_office -",
    ]
    late = event("12-03 10:00", "extended", until="12-10 10:00")
    assert run(TO_FOCAL, late)[-1] == "12-03 10:00 refuse extended GL-11.3"


@pytest.mark.parametrize("at", ["30 10:00", "12-01 10:00", "12-04 10:00"])
def test_gl_10_2_1_an_answer_at_any_rung_ends_it(at: str) -> None:
    lines = run(TO_FOCAL, event(at, "answered"), event("12-30 08:00", "until"))
    assert lines[-2:] == [f"{at} notify ticket_channel sender", f"{at} close"]


def test_an_answer_before_the_reminder_needs_no_reminder() -> None:
    dated = event("30 10:00", "extended", until="12-07 09:00")
    answered = event("12-06 09:00", "answered")
    lines = run(TO_FOCAL, dated, answered, event("12-30 08:00", "until"))
    assert not [line for line in lines if " remind " in line]


def test_gl_14_unsatisfied_needs_its_reason() -> None:
    end = event("30 10:00", "answered_directly")
    bare = event("30 11:00", "rated", score="unsatisfied")
    full = event("30 11:00", "rated", score="unsatisfied", reason="chậm")
    assert run(end, bare, full, event("30 11:00", "rated", score="satisfied")) == [
        "30 10:00 close",
        "30 11:00 refuse rated GL-14",
    ]


def test_a_re_routing_begins_anew_and_forgets_the_date() -> None:
    dated = event("30 10:00", "extended", until="12-07 09:00")
    lines = run(TO_FOCAL, dated, event("30 11:00", "referred"), event("12-01 11:00", "until"))
    assert lines[5:] == [
        "30 11:00 start focal_point focal_point 12-01 11:00",
        "30 11:00 notify sms focal_point",
        "30 11:00 notify sms sender",
    ]


def test_gl_11_3_the_day_of_a_letter_is_nothing_to_gia_lai() -> None:
    dated = event("30 10:00", "extended", until="12-07 09:00", document_date="2026-12-31")
    assert run(TO_FOCAL, dated)[3] == "30 10:00 moved focal_point 12-07 09:00"


def test_fields_that_an_act_does_not_have_are_ignored_whatever_is_in_them() -> None:
    odd = event("30 09:00", "referred", text=7, unit_id=[], score="best", document_date={})
    assert run(odd) == BEGUN
    with pytest.raises(TimelineError, match="line 2: reason is not what it must be"):
        run(event("30 09:00", "returned", reason=7))

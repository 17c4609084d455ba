"""Hòa Bình on paper, by the rows of REQUIREMENTS.md."""

from tests.unit.law.paper import event, paper

IN = event("30 08:00", "received", channel="phone")
TO_DESK = event("30 09:00", "referred")
DESK = "30 09:00 start one_stop one_stop 30 15:00"


def run(*events: str, track: str = "administrative") -> list[str]:
    return paper("hoa-binh", track, IN, *events)


def test_hb_9_1_the_desks_five_hours_pass_with_an_alert_and_no_overdue() -> None:
    assert run(TO_DESK, event("12-30 08:00", "until")) == [
        DESK,
        "30 15:00 missed one_stop",
        "30 15:00 notify system supervisor",
    ]


def test_hb_8_1_c_the_unit_answers_the_desk_and_the_desk_the_sender() -> None:
    lines = run(
        TO_DESK,
        event("30 10:00", "referred", until="12-05 08:00"),
        event("30 16:00", "answered"),
        event("12-01 08:00", "referred"),
        event("12-01 09:00", "answered"),
    )
    assert lines == [
        DESK,
        "30 10:00 start unit focal_point 12-01 10:00",
        "30 16:00 start one_stop one_stop -",
        "12-01 08:00 refuse referred HB-8.1.c",
        "12-01 09:00 notify ticket_channel sender",
        "12-01 09:00 close",
    ]


def test_hb_9_2_the_units_eight_hours_pass_and_it_is_overdue() -> None:
    lines = run(TO_DESK, event("30 10:00", "referred"), event("12-02 10:00", "answered"))
    assert lines[2:] == [
        "12-01 10:00 missed unit",
        "12-01 10:00 overdue",
        "12-02 10:00 start one_stop one_stop -",
    ]


def test_hb_9_3_the_unit_reschedules_once_before_its_eight_hours_end() -> None:
    to_unit = event("30 10:00", "referred")
    first = event("30 11:00", "extended", until="12-10 10:00")
    again = event("30 12:00", "extended", until="12-11 10:00")
    assert run(TO_DESK, to_unit, first, again, event("12-12 08:00", "until"))[2:] == [
        "30 11:00 moved unit 12-10 10:00",
        "30 12:00 refuse extended HB-9.3",
        "12-10 10:00 missed unit",
        "12-10 10:00 overdue",
    ]
    late = event("12-01 10:01", "extended", until="12-10 10:00")
    assert run(TO_DESK, to_unit, late)[-1] == "12-01 10:01 refuse extended HB-9.3"
    desk = event("30 09:30", "extended", until="12-10 10:00")
    assert run(TO_DESK, desk) == [DESK, "30 09:30 refuse extended HB-9.3"]


def test_hb_8_2_the_postal_track_has_one_referral_and_no_limit() -> None:
    answered = event("12-20 10:00", "answered")
    extended = event("30 10:00", "extended", until="12-10 10:00")
    lines = run(TO_DESK, event("30 10:00", "referred"), extended, answered, track="postal")
    assert lines == [
        "30 09:00 start unit focal_point -",
        "30 10:00 refuse referred HB-8.2.a",
        "30 10:00 refuse extended HB-8.2.b",
        "12-20 10:00 notify ticket_channel sender",
        "12-20 10:00 close",
    ]


def test_hb_7_2_and_hb_8_1_a_the_telephonist_refuses_or_answers() -> None:
    assert run(event("30 08:01", "rejected", ground="out_of_scope")) == [
        "30 08:01 notify ticket_channel sender",
        "30 08:01 close",
    ]
    assert run(event("30 08:01", "answered_directly")) == ["30 08:01 close"]

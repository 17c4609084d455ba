"""Hà Nội on paper, by the rows of REQUIREMENTS.md."""

import pytest

from tests.unit.law.paper import event, paper

IN = event("30 08:00", "received", channel="app")
ACCEPTED = event("30 10:00", "accepted")
GIVEN = event("30 11:00", "referred")
AHEAD = [
    "30 08:00 start reception unit_head 30 17:00",
    "30 10:00 start dispatch unit_head 30 15:00",
]


def run(*events: str, track: str = "field", level: str | None = None) -> list[str]:
    return paper("ha-noi", track, IN, *events, level=level)


def processing(*events: str, track: str = "field", level: str | None = None) -> list[str]:
    return run(ACCEPTED, GIVEN, *events, track=track, level=level)[2:]


@pytest.mark.parametrize(
    ("track", "level", "due"),
    [
        ("field", "urgent", "30 16:00"),
        ("field", None, "12-10 00:00"),
        ("field", "normal", "12-10 00:00"),
        ("field", "complex", "12-22 00:00"),
        ("waste", "urgent", "30 16:00"),
        ("waste", "normal", "01-12 00:00"),
        ("waste", "complex", "01-12 00:00"),
        ("investor", "complex", "01-12 00:00"),
        ("initiative", None, "01-12 00:00"),
        ("administrative", None, "-"),
    ],
)
def test_hn_8_5_hn_9_3_hn_10_4_hn_11_4_limits(track: str, level: str | None, due: str) -> None:
    assert processing(track=track, level=level) == [f"30 11:00 start processing focal_point {due}"]


def test_hn_8_5_1_and_hn_8_5_2_reception_and_dispatch_are_late_but_not_overdue() -> None:
    assert run(event("12-01 09:00", "accepted"), event("12-02 09:00", "until")) == [
        AHEAD[0],
        "30 17:00 missed reception",
        "12-01 09:00 start dispatch unit_head 12-01 14:00",
        "12-01 14:00 missed dispatch",
    ]


def test_hn_7_2_a_refused_and_hn_7_2_c_passed_up() -> None:
    assert run(event("30 09:00", "rejected", ground="duplicate"))[1:] == [
        "30 09:00 notify ticket_channel sender",
        "30 09:00 close",
    ]
    assert run(event("30 09:00", "returned", reason="cấp trên"))[1:] == [
        "30 09:00 start reception unit_head 12-01 09:00"
    ]
    assert run(ACCEPTED, event("30 11:00", "returned"))[-1] == "30 11:00 refuse returned HN-7.2.c"


@pytest.mark.parametrize("at", ["30 11:59", "30 12:00", "30 12:01", "30 17:00", "12-01 09:00"])
def test_hn_6_2_d_verification_lies_inside_reception_and_refusal_is_possible_a_hn_4(
    at: str,
) -> None:
    """04 wh from receipt: nothing happens by itself at their end, and the 08 wh go on."""
    assert run(event("30 12:30", "until")) == [AHEAD[0]]
    late = ["30 17:00 missed reception"] if at.startswith("12-") else []
    assert run(event(at, "rejected", ground="unverifiable")) == [
        AHEAD[0],
        *late,
        f"{at} notify ticket_channel sender",
        f"{at} close",
    ]


def test_hn_6_2_d_is_no_ground_any_more_once_it_is_received() -> None:
    late = event("30 11:00", "rejected", ground="unverifiable")
    assert run(ACCEPTED, late)[-1] == "30 11:00 refuse rejected HN-7.2.a"


def test_hn_8_1_and_hn_12_draft_approval_publication() -> None:
    lines = processing(
        event("30 12:00", "approved"),
        event("30 13:00", "answered"),
        event("30 14:00", "approved"),
        event("12-01 09:00", "published"),
        event("12-02 09:00", "until"),
    )
    assert lines[1:] == [
        "30 12:00 refuse approved HN-12.1-1",
        "30 14:00 start publication unit_head 12-02 00:00",
        "12-01 09:00 notify ticket_channel sender",
        "12-01 09:00 close",
    ]


def test_hn_12_1_2_rework_lies_inside_processing() -> None:
    lines = processing(
        event("12-08 09:00", "answered"),
        event("12-08 10:00", "sent_back"),
        event("12-08 11:00", "sent_back"),
        event("12-10 09:00", "answered"),
        event("12-10 10:00", "approved"),
    )
    assert lines[1:] == [
        "12-08 10:00 start rework focal_point 12-10 00:00",
        "12-08 11:00 refuse sent_back HN-12.1-2",
        "12-10 00:00 missed processing",
        "12-10 00:00 overdue",
        "12-10 00:00 missed rework",
        "12-10 10:00 start publication unit_head 12-12 00:00",
    ]


def test_hn_8_5_5_several_steps_up_to_thirty_working_days_from_the_assignment() -> None:
    def extend(at: str, until: str, **fields: str) -> str:
        return event(at, "extended", until=until, **({"reason": "đất đai"} | fields))

    lines = processing(
        extend("12-02 09:00", "12-30 00:00"),
        extend("12-03 09:00", "2027-01-12 00:00"),
        extend("12-04 09:00", "2027-01-12 00:01"),
        event("12-04 10:00", "extended", until="2027-01-10 00:00"),
        level="complex",
    )
    assert lines[1:] == [
        "12-02 09:00 moved processing 12-30 00:00",
        "12-03 09:00 moved processing 01-12 00:00",
        "12-04 09:00 refuse extended HN-8.5-5",
        "12-04 10:00 refuse extended HN-8.5-5",
    ]
    for track, level in (("field", "normal"), ("waste", "complex")):
        refused = processing(extend("12-02 09:00", "12-30 00:00"), track=track, level=level)
        assert refused[-1] == "12-02 09:00 refuse extended HN-8.5-5"


def test_hn_8_4_another_level_counts_from_the_same_start_a_hn_17() -> None:
    to = [event("12-01 10:00", "level_changed", level=v) for v in ("complex", "complex")]
    assert processing(*to)[1:] == ["12-01 10:00 moved processing 12-22 00:00"]
    urgent = event("12-01 10:00", "level_changed", level="urgent")
    assert processing(urgent)[1:] == [
        "12-01 10:00 moved processing 30 16:00",
        "12-01 10:00 missed processing",
        "12-01 10:00 overdue",
    ]
    before = run(event("30 09:00", "level_changed", level="urgent"), ACCEPTED, GIVEN)
    assert before == [*AHEAD, "30 11:00 start processing focal_point 30 16:00"]


def test_hn_9_initiatives_are_received_by_the_coordinator_and_end_with_feedback() -> None:
    lines = run(ACCEPTED, GIVEN, event("12-01 09:00", "answered"), track="initiative")
    assert lines == [
        "30 08:00 start reception coordinator -",
        "30 10:00 start dispatch unit_head -",
        "30 11:00 start processing focal_point 01-12 00:00",
        "12-01 09:00 start publication unit_head 12-03 00:00",
    ]


def test_hn_13_1_each_request_within_two_days_gets_its_own_two_working_days() -> None:
    lines = processing(
        event("30 12:00", "answered"),
        event("30 12:00", "approved"),
        event("12-01 09:00", "published"),
        event("12-01 10:00", "clarification_requested"),
        event("12-03 10:00", "clarification_requested"),
        event("12-03 11:00", "clarified"),
        event("12-04 10:00", "clarification_requested"),
        event("12-08 11:00", "clarified"),
        event("12-08 12:00", "clarified"),
    )
    assert lines[4:] == [
        "12-01 10:00 start clarification focal_point 12-04 00:00",
        "12-03 10:00 start clarification focal_point 12-08 00:00",
        "12-04 10:00 refuse clarification_requested HN-13-1",
        "12-08 00:00 missed clarification",
        "12-08 12:00 refuse clarified HN-13-1",
    ]

"""Cần Thơ on paper: every row of REQUIREMENTS.md with a limit or a step, by its id."""

import json

import pytest

from escalation.lawbook import find_procedure
from escalation.timeline import TimelineError, timeline_lines
from tests.unit.law.paper import WEEK, event, paper

HERE = "can-tho"
IN = event("30 08:00", "received", channel="phone")
TO_FOCAL = event("30 09:00", "referred")
START = "30 09:00 start focal_point focal_point 12-01 09:00"
TOLD = "30 09:00 notify sms focal_point"
CLIMBED = [
    "12-01 09:00 missed focal_point",
    "12-01 09:00 start unit_head unit_head 12-09 09:00",
    "12-01 09:00 notify sms unit_head",
]
OVERDUE = [
    "12-09 09:00 missed unit_head",
    "12-09 09:00 overdue",
    "12-09 09:00 report leadership",
    "12-09 09:00 start leadership leadership -",
]


def run(*events: str, track: str = "general") -> list[str]:
    return paper(HERE, track, *events)


def test_ct_8_2_a_refusal_is_told_and_closes() -> None:
    lines = run(IN, event("30 08:05", "rejected", ground="complaint_or_denunciation"))
    assert lines == ["30 08:05 notify ticket_channel sender", "30 08:05 close"]


def test_ct_8_2_a_ground_that_the_regulation_does_not_have_is_refused() -> None:
    assert run(IN, event("30 08:05", "rejected", ground="advertising")) == [
        "30 08:05 refuse rejected CT-8.2"
    ]


def test_ct_9_1_1_a_direct_answer_closes() -> None:
    assert run(IN, event("30 08:05", "answered_directly")) == ["30 08:05 close"]


def test_ct_9_1_2b_a_referral_tells_the_focal_point_by_sms() -> None:
    assert run(IN, TO_FOCAL) == [START, TOLD]


def test_ct_9_1_2c_eight_working_hours_and_in_time_at_the_very_instant() -> None:
    done = event("12-01 09:00", "answered")
    assert run(IN, TO_FOCAL, done, event("12-30 08:00", "until")) == [
        START,
        TOLD,
        "12-01 09:00 notify ticket_channel sender",
        "12-01 09:00 close",
    ]


def test_ct_9_1_2d_one_extension_moves_the_due_time_and_lapses_to_the_head_ct_9_1_2e() -> None:
    extended = event("30 10:00", "extended", until="12-15 00:00", document="7/UBND")
    again = event("12-02 10:00", "extended", until="12-15 00:00", document="8/UBND")
    assert run(IN, TO_FOCAL, extended, again, event("12-15 00:01", "until")) == [
        START,
        TOLD,
        "30 10:00 moved focal_point 12-15 00:00",
        "12-02 10:00 refuse extended CT-9.1.2d",
        "12-15 00:00 missed focal_point",
        "12-15 00:00 start unit_head unit_head 12-22 17:00",
        "12-15 00:00 notify sms unit_head",
    ]


@pytest.mark.parametrize(
    ("fields", "allowed"),
    [
        ({"until": "12-15 00:00", "document": "7"}, True),  # 24:00 of the tenth working day
        ({"until": "12-15 00:01", "document": "7"}, False),
        ({"until": "12-11 00:00", "document": "7", "document_date": "2026-11-26"}, True),
        ({"until": "12-11 00:01", "document": "7", "document_date": "2026-11-26"}, False),
        ({"until": "12-03 00:00", "document": "7", "document_date": "2026-12-01"}, False),
        ({"until": "30 10:00", "document": "7"}, False),
        ({"until": "30 10:01", "document": "7"}, True),
        ({"until": "12-03 00:00"}, False),
        ({"until": "12-03 00:00", "document": ""}, False),
        ({"until": "12-03 00:00", "document": "  "}, False),
        ({"until": "12-03 00:00", "document": None}, False),
    ],
)
def test_ct_9_1_2d_at_most_ten_working_days_from_the_letters_day_and_with_its_letter(
    fields: dict[str, str | None],
    allowed: bool,  # noqa: FBT001
) -> None:
    lines = run(IN, TO_FOCAL, event("30 10:00", "extended", **fields))
    assert (lines[2].split()[2:4] == ["moved", "focal_point"]) is allowed
    assert allowed or lines[2] == "30 10:00 refuse extended CT-9.1.2d"


def test_ct_9_1_2d_a_refused_extension_uses_nothing_up() -> None:
    bad = event("30 10:00", "extended", until="12-30 00:00", document="7")
    good = event("30 10:00", "extended", until="12-10 00:00", document="7")
    assert run(IN, TO_FOCAL, bad, good)[-1] == "30 10:00 moved focal_point 12-10 00:00"


def test_ct_9_1_2d_at_the_deadline_is_in_time_and_afterwards_the_heads_step_has_begun() -> None:
    now = event("12-01 09:00", "extended", until="12-04 00:00", document="7")
    assert run(IN, TO_FOCAL, now)[-1] == "12-01 09:00 moved focal_point 12-04 00:00"
    late = event("12-01 09:01", "extended", until="12-04 00:00", document="7")
    assert run(IN, TO_FOCAL, late) == [
        START,
        TOLD,
        *CLIMBED,
        "12-01 09:01 refuse extended CT-9.1.3b",
    ]


def test_ct_9_1_3_the_head_has_forty_eight_working_hours_told_by_sms() -> None:
    answer = event("12-09 09:00", "answered")
    assert run(IN, TO_FOCAL, answer) == [
        START,
        TOLD,
        *CLIMBED,
        "12-09 09:00 notify ticket_channel sender",
        "12-09 09:00 close",
    ]


def test_ct_9_1_4_then_it_is_overdue_and_reported_and_stays_open() -> None:
    until = event("12-09 09:01", "until")
    assert run(IN, TO_FOCAL, until) == [START, TOLD, *CLIMBED, *OVERDUE]
    assert run(IN, TO_FOCAL, event("12-09 09:00", "until")) == [START, TOLD, *CLIMBED]
    late = event("12-29 09:00", "answered")
    assert run(IN, TO_FOCAL, late)[-2:] == [
        "12-29 09:00 notify ticket_channel sender",
        "12-29 09:00 close",
    ]


def test_ct_9_2_b_the_office_gets_two_copies_a_ct_6() -> None:
    lines = run(IN, TO_FOCAL, event("30 11:00", "answered"), track="administrative")
    assert lines == [
        "30 08:00 notify system city_office",
        START,
        TOLD,
        "30 11:00 notify ticket_channel sender",
        "30 11:00 notify system city_office",
        "30 11:00 close",
    ]


def test_a_ct_15_a_second_referral_before_the_heads_stage_is_a_re_routing() -> None:
    again = event("12-01 08:00", "referred")
    assert run(IN, TO_FOCAL, again, event("12-01 17:01", "until")) == [
        START,
        TOLD,
        "12-01 08:00 start focal_point focal_point 12-01 17:00",
        "12-01 08:00 notify sms focal_point",
        "12-01 17:00 missed focal_point",
        "12-01 17:00 start unit_head unit_head 12-09 17:00",
        "12-01 17:00 notify sms unit_head",
    ]
    late = event("12-03 08:00", "referred")
    assert run(IN, TO_FOCAL, late)[-1] == "12-03 08:00 refuse referred CT-9.1.3a"


def test_a_ct_3_one_extension_a_ticket_also_after_a_re_routing() -> None:
    extended = event("30 10:00", "extended", until="12-10 00:00", document="7")
    again = event("30 12:00", "extended", until="12-10 00:00", document="8")
    lines = run(IN, TO_FOCAL, extended, event("30 11:00", "referred"), again)
    assert lines[-3:] == [
        "30 11:00 start focal_point focal_point 12-01 11:00",
        "30 11:00 notify sms focal_point",
        "30 12:00 refuse extended CT-9.1.2d",
    ]


def test_what_comes_out_of_turn_is_refused_and_changes_nothing() -> None:
    refused = {
        "answered": "CT-9.1.2c",
        "extended": "CT-9.1.2d",
        "rated": "CT-10.2",
        "approved": "CT-9.1",
        "returned": "CT-9.1",
        "force_majeure_began": "CT-9.1",
        "received": "CT-8.1",
    }
    fields = {
        "extended": {"until": "12-03 00:00", "document": "7"},
        "rated": {"score": "satisfied"},
    }
    for name, source in refused.items():
        lines = run(IN, event("30 08:30", name, **fields.get(name, {})), TO_FOCAL)
        assert lines == [f"30 08:30 refuse {name} {source}", START, TOLD]


def test_before_it_is_received_nothing_can_be_done_and_after_the_end_only_what_may() -> None:
    assert run(event("30 08:00", "referred")) == ["30 08:00 refuse referred CT-9.1.2b"]
    end = event("30 08:10", "answered_directly")
    after = [
        event("30 08:20", "published"),
        event("30 08:20", "rated", score="unsatisfied"),
        event("30 08:20", "referred"),
        event("30 08:20", "answered"),
        event("30 08:20", "accepted"),
    ]
    assert run(IN, end, *after) == [
        "30 08:10 close",
        "30 08:20 refuse referred CT-9.1.2b",
        "30 08:20 refuse answered CT-9.1.2c",
        "30 08:20 refuse accepted CT-9.1",
    ]


def test_what_may_come_and_changes_nothing_writes_nothing() -> None:
    acts = [event("30 10:00", "accepted"), event("30 10:00", "published")]
    assert run(IN, TO_FOCAL, *acts) == [START, TOLD]


@pytest.mark.parametrize(
    ("bad", "number"),
    [
        ("nonsense", 2),
        ("[1]", 2),
        ('{"event": "referred"}', 2),
        ('{"at": "2026-11-30T09:00", "event": "referred"}', 2),
        ('{"at": 5, "event": "referred"}', 2),
        ('{"at": "2026-11-30T09:00+07:00"}', 2),
        ('{"at": "2026-11-30T09:00+07:00", "event": "forwarded"}', 2),
        ('{"at": "2026-11-30T09:00+07:00", "event": ["referred"]}', 2),
        (event("30 07:59", "referred"), 2),
        (event("30 09:00", "extended", document="7"), 2),
        (event("30 09:00", "extended", until=5), 2),
        ('{"at": "2026-11-30T09:00Z", "event": "extended", "until": "2026-12-01"}', 2),
        (event("30 09:00", "extended", until="12-01 00:00", document=7), 2),
        (event("30 09:00", "extended", until="12-01 00:00", document_date="soon"), 2),
        (event("30 09:00", "rejected"), 2),
        (event("30 09:00", "rejected", ground=""), 2),
        (event("30 09:00", "rated"), 2),
        (event("30 09:00", "rated", score="great"), 2),
        (event("30 09:00", "rework"), 2),
        (event("30 09:00", "level_changed"), 2),
        (event("30 09:00", "level_changed", level="high"), 2),
        (event("30 09:00", "until") + "\n" + event("30 10:00", "referred"), 3),
    ],
)
def test_a_line_that_cannot_be_read_ends_it_with_its_number(bad: str, number: int) -> None:
    with pytest.raises(TimelineError, match=f"^line {number}: "):
        timeline_lines(find_procedure(HERE), "general", None, WEEK, [IN, *bad.split("\n")])


def test_a_track_or_level_that_is_not_there_is_named() -> None:
    with pytest.raises(TimelineError, match="it has: general, administrative"):
        timeline_lines(find_procedure(HERE), "postal", None, WEEK, [])
    with pytest.raises(TimelineError, match="urgent"):
        timeline_lines(find_procedure(HERE), "general", "high", WEEK, [])


def test_the_reasons_are_vietnamese_and_unknown_fields_ignored() -> None:
    odd = event("30 08:30", "answered", colour="red")
    (line,) = timeline_lines(find_procedure(HERE), "general", None, WEEK, [IN, odd])
    assert json.loads(line)["why"] == "Phản ánh chưa chuyển đơn vị xử lý."

"""Tây Ninh on paper, by the rows of REQUIREMENTS.md."""

from tests.unit.law.paper import event, paper

IN = event("30 08:00", "received", channel="portal")
SENT = event("30 09:00", "referred")
RECEPTION = "30 08:00 start reception coordinator 12-01 08:00"
# the return window ends on 12-01 at 09:00, six working days after that day
SENT_LINES = [
    "30 09:00 start processing focal_point 12-10 00:00",
    "30 09:00 notify sms focal_point",
]


def run(*events: str) -> list[str]:
    return paper("tay-ninh", "general", IN, *events)


def after_posting(*events: str) -> list[str]:
    """Run on from the posting, which begins on 12-03 at 09:00."""
    ahead = (
        SENT,
        event("12-02 09:00", "answered"),
        event("12-03 09:00", "approved"),
    )
    return run(*ahead, *events)[len(run(*ahead)) :]


def test_tn_7_2_reception_takes_24_clock_hours_and_goes_on_late() -> None:
    sunday = paper("tay-ninh", "general", event("12-04 20:00", "received"), event("12-08", "until"))
    assert sunday == [
        "12-04 20:00 start reception coordinator 12-05 20:00",
        "12-05 20:00 missed reception",
    ]


def test_tn_7_3_a_a_cancelled_reception_is_told() -> None:
    assert run(event("30 09:00", "rejected", ground="emergency")) == [
        RECEPTION,
        "30 09:00 notify ticket_channel sender",
        "30 09:00 close",
    ]


def test_tn_8_2_a_an_acceptance_moves_the_due_time_if_it_is_earlier() -> None:
    assert run(SENT, event("30 10:00", "accepted"))[3:] == ["30 10:00 moved processing 12-09 00:00"]
    assert run(SENT, event("12-01 10:00", "accepted"))[3:] == []
    again = event("30 11:00", "accepted")
    assert run(SENT, event("30 10:00", "accepted"), again)[-1] == (
        "30 11:00 refuse accepted TN-8.2.a"
    )


def test_tn_8_2_b_returned_within_24_hours_and_before_acceptance() -> None:
    back = event("12-01 09:00", "returned", reason="không thuộc thẩm quyền")
    assert run(SENT, back) == [
        RECEPTION,
        *SENT_LINES,
        "12-01 09:00 start reception coordinator 12-02 09:00",
    ]
    late = event("12-01 09:01", "returned", reason="x")
    assert run(SENT, late)[-1] == "12-01 09:01 refuse returned TN-8.2.b"
    accepted = event("30 10:00", "accepted")
    assert run(SENT, accepted, event("30 11:00", "returned"))[-1] == (
        "30 11:00 refuse returned TN-8.2.b"
    )


def test_tn_8_2_a_processing_that_passes_is_overdue() -> None:
    assert run(SENT, event("12-10 00:01", "until"))[3:] == [
        "12-10 00:00 missed processing",
        "12-10 00:00 overdue",
    ]


def test_tn_8_2_a_extensions_need_document_and_reason_and_come_before_the_end() -> None:
    full = {"until": "12-20 00:00", "document": "3", "reason": "khó"}
    ok = event("12-02 09:00", "extended", **full)
    second = event("12-03 09:00", "extended", **(full | {"until": "12-25 00:00"}))
    assert run(SENT, ok, second)[3:] == [
        "12-02 09:00 moved processing 12-20 00:00",
        "12-03 09:00 moved processing 12-25 00:00",
    ]
    for lacking in ("document", "reason"):
        bare = {k: v for k, v in full.items() if k != lacking}
        assert run(SENT, event("12-02 09:00", "extended", **bare))[-1] == (
            "12-02 09:00 refuse extended TN-8.2.a"
        )
    late = event("12-11 09:00", "extended", **full)
    assert run(SENT, late)[-1] == "12-11 09:00 refuse extended TN-8.2.a"


def test_tn_9_and_tn_10_approval_then_posting_then_published() -> None:
    lines = run(
        SENT,
        event("12-02 09:00", "answered"),
        event("12-04 09:00", "approved"),
        event("12-04 10:00", "published"),
    )
    assert lines[3:] == [
        "12-02 09:00 start approval unit_head 12-04 00:00",
        "12-04 00:00 missed approval",
        "12-04 09:00 start posting coordinator 12-05 09:00",
        "12-04 10:00 notify ticket_channel sender",
        "12-04 10:00 close",
    ]


def test_tn_9_3_a_sent_back_the_first_due_time_stands() -> None:
    lines = run(
        SENT,
        event("12-02 09:00", "answered"),
        event("12-03 09:00", "sent_back"),
        event("12-09 09:00", "answered"),
        event("12-10 09:00", "sent_back"),
    )
    assert lines[3:] == [
        "12-02 09:00 start approval unit_head 12-04 00:00",
        "12-03 09:00 start processing focal_point 12-10 00:00",
        "12-09 09:00 start approval unit_head 12-11 00:00",
        "12-10 09:00 missed processing",  # late at the sending back (A-TN-13)
        "12-10 09:00 overdue",
        "12-10 09:00 start processing focal_point 12-10 00:00",
    ]


def test_tn_10_4_rework_holds_the_new_approval_and_the_coordinators_time_begins_again() -> None:
    lines = after_posting(
        event("12-03 10:00", "rework", ground="form"),
        event("12-03 11:00", "rework", ground="form"),
        event("12-04 09:00", "answered"),
        event("12-07 09:00", "sent_back"),
        event("12-08 09:00", "answered"),
        event("12-08 10:00", "approved"),
        event("12-08 11:00", "published"),
    )
    assert lines == [
        "12-03 10:00 start rework focal_point 12-08 00:00",
        "12-03 11:00 refuse rework TN-10.4.a",
        "12-04 09:00 start approval unit_head 12-08 00:00",
        "12-07 09:00 start rework focal_point 12-08 00:00",
        "12-08 00:00 missed rework",
        "12-08 09:00 start approval unit_head 12-10 00:00",
        "12-08 10:00 start posting coordinator 12-09 10:00",
        "12-08 11:00 notify ticket_channel sender",
        "12-08 11:00 close",
    ]


def test_tn_10_4_c_rework_for_dissatisfaction_once_and_without_a_limit() -> None:
    end = event("12-03 10:00", "published")
    again = event("12-04 09:00", "rework", ground="unsatisfied")
    rated = event("12-04 10:00", "rated", score="unsatisfied")
    lines = after_posting(
        end,
        again,
        rated,
        event("12-04 11:00", "rework", ground="unsatisfied"),
        event("12-20 11:00", "published"),
        event("12-21 11:00", "rework", ground="unsatisfied"),
    )
    assert lines[2:] == [
        "12-04 09:00 refuse rework TN-10.4.c",
        "12-04 11:00 start rework focal_point -",
        "12-20 11:00 notify ticket_channel sender",
        "12-21 11:00 refuse rework TN-10.4.c",
    ]


def test_tn_force_majeure_stops_hours_to_the_second_and_days_of_which_it_takes_a_part() -> None:
    lines = run(
        event("30 09:00", "force_majeure_began"),
        event("30 09:00", "force_majeure_began"),
        event("12-02 10:30", "force_majeure_ended"),
        event("12-02 11:00", "force_majeure_ended"),
        event("12-02 12:00", "until"),
    )
    assert lines == [
        RECEPTION,
        "30 09:00 refuse force_majeure_began TN-7.2",
        "12-02 10:30 moved reception 12-03 09:30",
        "12-02 11:00 refuse force_majeure_ended TN-7.2",
    ]
    lines = run(
        SENT,
        event("30 10:00", "accepted"),
        event("12-02 16:00", "force_majeure_began"),
        event("12-04 00:00", "force_majeure_ended"),
        event("12-20 00:00", "until"),
    )
    assert lines[3:] == [
        "30 10:00 moved processing 12-09 00:00",
        "12-04 00:00 moved processing 12-11 00:00",  # two working days lost
        "12-11 00:00 missed processing",
        "12-11 00:00 overdue",
    ]


def test_tn_force_majeure_does_not_stop_rework() -> None:
    lines = after_posting(
        event("12-03 10:00", "rework", ground="inadequate"),
        event("12-03 11:00", "force_majeure_began"),
        event("12-09 11:00", "force_majeure_ended"),
    )
    assert lines == [
        "12-03 10:00 start rework focal_point 12-08 00:00",
        "12-08 00:00 missed rework",
    ]


def test_a_tn_13_a_submission_before_acceptance_counts_as_acceptance() -> None:
    lines = run(
        SENT,
        event("30 15:00", "answered"),
        event("30 16:00", "sent_back"),
        event("30 17:00", "returned", reason="x"),
    )
    assert lines[3:] == [
        "30 15:00 start approval unit_head 12-02 00:00",
        "30 16:00 start processing focal_point 12-09 00:00",  # six working days from the 30th
        "30 17:00 refuse returned TN-8.2.b",
    ]

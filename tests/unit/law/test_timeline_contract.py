"""`tongdai timeline` against TIMELINE.md, line by line; each answer worked out from the text."""

import json
from typing import Any

import pytest

from escalation.lawbook import find_procedure
from escalation.timeline import TimelineError, timeline_lines
from tests.unit.law.paper import WEEK, event, paper

E = event
IN = E("30 08:00", "received", channel="phone")
SENT = E("30 09:00", "referred")
CT, GL, TN = "can-tho/general", "gia-lai/general", "tay-ninh/general"
HB, HN = "hoa-binh/administrative", "ha-noi/field"
LETTER = {"document": "7", "reason": "vì"}
HN_GIVEN = (IN, E("30 10:00", "accepted"), E("30 11:00", "referred"))
TN_TAKEN = (IN, SENT, E("30 10:00", "accepted"))
TN_POSTING = (*TN_TAKEN, E("30 11:00", "answered"), E("30 12:00", "approved"))
TN_CLOSED = (*TN_POSTING, E("30 13:00", "published"))
HN_CLOSED = (
    *HN_GIVEN,
    E("30 13:00", "answered"),
    E("30 14:00", "approved"),
    E("30 15:00", "published"),
)
GL_DATED = (IN, SENT, E("30 10:00", "extended", until="12-07 09:00"))
CASES: list[tuple[str, tuple[str, ...], list[str]]] = [
    # an act at the instant of a deadline is in time, comes before it, and `until` stops short of it
    (CT, (IN, SENT, E("12-01 09:00", "until")), []),
    (CT, (IN, SENT, E("12-01 09:00", "referred")), ["01 09:00 start", "01 09:00 notify"]),
    (
        GL,
        (IN, SENT, E("12-01 09:00", "extended", until="12-02 09:00")),
        ["moved", "remind", "remind", "notify"],
    ),
    # a moment with fractions, in another offset, without seconds
    (
        CT,
        (IN, '{"at": "2026-11-30T02:00Z", "event": "referred"}', E("30 09:01", "until")),
        ["30 09:00 start focal_point focal_point 12-01 09:00", "notify sms focal_point"],
    ),
    # CT: what may come changes nothing, before and after the referral
    (CT, (IN, E("30 08:30", "accepted"), E("30 08:30", "published")), []),
    (CT, (IN, E("30 08:30", "rejected", ground="not_vietnamese")), ["notify ticket", "close"]),
    (CT, (IN, SENT, E("30 09:30", "rejected", ground="out_of_scope")), ["refuse rejected CT-8.2"]),
    (CT, (IN, SENT, E("30 09:30", "answered_directly")), ["refuse answered_directly"]),
    (CT, (IN, E("30 09:30", "extended", until="12-02 00:00", document="7")), ["refuse extended"]),
    # CT: a date nearer than the due time is a due time as well; the same one moves nothing
    (
        CT,
        (IN, SENT, E("30 10:00", "extended", until="30 11:00", document="7")),
        ["moved focal_point 30 11:00"],
    ),
    (CT, (IN, SENT, E("30 10:00", "extended", until="12-01 09:00", document="7")), []),
    # CT: the letter's day counts: ten working days after 26 November end with 10 December
    (
        CT,
        (
            IN,
            SENT,
            E(
                "30 10:00",
                "extended",
                until="12-11 00:00",
                document="7",
                document_date="2026-11-26",
            ),
        ),
        ["moved focal_point 12-11 00:00"],
    ),
    # CT: the one extension is used, also for the unit after a re-routing; a refused one was none
    (
        CT,
        (
            IN,
            SENT,
            E("30 10:00", "extended", until="30 09:59", document="7"),
            E("30 10:01", "extended", until="12-02 00:00", document="7"),
            E("30 10:02", "referred"),
            E("30 10:03", "extended", until="12-03 00:00", document="8"),
        ),
        ["refuse", "moved", "start focal_point focal_point 12-01 10:02", "notify", "refuse"],
    ),
    # CT: only once overdue, and the answer after it closes
    (
        CT,
        (IN, SENT, E("12-09 09:01", "answered"), E("12-30 09:00", "until")),
        [
            *["missed focal_point", "start unit_head", "notify sms unit_head"],
            *["missed unit_head", "overdue", "report leadership", "start leadership leadership -"],
            *["notify ticket_channel sender", "close"],
        ],
    ),
    # after the end only what may come
    (
        CT,
        (
            IN,
            SENT,
            E("30 10:00", "answered"),
            *(E("30 11:00", e) for e in ("referred", "received")),
        ),
        ["notify", "close", "refuse referred", "refuse received"],
    ),
    (
        CT,
        (
            IN,
            E("30 08:10", "answered_directly"),
            E("30 08:11", "extended", until="12-02 00:00", document="7"),
            E("30 08:12", "rejected", ground="out_of_scope"),
            E("30 08:13", "rated", score="unsatisfied"),
        ),
        ["close", "refuse extended", "refuse rejected"],
    ),
    (CT, (IN, E("30 08:10", "clarification_requested")), ["refuse clarification_requested CT-9.1"]),
    (CT, (IN, E("30 08:10", "level_changed", level="urgent")), ["refuse level_changed CT-9.1"]),
    # two equal lines are one
    (CT, (IN, E("30 08:10", "answered"), E("30 08:10", "answered")), ["refuse answered CT-9.1.2c"]),
    # GL: the sender is told as well, at each re-routing; the answer alone stops overdue
    (
        GL,
        (IN, SENT, E("30 10:00", "referred")),
        ["start focal_point focal_point 12-01 10:00", "notify sms focal", "notify sms sender"],
    ),
    (
        GL,
        (*GL_DATED, E("12-07 09:00", "answered"), E("12-30 09:00", "until")),
        [
            *["moved", "notify ticket_channel sender"],
            *["12-06 09:00 remind focal_point", "12-06 09:00 remind operator"],
            *["12-07 09:00 notify ticket_channel sender", "12-07 09:00 close"],
        ],
    ),
    # GL: just 24 hours left are left: at once
    (
        GL,
        (IN, SENT, E("30 10:00", "extended", until="12-01 10:00"), E("12-01 09:00", "until")),
        ["moved", "30 10:00 remind focal_point", "30 10:00 remind operator", "notify"],
    ),
    (
        GL,
        (IN, SENT, E("30 10:00", "extended", until="12-01 10:01"), E("12-01 09:00", "until")),
        ["moved", "notify", "30 10:01 remind focal_point", "30 10:01 remind operator"],
    ),
    (GL, (IN, SENT, E("30 10:00", "extended", until="30 10:00")), ["refuse extended GL-11.3"]),
    (
        GL,
        (IN, SENT, E("12-02 09:00", "extended", until="12-04 09:00"), E("12-04 09:01", "until")),
        [
            *["missed focal_point", "start unit_head", "moved unit_head 12-04 09:00", "notify"],
            *["12-03 09:00 remind unit_head", "12-03 09:00 remind operator"],
            *[
                "12-04 09:00 missed unit_head",
                "12-04 09:00 overdue",
                "start province city_office -",
            ],
        ],
    ),
    (GL, (IN, SENT, E("12-05 09:00", "referred")), ["missed", "start", *["x"] * 3, "refuse"]),
    # TN: the return window
    (TN, (IN, SENT, E("12-01 09:00", "returned", reason="vì")), ["start reception coordinator"]),
    (TN, (IN, E("30 08:30", "returned", reason="vì")), ["refuse returned TN-8.2.b"]),
    (TN, (IN, E("30 08:30", "accepted")), ["refuse accepted TN-8.2.a"]),
    (TN, (IN, E("30 08:30", "answered")), ["refuse answered"]),
    (
        TN,  # returned, and distributed anew with a window of its own
        (
            *(IN, SENT, E("30 10:00", "returned", reason="vì"), E("12-02 10:00", "referred")),
            E("12-03 10:00", "returned", reason="vì"),
        ),
        [
            "start reception coordinator 12-01 10:00",
            "12-01 10:00 missed reception",
            *["start processing focal_point 12-12 00:00", "notify sms focal_point"],
            "12-03 10:00 start reception coordinator 12-04 10:00",
        ],
    ),
    # TN: extensions, as many as are needed, each before the end
    (TN, (*TN_TAKEN, E("12-09 00:00", "extended", until="12-11 00:00", **LETTER)), ["moved"]),
    (
        TN,
        (*TN_TAKEN, E("12-09 00:01", "extended", until="12-11 00:00", **LETTER)),
        ["missed processing", "overdue", "refuse extended TN-8.2.a"],
    ),
    (
        TN,
        (
            *TN_TAKEN,
            E("12-01 09:00", "extended", until="12-11 00:00", **LETTER),
            E("12-02 09:00", "extended", until="12-20 00:00", **LETTER),
            E("12-20 00:01", "until"),
        ),
        ["moved", "moved processing 12-20 00:00", "12-20 00:00 missed processing", "overdue"],
    ),
    # TN: approval, sending back, posting
    (TN, (*TN_TAKEN, E("30 11:00", "approved")), ["refuse approved"]),
    (TN, (*TN_TAKEN, E("30 11:00", "published")), ["refuse published"]),
    (TN, (*TN_POSTING, E("30 12:30", "sent_back")), ["refuse sent_back TN-9.3.a"]),
    (
        TN,
        (*TN_POSTING, E("12-01 12:01", "published")),
        [
            "12-01 12:00 missed posting",
            "notify",
            "close",
        ],
    ),
    # TN: rework: for the form before and after the end, for dissatisfaction after a rating, once
    (
        TN,
        (*TN_POSTING, E("30 13:00", "rework", ground="form"), E("12-03 00:01", "until")),
        ["start rework focal_point 12-03 00:00", "12-03 00:00 missed rework"],
    ),
    (
        TN,
        (*TN_POSTING, E("30 13:00", "rework", ground="unsatisfied")),
        ["refuse rework"],
    ),
    (
        TN,
        (
            *TN_CLOSED,
            E("30 14:00", "rated", score="satisfied"),
            E("30 14:01", "rework", ground="unsatisfied"),
            E("30 14:02", "rated", score="unsatisfied"),
            E("30 14:03", "rework", ground="unsatisfied"),
            E("30 14:04", "rework", ground="unsatisfied"),
            E("12-30 14:00", "published"),
            E("12-30 14:01", "rework", ground="unsatisfied"),
            E("12-30 14:02", "rework", ground="inadequate"),
        ),
        [
            *["refuse rework TN-10.4.c", "start rework focal_point -", "refuse rework TN-10.4.c"],
            *[
                "notify ticket_channel sender",
                "refuse rework TN-10.4.c",
                "start rework focal_point",
            ],
        ],
    ),
    (TN, (*TN_CLOSED, E("30 14:00", "force_majeure_began")), ["refuse"]),
    (
        TN,
        (*TN_CLOSED, E("30 14:00", "extended", until="12-30 00:00", **LETTER)),
        ["refuse"],
    ),
    (TN, (IN, E("30 09:00", "force_majeure_ended")), ["refuse force_majeure_ended TN-7.2"]),
    # HB: both referrals, the desk's own answer, the postal way
    (HB, (IN, E("30 08:30", "answered")), ["refuse answered"]),
    (HB, (IN, SENT, E("30 10:00", "answered")), ["notify ticket_channel sender", "close"]),
    (
        HB,
        (IN, SENT, E("12-01 10:00", "referred", until="12-30 08:00"), E("12-02 10:01", "until")),
        [
            *["30 15:00 missed one_stop", "30 15:00 notify system supervisor"],
            *["start unit focal_point 12-02 10:00", "missed unit", "overdue"],
        ],
    ),
    (
        HB,
        (IN, SENT, E("30 10:00", "referred"), E("30 10:30", "referred")),
        ["start unit focal_point 12-01 10:00", "refuse referred HB-8.1.c"],
    ),
    (HB, (IN, SENT, E("30 10:00", "rejected", ground="out_of_scope")), ["refuse rejected"]),
    (HB, (IN, E("30 08:10", "rejected", ground="emergency")), ["refuse rejected"]),
    # HN: reception, dispatch, the levels
    (HN, (IN, E("30 09:01", "referred")), ["refuse referred HN-8.5-2"]),
    (HN, (*HN_GIVEN, E("30 11:30", "accepted")), ["refuse accepted"]),
    (
        HN,
        (*HN_GIVEN, E("30 11:30", "level_changed", level="urgent"), E("30 16:01", "until")),
        ["moved processing 30 16:00", "missed processing", "overdue"],
    ),
    (
        HN,  # overdue stays when the level gives more time
        (
            *HN_GIVEN,
            E("12-10 00:01", "level_changed", level="complex"),
            E("12-22 00:01", "until"),
        ),
        ["missed processing", "overdue", "moved processing 12-22 00:00"],
    ),
    (HN, (*HN_GIVEN, E("30 13:00", "sent_back")), ["refuse sent_back HN-12.1-2"]),
    (HN, (*HN_GIVEN, E("30 13:00", "published")), ["refuse published"]),
    (HN, (*HN_GIVEN, E("30 13:00", "rework", ground="form")), ["refuse rework"]),
    (HN, (*HN_GIVEN, E("30 13:00", "answered_directly")), ["refuse answered"]),
    (
        HN,
        (*HN_CLOSED, E("12-03 00:00", "clarification_requested")),
        ["start clarification focal_point 12-08 00:00"],
    ),
    (
        HN,
        (*HN_CLOSED, E("12-03 00:01", "clarification_requested"), E("12-03 01:00", "clarified")),
        ["refuse clarification_requested HN-13-1", "refuse clarified HN-13-1"],
    ),
    (HN, (*HN_CLOSED, E("12-01 09:00", "rated", score="acceptable")), []),
    (HN, (*HN_CLOSED, E("12-01 09:00", "level_changed", level="urgent")), ["refuse"]),
]
"""Place, lines in, and what each line out holds that comes after the way to the case."""


@pytest.mark.parametrize("case", range(len(CASES)))
def test_a_case_of_the_contract(case: int) -> None:
    place, events, expected = CASES[case]
    name, track = place.split("/")
    known = paper(name, track, *_until_begun(events))
    lines = paper(name, track, *events)[len(known) :]
    assert len(lines) == len(expected), lines
    for line, part in zip(lines, expected, strict=True):
        assert part == "x" or part in line, lines


def _until_begun(events: tuple[str, ...]) -> tuple[str, ...]:
    """Return the way that only leads to the case."""
    ways = (TN_CLOSED, TN_POSTING, TN_TAKEN, HN_CLOSED, HN_GIVEN, (IN, SENT), (IN,))
    return next((way for way in ways if events[: len(way)] == way), ())


BAD: list[Any] = [
    *("{", "[]", '"x"', "null", "NaN", b"\xff", "\ufeff" + IN, "[" * 100_000),
    {"event": "referred"},
    {"at": None, "event": "referred"},
    {"at": "2026-11-30", "event": "referred"},
    {"at": "2026-11-30T09:00", "event": "referred"},
    {"at": "2026-11-30T25:00+07:00", "event": "referred"},
    {"at": "1899-12-31T09:00+07:00", "event": "referred"},
    {"at": "2201-01-01T09:00+07:00", "event": "referred"},
    {"at": "2026-11-30T07:59:59.999999+07:00", "event": "referred"},  # earlier than the line before
    *(
        {"at": "2026-11-30T09:00+07:00", **more}
        for more in (
            {},
            {"event": None},
            {"event": ""},
            {"event": "Referred"},
            {"event": "overdue"},
            {"event": {"event": "referred"}},
            {"event": "extended"},
            {"event": "extended", "until": ""},
            {"event": "extended", "until": "2026-12-01"},
            {"event": "extended", "until": 1764579600},
            {"event": "extended", "until": "2026-12-01T00:00+07:00", "reason": 7},
            {"event": "extended", "until": "2026-12-01T00:00+07:00", "document": ["7"]},
            {"event": "extended", "until": "2026-12-01T00:00+07:00", "document_date": "1/12"},
            {"event": "referred", "until": "soon"},
            {"event": "rejected"},
            {"event": "rejected", "ground": None},
            {"event": "rejected", "ground": 5},
            {"event": "rework", "ground": "other"},
            {"event": "rated", "score": 5},
            {"event": "rated", "score": "unhappy"},
            {"event": "level_changed", "level": "low"},
            {"event": "received", "channel": 5},
            {"event": "until", "at": "x"},
        )
    ),
]


@pytest.mark.parametrize("bad", BAD)
def test_a_line_that_cannot_be_read_ends_it_and_names_its_line(bad: Any) -> None:
    line = bad if isinstance(bad, str | bytes) else json.dumps(bad)
    with pytest.raises(TimelineError, match=r"^line 2: [^\n]+$"):
        timeline_lines(find_procedure("can-tho"), "general", None, WEEK, [IN, line, SENT])


def test_after_until_nothing_comes_and_without_lines_nothing_comes_out() -> None:
    end = E("30 09:00", "until")
    with pytest.raises(TimelineError, match=r"^line 3: comes after `until`"):
        timeline_lines(find_procedure("can-tho"), "general", None, WEEK, [IN, end, end])
    assert paper("can-tho", "general") == []
    assert paper("can-tho", "general", end) == []

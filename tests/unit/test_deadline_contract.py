"""`tongdai deadline` against the fine print of issue 3, each case worked out from the text."""

import json
from typing import Any

import pytest

from escalation.deadline_cli import deadline_lines
from tongdai.calendar import parse_calendar

EVERY_DAY = 'days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]'
OFFICE = """
timezone = "Asia/Ho_Chi_Minh"
[[hours]]
days = ["mon", "tue", "wed", "thu", "fri"]
spans = ["07:30-11:30", "13:30-17:00"]
"""
CLOSED_ALL_YEAR = f'[[hours]]\n{EVERY_DAY}\nspans = []\nfrom = "01-01"\nuntil = "12-31"\n'
SATURDAY = '[[workday]]\ndate = 2026-03-07\nspans = ["08:00-09:00"]\n'
CLOSING = 'working_day_ends = "closing"' + OFFICE


def always(zone: str, *spans: str) -> str:
    written = ", ".join(f'"{span}"' for span in spans or ("00:00-24:00",))
    return f'timezone = "{zone}"\n[[hours]]\n{EVERY_DAY}\nspans = [{written}]\n'


def ask(calendar: str, line: str | bytes) -> dict[str, Any]:
    (answer,) = deadline_lines(parse_calendar(calendar), [line])
    found = json.loads(answer)
    assert isinstance(found, dict)
    return found


def due(calendar: str, start: str, limit: str) -> str:
    return str(ask(calendar, json.dumps({"from": start, "limit": limit})).get("due"))


def minutes(calendar: str, start: str, until: str) -> Any:
    answer = ask(calendar, json.dumps({"from": start, "until": until}))
    return answer.get("working_minutes")


@pytest.mark.parametrize(
    ("start", "limit", "end"),
    [
        # 2026-03-02 is a Monday; a day has seven and a half hours
        ("02T11:30:00+07:00", "1 working minute", "02T13:31:00"),  # the end of a span is outside
        ("02T11:30:00.000001+07:00", "1 working minute", "02T13:31:00"),
        ("02T11:29:59.999999+07:00", "1 working minute", "02T13:30:59.999999"),
        ("02T12:00+07:00", "1 working hour", "02T14:30:00"),
        ("02T07:29:59+07:00", "1 working minute", "02T07:31:00"),
        ("06T16:59+07:00", "1 working minute", "06T17:00:00"),
        ("06T16:59+07:00", "2 working minutes", "09T07:31:00"),
        ("06T17:00+07:00", "1 working minute", "09T07:31:00"),
        ("02T07:30+07:00", "450 working minutes", "02T17:00:00"),
        ("02T07:30+07:00", "451 working minutes", "03T07:31:00"),
        ("02T07:30+07:00", "8 working hours", "03T08:00:00"),
        ("02T07:30+07:00", "2250 working minutes", "06T17:00:00"),  # a whole week
        ("02T07:30+07:00", "48 working hours", "10T10:30:00"),  # six days and three hours
        ("02T07:30+07:00", "048 working hours", "10T10:30:00"),
        ("07T12:00+07:00", "0 working minutes", "07T12:00:00"),
        # the offset is only how the moment is written
        ("02T00:30:00Z", "1 working hour", "02T08:30:00"),
        ("02T06:15:00+05:45", "1 working hour", "02T08:30:00"),
        ("01T19:30:00-05:00", "1 working hour", "02T08:30:00"),
        ("02T18:00:00Z", "1 working day", "05T00:00:00"),  # it is the 3rd here already
        ("02T16:59:59.999999Z", "1 working day", "04T00:00:00"),
        ("02T17:00:00Z", "1 working day", "05T00:00:00"),
        # days
        ("06T08:00+07:00", "1 working day", "10T00:00:00"),
        ("07T08:00+07:00", "1 working day", "10T00:00:00"),
        ("08T23:59:59+07:00", "1 working day", "10T00:00:00"),
        ("06T08:00+07:00", "1 day", "10T00:00:00"),  # a Saturday, moved to Monday
        ("06T08:00+07:00", "2 days", "10T00:00:00"),
        ("06T08:00+07:00", "3 days", "10T00:00:00"),
        ("06T08:00+07:00", "4 days", "11T00:00:00"),
        ("06T20:00+07:00", "0 days", "07T00:00:00"),
        ("06T20:00+07:00", "0 working days", "07T00:00:00"),
        ("08T20:00+07:00", "0 working days", "10T00:00:00"),
        # elapsed time
        ("07T23:59:30+07:00", "1 minute", "08T00:00:30"),
        ("06T18:00:00.5+07:00", "48 hours", "08T18:00:00.500000"),
        ("06T18:00+07:00", "0 hours", "06T18:00:00"),
        ("02T08:00+07:00", "1 hours", "02T09:00:00"),
        ("02T08:00+07:00", "90 minute", "02T09:30:00"),
    ],
)
def test_a_week_without_anything_odd(start: str, limit: str, end: str) -> None:
    assert due(OFFICE, f"2026-03-{start}", limit) == f"2026-03-{end}+07:00"


@pytest.mark.parametrize(
    ("start", "limit", "end"),
    [
        ("2028-02-28T08:00+07:00", "1 day", "2028-03-01T00:00:00+07:00"),
        ("2028-02-28T08:00+07:00", "2 working days", "2028-03-02T00:00:00+07:00"),
        ("2027-02-26T08:00+07:00", "1 working day", "2027-03-02T00:00:00+07:00"),
        ("2028-01-01T08:00+07:00", "366 days", "2029-01-02T00:00:00+07:00"),
        ("2026-12-31T20:00+07:00", "24 hours", "2027-01-01T20:00:00+07:00"),
        ("2026-03-02T08:00+07:00", "1000000 minutes", "2028-01-25T18:40:00+07:00"),
        ("2026-03-02T08:00+07:00", "2610 working days", "2036-03-04T00:00:00+07:00"),
        # the years 1900 to 2200
        ("2200-12-31T23:59+07:00", "0 minutes", "2200-12-31T23:59:00+07:00"),
        ("2200-12-31T16:58Z", "1 minute", "2200-12-31T23:59:00+07:00"),
        ("1900-01-01T00:00:00+07:06:30", "0 hours", "1900-01-01T00:00:00+07:06:30"),
        ("2200-12-30T08:00+07:00", "0 working days", "2200-12-31T00:00:00+07:00"),
    ],
)
def test_long_ways_and_borders(start: str, limit: str, end: str) -> None:
    assert due(OFFICE, start, limit) == end


@pytest.mark.parametrize(
    ("start", "limit", "end"),
    [
        ("02T08:00+07:00", "1 working day", "03T17:00:00"),
        ("06T08:00+07:00", "1 working day", "09T17:00:00"),
        ("02T18:00+07:00", "0 working days", "02T17:00:00"),  # its closing, though it has passed
        ("07T18:00+07:00", "0 working days", "09T17:00:00"),
        ("02T08:00+07:00", "1 day", "04T00:00:00"),  # days always end at 24:00
        ("06T08:00+07:00", "1 day", "10T00:00:00"),
        ("02T16:00+07:00", "1 working hour", "02T17:00:00"),
    ],
)
def test_closing(start: str, limit: str, end: str) -> None:
    assert due(CLOSING, f"2026-03-{start}", limit) == f"2026-03-{end}+07:00"


def test_closing_is_the_end_of_the_last_span_of_that_very_day() -> None:
    made_up = '[[workday]]\ndate = 2026-03-07\nspans = ["13:00-15:15", "08:00-09:00"]\n'
    assert due(CLOSING + made_up, "2026-03-06T08:00+07:00", "1 working day") == (
        "2026-03-07T15:15:00+07:00"
    )
    night = CLOSING.replace('"13:30-17:00"', '"13:30-24:00"')
    assert due(night, "2026-03-02T08:00+07:00", "1 working day") == "2026-03-04T00:00:00+07:00"


@pytest.mark.parametrize(
    ("more", "start", "limit", "end"),
    [
        # the last entry that names a day replaces the whole day, whatever came before
        ('[[hours]]\ndays = ["mon"]\nspans = []', "02T08:00", "1 working hour", "03T08:30:00"),
        (
            '[[hours]]\ndays = ["mon"]\nspans = ["00:00-24:00"]',
            "02T00:00",
            "24 working hours",
            "03T00:00:00",
        ),
        # a season later in the file beats the year's hours; outside of it they hold
        (
            '[[hours]]\ndays = ["mon"]\nspans = ["09:00-10:00"]\nfrom = "03-02"\nuntil = "03-02"',
            "02T00:00",
            "2 working hours",
            "03T08:30:00",
        ),
        (
            '[[hours]]\ndays = ["mon"]\nspans = ["09:00-10:00"]\nfrom = "03-03"\nuntil = "03-01"',
            "02T00:00",
            "2 working hours",
            "02T09:30:00",
        ),
        # and the year's hours later in the file beat the season
        (
            f'{CLOSED_ALL_YEAR}[[hours]]\n{EVERY_DAY}\nspans = ["10:00-11:00"]',
            "02T00:00",
            "2 working hours",
            "03T11:00:00",
        ),
        # 29 February as both ends: only in leap years; 2026 has none
        (
            f'[[hours]]\n{EVERY_DAY}\nspans = []\nfrom = "02-29"\nuntil = "02-29"',
            "01T00:00",
            "1 working day",
            "03T00:00:00",
        ),
        # a make-up day beats a holiday and the weekly rule; without spans it closes
        (
            "[[workday]]\ndate = 2026-03-03\nspans = []\n[[holiday]]\ndate = 2026-03-04",
            "02T08:00",
            "1 working day",
            "06T00:00:00",
        ),
        (
            "[[holiday]]\ndate = 2026-03-07\n" + SATURDAY,
            "06T16:30",
            "1 working hour",
            "07T08:30:00",
        ),
        (
            SATURDAY + "[[workday]]\ndate = 2026-03-07\nspans = []",
            "06T16:30",
            "1 working hour",
            "09T08:00:00",
        ),
        # two holidays on one date, and a name, are one holiday
        (
            "[[holiday]]\ndate = 2026-03-03\n[[holiday]]\ndate = 2026-03-03\nname = 'B'",
            "02T08:00",
            "1 working day",
            "05T00:00:00",
        ),
    ],
)
def test_entries_of_a_calendar(more: str, start: str, limit: str, end: str) -> None:
    assert due(f"{OFFICE}{more}\n", f"2026-03-{start}+07:00", limit) == f"2026-03-{end}+07:00"


def test_spans_may_touch_and_stand_in_any_order() -> None:
    text = always("UTC", "12:00-24:00", "00:00-06:00", "06:00-12:00")
    assert minutes(text, "2026-03-02T00:00Z", "2026-03-04T00:00Z") == 2880
    assert due(text, "2026-03-02T05:00Z", "24 working hours") == "2026-03-03T05:00:00+00:00"


BERLIN, NEW_YORK = "Europe/Berlin", "America/New_York"
HOWE, APIA, SAO_PAULO = "Australia/Lord_Howe", "Pacific/Apia", "America/Sao_Paulo"


@pytest.mark.parametrize(
    ("calendar", "start", "until", "worked"),
    [
        (always(NEW_YORK), "2026-03-08T00:00-05:00", "2026-03-09T00:00-04:00", 1380),
        (always(NEW_YORK), "2026-11-01T00:00-04:00", "2026-11-02T00:00-05:00", 1500),
        (always(HOWE), "2026-04-05T00:00+11:00", "2026-04-06T00:00+10:30", 1470),
        (always(HOWE), "2026-10-04T00:00+10:30", "2026-10-05T00:00+11:00", 1410),
        (always(SAO_PAULO), "2018-02-17T00:00-02:00", "2018-02-18T00:00-03:00", 1500),
        (always(SAO_PAULO), "2018-11-04T00:00-03:00", "2018-11-05T00:00-02:00", 1380),
        (always(APIA), "2011-12-29T00:00-10:00", "2011-12-31T00:00+14:00", 1440),
        # the end in the skipped hour, the beginning in it, both
        (always(NEW_YORK, "01:30-02:30"), "2026-03-08T00:00-05:00", "2026-03-08T12:00-04:00", 30),
        (always(NEW_YORK, "02:15-03:30"), "2026-03-08T00:00-05:00", "2026-03-08T12:00-04:00", 30),
        (always(NEW_YORK, "02:10-02:50"), "2026-03-08T00:00-05:00", "2026-03-08T12:00-04:00", 0),
        # the hour that comes twice is worked twice
        (always(NEW_YORK, "01:00-02:00"), "2026-11-01T00:00-04:00", "2026-11-01T12:00-05:00", 120),
        (always(NEW_YORK, "01:30-02:30"), "2026-11-01T00:00-04:00", "2026-11-01T12:00-05:00", 120),
        (always(NEW_YORK, "02:00-03:00"), "2026-11-01T00:00-04:00", "2026-11-01T12:00-05:00", 60),
        (always(BERLIN, "08:00-16:00"), "2026-03-29T00:00+01:00", "2026-03-30T00:00+02:00", 480),
        (OFFICE, "2026-03-02T07:30+07:00", "2026-03-02T07:30+07:00", 0),
        (OFFICE, "2026-03-02T07:30+07:00", "2026-03-02T00:30Z", 0),
        (OFFICE, "2026-03-02T16:59:59+07:00", "2026-03-03T07:30:01+07:00", 2 / 60),
        (OFFICE, "2026-03-02T08:00+07:00", "2026-03-02T08:00:00.000006+07:00", 1e-7),
        (OFFICE, "2026-01-01T00:00+07:00", "2027-01-01T00:00+07:00", 261 * 450),
    ],
)
def test_working_minutes(calendar: str, start: str, until: str, worked: float) -> None:
    assert minutes(calendar, start, until) == worked


@pytest.mark.parametrize(
    ("calendar", "start", "limit", "end"),
    [
        (always(NEW_YORK), "2026-03-08T00:00-05:00", "24 working hours", "03-09T01:00:00-04:00"),
        (always(NEW_YORK), "2026-03-07T12:00-05:00", "1 working day", "03-09T00:00:00-04:00"),
        (always(NEW_YORK), "2026-03-07T12:00-05:00", "24 hours", "03-08T13:00:00-04:00"),
        (always(NEW_YORK), "2026-11-01T00:30-04:00", "1 working hour", "11-01T01:30:00-04:00"),
        (always(NEW_YORK), "2026-11-01T00:30-04:00", "2 working hours", "11-01T01:30:00-05:00"),
        (always(BERLIN), "2026-10-24T12:00+02:00", "1 day", "10-26T00:00:00+01:00"),
        # 24:00 is a midnight that the clock skips: the first moment of the next date
        (always("Asia/Beirut"), "2026-03-28T10:00+02:00", "0 days", "03-29T01:00:00+03:00"),
        (always("Asia/Beirut"), "2026-03-27T10:00+02:00", "1 working day", "03-29T01:00:00+03:00"),
        # 24:00 of a day whose last hour comes twice
        (always("Asia/Beirut"), "2026-10-24T10:00+03:00", "0 days", "10-25T00:00:00+02:00"),
    ],
)
def test_limits_over_a_clock_change(calendar: str, start: str, limit: str, end: str) -> None:
    assert due(calendar, start, limit) == f"2026-{end}"


def test_a_date_that_never_was_is_no_working_day() -> None:
    """Samoa went from 29 to 31 December 2011."""
    found = due(always(APIA), "2011-12-29T08:00-10:00", "1 working day")
    assert found == "2012-01-01T00:00:00+14:00"


GOOD: dict[str, Any] = {"from": "2026-03-02T08:00+07:00", "limit": "1 hour"}
SPOILT: list[dict[str, Any]] = [
    {"from": None},
    {"from": ""},
    {"from": ["2026-03-02T08:00+07:00"]},
    {"from": "2026-02-30T08:00+07:00"},
    {"from": "2026-02-29T08:00+07:00"},
    {"from": "2026-03-02T25:00+07:00"},
    {"from": "2026-03-02T08:60+07:00"},
    {"from": "2026-03-02T08:00:61+07:00"},
    {"from": "2026-03-02T08:00+25:00"},
    {"from": "2026-03-02T08:00"},
    {"from": "2026-03-02"},
    {"from": "hôm nay"},
    {"from": "\ud800"},
    {"from": "0001-01-01T00:00+14:00"},
    {"from": "9999-12-31T23:59-12:00"},
    {"from": "1899-12-31T23:59:59+07:00"},
    {"from": "2201-01-01T00:00+07:00"},
    {"from": "2200-12-31T23:00+07:00"},  # an hour later it is 2201
    {"from": "2200-12-31T23:00+07:00", "limit": "1 working day"},
    {"until": "2026-03-03T08:00+07:00"},
    {"until": None},
    {"limit": None},
    {"limit": ["1 hour"]},
    *(
        {"limit": text}
        for text in (
            *("", " ", "1", "hours", "1.0 hours", "1e3 hours", "+1 hours", "-0 days"),
            *("−1 hours", "one hour", "1 Hour", "1 working", "working hours", "8h"),
            *("1 week", "1 month", "1 working week", "1,000 hours", "1_000 hours"),
            *("１ hour", "1\u00a0hour", "1\thour", "1 hour\n", "1 hour 30 minutes"),
            *("8 hours working", "99999999999 days", "1" * 5000 + " hours", "½ day"),
        )
    ),
]


@pytest.mark.parametrize(
    "line",
    [
        *("", "  ", "null", "5", "true", '"text"', "[]", "NaN", "{}", "{'from': 1}", "// x"),
        json.dumps(GOOD) + " x",
        json.dumps(GOOD)[:-1] + ",}",
        json.dumps(GOOD)[:-1] + ', "x": NaN}',
        json.dumps(GOOD)[:-1] + ', "x": -Infinity}',
        json.dumps(GOOD)[:-1] + ', "x": ' + "[" * 100_000 + "]" * 100_000 + "}",
        "\ufeff" + json.dumps(GOOD),
        b"\xff\xfe",
        json.dumps(GOOD)[:-1].encode() + b', "x": "\xff"}',
        json.dumps(GOOD).encode("utf-16"),
        *(json.dumps(GOOD | changed) for changed in SPOILT),
        json.dumps({"from": GOOD["from"]}),
        json.dumps({"limit": "1 hour"}),
        json.dumps({"until": GOOD["from"]}),
        json.dumps({"from": GOOD["from"], "until": "2026-03-02T07:59:59.999999+07:00"}),
        json.dumps({"from": GOOD["from"], "until": 5}),
        json.dumps({"from": GOOD["from"], "until": "2026-03-03"}),
        json.dumps({"from": GOOD["from"], "until": "2201-01-01T08:00+07:00"}),
    ],
)
def test_what_cannot_be_worked_out_is_an_error_and_the_rest_still_comes(line: str | bytes) -> None:
    asked = [json.dumps(GOOD), line, json.dumps(GOOD)]
    answers = [json.loads(a) for a in deadline_lines(parse_calendar(OFFICE), asked)]
    assert list(answers[1]) == ["error"]
    assert answers[1]["error"]
    assert answers[0] == answers[2] == {"due": "2026-03-02T09:00:00+07:00"}


def test_what_a_line_says_besides_is_nothing_to_it() -> None:
    line = json.dumps(GOOD | {"id": 7, "to": "2026"}) + "\r"
    assert ask(OFFICE, line) == {"due": "2026-03-02T09:00:00+07:00"}

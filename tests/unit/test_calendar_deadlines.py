"""Issue 3's arithmetic, as a table: what `tongdai deadline` answers."""

import json
from typing import Any

import pytest

from escalation.deadline_cli import deadline_lines
from tongdai.calendar import Calendar, CalendarError, LimitError, parse_calendar, parse_limit

WEEK = 'days = ["mon", "tue", "wed", "thu", "fri"]'
OFFICE = 'spans = ["07:30-11:30", "13:30-17:00"]'
TET = "\n".join(f"[[holiday]]\ndate = 2026-02-{day}\nname = 'Tết'" for day in range(16, 21))
CAL = f"""
timezone = "Asia/Ho_Chi_Minh"
working_day_ends = "24:00"
[[hours]]
{WEEK}
{OFFICE}
{TET}
[[workday]]
date = 2026-01-10
{OFFICE}
"""


def calendar(text: str = CAL) -> Calendar:
    return parse_calendar(text, "CAL.toml")


def ask(question: dict[str, Any] | str, text: str = CAL) -> dict[str, Any]:
    line = question if isinstance(question, str) else json.dumps(question)
    (answer,) = deadline_lines(calendar(text), [line])
    found = json.loads(answer)
    assert isinstance(found, dict)
    return found


def due(start: str, limit: str, text: str = CAL) -> str:
    return str(ask({"from": start, "limit": limit}, text)["due"])


@pytest.mark.parametrize(
    ("start", "limit", "end"),
    [
        # the issue's own line: Tết lies between
        ("2026-02-13T16:00:00+07:00", "8 working hours", "2026-02-23T16:30:00+07:00"),
        # arrival outside working time starts at the next opening (A-G-2)
        ("2026-03-02T05:00:00+07:00", "1 working hour", "2026-03-02T08:30:00+07:00"),
        ("2026-03-06T18:00:00+07:00", "1 working hour", "2026-03-09T08:30:00+07:00"),
        # a limit that ends with a span is that span's end
        ("2026-03-02T07:30:00+07:00", "4 working hours", "2026-03-02T11:30:00+07:00"),
        ("2026-03-02T16:00:00+07:00", "60 working minutes", "2026-03-02T17:00:00+07:00"),
        ("2026-03-02T16:00:01+07:00", "1 working hour", "2026-03-03T07:30:01+07:00"),
        # fractions of a second count, seconds may be left out
        ("2026-03-02T08:00:00.25+07:00", "1 working minute", "2026-03-02T08:01:00.250000+07:00"),
        ("2026-03-02T08:00+07:00", "1 working minute", "2026-03-02T08:01:00+07:00"),
        ("2026-03-02T01:00Z", "1 working minute", "2026-03-02T08:01:00+07:00"),
        # zero is the moment itself
        ("2026-03-01T03:00:00+07:00", "0 working hours", "2026-03-01T03:00:00+07:00"),
        ("2026-03-01T03:00:00+07:00", "0 minutes", "2026-03-01T03:00:00+07:00"),
        # hours and minutes are elapsed time
        ("2026-03-06T18:00:00+07:00", "24 hours", "2026-03-07T18:00:00+07:00"),
        ("2026-03-06T18:00:00+07:00", "1 minute", "2026-03-06T18:01:00+07:00"),
        # working days: the starting day does not count, 24:00 of the last one
        ("2026-03-02T08:00:00+07:00", "1 working day", "2026-03-04T00:00:00+07:00"),
        ("2026-02-13T08:00:00+07:00", "10 working days", "2026-03-07T00:00:00+07:00"),
        ("2026-01-09T08:00:00+07:00", "1 working day", "2026-01-11T00:00:00+07:00"),
        ("2026-03-02T08:00:00+07:00", "0 working days", "2026-03-03T00:00:00+07:00"),
        ("2026-03-07T08:00:00+07:00", "0 working days", "2026-03-10T00:00:00+07:00"),
        # days: moved to the next working day's end when the last one is none
        ("2026-03-02T08:00:00+07:00", "2 days", "2026-03-05T00:00:00+07:00"),
        ("2026-03-05T08:00:00+07:00", "2 days", "2026-03-10T00:00:00+07:00"),
        ("2026-03-07T08:00:00+07:00", "0 days", "2026-03-10T00:00:00+07:00"),
    ],
)
def test_a_limit_ends_there(start: str, limit: str, end: str) -> None:
    assert due(start, limit) == end


@pytest.mark.parametrize(
    ("start", "until", "minutes"),
    [
        ("2026-03-02T07:00+07:00", "2026-03-02T18:00+07:00", 450),
        ("2026-03-02T11:00+07:00", "2026-03-02T14:00+07:00", 60),
        ("2026-03-02T08:00:00+07:00", "2026-03-02T08:00:30+07:00", 0.5),
        ("2026-02-13T17:00+07:00", "2026-02-23T07:30+07:00", 0),
        ("2026-01-10T00:00+07:00", "2026-01-11T00:00+07:00", 450),
    ],
)
def test_working_minutes_between(start: str, until: str, minutes: float) -> None:
    assert ask({"from": start, "until": until}) == {"working_minutes": minutes}


@pytest.mark.parametrize(
    "line",
    [
        "nonsense",
        "[]",
        "[" * 100_000,
        '{"from": "2026-03-02T08:00", "limit": "1 hour"}',
        '{"from": "2026-03-02", "limit": "1 hour"}',
        '{"from": 5, "limit": "1 hour"}',
        '{"limit": "1 hour"}',
        '{"from": "2026-03-02T08:00Z"}',
        '{"from": "2026-03-02T08:00Z", "limit": "1 hour", "until": "2026-03-03T08:00Z"}',
        '{"from": "2026-03-02T08:00Z", "limit": 8}',
        '{"from": "2026-03-02T08:00Z", "limit": "1 week"}',
        '{"from": "2026-03-02T08:00Z", "limit": "-1 hours"}',
        '{"from": "2026-03-02T08:00Z", "limit": "1.5 hours"}',
        '{"from": "2026-03-02T08:00Z", "limit": "٣ hours"}',
        '{"from": "2026-03-02T08:00Z", "limit": "99999999999999999999999999 days"}',
        '{"from": "2026-03-02T08:00Z", "limit": "999999999999999999 working days"}',
        '{"from": "2026-03-02T08:00Z", "limit": "999999999999999999 hours"}',
        '{"from": "2026-03-02T08:00Z", "limit": "99999999 working hours"}',
        '{"from": "1899-12-31T08:00Z", "limit": "1 hour"}',
        '{"from": "2201-01-01T08:00Z", "limit": "1 hour"}',
        '{"from": "2026-03-02T08:00Z", "until": "2026-03-02T07:59Z"}',
    ],
)
def test_a_line_that_cannot_be_worked_out_is_an_error_in_its_place(line: str) -> None:
    good = '{"from": "2026-03-02T08:00+07:00", "limit": "1 hour"}'
    answers = [json.loads(a) for a in deadline_lines(calendar(), [good, line, good])]
    assert list(answers[1]) == ["error"]
    assert answers[0] == answers[2] == {"due": "2026-03-02T09:00:00+07:00"}


def test_a_calendar_that_never_opens_has_no_working_time_but_hours() -> None:
    never = 'timezone = "Asia/Ho_Chi_Minh"'
    start = "2026-03-02T08:00:00+07:00"
    assert due(start, "1 hour", never) == "2026-03-02T09:00:00+07:00"
    for limit in ("1 working hour", "1 working day", "1 day"):
        assert ask({"from": start, "limit": limit}, never) == {"error": "the calendar never opens"}
    assert "error" in ask({"from": start, "until": start}, never)


def test_closing_ends_working_days_and_no_others() -> None:
    closing = CAL.replace('"24:00"', '"closing"', 1)
    start = "2026-03-02T08:00:00+07:00"
    assert due(start, "1 working day", closing) == "2026-03-03T17:00:00+07:00"
    assert due(start, "1 day", closing) == "2026-03-04T00:00:00+07:00"


def test_the_last_entry_that_names_a_day_replaces_it() -> None:
    text = f"""
    [[hours]]
    {WEEK}
    spans = ["07:00-08:00"]
    [[hours]]
    days = ["mon"]
    spans = ["09:00-10:00"]
    [[hours]]
    days = ["tue"]
    spans = []
    [[hours]]
    days = ["wed"]
    spans = ["00:00-24:00"]
    """
    assert due("2026-03-02T00:00+07:00", "1 working hour", text) == "2026-03-02T10:00:00+07:00"
    assert due("2026-03-03T00:00+07:00", "24 working hours", text) == "2026-03-05T00:00:00+07:00"


def test_seasons_include_both_ends_and_wrap_the_year() -> None:
    text = """
    [[hours]]
    days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    spans = ["08:00-09:00"]
    [[hours]]
    days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    spans = ["10:00-11:00"]
    from = "10-16"
    until = "02-29"
    """
    starts = {
        "2026-10-15": "09",
        "2026-10-16": "11",
        "2026-12-31": "11",
        "2027-02-28": "11",
        "2027-03-01": "09",
        "2028-02-29": "11",
        "2028-03-01": "09",
    }
    for day, hour in starts.items():
        found = due(f"{day}T00:00+07:00", "60 working minutes", text)
        assert found == f"{day}T{hour}:00:00+07:00"


def test_a_workday_beats_a_holiday_and_the_later_of_two_wins() -> None:
    text = """
    [[holiday]]
    date = 2026-03-02
    [[workday]]
    date = 2026-03-02
    spans = ["08:00-09:00"]
    [[workday]]
    date = 2026-03-02
    spans = ["10:00-11:00"]
    """
    assert due("2026-03-02T00:00+07:00", "1 working hour", text) == "2026-03-02T11:00:00+07:00"


BERLIN = """
timezone = "Europe/Berlin"
[[hours]]
days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
spans = ["01:00-04:00"]
"""


def test_in_a_clock_change_the_wall_clock_bounds_the_span_and_real_time_is_counted() -> None:
    spring = {"from": "2026-03-29T00:00+01:00", "until": "2026-03-29T12:00+02:00"}
    autumn = {"from": "2026-10-25T00:00+02:00", "until": "2026-10-25T12:00+01:00"}
    assert ask(spring, BERLIN) == {"working_minutes": 120}
    assert ask(autumn, BERLIN) == {"working_minutes": 240}
    assert due("2026-03-29T00:00+01:00", "2 working hours", BERLIN) == "2026-03-29T04:00:00+02:00"
    assert due("2026-10-25T00:00+02:00", "25 hours", BERLIN) == "2026-10-26T00:00:00+01:00"


def test_a_span_that_begins_in_a_skipped_hour_begins_when_the_clock_has_jumped() -> None:
    text = BERLIN.replace("01:00-04:00", "02:30-04:00")
    found = ask({"from": "2026-03-29T00:00+01:00", "until": "2026-03-29T12:00+02:00"}, text)
    assert found == {"working_minutes": 60}


def test_a_midnight_that_the_clock_skips_is_the_first_moment_of_its_date() -> None:
    text = """
    timezone = "America/Sao_Paulo"
    [[hours]]
    days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    spans = ["00:00-24:00"]
    """
    # on 2018-11-04 the clock went from 00:00 to 01:00
    found = due("2018-11-02T12:00-03:00", "1 working day", text)
    assert found == "2018-11-04T01:00:00-02:00"
    assert due("2018-11-02T12:00-03:00", "36 working hours", text) == "2018-11-04T01:00:00-02:00"


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ('timezone = "Mars/Base"', 1, "unknown timezone"),
        ('working_day_ends = "noon"', 1, "24:00"),
        ('\n[[hours]]\ndays = ["mun"]\nspans = []', 3, "unknown day"),
        ("[[hours]]\nspans = []", 1, "days"),
        ('[[hours]]\ndays = ["mon"]\nspans = ["08:00-10:00", "09:00-11:00"]', 3, "overlap"),
        ('[[hours]]\ndays = ["mon"]\nspans = ["10:00-08:00"]', 3, "before it begins"),
        ('[[hours]]\ndays = ["mon"]\nspans = ["08:00-08:00"]', 3, "before it begins"),
        ('[[hours]]\ndays = ["mon"]\nspans = ["08:00-24:01"]', 3, "no such time"),
        ('[[hours]]\ndays = ["mon"]\nspans = ["eight"]', 3, "bad span"),
        ('[[hours]]\ndays = ["mon"]\nspans = []\nfrom = "02-30"\nuntil = "03-01"', 4, "bad date"),
        ('[[hours]]\ndays = ["mon"]\nspans = []\nfrom = "02-03"', 1, "both"),
        ('[[holiday]]\ndate = "2026-02-30"', 2, "bad date"),
        ("[[holiday]]\ndate = 2026-02-03T08:00:00", 2, "bad date"),
        ("[[holiday]]\nname = 'x'", 1, "bad date"),
        ("[[workday]]\ndate = 2026-02-03", 1, "spans"),
        ("[[holyday]]\ndate = 2026-02-03", 1, "unknown key"),
        ("[[hours]]\nday = ['mon']\nspans = []", 2, "unknown key"),
        ("holiday = 3", 1, "[[holiday]]"),
    ],
)
def test_a_calendar_that_contradicts_itself_is_refused_with_its_line(
    text: str, line: int, why: str
) -> None:
    with pytest.raises(CalendarError) as refusal:
        parse_calendar(text, "CAL.toml")
    assert f"CAL.toml, line {line}:" in str(refusal.value)
    assert why in str(refusal.value)


def test_what_is_no_toml_is_refused_too() -> None:
    with pytest.raises(CalendarError, match="not TOML"):
        parse_calendar("[[hours]\ndate = 2026-02-30", "CAL.toml")


def test_a_limit_is_written_as_it_is_read() -> None:
    for text in ("1 working hour", "8 working hours", "10 working days", "1 day", "0 minutes"):
        assert str(parse_limit(text)) == text
    assert parse_limit("8 working hours").vietnamese == "08 giờ làm việc"
    for text in ("8 Working hours", "8", "hours", "+8 hours", "8 working weeks", ""):
        with pytest.raises(LimitError):
            parse_limit(text)


def test_the_receipt_tells_the_arithmetic_in_vietnamese() -> None:
    (answer,) = deadline_lines(
        calendar(),
        ['{"from": "2026-02-13T16:00:00+07:00", "limit": "8 working hours"}'],
        explain=True,
    )
    assert json.loads(answer)["explain"] == [
        "Bắt đầu tính từ 16:00 thứ Sáu 13/02/2026; thời hạn 08 giờ làm việc.",
        "Thứ Sáu 13/02/2026: 1 giờ làm việc, còn 7 giờ.",
        (
            "Không tính từ thứ Bảy 14/02/2026 đến Chủ nhật 22/02/2026: "
            "nghỉ Tết 5 ngày, ngày nghỉ hằng tuần."
        ),
        "Thứ Hai 23/02/2026: 7 giờ làm việc, còn 0 giờ.",
        "Hạn: trước 16:30 ngày 23/02/2026.",
    ]
    (answer,) = deadline_lines(
        calendar(), ['{"from": "2026-03-05T08:00+07:00", "limit": "2 days"}'], explain=True
    )
    assert json.loads(answer)["explain"][-1] == "Hạn: hết ngày 09/03/2026."

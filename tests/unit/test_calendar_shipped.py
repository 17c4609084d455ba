"""The shipped calendars: VIETNAM.md 3.1's days off and worked, in every province."""

from datetime import date, datetime, timedelta

import pytest

from escalation.lawbook import default_lawbook
from tongdai.calendar import parse_limit
from tongdai.clock import HCM

HOTLINES = ("can-tho", "gia-lai", "tay-ninh", "hoa-binh", "ha-noi")
BOOK = default_lawbook()


@pytest.mark.parametrize("hotline", HOTLINES)
@pytest.mark.parametrize(
    ("day", "works"),
    [
        ("2025-05-02", False),
        ("2025-04-26", True),
        ("2026-01-02", False),
        ("2026-01-10", True),
        ("2026-02-16", False),
        ("2026-02-20", False),
        ("2026-02-23", True),
        ("2026-04-27", False),
        ("2026-08-31", False),
        ("2026-08-22", True),
        ("2026-11-24", False),
        ("2025-11-24", True),
        ("2027-11-24", False),
    ],
)
def test_the_announced_days(hotline: str, day: str, works: bool) -> None:  # noqa: FBT001
    calendar = BOOK.calendar(hotline)
    assert calendar is not None
    assert calendar.is_working_day(date.fromisoformat(day)) is works


@pytest.mark.parametrize("hotline", HOTLINES)
def test_a_working_day_has_eight_hours_all_the_year(hotline: str) -> None:
    calendar = BOOK.calendar(hotline)
    assert calendar is not None
    day = datetime(2026, 1, 1, tzinfo=HCM)
    while day.year == 2026:
        worked = calendar.working_time_between(day, day + timedelta(days=1))
        assert worked in (timedelta(0), timedelta(hours=8))
        day += timedelta(days=1)


def test_a_due_time_in_a_year_that_is_not_confirmed_says_so() -> None:
    calendar = BOOK.calendar("can-tho")
    assert calendar is not None
    start = datetime(2026, 12, 30, 8, 0, tzinfo=HCM)
    assert "2027" in calendar.explain(start, parse_limit("48 working hours"))[-1]
    assert "Hạn" in calendar.explain(start, parse_limit("8 working hours"))[-1]


def test_menus_ask_the_same_calendar_whether_the_office_is_open() -> None:
    calendar = BOOK.calendar("can-tho")
    assert calendar is not None
    noon = datetime(2026, 11, 30, 11, 0, tzinfo=HCM)
    assert calendar.is_open(noon - timedelta(microseconds=1))
    assert not calendar.is_open(noon)
    assert calendar.next_opening(noon) == datetime(2026, 11, 30, 13, 0, tzinfo=HCM)
    friday = datetime(2026, 12, 4, 17, 0, tzinfo=HCM)
    assert calendar.next_opening(friday) == datetime(2026, 12, 7, 7, 0, tzinfo=HCM)
    assert calendar.is_open(datetime(2026, 12, 7, 7, 0, tzinfo=HCM))

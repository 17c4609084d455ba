"""Working time behaves like time, whatever the calendar."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from tongdai.calendar import Calendar, Limit, Unit
from tongdai.calendar.rules import Hours, Rules, Season, Spans
from tongdai.clock import HCM

moments = st.datetimes(
    min_value=datetime(2020, 1, 1),  # noqa: DTZ001 - the strategy adds the zone
    max_value=datetime(2030, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)
spans_of_a_day = st.lists(st.integers(min_value=0, max_value=1440), max_size=6, unique=True).map(
    sorted
)


def _pairs(marks: list[int]) -> Spans:
    return tuple(zip(marks[0::2], marks[1::2], strict=False))


days = st.dates(min_value=date(2020, 1, 1), max_value=date(2030, 1, 1))
month_days = st.dates(min_value=date(2020, 1, 1), max_value=date(2020, 12, 31)).map(
    lambda d: (d.month, d.day)
)
seasons = st.builds(lambda a, b: Season(first=a, last=b), month_days, month_days)
hours = st.builds(
    lambda weekdays, marks, season: Hours(weekdays=weekdays, spans=_pairs(marks), season=season),
    st.frozensets(st.integers(min_value=0, max_value=6)),
    spans_of_a_day,
    st.none() | seasons,
)
OPEN_ON_MONDAYS = Hours(weekdays=frozenset({0}), spans=((480, 1020),))
calendars = st.builds(
    lambda rules, holidays, workdays: Calendar(
        Rules(
            zone=HCM,
            working_day_ends="24:00",
            hours=(*rules, OPEN_ON_MONDAYS),
            holidays=dict.fromkeys(holidays, "nghỉ"),
            workdays={d: _pairs(m) for d, m in workdays.items()},
        )
    ),
    st.lists(hours, max_size=3),
    st.lists(days, max_size=5),
    st.dictionaries(days, spans_of_a_day, max_size=3),
)
minutes = st.integers(min_value=0, max_value=3000)


def limit(count: int) -> Limit:
    return Limit(count, Unit.WORKING_MINUTES)


def by_hand(calendar: Calendar, begin: datetime, end: datetime) -> timedelta:
    """Add up the spans day by day, with no table."""
    total = timedelta(0)
    day = begin.astimezone(HCM).date()
    while day <= end.astimezone(HCM).date():
        midnight = datetime(day.year, day.month, day.day, tzinfo=HCM)
        for first, last in calendar.rules.spans_on(day):
            opens = max(begin, midnight + timedelta(minutes=first))
            closes = min(end, midnight + timedelta(minutes=last))
            total += max(closes - opens, timedelta(0))
        day += timedelta(days=1)
    return total


@settings(max_examples=40)
@given(calendars, moments, st.timedeltas(timedelta(0), timedelta(days=40)))
def test_working_time_is_the_sum_of_the_days(
    calendar: Calendar, begin: datetime, more: timedelta
) -> None:
    assert calendar.working_time_between(begin, begin + more) == by_hand(
        calendar, begin, begin + more
    )


@settings(max_examples=40)
@given(calendars, moments, minutes)
def test_until_the_due_time_just_the_limit_is_worked_and_not_before(
    calendar: Calendar, start: datetime, count: int
) -> None:
    end = calendar.due(start, limit(count))
    assert calendar.working_time_between(start, end) == timedelta(minutes=count)
    if count:
        before = end - timedelta(microseconds=1)
        assert calendar.working_time_between(start, before) < timedelta(minutes=count)


@settings(max_examples=40)
@given(calendars, moments, minutes, minutes)
def test_two_periods_in_a_row_are_one_period(
    calendar: Calendar, start: datetime, a: int, b: int
) -> None:
    whole = calendar.due(start, limit(a + b))
    assert b == 0 or calendar.due(calendar.due(start, limit(a)), limit(b)) == whole


@settings(max_examples=40)
@given(calendars, moments, st.integers(min_value=0, max_value=40), st.booleans())
def test_days_end_at_the_midnight_after_a_working_day(
    calendar: Calendar,
    start: datetime,
    count: int,
    working: bool,  # noqa: FBT001
) -> None:
    unit = Unit.WORKING_DAYS if working else Unit.DAYS
    end = calendar.due(start, Limit(count, unit))
    last = (end - timedelta(microseconds=1)).date()
    first = start.astimezone(HCM).date()
    assert (end.hour, end.minute, end.second, end.microsecond) == (0, 0, 0, 0)
    assert calendar.is_working_day(last)
    between = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    worked = [d for d in between if calendar.is_working_day(d)]
    if working:
        assert len([d for d in worked if d > first]) == count or count == 0
    else:
        target = first + timedelta(days=count)
        assert [d for d in worked if d >= target] == [last]


@settings(max_examples=25)
@given(calendars, moments, st.integers(min_value=1, max_value=30))
def test_the_receipt_ends_with_the_due_time_of_the_arithmetic(
    calendar: Calendar, start: datetime, count: int
) -> None:
    for unit in Unit:
        end = calendar.due(start, Limit(count, unit))
        text = calendar.explain(start, Limit(count, unit))
        last = (end - timedelta(microseconds=1)).date()
        assert any(f"{last:%d/%m/%Y}" in line for line in text[1:])

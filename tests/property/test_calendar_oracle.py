"""The calendar against a slow one that goes minute by minute and shares nothing with it."""

from bisect import bisect_left
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import accumulate
from zoneinfo import ZoneInfo

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tongdai.calendar import Calendar, Limit, Unit, parse_calendar

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
LENGTH = 9 * 1440
PLACES = (
    ("Asia/Ho_Chi_Minh", date(2026, 2, 13)),
    ("Europe/Berlin", date(2026, 3, 27)),
    ("Europe/Berlin", date(2026, 10, 23)),
    ("America/New_York", date(2026, 3, 6)),
    ("America/New_York", date(2026, 10, 30)),
    ("America/Sao_Paulo", date(2018, 2, 15)),  # the midnight comes back
    ("America/Sao_Paulo", date(2018, 11, 2)),  # the midnight is skipped
    ("Asia/Beirut", date(2026, 3, 26)),
    ("Australia/Lord_Howe", date(2026, 4, 3)),  # half an hour
    ("Pacific/Apia", date(2011, 12, 28)),  # a whole date is skipped
    ("Africa/Casablanca", date(2026, 2, 13)),  # the clock goes back for Ramadan
)
spans_of_a_day = st.lists(st.integers(min_value=0, max_value=24), max_size=4, unique=True).map(
    lambda marks: [f"{a:02d}:00-{b:02d}:00" for a, b in zip(*[iter(sorted(marks))] * 2)]  # noqa: B905
)
weeks = st.lists(spans_of_a_day, min_size=7, max_size=7)
offsets = st.integers(min_value=0, max_value=5 * 1440)
TWICE = Limit(120, Unit.WORKING_MINUTES)
"""Ends at 02:00 before the clock goes back to 02:00: PEP 495 lets that equal no other zone's."""
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Slow:
    """Every minute from a date's midnight in UTC on, each looked at by itself."""

    def __init__(self, zone: str, first: date, week: list[list[str]], ends: str) -> None:
        self.start = datetime(first.year, first.month, first.day, tzinfo=UTC)
        self.walls, self.latest = _walls(zone, first)
        self.week, self.ends = week, ends
        self.is_open = [False] * LENGTH
        for day in self.dates():
            for begin, end in self.spans(day):
                for minute in range(self.reached(day, begin), self.reached(day, end)):
                    self.is_open[minute] = True

    def dates(self) -> list[date]:
        """Return the dates that there are, in order."""
        return sorted({wall.date() for wall in self.walls})

    def spans(self, day: date) -> list[tuple[int, int]]:
        """Return a date's spans in hours."""
        return [(int(s[:2]), int(s[6:8])) for s in self.week[day.weekday()]]

    def reached(self, day: date, hours: int) -> int:
        """Return the first minute at which the clock shows a time of a date, or has passed it."""
        wanted = datetime(day.year, day.month, day.day) + timedelta(hours=hours)  # noqa: DTZ001
        return bisect_left(self.latest, wanted)

    def due(self, at: int, limit: Limit) -> int:
        """Return the minute at which a limit from minute `at` ends."""
        if limit.unit is Unit.WORKING_MINUTES:
            left = limit.count
            while left:
                left -= self.is_open[at]
                at += 1
            return at
        days = self.dates()
        here = days.index(self.walls[at].date())
        working = [d for d in days if self.spans(d)]
        if limit.unit is Unit.DAYS:
            target = self.walls[at].date() + limit.count * DAY
            return self.reached(next(d for d in working if d >= target), 24)
        if limit.count:
            last = [d for d in working if d > days[here]][limit.count - 1]
        else:
            last = next(d for d in working if d >= days[here])
        closing = self.spans(last)[-1][1] if self.ends == "closing" else 24
        return self.reached(last, closing)


@cache
def _walls(zone: str, first: date) -> tuple[list[datetime], list[datetime]]:
    """Return what the wall clock shows at each minute, and the latest it has shown by then."""
    start, here = datetime(first.year, first.month, first.day, tzinfo=UTC), ZoneInfo(zone)
    walls = [(start + n * MINUTE).astimezone(here).replace(tzinfo=None) for n in range(LENGTH)]
    return walls, list(accumulate(walls, max))


def _both(place: tuple[str, date], week: list[list[str]], ends: str) -> tuple[Slow, Calendar]:
    zone, first = place
    text = f'timezone = "{zone}"\nworking_day_ends = "{ends}"\n'
    for day, spans in zip(DAYS, week, strict=True):
        text += f"[[hours]]\ndays = ['{day}']\nspans = {spans}\n".replace("'", '"')
    return Slow(zone, first, week, ends), parse_calendar(text)


@settings(max_examples=60)
@given(st.sampled_from(PLACES), weeks, offsets, offsets)
def test_working_minutes_are_the_open_minutes_one_by_one(
    place: tuple[str, date], week: list[list[str]], a: int, b: int
) -> None:
    week[0] = week[0] or ["08:00-09:00"]
    slow, calendar = _both(place, week, "24:00")
    begin, end = sorted((a + 1440, b + 1440))
    worked = calendar.working_time_between(slow.start + begin * MINUTE, slow.start + end * MINUTE)
    assert worked == sum(slow.is_open[begin:end]) * MINUTE


@settings(max_examples=80)
@example(PLACES[2], [[], [], [], [], [], ["00:00-01:00"], ["00:00-02:00"]], 0, "24:00", TWICE)
@given(
    st.sampled_from(PLACES),
    weeks,
    st.integers(min_value=0, max_value=1440),
    st.sampled_from(["24:00", "closing"]),
    st.one_of(
        st.builds(Limit, st.integers(0, 600), st.just(Unit.WORKING_MINUTES)),
        st.builds(Limit, st.integers(0, 2), st.just(Unit.WORKING_DAYS)),
        st.builds(Limit, st.integers(0, 3), st.just(Unit.DAYS)),
    ),
)
def test_a_limit_ends_where_the_slow_one_ends(
    place: tuple[str, date], week: list[list[str]], at: int, ends: str, limit: Limit
) -> None:
    week = [spans or (["08:00-18:00"] if n % 2 else spans) for n, spans in enumerate(week)]
    slow, calendar = _both(place, week, ends)
    start = slow.start + (at + 1440) * MINUTE
    due = calendar.due(start, limit).astimezone(UTC)  # an hour that comes twice equals no other's
    assert due == slow.start + slow.due(at + 1440, limit) * MINUTE

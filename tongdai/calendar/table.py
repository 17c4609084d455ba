"""A calendar's years laid out as instants, so that counting is one look into a sorted list."""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from tongdai.calendar.rules import Rules, Spans

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
MINUTE = 60_000_000
"""In microseconds, the unit of every instant in here (since 1970, UTC)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Some whole years of a calendar.

    Attributes:
        first: The first year.
        last: The last year.
        opens: When each working span begins, in order.
        closes: When it ends.
        worked: Working time from the table's beginning to the end of each span.
        days: The ordinals of the working dates.
        closings: When the last span of each ends.
        midnights: The 24:00 of each.
    """

    first: int
    last: int
    opens: list[int]
    closes: list[int]
    worked: list[int]
    days: list[int]
    closings: list[int]
    midnights: list[int]

    def worked_until(self, instant: int) -> int:
        """Return the working time from the table's beginning to an instant inside it."""
        at = bisect_right(self.opens, instant) - 1
        if at < 0:
            return 0
        open_left = self.closes[at] - instant
        return self.worked[at] - open_left if open_left > 0 else self.worked[at]

    def instant_after(self, worked: int) -> int | None:
        """Return the earliest instant until which so much time was worked; None: beyond it."""
        at = bisect_left(self.worked, worked)
        if at == len(self.worked):
            return None
        return self.closes[at] - (self.worked[at] - worked)

    def nth_day(self, day: int, count: int) -> int | None:
        """Return the place of the `count`th working day after an ordinal; 0: from it on."""
        at = bisect_right(self.days, day) + count - 1 if count else bisect_left(self.days, day)
        return at if at < len(self.days) else None


def lay_out(rules: Rules, first: int, last: int) -> Table:
    """Lay out the years from `first` to `last`, both included."""
    opens: list[int] = []
    closes: list[int] = []
    worked: list[int] = []
    days: list[int] = []
    closings: list[int] = []
    midnights: list[int] = []
    total = 0
    for day, spans in rules.days(date(first, 1, 1), date(last, 12, 31)):
        instants, midnight = _instants(rules.zone, day, spans)
        if not instants:
            continue  # the date line was moved over it
        for begin, end in instants:
            total += end - begin
            opens.append(begin)
            closes.append(end)
            worked.append(total)
        days.append(day.toordinal())
        closings.append(instants[-1][1])
        midnights.append(midnight)
    return Table(
        first=first,
        last=last,
        opens=opens,
        closes=closes,
        worked=worked,
        days=days,
        closings=closings,
        midnights=midnights,
    )


def to_micros(moment: datetime) -> int:
    """Return an aware moment as an instant."""
    return (moment - EPOCH) // MICROSECOND


def to_moment(instant: int, zone: ZoneInfo) -> datetime:
    """Return an instant as an aware moment in a zone."""
    return (EPOCH + timedelta(microseconds=instant)).astimezone(zone)


def _instants(zone: ZoneInfo, day: date, spans: Spans) -> tuple[list[tuple[int, int]], int]:
    """Return a date's spans and its 24:00 as instants; no span: the date never was (Samoa 2011)."""
    start = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - a wall clock's reading
    offset = zone.utcoffset(start)
    if offset is not None and offset == zone.utcoffset(start + timedelta(days=1)):
        midnight = to_micros(start.replace(tzinfo=UTC) - offset)
        return [
            (midnight + begin * MINUTE, midnight + end * MINUTE) for begin, end in spans
        ], midnight + 1440 * MINUTE
    if wall_to_instant(zone, start, 0) == wall_to_instant(zone, start, 1440):
        return [], 0
    changed = [
        (wall_to_instant(zone, start, begin), wall_to_instant(zone, start, end))
        for begin, end in spans
    ]
    return changed, wall_to_instant(zone, start, 1440)


def wall_to_instant(zone: ZoneInfo, midnight: datetime, minutes: int) -> int:
    """Return when the wall clock first shows, or first has passed, a time of day.

    Args:
        zone: Whose clock.
        midnight: The date at 00:00, naive.
        minutes: Minutes by the wall clock since then.
    """
    wall = midnight + timedelta(minutes=minutes)
    before = zone.utcoffset(wall.replace(fold=0)) or timedelta(0)
    after = zone.utcoffset(wall.replace(fold=1)) or timedelta(0)
    reading = wall.replace(tzinfo=UTC)
    if before >= after:
        return to_micros(reading - before)
    low, high = to_micros(reading - after), to_micros(reading - before)  # the clock skips it
    while high - low > 1:
        middle = (low + high) // 2
        if to_moment(middle, zone).utcoffset() == after:
            high = middle
        else:
            low = middle
    return high

"""Counting working time (Civil Code 2015, articles 147 and 148; PROCEDURES.md section 0)."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from tongdai.calendar.limits import Limit, Unit
from tongdai.calendar.rules import FIRST_YEAR, LAST_YEAR, Rules
from tongdai.calendar.table import (
    MICROSECOND,
    MINUTE,
    Table,
    lay_out,
    to_micros,
    to_moment,
    wall_to_instant,
)

_MINUTES = {
    Unit.WORKING_HOURS: 60,
    Unit.WORKING_MINUTES: 1,
    Unit.HOURS: 60,
    Unit.MINUTES: 1,
}


class CalendarRangeError(ValueError):
    """It cannot be worked out: outside the years 1900-2200, or a calendar that never opens."""


class Calendar:
    """When offices are open, and when a limit ends. Nothing in it changes after it was made.

    The years are laid out when they are first asked for, and kept.
    """

    def __init__(self, rules: Rules, version: str = "") -> None:
        """Make a calendar.

        Args:
            rules: What it says.
            version: SHA-256 of the text it was read from.
        """
        self.rules = rules
        self.version = version
        self._table: Table | None = None

    @property
    def zone(self) -> ZoneInfo:
        """Whose wall clock it goes by."""
        return self.rules.zone

    def due(self, start: datetime, limit: Limit, *, day_ended: bool = False) -> datetime:
        """Return the moment at which `limit` from `start` ends; done exactly then is in time.

        Working hours and minutes count inside working spans only; a limit that ends with a span
        is that span's end, not the next one's beginning. Hours and minutes are elapsed time. For
        days the starting day does not count; they end at 24:00 (`working_day_ends` for working
        days), days moved on to a working day.

        Args:
            start: Aware moment, in working time or not.
            limit: How long.
            day_ended: `start` is the 24:00 at which something ended: a midnight then belongs to
                the day before.

        Returns:
            Aware moment in the calendar's zone.

        Raises:
            ValueError: `start` is naive.
            CalendarRangeError: Outside the years 1900-2200, or never open.

        Source: A-G-2, A-G-3; CT-9.1.2c, CT-9.1.2d.
        """
        instant = _checked(start)
        if limit.unit in (Unit.WORKING_DAYS, Unit.DAYS):
            return self._moment(self._day_end(start, limit, day_ended=day_ended))
        minutes = limit.count * _MINUTES[limit.unit]
        if limit.unit in (Unit.HOURS, Unit.MINUTES):
            return self._moment(instant + minutes * MINUTE)
        return self._moment(self._after(start.year, instant, minutes))

    def working_time_between(self, begin: datetime, end: datetime) -> timedelta:
        """Return the working time from `begin` to `end`, both aware.

        Raises:
            ValueError: One is naive, or `end` comes before `begin`.
            CalendarRangeError: Outside the years 1900-2200, or never open.
        """
        first, last = _checked(begin), _checked(end)
        if last < first:
            message = "the end comes before the beginning"
            raise CalendarRangeError(message)
        table = self._covering(min(begin.year, end.year), max(begin.year, end.year))
        if not table.opens:
            self._require_open()
        return timedelta(microseconds=table.worked_until(last) - table.worked_until(first))

    def after(self, start: datetime, worked: timedelta) -> datetime:
        """Return the moment until which `worked` of working time, zero or more, runs on.

        Args:
            start: Aware moment, in working time or not.
            worked: To the microsecond.

        Raises:
            ValueError: `start` is naive.
            CalendarRangeError: Outside the years 1900-2200, or never open.
        """
        instant = _checked(start)
        return self._moment(self._after(start.year, instant, 0, more=worked // MICROSECOND))

    def is_open(self, moment: datetime) -> bool:
        """Say whether `moment` (aware) lies in a working span; its end does not."""
        following = _checked(moment) + 1
        table = self._covering(moment.year, moment.year)
        return table.worked_until(following) > table.worked_until(following - 1)

    def next_opening(self, moment: datetime) -> datetime | None:
        """Return `moment` if it is open, else when it opens next; None: never again."""
        if self.is_open(moment):
            return moment.astimezone(self.zone)
        try:
            found = self._after(moment.year, to_micros(moment), 0, more=1)
        except CalendarRangeError:
            return None
        return self._moment(found - 1)

    def is_working_day(self, day: date) -> bool:
        """Say whether the date has a working span."""
        return bool(self.rules.spans_on(day))

    def explain(self, start: datetime, limit: Limit, *, day_ended: bool = False) -> list[str]:
        """Return the arithmetic of `due`, a sentence a line, in plain Vietnamese."""
        from tongdai.calendar.receipt import receipt  # noqa: PLC0415 - it reads a Calendar

        return receipt(self, start, limit, day_ended=day_ended)

    def start_day(self, start: datetime, *, day_ended: bool = False) -> date:
        """Return the date on which a limit in days starts: the one that does not count."""
        day = start.astimezone(self.zone).date()
        if day_ended and to_micros(start) == self._midnight(day):
            return day - timedelta(days=1)
        return day

    def _after(self, year: int, instant: int, minutes: int, *, more: int = 0) -> int:
        if minutes == 0 and not more:
            return instant
        first = last = year
        while True:
            table = self._covering(first, last)
            worked = table.worked_until(instant) + minutes * MINUTE + more
            found = table.instant_after(worked)
            if found is not None:
                return found
            if table.last >= LAST_YEAR + 1:
                self._require_open()
                raise _outside()
            last = table.last + 1

    def _day_end(self, start: datetime, limit: Limit, *, day_ended: bool) -> int:
        day = self.start_day(start, day_ended=day_ended).toordinal()
        working = limit.unit is Unit.WORKING_DAYS
        if limit.count > 200_000:
            raise _outside()
        wanted, count = (day, limit.count) if working else (day + limit.count, 0)
        last = min(start.year + limit.count // 365, LAST_YEAR + 1)
        while True:
            table = self._covering(start.year, last)
            at = table.nth_day(wanted, count)
            if at is not None:
                closing = working and self.rules.working_day_ends == "closing"
                return table.closings[at] if closing else table.midnights[at]
            if table.last >= LAST_YEAR + 1:
                self._require_open()
                raise _outside()
            last = table.last + 1

    def _covering(self, first: int, last: int) -> Table:
        table = self._table
        if table is not None and table.first < first and last < table.last:
            return table
        if table is None:
            first, last = first - 1, last + 2
        else:  # grow by as much again, so that asking onwards stays cheap
            width = table.last - table.first + 1
            first = table.first if table.first < first else first - width
            last = table.last if last < table.last else last + width
        table = lay_out(self.rules, max(first, FIRST_YEAR - 2), min(last, LAST_YEAR + 2))
        self._table = table
        return table

    def _require_open(self) -> None:
        if not self._covering(FIRST_YEAR - 1, LAST_YEAR + 1).opens:
            message = "the calendar never opens"
            raise CalendarRangeError(message)

    def _midnight(self, day: date) -> int:
        naive = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - a wall clock's reading
        return wall_to_instant(self.zone, naive, 0)

    def _moment(self, instant: int) -> datetime:
        try:
            moment = to_moment(instant, self.rules.zone)
        except OverflowError as error:
            raise _outside() from error
        if not FIRST_YEAR <= moment.year <= LAST_YEAR:
            raise _outside()
        return moment


def _checked(moment: datetime) -> int:
    if moment.utcoffset() is None:
        message = "a moment without an offset"
        raise ValueError(message)
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise _outside()
    return to_micros(moment)


def _outside() -> CalendarRangeError:
    return CalendarRangeError("a moment outside the years 1900-2200")

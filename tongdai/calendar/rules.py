"""What a calendar says, day by day, before anything is counted."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
FIRST_YEAR, LAST_YEAR = 1900, 2200

Spans = tuple[tuple[int, int], ...]
"""Spans of a day in minutes from its midnight, in order, not overlapping; 1440 is 24:00."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Season:
    """A part of the year, both ends included; it may wrap the year's end."""

    first: tuple[int, int]
    last: tuple[int, int]

    def holds(self, day: date) -> bool:
        """Say whether the day lies in the season."""
        here = (day.month, day.day)
        if self.first <= self.last:
            return self.first <= here <= self.last
        return here >= self.first or here <= self.last


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """The working spans of some weekdays (0 is Monday), all the year or in a season."""

    weekdays: frozenset[int]
    spans: Spans
    season: Season | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """A calendar as written.

    Attributes:
        zone: Whose wall clock the spans mean.
        working_day_ends: When the last day of a limit in working days ends.
        hours: Weekly rules; the last one that names a day replaces the whole day.
        holidays: Closed dates with their names.
        workdays: Make-up days; they beat holidays and the weekly rules.
        unconfirmed: Years whose holidays the government has not announced yet.
        confirmed: Years whose holidays and swaps are known.
    """

    zone: ZoneInfo
    working_day_ends: Literal["24:00", "closing"]
    hours: tuple[Hours, ...] = ()
    holidays: dict[date, str] = field(default_factory=dict)
    workdays: dict[date, Spans] = field(default_factory=dict)
    unconfirmed: frozenset[int] = frozenset()
    confirmed: frozenset[int] = frozenset()

    def spans_on(self, day: date) -> Spans:
        """Return the working spans of a date, none when it is closed."""
        if day in self.workdays:
            return self.workdays[day]
        if day in self.holidays:
            return ()
        return self.weekly(day)

    def weekly(self, day: date) -> Spans:
        """Return what the weekly rules alone say of a date."""
        for hours in reversed(self.hours):
            if day.weekday() in hours.weekdays and (
                hours.season is None or hours.season.holds(day)
            ):
                return hours.spans
        return ()

    def days(self, first: date, last: date) -> list[tuple[date, Spans]]:
        """Return every working date of a period, both ends included, with its spans."""
        found = []
        day = first
        while day <= last:
            spans = self.spans_on(day)
            if spans:
                found.append((day, spans))
            day += timedelta(days=1)
        return found

"""CAL.toml -> rules, or the line and the reason why not."""

import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from itertools import pairwise
from typing import Any, Literal, NoReturn
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tongdai.calendar.lines import line_of
from tongdai.calendar.rules import DAYS, Hours, Rules, Season, Spans
from tongdai.calendar.working import Calendar

_SPAN = re.compile(r"([0-9]{1,2}):([0-9]{2})-([0-9]{1,2}):([0-9]{2})")
_MONTH_DAY = re.compile(r"([0-9]{1,2})-([0-9]{1,2})")
_REMARKS = {"name", "note", "source", "legal_basis"}
_KNOWN = {
    "": {"timezone", "working_day_ends", "hours", "holiday", "workday", "year"},
    "hours": {"days", "spans", "from", "until"},
    "holiday": {"date"},
    "workday": {"date", "spans"},
    "year": {"year", "confirmed"},
}


class CalendarError(ValueError):
    """The calendar contradicts itself; the message is one sentence with file and line."""


@lru_cache(maxsize=64)
def parse_calendar(text: str, source: str = "calendar") -> Calendar:
    """Read a calendar in the format of escalation/calendars/; it never changes, one serves all.

    Args:
        text: The TOML text.
        source: What to call it in an error: a file's name.

    Raises:
        CalendarError: With source, line and reason.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = f"{source}: is not TOML: {error}"
        raise CalendarError(message) from error
    version = hashlib.sha256(text.encode()).hexdigest()
    return Calendar(_Reader(text, source).rules(data), version)


@dataclass(frozen=True, slots=True)
class _Reader:
    text: str
    source: str

    def fail(self, why: str, table: str = "", index: int = 0, key: str = "") -> NoReturn:
        message = f"{self.source}, line {line_of(self.text, table, index, key)}: {why}"
        raise CalendarError(message)

    def rules(self, data: Mapping[str, Any]) -> Rules:
        self.known(data, "", 0)
        years = self.tables(data, "year")
        return Rules(
            zone=self.zone(data.get("timezone", "Asia/Ho_Chi_Minh")),
            working_day_ends=self.ends(data.get("working_day_ends", "24:00")),
            hours=tuple(self.hours(t, i) for i, t in enumerate(self.tables(data, "hours"))),
            holidays={
                self.date(t, "holiday", i): self.name(t, "holiday", i)
                for i, t in enumerate(self.tables(data, "holiday"))
            },
            workdays={
                self.date(t, "workday", i): self.spans(t, "workday", i)
                for i, t in enumerate(self.tables(data, "workday"))
            },
            unconfirmed=self.years(years, confirmed=False),
            confirmed=self.years(years, confirmed=True),
        )

    def known(self, table: Mapping[str, Any], name: str, index: int) -> None:
        for key in table:
            if key not in _KNOWN[name] and key not in _REMARKS:
                why = f"unknown key {key!r} (known here: {', '.join(sorted(_KNOWN[name]))})"
                self.fail(why, name, index, key)

    def tables(self, data: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
        tables = data.get(name, [])
        if not isinstance(tables, list) or not all(isinstance(t, dict) for t in tables):
            self.fail(f"write [[{name}]] for each entry", "", 0, name)
        for index, table in enumerate(tables):
            self.known(table, name, index)
        return tables

    def zone(self, name: object) -> ZoneInfo:
        try:
            return ZoneInfo(name if isinstance(name, str) else "")
        except (ZoneInfoNotFoundError, ValueError, OSError):
            self.fail(f"unknown timezone {name!r}", key="timezone")

    def ends(self, value: object) -> Literal["24:00", "closing"]:
        if value == "24:00":
            return "24:00"
        if value != "closing":
            why = f'working_day_ends is "24:00" or "closing", not {value!r}'
            self.fail(why, key="working_day_ends")
        return "closing"

    def hours(self, table: Mapping[str, Any], index: int) -> Hours:
        days = table.get("days")
        if not isinstance(days, list):
            self.fail("days is a list of mon tue wed thu fri sat sun", "hours", index, "days")
        for day in days:
            if day not in DAYS:
                self.fail(f"unknown day {day!r}", "hours", index, "days")
        return Hours(
            weekdays=frozenset(DAYS.index(day) for day in days),
            spans=self.spans(table, "hours", index),
            season=self.season(table, index),
        )

    def season(self, table: Mapping[str, Any], index: int) -> Season | None:
        if "from" not in table and "until" not in table:
            return None
        for key in ("from", "until"):
            if key not in table:
                self.fail("a season needs both from and until", "hours", index)
        return Season(
            first=self.month_day(table["from"], index, "from"),
            last=self.month_day(table["until"], index, "until"),
        )

    def month_day(self, value: object, index: int, key: str) -> tuple[int, int]:
        found = _MONTH_DAY.fullmatch(value) if isinstance(value, str) else None
        try:
            day = date(2000, int(found[1]), int(found[2])) if found else None
        except ValueError:
            day = None
        if day is None:
            self.fail(f"bad date {value!r}, write month-day", "hours", index, key)
        return day.month, day.day

    def spans(self, table: Mapping[str, Any], name: str, index: int) -> Spans:
        written = table.get("spans")
        if not isinstance(written, list):
            why = 'spans is a list like ["07:30-11:30", "13:30-17:00"]'
            self.fail(why, name, index, "spans")
        found = sorted(self.span(text, name, index) for text in written)
        for (_, end), (begin, _) in pairwise(found):
            if begin < end:
                self.fail("spans overlap", name, index, "spans")
        return tuple(found)

    def span(self, text: object, name: str, index: int) -> tuple[int, int]:
        found = _SPAN.fullmatch(text) if isinstance(text, str) else None
        if not found:
            self.fail(f"bad span {text!r}, write 07:30-11:30", name, index, "spans")
        hour, minute, end_hour, end_minute = map(int, found.groups())
        begin, end = hour * 60 + minute, end_hour * 60 + end_minute
        if minute > 59 or end_minute > 59 or begin >= 1440 or end > 1440:
            self.fail(f"no such time of day in span {text!r}", name, index, "spans")
        if end <= begin:
            self.fail(f"span {text!r} ends before it begins", name, index, "spans")
        return begin, end

    def date(self, table: Mapping[str, Any], name: str, index: int) -> date:
        value = table.get("date")
        if isinstance(value, str):
            try:
                value = date.fromisoformat(value)
            except ValueError:
                value = None
        if not isinstance(value, date) or isinstance(value, datetime):
            self.fail(f"bad date {table.get('date')!r}", name, index, "date")
        return value

    def name(self, table: Mapping[str, Any], name: str, index: int) -> str:
        value = table.get("name", "")
        if not isinstance(value, str):
            self.fail("name is a text", name, index, "name")
        return value

    def years(self, tables: list[Mapping[str, Any]], *, confirmed: bool) -> frozenset[int]:
        for index, table in enumerate(tables):
            if type(table.get("year")) is not int or type(table.get("confirmed")) is not bool:
                self.fail("a [[year]] has year = 2027 and confirmed = true", "year", index)
        return frozenset(t["year"] for t in tables if t["confirmed"] is confirmed)

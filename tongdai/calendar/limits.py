"""Limits as the regulations write them: `8 working hours`, `10 working days`, `24 hours`."""

import re
from dataclasses import dataclass
from enum import StrEnum

_PATTERN = re.compile(r"(-?)([0-9]+) +(working +)?(hour|minute|day)s?")
_WORDS = {
    "working hours": "giờ làm việc",
    "working minutes": "phút làm việc",
    "working days": "ngày làm việc",
    "hours": "giờ",
    "minutes": "phút",
    "days": "ngày",
}


class LimitError(ValueError):
    """The text is no limit; the message is one sentence."""


class Unit(StrEnum):
    """What a limit counts in (PROCEDURES.md section 0)."""

    WORKING_HOURS = "working hours"
    WORKING_MINUTES = "working minutes"
    WORKING_DAYS = "working days"
    HOURS = "hours"
    MINUTES = "minutes"
    DAYS = "days"


@dataclass(frozen=True, slots=True)
class Limit:
    """A number of units, zero or more."""

    count: int
    unit: Unit

    def __str__(self) -> str:
        """Write it as `parse_limit` reads it."""
        unit = str(self.unit)
        return f"{self.count} {unit[:-1] if self.count == 1 else unit}"

    @property
    def vietnamese(self) -> str:
        """Write it as the regulations do: `08 giờ làm việc`."""
        return f"{self.count:02d} {_WORDS[self.unit]}"


def parse_limit(text: str) -> Limit:
    """Read `<N> working hours | working minutes | working days | hours | days | minutes`.

    Raises:
        LimitError: It is none of these, or negative.
    """
    found = _PATTERN.fullmatch(text.strip(" "))
    if found is None:
        message = f"not a limit: {text[:60]!r}"
        raise LimitError(message)
    sign, digits, working, unit = found.groups()
    if sign:
        message = f"a negative limit: {text[:60]!r}"
        raise LimitError(message)
    if len(digits) > 18:
        message = f"a limit beyond all bounds: {text[:60]!r}"
        raise LimitError(message)
    return Limit(int(digits), Unit(("working " if working else "") + unit + "s"))

"""A procedure on paper, for the tests."""

import json
from typing import Any

from escalation.lawbook import find_procedure
from escalation.timeline import timeline_lines
from tongdai.calendar import parse_calendar

WEEK = parse_calendar(
    """
    [[hours]]
    days = ["mon", "tue", "wed", "thu", "fri"]
    spans = ["08:00-12:00", "13:00-17:00"]
    """
)
"""Eight hours a day; 2026-11-30 is a Monday."""


def moment(text: str) -> str:
    """Write `30 08:00` (November 2026) or `12-04 08:00` or a whole moment as ISO 8601."""
    day, _, time = text.partition(" ")
    parts = day.split("-")
    date = {1: f"2026-11-{day}", 2: f"2026-{day}", 3: day}[len(parts)]
    return f"{date}T{time or '00:00'}:00+07:00"


def event(at: str, name: str, **fields: Any) -> str:
    """Return an input line; `until` may be written like `at`."""
    if isinstance(fields.get("until"), str):
        fields["until"] = moment(fields["until"])
    return json.dumps({"at": moment(at), "event": name, **fields})


def paper(procedure: str, track: str, *events: str, level: str | None = None) -> list[str]:
    """Return the lines, each as `30 08:00 start focal_point focal_point 12-01 08:00`."""
    lines = timeline_lines(find_procedure(procedure), track, level, WEEK, list(events))
    return [_short(json.loads(line)) for line in lines]


def _short(line: dict[str, Any]) -> str:
    at, do = _when(line.pop("at")), line.pop("do")
    line.pop("why", None)
    if "due" in line:
        line["due"] = _when(line["due"]) if line["due"] else "-"
    return " ".join([at, do, *line.values()])


def _when(text: str) -> str:
    assert text.endswith("+07:00")
    assert text[16:19] == ":00"
    return text[5:16].replace("T", " ").removeprefix("11-")

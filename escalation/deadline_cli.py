"""`tongdai deadline`: JSON lines in, one JSON line out for each, in order."""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from escalation.lines import read_json
from tongdai.calendar import Calendar, CalendarRangeError, LimitError, parse_limit


class _LineError(ValueError):
    """One line cannot be worked out; the message says why."""


def deadline_lines(
    calendar: Calendar, lines: Iterable[str | bytes], *, explain: bool = False
) -> Iterator[str]:
    """Answer each line; one that cannot be worked out gives `{"error": ...}` in its place.

    Args:
        calendar: The working calendar.
        lines: `{"from": ISO, "limit": "8 working hours"}` or `{"from": ISO, "until": ISO}`.
        explain: Also give the arithmetic in Vietnamese, field `explain`.
    """
    for line in lines:
        try:
            answer = _answer(calendar, line, explain=explain)
        except (_LineError, LimitError, CalendarRangeError) as error:
            answer = {"error": str(error)}
        yield json.dumps(answer, ensure_ascii=False)


def _answer(calendar: Calendar, line: str | bytes, *, explain: bool) -> dict[str, Any]:
    question = _object(line)
    if ("limit" in question) == ("until" in question):
        message = "give exactly one of limit and until"
        raise _LineError(message)
    start = _moment(question, "from")
    if "until" in question:
        worked = calendar.working_time_between(start, _moment(question, "until"))
        return {"working_minutes": _number(round(worked.total_seconds() * 1_000_000))}
    if not isinstance(question["limit"], str):
        message = "limit is no text"
        raise _LineError(message)
    limit = parse_limit(question["limit"])
    answer: dict[str, Any] = {"due": calendar.due(start, limit).isoformat()}
    if explain:
        answer["explain"] = calendar.explain(start, limit)
    return answer


def _object(line: str | bytes) -> dict[str, Any]:
    try:
        question = read_json(line)
    except ValueError as error:
        message = "not JSON"
        raise _LineError(message) from error
    if not isinstance(question, dict):
        message = "not a JSON object"
        raise _LineError(message)
    return question


def _moment(question: dict[str, Any], key: str) -> datetime:
    if key not in question:
        message = f"{key} is missing"
        raise _LineError(message)
    return read_moment(question[key], key)


def read_moment(value: object, key: str) -> datetime:
    """Read an ISO 8601 moment with an offset; seconds may be left out.

    Raises:
        ValueError: It is none, or has no offset.
    """
    if not isinstance(value, str):
        message = f"{key} is no text"
        raise _LineError(message)
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as error:
        message = f"{key} is no ISO 8601 moment: {value[:60]!r}"
        raise _LineError(message) from error
    if moment.utcoffset() is None:
        message = f"{key} has no offset: {value[:60]!r}"
        raise _LineError(message)
    return moment


def _number(microseconds: int) -> int | float:
    minutes, rest = divmod(microseconds, 60_000_000)
    return minutes if rest == 0 else microseconds / 60_000_000

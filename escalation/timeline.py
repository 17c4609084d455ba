"""`tongdai timeline`: the ladder on paper, as regulations/TIMELINE.md writes it down."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any, get_args

from escalation.act import Act, FieldError, read_act, read_moment
from escalation.ladder import Ladder
from escalation.lines import read_json
from escalation.names import Level
from escalation.procedure import Procedure
from escalation.state import Line, State
from tongdai.calendar import Calendar, CalendarRangeError

_LINE = "the line"


class TimelineError(ValueError):
    """The lines cannot be read (exit status 2); the message is one sentence with the line."""


def timeline_lines(
    procedure: Procedure,
    track: str,
    level: str | None,
    calendar: Calendar,
    lines: Iterable[str | bytes],
) -> list[str]:
    """Run a ticket through its ladder on paper.

    Args:
        procedure: The regulation.
        track: One of its tracks.
        level: Severity, where the regulation has levels; nothing: normal.
        calendar: The working calendar.
        lines: TIMELINE.md's input, one JSON object a line, in time order.

    Returns:
        The output lines, JSON.

    Raises:
        TimelineError: The track or level is unknown, or a line cannot be read.
    """
    if track not in procedure.has_track:
        known = ", ".join(t.id for t in procedure.track)
        message = f"{procedure.id} has no track {track!r} (it has: {known})"
        raise TimelineError(message)
    ladder = Ladder(procedure, calendar)
    state, out = State(track=track, level=_level(level)), list[Line]()
    ended = False
    for number, text in enumerate(lines, start=1):
        if not text.strip():
            continue
        try:
            at, act = _read(text, state, calendar, ended=ended)
            state, more = ladder.perform(state, act, at) if act else ladder.advance(state, at)
        except (FieldError, CalendarRangeError, _NotInOrderError) as error:
            message = f"line {number}: {error}"
            raise TimelineError(message) from error
        ended = act is None
        out += more
    return list(dict.fromkeys(json.dumps(line.as_json(), ensure_ascii=False) for line in out))


def _level(text: str | None) -> Level:
    for level in get_args(Level):
        if level == (text or "normal"):
            return level  # type: ignore[no-any-return]  # get_args knows no literal types
    message = f"no level {text!r} (there are: {', '.join(get_args(Level))})"
    raise TimelineError(message)


class _NotInOrderError(ValueError):
    """A line comes earlier than the one before it, or after `until`."""


def _read(
    text: str | bytes, state: State, calendar: Calendar, *, ended: bool
) -> tuple[datetime, Act | None]:
    body = _object(text)
    at = read_moment(body, "at").astimezone(calendar.zone)
    if ended or (state.last_at is not None and at < state.last_at):
        message = "comes after `until`" if ended else "earlier than the line before"
        raise _NotInOrderError(message)
    if body.get("event") == "until":
        return at, None
    return at, read_act(body)


def _object(text: str | bytes) -> dict[str, Any]:
    try:
        body = read_json(text)
    except ValueError:
        raise FieldError(_LINE, "invalid") from None
    if not isinstance(body, dict):
        raise FieldError(_LINE, "invalid")
    return body

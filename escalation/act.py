"""An act as somebody does it: TIMELINE.md's event objects, and what the live service adds."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, get_args

from escalation.names import Event, Ground, Level, Score
from tongdai.errors import Invalid


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One act; its moment is given beside it.

    Attributes:
        event: Which act.
        channel: received: how the ticket came in.
        ground: rejected: id of the ground; rework: form, inadequate or unsatisfied.
        guidance: rejected: how the sender can complete it (CT-8.2).
        until: extended: the new due time itself. referred (HB): the appointment.
        document: extended: number of the letter.
        document_date: extended (CT): the letter's day, default the act's day.
        reason: Why.
        score: rated.
        level: level_changed (HN).
        unit_id: referred: to which unit.
        person_id: referred: to whom there, default its focal point.
        text: answered, answered_directly: the answer.
        document_number: answered: number of the written reply (CT-9.1.2c).
        attachment_id: answered, extended: the reply or the letter as a file of the ticket.
    """

    event: Event
    channel: str | None = None
    ground: str | None = None
    guidance: str | None = None
    until: datetime | None = None
    document: str | None = None
    document_date: date | None = None
    reason: str | None = None
    score: Score | None = None
    level: Level | None = None
    unit_id: str | None = None
    person_id: str | None = None
    text: str | None = None
    document_number: str | None = None
    attachment_id: str | None = None


class FieldError(ValueError):
    """A field of an act is missing or of the wrong type.

    Attributes:
        field: Which one.
        code: `missing` or `invalid`.
    """

    def __init__(self, field: str, code: str) -> None:
        super().__init__(f"{field} is {'missing' if code == 'missing' else 'not what it must be'}")
        self.field = field
        self.code = code


EVENTS = frozenset(get_args(Event))
_NEEDED: Mapping[str, tuple[str, ...]] = {
    "rejected": ("ground",),
    "extended": ("until",),
    "rated": ("score",),
    "rework": ("ground",),
    "level_changed": ("level",),
}
_ON_PAPER: Mapping[str, tuple[str, ...]] = {
    "received": ("channel",),
    "rejected": ("ground",),
    "referred": ("until",),
    "returned": ("reason",),
    "extended": ("until", "document", "reason", "document_date"),
    "rated": ("score", "reason"),
    "rework": ("ground",),
    "level_changed": ("level",),
}
"""TIMELINE.md's fields of each act; on paper any other one is unknown, and is ignored."""
_LIVE = (
    "reason",
    "guidance",
    "unit_id",
    "person_id",
    "text",
    "document_number",
    "attachment_id",
)
"""What the live service takes besides, with every act."""


def read_act(body: Mapping[str, Any], *, live: bool = False) -> Act:
    """Read an event object; unknown fields are ignored, whatever is in them.

    Args:
        body: The object.
        live: Also take what the live service keeps beside the act.

    Raises:
        FieldError: The event is unknown, a field is missing or of the wrong type.
    """
    event = body.get("event")
    if not isinstance(event, str) or event not in EVENTS:
        raise FieldError("event", "invalid" if event else "missing")
    names = dict.fromkeys((*_ON_PAPER.get(event, ()), *(_LIVE if live else ())))
    values = {name: _value(body, name) for name in names}
    for name in _NEEDED.get(event, ()):
        if not values[name]:
            raise FieldError(name, "missing")
    if event == "rework" and values["ground"] not in get_args(Ground):
        raise FieldError("ground", "invalid")
    return Act(event=event, **values)  # type: ignore[arg-type]  # it is one of EVENTS


def parse_act(body: Mapping[str, Any]) -> Act:
    """Read an event object that came over the network.

    Raises:
        Invalid: With the field and `missing` or `invalid`.
    """
    try:
        return read_act(body, live=True)
    except FieldError as error:
        raise Invalid("act_unreadable", fields={error.field: error.code}) from error


def read_moment(body: Mapping[str, Any], name: str) -> datetime:
    """Read an ISO 8601 moment with an offset.

    Raises:
        FieldError: It is missing or none.
    """
    value = body.get(name)
    if value is None:
        raise FieldError(name, "missing")
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        moment = None
    if moment is None or moment.utcoffset() is None or not 1900 <= moment.year <= 2200:
        raise FieldError(name, "invalid")
    return moment


def _text(body: Mapping[str, Any], name: str) -> str | None:
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        raise FieldError(name, "invalid")
    return value.strip() or None if value else None


def _date(body: Mapping[str, Any], name: str) -> date | None:
    value = _text(body, name)
    if value is None:
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise FieldError(name, "invalid") from None


def _choice(body: Mapping[str, Any], name: str, known: tuple[str, ...]) -> str | None:
    value = _text(body, name)
    if value is not None and value not in known:
        raise FieldError(name, "invalid")
    return value


def _value(body: Mapping[str, Any], name: str) -> Any:
    match name:
        case "until":
            return read_moment(body, name) if body.get(name) is not None else None
        case "document_date":
            return _date(body, name)
        case "score":
            return _choice(body, name, get_args(Score))
        case "level":
            return _choice(body, name, get_args(Level))
        case _:
            return _text(body, name)

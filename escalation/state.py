"""Where a ticket stands in its ladder, and the lines that come out of it; kept as JSON."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from escalation.names import By, Do, Level, Purpose


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A stage that runs.

    Attributes:
        stage: Its id in the procedure.
        shown: Its name in the lines.
        counted_from: The instant from which its limit counts.
        limit: As `parse_limit` reads it; None: no limit.
        offset: The limit counts from so much later than `counted_from`.
        day_ended: It began because another one ended at 24:00.
        until: The date given instead of the limit, by an extension.
        extended_at: When it was given.
        remind_at: When somebody is reminded of that date, None: not, or done.
        due: When it ends, None: never by itself.
        missed: Its due time has passed and was carried out.
    """

    stage: str
    shown: str
    counted_from: datetime
    limit: str | None
    offset: str | None = None
    day_ended: bool = False
    until: datetime | None = None
    extended_at: datetime | None = None
    remind_at: datetime | None = None
    due: datetime | None = None
    missed: bool = False


class Mark(NamedTuple):
    """When an act that others hang on was done last."""

    event: str
    at: datetime


class Pause(NamedTuple):
    """A time of force majeure; no end: it goes on."""

    began: datetime
    ended: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A ticket's place in its ladder.

    Attributes:
        track: Which way through the regulation.
        level: Severity (HN).
        received_at: The real arrival (A-G-2); None: not there yet.
        closed_at: The end.
        last_at: The latest instant seen; time does not run backwards.
        running: The stages that run, the latest begun last.
        stopped: Of each stage that ended by an act, how it stood then.
        extensions: How many were given.
        overdue: The overdue mark stands; it never goes.
        missed: Stages whose limit passed, in order; they stay after a late result (A-CT-4).
        flags: What happened that later acts ask for.
        marks: When acts were done that windows count from.
        pauses: Times of force majeure, in order.
    """

    track: str
    level: Level = "normal"
    received_at: datetime | None = None
    closed_at: datetime | None = None
    last_at: datetime | None = None
    running: tuple[Running, ...] = ()
    stopped: tuple[Running, ...] = ()
    extensions: int = 0
    overdue: bool = False
    missed: tuple[str, ...] = ()
    flags: frozenset[str] = frozenset()
    marks: tuple[Mark, ...] = ()
    pauses: tuple[Pause, ...] = ()

    @property
    def paused(self) -> bool:
        """Force majeure goes on."""
        return bool(self.pauses) and self.pauses[-1].ended is None

    def mark(self, event: str) -> datetime | None:
        """Return when an act was done last."""
        return next((m.at for m in self.marks if m.event == event), None)

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return _fields_of(self) | {"flags": sorted(self.flags)}

    @classmethod
    def from_json(cls, data: dict[str, Any], zone: ZoneInfo) -> "State":
        """Return the state that `as_json` wrote, its moments in `zone`; new fields by default."""
        values = _read(data, {f.name for f in fields(cls)}, zone)
        for name in ("running", "stopped"):
            values[name] = tuple(_running(r, zone) for r in data.get(name, ()))
        values["missed"] = tuple(data["missed"])
        values["flags"] = frozenset(data.get("flags", ()))
        values["marks"] = tuple(
            Mark(event, _moment(at, zone)) for event, at in data.get("marks", ())
        )
        values["pauses"] = tuple(
            Pause(_moment(began, zone), _moment(ended, zone) if ended else None)
            for began, ended in data.get("pauses", ())
        )
        return cls(**values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of TIMELINE.md. `purpose` is for the shell and is not written on paper."""

    at: datetime
    do: Do
    stage: str | None = None
    responsible: str | None = None
    due: datetime | None = None
    by: By | None = None
    to: str | None = None
    event: str | None = None
    why: str | None = None
    source: str | None = None
    purpose: Purpose | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the fields that TIMELINE.md gives to this kind of line."""
        names = _FIELDS[self.do]
        return _json({"at": self.at, "do": self.do} | {n: getattr(self, n) for n in names})


_FIELDS: dict[str, tuple[str, ...]] = {
    "start": ("stage", "responsible", "due"),
    "moved": ("stage", "due"),
    "notify": ("by", "to"),
    "remind": ("to",),
    "missed": ("stage",),
    "overdue": (),
    "report": ("to",),
    "refuse": ("event", "why", "source"),
    "close": (),
}
_MOMENTS = {
    "received_at",
    "closed_at",
    "last_at",
    "counted_from",
    "until",
    "extended_at",
    "remind_at",
    "due",
}


def _fields_of(value: Running | State) -> dict[str, Any]:
    return {name: _plain(getattr(value, name)) for name in value.__slots__}


def _json(values: dict[str, Any]) -> dict[str, Any]:
    return {name: _plain(value) for name, value in values.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Running):
        return _fields_of(value)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _moment(text: str, zone: ZoneInfo) -> datetime:
    return datetime.fromisoformat(text).astimezone(zone)


def _running(data: dict[str, Any], zone: ZoneInfo) -> Running:
    values = _read(data, {f.name for f in fields(Running)}, zone)
    return Running(**({"shown": values["stage"]} | values))


def _read(data: dict[str, Any], known: set[str], zone: ZoneInfo) -> dict[str, Any]:
    return {
        name: _moment(value, zone) if name in _MOMENTS and value is not None else value
        for name, value in data.items()
        if name in known
    }

"""The regulations and calendars that are in force, by hotline; a version once used is kept."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Literal, Protocol

from escalation.ladder import Ladder
from escalation.procedure import Procedure, ProcedureError, parse_procedure, version_of
from tickets.model import PLAIN, FormRules, Ground, TicketType
from tongdai.calendar import Calendar, CalendarError, parse_calendar


class _Folder(Protocol):
    """What holds files: a path, or a package's resources."""

    def joinpath(self, *names: str) -> "_Folder": ...
    def is_file(self) -> bool: ...
    def read_text(self, encoding: str) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A procedure with the text it was read from.

    Attributes:
        id: SHA-256 of the text: what a ticket keeps.
        text: The TOML.
        procedure: What it says.
    """

    id: str
    text: str
    procedure: Procedure


@dataclass(slots=True)
class Lawbook:
    """The procedures and calendars by hotline."""

    versions: Mapping[str, Version]
    calendars: dict[str, Calendar]
    _kept: dict[str, Procedure] = field(default_factory=dict)

    @classmethod
    def load(cls, procedures: _Folder, calendars: _Folder, hotlines: tuple[str, ...]) -> "Lawbook":
        """Read what the folders hold for the hotlines; a missing file is no error.

        Raises:
            ProcedureError: A procedure contradicts itself.
            CalendarError: A calendar does, or a procedure has none.
        """
        versions, found = {}, {}
        for hotline in hotlines:
            text = _text(procedures, hotline)
            if text is not None:
                procedure = parse_procedure(text, f"{hotline}.toml")
                versions[hotline] = Version(id=version_of(text), text=text, procedure=procedure)
            hours = _text(calendars, hotline)
            if hours is not None:
                found[hotline] = parse_calendar(hours, f"{hotline}.toml")
            elif text is not None:
                message = f"{hotline}: a procedure without a calendar"
                raise CalendarError(message)
        return cls(versions=versions, calendars=found)

    def version(self, hotline: str) -> Version | None:
        """Return the version in force; None: the procedure is not there yet."""
        return self.versions.get(hotline)

    def procedure(self, hotline: str) -> Procedure | None:
        """Return the procedure in force."""
        version = self.versions.get(hotline)
        return version.procedure if version else None

    def calendar(self, hotline: str) -> Calendar | None:
        """Return the working calendar."""
        return self.calendars.get(hotline)

    def ladder(self, hotline: str, version: str, text: str) -> Ladder:
        """Return the ladder of a version that a ticket began with, over today's calendar."""
        if version not in self._kept:
            self._kept[version] = parse_procedure(text, f"{hotline} {version[:12]}")
        return Ladder(self._kept[version], self.calendars[hotline])

    def form_rules(self, hotline: str) -> FormRules:
        """Return what the form of a new ticket goes by (CT-4, CT-6, CT-8.2)."""
        version = self.versions.get(hotline)
        return form_rules(version) if version else PLAIN


def form_rules(version: Version) -> FormRules:
    """Return a procedure's types and grounds as the register knows them."""
    procedure = version.procedure
    return FormRules(
        types=tuple(
            TicketType(code=t.id, name=t.name, track=t.track, unit=t.unit, source=t.source)
            for t in procedure.type
        ),
        grounds=tuple(
            Ground(code=g.id, name=g.name, guidance=g.guidance, source=g.source)
            for g in procedure.ground
        ),
        procedure=version.id,
    )


def default_lawbook(hotlines: tuple[str, ...] | None = None) -> Lawbook:
    """Return the shipped procedures and calendars."""
    home = resources.files("escalation")
    return Lawbook.load(
        home.joinpath("procedures"), home.joinpath("calendars"), hotlines or shipped()
    )


def shipped(kind: Literal["procedures", "calendars"] = "calendars") -> tuple[str, ...]:
    """Return the hotlines for which a calendar, or a procedure, is shipped."""
    folder = resources.files("escalation").joinpath(kind)
    return tuple(sorted(f.name[:-5] for f in folder.iterdir() if f.name.endswith(".toml")))


def find_procedure(name: str) -> Procedure:
    """Return a shipped procedure by its hotline's id, or the one in a file.

    Raises:
        ProcedureError: There is none, or it contradicts itself.
    """
    path = Path(name)
    if path.suffix != ".toml" and not path.is_file():
        text = _text(resources.files("escalation").joinpath("procedures"), name)
        if text is None:
            message = f"no procedure {name!r}"
            raise ProcedureError(message)
        return parse_procedure(text, f"{name}.toml")
    try:
        return parse_procedure(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        message = f"{path}: cannot be read"
        raise ProcedureError(message) from error


def _text(folder: _Folder, hotline: str) -> str | None:
    file = folder.joinpath(f"{hotline}.toml")
    return file.read_text(encoding="utf-8") if file.is_file() else None

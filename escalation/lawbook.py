"""The regulations and calendars that are in force, by hotline; a version once used is kept."""

from collections.abc import Sequence
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
    """The procedures and calendars by hotline; the administration may change what is in force.

    Attributes:
        versions: The procedure in force, by hotline.
        calendars: The hotlines' calendars.
        texts: The hotlines' calendars as they are written.
        of_units: Calendars of units that differ, by hotline and unit.
        seen: How far the administration's changes were read (escalation.editions).
    """

    versions: dict[str, Version]
    calendars: dict[str, Calendar]
    texts: dict[str, str] = field(default_factory=dict)
    of_units: dict[tuple[str, str], Calendar] = field(default_factory=dict)
    seen: tuple[int, int] = (0, 0)
    _kept: dict[str, Procedure] = field(default_factory=dict)

    @classmethod
    def load(cls, homes: Sequence[_Folder], hotlines: tuple[str, ...]) -> "Lawbook":
        """Read what the folders hold for the hotlines; a missing file is no error.

        Args:
            homes: Folders with `procedures` and `calendars` in them; the first one that has a
                hotline's file counts.
            hotlines: Ids.

        Raises:
            ProcedureError: A procedure contradicts itself.
            CalendarError: A calendar does, or a procedure has none.
        """
        versions, found, texts = {}, {}, {}
        for hotline in hotlines:
            text = _first(homes, "procedures", hotline)
            if text is not None:
                versions[hotline] = _of(hotline, read_version(text, f"{hotline}.toml"))
            hours = _first(homes, "calendars", hotline)
            if hours is not None:
                found[hotline] = parse_calendar(hours, f"{hotline}.toml")
                texts[hotline] = hours
            elif text is not None:
                message = f"{hotline}: a procedure without a calendar"
                raise CalendarError(message)
        return cls(versions=versions, calendars=found, texts=texts)

    def version(self, hotline: str) -> Version | None:
        """Return the version in force; None: the procedure is not there yet."""
        return self.versions.get(hotline)

    def procedure(self, hotline: str) -> Procedure | None:
        """Return the procedure in force."""
        version = self.versions.get(hotline)
        return version.procedure if version else None

    def calendar(self, hotline: str, unit: str | None = None) -> Calendar | None:
        """Return the working calendar: a unit's own one where it differs."""
        return self.of_units.get((hotline, unit or ""), self.calendars.get(hotline))

    def calendar_version(self, hotline: str) -> str:
        """Return one hash of all calendars of a hotline, its units' with it."""
        own = [f"{u} {c.version}" for (h, u), c in sorted(self.of_units.items()) if h == hotline]
        main = self.calendars[hotline].version
        return version_of("\n".join([main, *own])) if own else main

    def knows(self, hotline: str, version: str) -> bool:
        """Say whether `ladder` needs no text of a version: it was read before."""
        now = self.versions.get(hotline)
        return version in self._kept or (now is not None and now.id == version)

    def ladder(self, hotline: str, version: str, text: str, unit: str | None = None) -> Ladder:
        """Return the ladder of a version that a ticket began with, over today's calendar."""
        if version not in self._kept:
            now = self.versions.get(hotline)
            known = now.procedure if now and now.id == version else None
            self._kept[version] = known or parse_procedure(text, f"{hotline} {version[:12]}")
        calendar = self.of_units.get((hotline, unit or ""), self.calendars[hotline])
        return Ladder(self._kept[version], calendar)

    def form_rules(self, hotline: str) -> FormRules:
        """Return what the form of a new ticket goes by (CT-4, CT-6, CT-8.2)."""
        version = self.versions.get(hotline)
        return form_rules(version) if version else PLAIN


def read_version(text: str, source: str) -> Version:
    """Read a procedure with the hash under which it is kept.

    Raises:
        ProcedureError: It contradicts itself.
    """
    return Version(id=version_of(text), text=text, procedure=parse_procedure(text, source))


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


def default_lawbook(hotlines: tuple[str, ...] | None = None, folder: Path | None = None) -> Lawbook:
    """Return the procedures and calendars: of the installation's own folder, else as shipped.

    Raises:
        ProcedureError, CalendarError: See Lawbook.load.
    """
    homes: tuple[_Folder, ...] = (resources.files("escalation"),)
    return Lawbook.load((folder, *homes) if folder else homes, hotlines or shipped())


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


def _of(hotline: str, version: Version) -> Version:
    """Refuse a copied file whose `id` still names another hotline."""
    if version.procedure.id != hotline:
        message = (
            f'{hotline}.toml: the hotline is {hotline!r}, but its id says "{version.procedure.id}"'
        )
        raise ProcedureError(message)
    return version


def _first(homes: Sequence[_Folder], kind: str, hotline: str) -> str | None:
    texts = (_text(home.joinpath(kind), hotline) for home in homes)
    return next((text for text in texts if text is not None), None)


def _text(folder: _Folder, hotline: str) -> str | None:
    file = folder.joinpath(f"{hotline}.toml")
    return file.read_text(encoding="utf-8") if file.is_file() else None

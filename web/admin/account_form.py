"""The form of an account: what was typed, read into what is wanted, or the faults."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tickets.tables import Unit
from tongdai.accounts.admin import Wanted
from tongdai.accounts.held import Held
from tongdai.accounts.model import OF_UNIT, Grant, Role
from tongdai.i18n import LANGUAGES
from tongdai.ids import HotlineId, UnitId
from tongdai.text import nfc
from web.admin.common import unit_label, unit_meant
from web.admin.words import ROLES

SPARE = 2
"""Empty lines for further roles."""
MOST = 40
"""Lines of roles that are read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleLine:
    """One line of the form: a role at a hotline, in a unit."""

    hotline: str = ""
    role: str = ""
    unit: str = ""


@dataclass(slots=True, kw_only=True)
class AccountForm:
    """What stands in the form, as typed."""

    username: str = ""
    full_name: str = ""
    language: str = "vi"
    extension: str = ""
    person: str = ""
    lines: list[RoleLine] = field(default_factory=list)
    faults: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, typed: Mapping[str, object]) -> "AccountForm":
        """Read what a browser sent."""

        def text(name: str) -> str:
            return nfc(str(typed.get(name, ""))).strip()[:200]

        count = next((n for n in range(MOST) if f"role-{n}" not in typed), MOST)
        return cls(
            username=text("username"),
            full_name=text("full_name"),
            language=text("language"),
            extension=text("extension"),
            person=text("person"),
            lines=[
                RoleLine(
                    hotline=text(f"hotline-{n}"), role=text(f"role-{n}"), unit=text(f"unit-{n}")
                )
                for n in range(count)
            ],
        )

    @classmethod
    def of_account(
        cls, held: Held, hotlines: Sequence[str], units: Mapping[str, Unit]
    ) -> "AccountForm":
        """Show an account as it is, with its roles at some hotlines."""
        account = held.account
        return cls(
            username=account.username,
            full_name=account.full_name,
            language=account.language,
            extension=account.extension or "",
            person=account.person_id or "",
            lines=[
                RoleLine(
                    hotline=g.hotline,
                    role=g.role,
                    unit=unit_label(units[g.unit]) if g.unit and g.unit in units else "",
                )
                for g in held.within(hotlines)
            ],
        )

    def with_spare(self) -> list[RoleLine]:
        """Return the lines that are filled, and some empty ones."""
        filled = [line for line in self.lines if line.role or line.unit]
        return [*filled, *[RoleLine()] * SPARE]

    def wanted(self, units: Mapping[str, Sequence[Unit]]) -> Wanted:
        """Return what is wanted; what cannot be read is in `faults`.

        Args:
            units: The units of every hotline that the viewer administers.
        """
        self.lines = [line for line in self.lines if line.role or line.unit]
        if self.language not in LANGUAGES:
            self.faults["language"] = "not_allowed"
        return Wanted(
            full_name=self.full_name,
            language=self.language,
            extension=self.extension or None,
            person=self.person or None,
            grants=frozenset(self._grants(units)),
        )

    def _grants(self, units: Mapping[str, Sequence[Unit]]) -> Iterator[Grant]:
        for n, line in enumerate(self.lines):
            if line.hotline not in units:
                self.faults[f"hotline-{n}"] = "no_such_hotline"
            elif line.role not in ROLES:
                self.faults[f"role-{n}"] = "role_missing_here"
            else:
                role, at = Role(line.role), HotlineId(line.hotline)
                unit, fault = self._unit(role, line, units[line.hotline])
                if fault:
                    self.faults[f"unit-{n}"] = fault
                yield Grant(hotline=at, role=role, unit=UnitId(unit.id) if unit else None)

    @staticmethod
    def _unit(role: Role, line: RoleLine, units: Sequence[Unit]) -> tuple[Unit | None, str]:
        if role in OF_UNIT:
            return unit_meant(units, line.unit) if line.unit else (None, "unit_needed")
        return None, "unit_not_taken" if line.unit else ""

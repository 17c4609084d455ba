"""Roles, and what somebody is at each hotline."""

from dataclasses import dataclass, field
from enum import StrEnum

from tongdai.ids import AccountId, HotlineId, PersonId, UnitId


class Role(StrEnum):
    """What a person may be (DESIGN.md, Names)."""

    OPERATOR = "operator"
    SUPERVISOR = "supervisor"
    FOCAL_POINT = "focal_point"
    UNIT_HEAD = "unit_head"
    COORDINATOR = "coordinator"
    ONE_STOP = "one_stop"
    CITY_OFFICE = "city_office"
    LEADERSHIP = "leadership"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


OF_UNIT = (Role.FOCAL_POINT, Role.UNIT_HEAD)
"""Roles that somebody holds in a unit."""

EVERY_UNIT = UnitId("*")
"""What stands for the unit of a program's token: it speaks for all units of its hotlines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """One role at one hotline, in one unit where the role belongs to one."""

    hotline: HotlineId
    role: Role
    unit: UnitId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """Whoever asks: an account, a token, or the service itself (`system`).

    Attributes:
        id: Account id; `token:<id>` for programs.
        name: For people to read.
        grants: Roles by hotline.
        person: The person of the units' directory behind the account.
        extension: The seat's extension.
        language: What the pages speak to this person.
        must_change_password: The password was given by somebody else and is not replaced yet.
    """

    id: AccountId
    name: str
    grants: frozenset[Grant] = field(default_factory=frozenset)
    person: PersonId | None = None
    extension: str | None = None
    language: str = "vi"
    must_change_password: bool = False

    def has(self, role: Role, hotline: str | None = None) -> bool:
        """Say whether the role is held, at `hotline` or anywhere."""
        return any(g.role is role and hotline in (None, g.hotline) for g in self.grants)

    def has_any(self, roles: tuple[Role, ...], hotline: str | None = None) -> bool:
        """Say whether one of the roles is held, at `hotline` or anywhere."""
        return any(self.has(role, hotline) for role in roles)

    def hotlines_for(self, *roles: Role) -> tuple[HotlineId, ...]:
        """Return the hotlines at which one of `roles` (any, when none is named) is held, sorted."""
        return tuple(sorted({g.hotline for g in self.grants if not roles or g.role in roles}))

    def units_at(self, hotline: str) -> tuple[UnitId, ...]:
        """Return the units of `hotline` that the viewer belongs to, sorted."""
        mine = {g.unit for g in self.grants if g.hotline == hotline and g.unit}
        return tuple(sorted(mine - {EVERY_UNIT}))

    def hotlines_of_every_unit(self) -> frozenset[HotlineId]:
        """Return the hotlines at which a unit's role is held for all units."""
        return frozenset(g.hotline for g in self.grants if g.unit == EVERY_UNIT)


SYSTEM = Viewer(id=AccountId("system"), name="Hệ thống")

"""The forms of units and people: what was typed, or the faults."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from tickets import units as directory
from tickets import upkeep
from tickets.tables import Unit
from tongdai.clock import HCM
from tongdai.errors import Invalid
from tongdai.phone import is_mobile, normalise
from tongdai.text import clean, nfc
from web.admin.common import unit_meant

_CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def text(typed: Mapping[str, object], name: str, longest: int = 300) -> str:
    """Return what was typed into a field, in NFC, without spaces around."""
    return nfc(str(typed.get(name, ""))).strip()[:longest]


@dataclass(slots=True, kw_only=True)
class UnitForm:
    """What stands in a unit's form, as typed."""

    name: str = ""
    code: str = ""
    kind: str = ""
    parent: str = ""
    aliases: str = ""
    address: str = ""
    handling_unit: bool = True

    @classmethod
    def of(cls, typed: Mapping[str, object]) -> "UnitForm":
        """Read what a browser sent."""
        texts = {n: text(typed, n) for n in ("name", "code", "kind", "parent", "address")}
        aliases = text(typed, "aliases", 2000)
        return cls(**texts, aliases=aliases, handling_unit="handling_unit" in typed)

    @classmethod
    def of_unit(cls, unit: Unit) -> "UnitForm":
        """Show a unit as it is."""
        return cls(
            name=unit.name,
            code=unit.code,
            kind=unit.kind,
            aliases=unit.aliases,
            address=unit.address,
            handling_unit=unit.handling_unit,
        )

    @property
    def other_names(self) -> tuple[str, ...]:
        """The former and short names, one a line."""
        return tuple(clean(line) for line in self.aliases.splitlines() if clean(line))

    def facts(self) -> upkeep.UnitFacts:
        """Return what the unit shall be.

        Raises:
            Invalid: `fields` says why not.
        """
        faults = {}
        if not clean(self.name):
            faults["name"] = "required"
        if self.kind not in upkeep.KINDS:
            faults["kind"] = "required"
        if faults:
            raise Invalid(fields=faults)
        return upkeep.UnitFacts(
            name=self.name,
            aliases=self.other_names,
            kind=self.kind,
            handling_unit=self.handling_unit,
            address=self.address,
        )


async def new_unit(
    session: AsyncSession, hotline: str, form: UnitForm, units: Sequence[Unit], now: datetime
) -> Unit:
    """Build the unit that a form describes; without a code it gets one of its name.

    Raises:
        Invalid: `fields` says why not.
    """
    faults: dict[str, str] = {}
    try:
        form.facts()
    except Invalid as refusal:
        faults |= refusal.fields
    parent, why = unit_meant(units, form.parent) if form.parent else (None, "")
    if why:
        faults["parent"] = why
    if form.code and not _CODE.fullmatch(form.code):
        faults["code"] = "bad_code"
    elif form.code and await directory.by_code(session, hotline, form.code):
        faults["code"] = "code_taken"
    if faults:
        raise Invalid(fields=faults)
    code = form.code or await upkeep.free_code(session, Unit, hotline, form.name)
    unit = directory.new_unit(
        hotline,
        code=code,
        name=form.name,
        kind=form.kind,
        valid_from=now,
        aliases=form.other_names,
    )
    unit.parent_id = parent.id if parent else None
    unit.handling_unit, unit.address = form.handling_unit, clean(form.address)
    return unit


@dataclass(slots=True, kw_only=True)
class PersonForm:
    """What stands in a person's form, as typed."""

    name: str = ""
    title: str = ""
    phone: str = ""
    mobile: str = ""
    role: str = ""

    @classmethod
    def of(cls, typed: Mapping[str, object]) -> "PersonForm":
        """Read what a browser sent."""
        return cls(**{n: text(typed, n, 120) for n in ("name", "title", "phone", "mobile", "role")})

    def check(self) -> None:
        """Refuse what cannot be taken (CT-14.2: name, phone, mobile for SMS).

        Raises:
            Invalid: `fields` says why not.
        """
        faults, mobile = {}, normalise(self.mobile) if self.mobile else None
        if not clean(self.name):
            faults["name"] = "required"
        if self.role not in ("focal_point", "unit_head"):
            faults["role"] = "not_allowed"
        if self.phone and normalise(self.phone) is None:
            faults["phone"] = "not_a_phone"
        if self.mobile and (mobile is None or not is_mobile(mobile)):
            faults["mobile"] = "not_a_mobile"
        if not self.phone and not self.mobile:
            faults["mobile"] = "number_needed"
        if faults:
            raise Invalid(fields=faults)


def end_of(typed: str, begins: datetime) -> datetime | None:
    """Return the end of a typed day (2026-12-31), None for nothing typed.

    Raises:
        Invalid: It is no day, or not after the beginning.
    """
    if not typed:
        return None
    try:
        day = date.fromisoformat(typed)
        at = datetime.combine(day + timedelta(days=1), time(), HCM)
    except (ValueError, OverflowError) as error:
        raise Invalid(fields={"last_day": "not_a_date"}) from error
    if at <= begins:
        raise Invalid(fields={"last_day": "ends_before_it_begins"})
    return at


def last_day_of(end: datetime | None) -> str:
    """Return the last day of a unit as a browser's date field has it."""
    return f"{(end - timedelta(seconds=1)).astimezone(HCM):%Y-%m-%d}" if end else ""

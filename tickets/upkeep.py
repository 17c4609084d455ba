"""Keeping the directory: units renamed and ended, people corrected, fields (CT-1.2, CT-3.5)."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tickets.errors import NoSuchUnit
from tickets.events import DirectoryChanged
from tickets.tables import Person, SubjectField, Ticket, Unit
from tickets.units import must_administer, person, unit
from tongdai import audit
from tongdai.accounts.model import Viewer
from tongdai.db import Tx
from tongdai.errors import Conflict, NotFound
from tongdai.ids import HotlineId
from tongdai.phone import normalise
from tongdai.text import clean, fold

KINDS = (
    "department",
    "district",
    "commune",
    "public_unit",
    "utility",
    "post",
    "vertical_agency",
    "office",
)
"""What a unit may be (CT-1.2.a-b)."""


class NoSuchField(NotFound):
    """There is no such field in this hotline."""

    code = "no_such_field"


class UnitHasUnits(Conflict):
    """Units below it would be left without a parent."""

    code = "unit_has_units"


class UnitHasTickets(Conflict):
    """Open tickets are with it: they are referred elsewhere first."""

    code = "unit_has_tickets"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitFacts:
    """What may change in a unit."""

    name: str
    aliases: tuple[str, ...]
    kind: str
    handling_unit: bool
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonFacts:
    """What may be corrected in a person; numbers as typed."""

    name: str
    title: str
    phone: str
    mobile: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldFacts:
    """How a field shall be; `unit` is the unit that is proposed, `type` None: any."""

    name: str
    keywords: str
    unit: str | None
    type: str | None
    position: int
    active: bool


async def change_unit(tx: Tx, unit_id: str, facts: UnitFacts, by: Viewer) -> Unit:
    """Rename a unit, or change what it is; nothing changed is no line of history.

    Raises:
        NoSuchUnit: There is none of that id.
        DirectoryForbidden: `by` may not change the directory.
    """
    known = await _mine(tx, unit_id, by)
    before = _unit_facts(known)
    names = [clean(facts.name), *(clean(a) for a in facts.aliases)]
    known.name, known.aliases = names[0], "\n".join(names[1:])
    known.folded = fold(" ".join(names))
    known.kind, known.handling_unit = facts.kind, facts.handling_unit
    known.address = clean(facts.address)
    await _changed(tx, known, "unit_changed", by, before, _unit_facts(known))
    return known


async def end_unit(tx: Tx, unit_id: str, at: datetime | None, by: Viewer) -> None:
    """Let a unit end at a moment, or (None) go on.

    Raises:
        NoSuchUnit: There is none of that id.
        DirectoryForbidden: `by` may not change the directory.
        UnitHasUnits: A unit below it goes on after that.
        UnitHasTickets: It would end now, and has open tickets.
    """
    known = await _mine(tx, unit_id, by)
    if at is not None:
        goes_on = or_(col(Unit.valid_to).is_(None), col(Unit.valid_to) > at)
        below = select(func.count()).where(col(Unit.parent_id) == unit_id, goes_on)
        children = int((await tx.session.execute(below)).scalar_one())
        if children:
            raise UnitHasUnits(unit=unit_id, units=children)
        tickets = await open_tickets(tx.session, unit_id)
        if at <= tx.now and tickets:
            raise UnitHasTickets(unit=unit_id, tickets=tickets)
    before = {"name": known.name, "valid_to": _iso(known.valid_to)}
    known.valid_to = at
    after = {"name": known.name, "valid_to": _iso(at)}
    await _changed(tx, known, "unit_ended" if at else "unit_reopened", by, before, after)


async def correct_person(tx: Tx, person_id: str, facts: PersonFacts, by: Viewer) -> Person:
    """Correct somebody's name, title or numbers; a successor is appointed instead (CT-14.2).

    Raises:
        NoSuchPerson: There is none of that id.
        DirectoryForbidden: `by` may not change the directory.
    """
    known = await person(tx.session, person_id)
    must_administer(by, known.hotline)
    before = _person_facts(known)
    known.name, known.folded = clean(facts.name), fold(facts.name)
    known.title = clean(facts.title)
    known.phone = normalise(facts.phone) if facts.phone else None
    known.mobile = normalise(facts.mobile) if facts.mobile else None
    await _changed(tx, known, "person_corrected", by, before, _person_facts(known))
    return known


async def field(session: AsyncSession, field_id: str) -> SubjectField:
    """Return a field, switched off or not.

    Raises:
        NoSuchField: There is none of that id.
    """
    found = await session.get(SubjectField, field_id)
    if found is None:
        raise NoSuchField(field=field_id)
    return found


async def all_fields(session: AsyncSession, hotline: str) -> list[SubjectField]:
    """Return the fields of a hotline in their order, those switched off last."""
    query = (
        select(SubjectField)
        .where(col(SubjectField.hotline) == hotline)
        .order_by(
            col(SubjectField.active).desc(),
            col(SubjectField.position),
            col(SubjectField.folded),
            col(SubjectField.id),
        )
    )
    return list((await session.execute(query)).scalars())


async def add_field(tx: Tx, hotline: str, facts: FieldFacts, by: Viewer) -> SubjectField:
    """Add a field with the unit that it usually goes to (CT-3.5).

    Raises:
        NoSuchUnit: The proposed unit is another hotline's.
        DirectoryForbidden: `by` may not change the directory.
    """
    must_administer(by, hotline)
    await _proposable(tx, hotline, facts.unit)
    code = await free_code(tx.session, SubjectField, hotline, facts.name)
    new = SubjectField(hotline=hotline, code=code, name="", folded="")
    _set_field(new, facts)
    tx.session.add(new)
    await _changed(tx, new, "field_added", by, None, _field_facts(new))
    return new


async def change_field(tx: Tx, field_id: str, facts: FieldFacts, by: Viewer) -> SubjectField:
    """Change a field, or switch it off: tickets that have it keep it, new ones do not get it.

    Raises:
        NoSuchField: There is none of that id.
        NoSuchUnit: The proposed unit is another hotline's.
        DirectoryForbidden: `by` may not change the directory.
    """
    known = await field(tx.session, field_id)
    must_administer(by, known.hotline)
    await _proposable(tx, known.hotline, facts.unit)
    before = _field_facts(known)
    _set_field(known, facts)
    await _changed(tx, known, "field_changed", by, before, _field_facts(known))
    return known


async def free_code(
    session: AsyncSession, of: type[Unit] | type[SubjectField], hotline: str, name: str
) -> str:
    """Return a code made of a name, that no unit (or field) of the hotline has."""
    stem = re.sub(r"[^a-z0-9]+", "-", fold(name)).strip("-")[:48].strip("-") or "muc"
    query = select(of.code).where(of.hotline == hotline)
    taken = set((await session.execute(query)).scalars())
    number = next(n for n in range(1, len(taken) + 2) if _numbered(stem, n) not in taken)
    return _numbered(stem, number)


async def open_tickets(session: AsyncSession, unit_id: str) -> int:
    """Count the tickets that a unit has to do with now."""
    query = select(func.count()).where(
        col(Ticket.unit_id) == unit_id, col(Ticket.state).in_(("open", "answered"))
    )
    return int((await session.execute(query)).scalar_one())


async def ever_in(session: AsyncSession, unit_id: str) -> list[Person]:
    """Return everybody who was ever appointed in a unit, the latest first (CT-14.2)."""
    query = (
        select(Person)
        .where(col(Person.unit_id) == unit_id)
        .order_by(col(Person.active_from).desc(), col(Person.id))
    )
    return list((await session.execute(query)).scalars())


async def _mine(tx: Tx, unit_id: str, by: Viewer) -> Unit:
    known = await unit(tx.session, unit_id)
    must_administer(by, known.hotline)
    return known


async def _proposable(tx: Tx, hotline: str, unit_id: str | None) -> None:
    if unit_id and (await unit(tx.session, unit_id)).hotline != hotline:
        raise NoSuchUnit(unit=unit_id)


async def _changed(
    tx: Tx,
    what: Unit | Person | SubjectField,
    kind: str,
    by: Viewer,
    before: dict[str, Any] | None,
    after: dict[str, Any],
) -> None:
    if before == after:
        return
    data = {"hotline": what.hotline, "before": before, "after": after}
    await audit.append(
        tx, chain=audit.ADMINISTRATION, subject=what.id, kind=kind, actor=by.id, data=data
    )
    tx.emit(DirectoryChanged(hotline=HotlineId(what.hotline)))


def _set_field(row: SubjectField, facts: FieldFacts) -> None:
    row.name, row.keywords = clean(facts.name), clean(facts.keywords)
    row.folded = fold(f"{row.name} {row.keywords}")
    row.unit_id, row.type = facts.unit, facts.type
    row.position, row.active = facts.position, facts.active


def _unit_facts(row: Unit) -> dict[str, Any]:
    names = ("name", "aliases", "kind", "handling_unit", "address")
    return {name: getattr(row, name) for name in names}


def _person_facts(row: Person) -> dict[str, Any]:
    names = ("name", "title", "phone", "mobile", "role")
    return {name: getattr(row, name) for name in names} | {"unit": row.unit_id}


def _field_facts(row: SubjectField) -> dict[str, Any]:
    names = ("name", "keywords", "type", "position", "active")
    return {name: getattr(row, name) for name in names} | {"unit": row.unit_id}


def _numbered(stem: str, number: int) -> str:
    return stem if number == 1 else f"{stem}-{number}"


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None

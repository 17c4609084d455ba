"""Units, people and fields of a hotline, as they are at a moment; changes are recorded."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tickets.errors import DirectoryForbidden, NoSuchPerson, NoSuchUnit
from tickets.events import DirectoryChanged
from tickets.tables import Person, SubjectField, Ticket, Unit
from tongdai import audit
from tongdai.accounts.model import SYSTEM, Role, Viewer
from tongdai.db import Tx
from tongdai.ids import HotlineId, UnitId
from tongdai.phone import normalise
from tongdai.text import clean, fold

FOCAL_POINT, UNIT_HEAD = "focal_point", "unit_head"
_OPEN = ("open", "answered")


async def unit(session: AsyncSession, unit_id: str) -> Unit:
    """Return a unit.

    Raises:
        NoSuchUnit: There is none of that id.
    """
    found = await session.get(Unit, unit_id)
    if found is None:
        raise NoSuchUnit(unit=unit_id)
    return found


async def person(session: AsyncSession, person_id: str) -> Person:
    """Return a person of the directory.

    Raises:
        NoSuchPerson: There is none of that id.
    """
    found = await session.get(Person, person_id)
    if found is None:
        raise NoSuchPerson(person=person_id)
    return found


async def by_code(session: AsyncSession, hotline: str, code: str) -> Unit | None:
    """Return the unit of that code."""
    query = select(Unit).where(col(Unit.hotline) == hotline, col(Unit.code) == code)
    return (await session.execute(query)).scalar_one_or_none()


async def handling(session: AsyncSession, hotline: str, unit_id: str, at: datetime) -> Unit:
    """Return a unit that a ticket of the hotline may be referred to at the moment (CT-2.5).

    Raises:
        NoSuchUnit: It is another hotline's, closed, or no handling unit.
    """
    found = await session.get(Unit, unit_id)
    if found is None or found.hotline != hotline or not found.handling_unit:
        raise NoSuchUnit(unit=unit_id)
    if found.valid_from > at or (found.valid_to is not None and found.valid_to <= at):
        raise NoSuchUnit(unit=unit_id)
    return found


async def tree(session: AsyncSession, hotline: str, at: datetime) -> list[Unit]:
    """Return the units of a hotline that are valid at the moment, by name."""
    query = (
        select(Unit)
        .where(
            col(Unit.hotline) == hotline,
            col(Unit.valid_from) <= at,
            or_(col(Unit.valid_to).is_(None), col(Unit.valid_to) > at),
        )
        .order_by(col(Unit.folded), col(Unit.id))
    )
    return list((await session.execute(query)).scalars())


async def under(session: AsyncSession, unit_ids: Iterable[str]) -> frozenset[UnitId]:
    """Return the units and everything below them (CT-14.3: the parent sees the children's)."""
    roots = sorted(set(unit_ids))
    if not roots:
        return frozenset()
    below = select(col(Unit.id).label("id")).where(col(Unit.id).in_(roots)).cte(recursive=True)
    below = below.union(select(col(Unit.id)).join(below, col(Unit.parent_id) == below.c.id))
    found = (await session.execute(select(below.c.id))).scalars()
    return frozenset(UnitId(i) for i in found)


async def of_hotline(session: AsyncSession, hotline: str) -> frozenset[UnitId]:
    """Return all units that a hotline has or had."""
    found = await session.execute(select(col(Unit.id)).where(col(Unit.hotline) == hotline))
    return frozenset(UnitId(i) for i in found.scalars())


async def focal_point(session: AsyncSession, unit_id: str, at: datetime) -> Person | None:
    """Return the focal point of a unit at a moment (CT-14.2), None when nobody is appointed."""
    return await in_role(session, unit_id, FOCAL_POINT, at)


async def unit_head(session: AsyncSession, unit_id: str, at: datetime) -> Person | None:
    """Return the head of a unit at a moment, None when nobody is appointed."""
    return await in_role(session, unit_id, UNIT_HEAD, at)


async def in_role(session: AsyncSession, unit_id: str, role: str, at: datetime) -> Person | None:
    """Return who was appointed last of those that hold a role in a unit at a moment."""
    query = (
        select(Person)
        .where(col(Person.unit_id) == unit_id, col(Person.role) == role, *active(at))
        .order_by(col(Person.active_from).desc(), col(Person.id))
        .limit(1)
    )
    return (await session.execute(query)).scalar_one_or_none()


async def officials(
    session: AsyncSession, unit_ids: Iterable[str], at: datetime
) -> dict[tuple[str, str], Person | None]:
    """Return by unit and role what `in_role` says of focal points and heads of many units."""
    wanted, roles = list(unit_ids), (FOCAL_POINT, UNIT_HEAD)
    query = (
        select(Person)
        .where(col(Person.unit_id).in_(wanted), col(Person.role).in_(roles), *active(at))
        .order_by(col(Person.active_from).desc(), col(Person.id))
    )
    found: dict[tuple[str, str], Person | None] = {(u, r): None for u in wanted for r in roles}
    for holder in (await session.execute(query)).scalars():
        found[holder.unit_id, holder.role] = found[holder.unit_id, holder.role] or holder
    return found


async def people(
    session: AsyncSession, hotline: str, role: str, at: datetime | None = None
) -> list[Person]:
    """Return everybody in a role at a hotline, at a moment or (None) still today; by name."""
    when = active(at) if at else (col(Person.active_to).is_(None),)
    query = (
        select(Person)
        .where(col(Person.hotline) == hotline, col(Person.role) == role, *when)
        .order_by(col(Person.folded), col(Person.id))
    )
    return list((await session.execute(query)).scalars())


async def of_unit(session: AsyncSession, unit_id: str, at: datetime) -> list[Person]:
    """Return everybody of a unit at a moment, by name."""
    query = (
        select(Person)
        .where(col(Person.unit_id) == unit_id, *active(at))
        .order_by(col(Person.folded), col(Person.id))
    )
    return list((await session.execute(query)).scalars())


async def fields(session: AsyncSession, hotline: str) -> list[SubjectField]:
    """Return the fields of a hotline in their order (CT-2.4)."""
    query = (
        select(SubjectField)
        .where(col(SubjectField.hotline) == hotline, col(SubjectField.active))
        .order_by(col(SubjectField.position), col(SubjectField.folded), col(SubjectField.id))
    )
    return list((await session.execute(query)).scalars())


async def appoint(tx: Tx, newcomer: Person, by: Viewer) -> Person:
    """Put somebody into a role of a unit from now on; whoever held it steps down (CT-14.2).

    Open tickets that were with the predecessor are with the newcomer from now on.

    Args:
        tx: The open transaction.
        newcomer: Built by `new_person`.
        by: An administrator, a coordinator or the Office.

    Raises:
        DirectoryForbidden: `by` may not change the directory.
    """
    must_administer(by, newcomer.hotline)
    old = await in_role(tx.session, newcomer.unit_id, newcomer.role, tx.now)
    tx.session.add(newcomer)
    await tx.session.flush()  # the tickets below name the newcomer
    if old is not None and newcomer.role in (FOCAL_POINT, UNIT_HEAD):
        old.active_to = tx.now
        query = select(Ticket).where(
            col(Ticket.unit_id) == old.unit_id,
            col(Ticket.state).in_(_OPEN),
            col(Ticket.person_id) == old.id,
        )
        for ticket in (await tx.session.execute(query)).scalars():
            ticket.person_id, ticket.changed_at = newcomer.id, tx.now
            ticket.version += 1
    await _record(tx, newcomer, "person_appointed", by, predecessor=old.id if old else None)
    return newcomer


async def dismiss(tx: Tx, person_id: str, by: Viewer) -> None:
    """End somebody's appointment now (CT-14.2).

    Raises:
        NoSuchPerson: There is none of that id.
        DirectoryForbidden: `by` may not change the directory.
    """
    leaving = await person(tx.session, person_id)
    must_administer(by, leaving.hotline)
    leaving.active_to = tx.now
    await _record(tx, leaving, "person_dismissed", by, predecessor=None)


async def add_unit(tx: Tx, new: Unit, by: Viewer) -> Unit:
    """Add a unit built by `new_unit` to the directory.

    Raises:
        DirectoryForbidden: `by` may not change the directory.
    """
    must_administer(by, new.hotline)
    tx.session.add(new)
    await audit.append(
        tx,
        chain=audit.ADMINISTRATION,
        subject=new.id,
        kind="unit_added",
        actor=by.id,
        data={"hotline": new.hotline, "code": new.code, "name": new.name, "parent": new.parent_id},
    )
    tx.emit(DirectoryChanged(hotline=HotlineId(new.hotline)))
    return new


def new_person(
    at: Unit, *, name: str, role: str, active_from: datetime, phone: str, mobile: str, title: str
) -> Person:
    """Build a person of a unit; numbers are kept in E.164, None where they cannot be read."""
    return Person(
        hotline=at.hotline,
        unit_id=at.id,
        name=clean(name),
        folded=fold(name),
        role=role,
        title=clean(title),
        phone=normalise(phone) if phone else None,
        mobile=normalise(mobile) if mobile else None,
        active_from=active_from,
    )


def new_unit(
    hotline: str, *, code: str, name: str, kind: str, valid_from: datetime, aliases: Iterable[str]
) -> Unit:
    """Build a unit; its aliases (former and short names) are found like its name."""
    names = [clean(name), *(clean(a) for a in aliases)]
    return Unit(
        hotline=hotline,
        code=code,
        name=names[0],
        aliases="\n".join(names[1:]),
        folded=fold(" ".join(names)),
        kind=kind,
        valid_from=valid_from,
    )


def active(at: datetime) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions for a person's being in office at a moment."""
    return (
        col(Person.active_from) <= at,
        or_(col(Person.active_to).is_(None), col(Person.active_to) > at),
    )


def must_administer(by: Viewer, hotline: str) -> None:
    """Refuse whoever may not change units, people and contacts of a hotline.

    Raises:
        DirectoryForbidden: Neither administrator nor coordinator nor the Office.
    """
    roles = (Role.ADMINISTRATOR, Role.COORDINATOR, Role.CITY_OFFICE)
    if by.id != SYSTEM.id and not by.has_any(roles, hotline):
        raise DirectoryForbidden(hotline=hotline)


async def _record(tx: Tx, who: Person, kind: str, by: Viewer, predecessor: str | None) -> None:
    await audit.append(
        tx,
        chain=audit.ADMINISTRATION,
        subject=who.id,
        kind=kind,
        actor=by.id,
        data={
            "hotline": who.hotline,
            "unit": who.unit_id,
            "role": who.role,
            "name": who.name,
            "title": who.title,
            "phone": who.phone,
            "mobile": who.mobile,
            "predecessor": predecessor,
        },
    )
    tx.emit(DirectoryChanged(hotline=HotlineId(who.hotline)))

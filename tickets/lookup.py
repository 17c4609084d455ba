"""The directory as it is at one moment, each thing read once: for many tickets together."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tickets import units
from tickets.tables import Person, SubjectField, Ticket, Unit


class Lookup:
    """Answers what messages ask the directory for, in one transaction."""

    def __init__(self, session: AsyncSession, at: datetime) -> None:
        """Make an empty one.

        Args:
            session: The transaction's.
            at: Its moment: who holds a role then.
        """
        self._session = session
        self._at = at
        self._in_role: dict[tuple[str, str], Person | None] = {}
        self._people: dict[tuple[str, str], list[Person]] = {}
        self._named: dict[str, Person] = {}
        self._units: dict[str, Unit | None] = {}
        self._fields: dict[str, SubjectField | None] = {}

    async def prepare(self, tickets: Iterable[Ticket]) -> None:
        """Read units, fields, officials and who was named of many tickets in four queries."""
        listed = list(tickets)
        of_units = sorted({t.unit_id for t in listed if t.unit_id})
        of_fields = sorted({t.field_id for t in listed if t.field_id})
        named = sorted({t.person_id for t in listed if t.person_id})
        if of_units:
            self._in_role |= await units.officials(self._session, of_units, self._at)
            rows = select(Unit).where(col(Unit.id).in_(of_units))
            self._units |= {u.id: u for u in (await self._session.execute(rows)).scalars()}
        if of_fields:
            found = select(SubjectField).where(col(SubjectField.id).in_(of_fields))
            self._fields |= {f.id: f for f in (await self._session.execute(found)).scalars()}
        if named:
            holders = select(Person).where(col(Person.id).in_(named))
            self._named |= {p.id: p for p in (await self._session.execute(holders)).scalars()}

    async def unit(self, unit_id: str | None) -> Unit | None:
        """Return a unit; None: there is none."""
        if unit_id is None:
            return None
        if unit_id not in self._units:
            self._units[unit_id] = await self._session.get(Unit, unit_id)
        return self._units[unit_id]

    async def field(self, field_id: str | None) -> SubjectField | None:
        """Return a field; None: there is none."""
        if field_id is None:
            return None
        if field_id not in self._fields:
            self._fields[field_id] = await self._session.get(SubjectField, field_id)
        return self._fields[field_id]

    async def person(self, person_id: str) -> Person:
        """Return a person of the directory.

        Raises:
            NoSuchPerson: There is none of that id.
        """
        if person_id not in self._named:
            self._named[person_id] = await units.person(self._session, person_id)
        return self._named[person_id]

    async def in_role(self, unit_id: str, role: str) -> Person | None:
        """Return who holds a role in a unit; see units.in_role."""
        key = (unit_id, role)
        if key not in self._in_role:
            self._in_role[key] = await units.in_role(self._session, unit_id, role, self._at)
        return self._in_role[key]

    async def people(self, hotline: str, role: str) -> list[Person]:
        """Return everybody in a role at a hotline, by name; see units.people."""
        key = (hotline, role)
        if key not in self._people:
            self._people[key] = await units.people(self._session, hotline, role, self._at)
        return self._people[key]

"""Rows of the directory: units, people, fields, and the contacts who report."""

from datetime import datetime

from sqlalchemy import Index, String, UniqueConstraint
from sqlmodel import Field, SQLModel

from tongdai.db import UtcDateTime
from tongdai.ids import new_id

ByBytes = String().with_variant(String(collation="C"), "postgresql")
"""Text that is compared byte by byte on both databases, so that a prefix is a range."""


class Unit(SQLModel, table=True):
    """An agency, a commune, a utility: a node of a hotline's tree of units (VIETNAM.md 4)."""

    __tablename__ = "unit"
    __table_args__ = (UniqueConstraint("hotline", "code"),)

    id: str = Field(default_factory=new_id, primary_key=True)
    hotline: str
    code: str
    """Stable short name, unique in the hotline: `so-xay-dung`."""
    name: str
    folded: str
    """Folded name and aliases, for look-ups."""
    aliases: str = ""
    """Former and short names, one a line."""
    kind: str
    """department, district, commune, public_unit, utility, post, vertical_agency, office."""
    parent_id: str | None = Field(default=None, foreign_key="unit.id", index=True)
    handling_unit: bool = True
    """Whether tickets may be referred to it (CT-2.5)."""
    address: str = ""
    valid_from: datetime = Field(sa_type=UtcDateTime)
    valid_to: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Person(SQLModel, table=True):
    """Somebody in a unit, in one role, for a time; a change is a new row (CT-14.2)."""

    __tablename__ = "person"
    __table_args__ = (
        Index("ix_person_unit_role", "unit_id", "role", "active_from"),
        Index("ix_person_hotline_role", "hotline", "role"),
        Index("ix_person_hotline_phone", "hotline", "phone"),
        Index("ix_person_hotline_mobile", "hotline", "mobile"),
    )

    id: str = Field(default_factory=new_id, primary_key=True)
    hotline: str
    unit_id: str = Field(foreign_key="unit.id")
    name: str
    folded: str
    title: str = ""
    phone: str | None = None
    """E.164; what a transfer rings."""
    mobile: str | None = None
    """E.164; where an SMS goes."""
    email: str = ""
    role: str
    """focal_point, unit_head, leadership, city_office or staff."""
    active_from: datetime = Field(sa_type=UtcDateTime)
    active_to: datetime | None = Field(default=None, sa_type=UtcDateTime)


class SubjectField(SQLModel, table=True):
    """A subject area (lĩnh vực) of a hotline, with the unit that it usually goes to (CT-3.5)."""

    __tablename__ = "field"
    __table_args__ = (UniqueConstraint("hotline", "code"),)

    id: str = Field(default_factory=new_id, primary_key=True)
    hotline: str
    code: str
    name: str
    folded: str
    """Folded name and keywords."""
    keywords: str = ""
    unit_id: str | None = Field(default=None, foreign_key="unit.id")
    type: str | None = None
    """The ticket type that the field belongs to; None: any."""
    position: int = 0
    active: bool = True


class Contact(SQLModel, table=True):
    """Somebody who reports: a person or an organisation (CT-1.2.c)."""

    __tablename__ = "contact"
    __table_args__ = (Index("ix_contact_hotline_folded", "hotline", "folded", "id"),)

    id: str = Field(default_factory=new_id, primary_key=True)
    hotline: str
    kind: str = "person"
    name: str
    folded: str
    address: str = ""
    email: str = ""
    created_at: datetime = Field(sa_type=UtcDateTime)
    merged_into: str | None = Field(default=None, foreign_key="contact.id", index=True)


class ContactPhone(SQLModel, table=True):
    """A number that a contact was heard on; a number may have several contacts."""

    __tablename__ = "contact_phone"
    __table_args__ = (Index("ix_contact_phone_number", "hotline", "e164", "last_at"),)

    contact_id: str = Field(foreign_key="contact.id", primary_key=True)
    e164: str = Field(primary_key=True, sa_type=ByBytes)
    hotline: str
    last_at: datetime = Field(sa_type=UtcDateTime)

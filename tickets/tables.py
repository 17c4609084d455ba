"""Rows of the register: tickets and what is done about them; the directory beside them."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Index, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from tickets.directory import ByBytes, Contact, ContactPhone, Person, SubjectField, Unit
from tongdai.db import Json, UtcDateTime
from tongdai.ids import new_id

__all__ = (
    "Attachment",
    "Contact",
    "ContactPhone",
    "ExtensionLetter",
    "Note",
    "Person",
    "Posting",
    "Rating",
    "Referral",
    "Result",
    "SubjectField",
    "Ticket",
    "TicketCall",
    "TicketDraft",
    "TicketNumber",
    "Unit",
    "Vocable",
)


class Ticket(SQLModel, table=True):
    """What a sender brings in (thông tin, yêu cầu, phản ánh, kiến nghị).

    `track`, `level`, `stage`, `due_at` and `overdue` are written by escalation alone. What the
    sender said is fixed at filing (CT-7.1); corrections are notes.
    """

    __tablename__ = "ticket"
    __table_args__ = (
        UniqueConstraint("hotline", "number"),
        UniqueConstraint("popped_by"),
        UniqueConstraint("code"),
        Index("ix_ticket_list", "hotline", "created_at", "id"),
        Index("ix_ticket_state_list", "hotline", "state", "created_at", "id"),
        Index("ix_ticket_unit_list", "hotline", "unit_id", "created_at", "id"),
        Index("ix_ticket_unit_state_list", "hotline", "unit_id", "state", "created_at", "id"),
        Index("ix_ticket_due", "hotline", "state", "due_at", "id"),
        Index("ix_ticket_unit_due", "hotline", "unit_id", "state", "due_at", "id"),
        Index(
            "ix_ticket_overdue_list",
            "hotline",
            "created_at",
            "id",
            sqlite_where=text("overdue = 1"),
            postgresql_where=text("overdue"),
        ),
        Index(
            "ix_ticket_unit_overdue_list",
            "hotline",
            "unit_id",
            "created_at",
            "id",
            sqlite_where=text("overdue = 1"),
            postgresql_where=text("overdue"),
        ),
        Index("ix_ticket_phone", "hotline", "sender_e164", "created_at", "id"),
        Index("ix_ticket_caller", "hotline", "caller_e164", "created_at", "id"),
        Index("ix_ticket_field", "hotline", "field_id", "created_at", "id"),
        Index("ix_ticket_contact", "contact_id", "created_at", "id"),
        Index("ix_ticket_author", "created_by", "state", "created_at", "id"),
    )

    id: str = Field(default_factory=new_id, primary_key=True)
    hotline: str
    number: str | None = None
    """`2026-000123`, given at filing."""
    code: str | None = None
    """What the citizen looks the ticket up with: ten digits, given at filing."""
    state: str = "draft"
    type: str | None = None
    track: str | None = None
    level: str | None = None
    stage: str | None = None
    due_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    overdue: bool = False
    procedure: str | None = None
    """The version of the procedure that it began with."""
    channel: str = "phone"

    call_id: str | None = Field(default=None, index=True)
    popped_by: str | None = None
    """The call whose answering opened this draft: one draft a call."""
    caller_e164: str | None = None
    """The number that the call came from."""
    contact_id: str | None = Field(default=None, foreign_key="contact.id")
    sender_kind: str = "person"
    sender_name: str = ""
    sender_address: str = ""
    sender_phone: str = ""
    """As typed."""
    sender_e164: str | None = None
    sender_email: str = ""
    confidential: bool = False

    content: str = Field(default="", sa_type=Text)
    field_id: str | None = Field(default=None, foreign_key="field.id")
    place: str = ""

    proposed_unit_id: str | None = Field(default=None, foreign_key="unit.id")
    """The unit that the operator chose in the form, before anything is referred."""
    unit_id: str | None = Field(default=None, foreign_key="unit.id")
    """The unit that it is referred to now."""
    person_id: str | None = Field(default=None, foreign_key="person.id")
    """The person there who was told."""

    direct_answer: str = Field(default="", sa_type=Text)
    ground: str | None = None
    """Why it was rejected: a code of the procedure."""
    reason: str = Field(default="", sa_type=Text)
    guidance: str = Field(default="", sa_type=Text)
    resubmission_of: str | None = Field(default=None, foreign_key="ticket.id", index=True)
    """The rejected ticket that this one completes (CT-8.2)."""

    created_by: str
    created_at: datetime = Field(sa_type=UtcDateTime)
    filed_by: str | None = None
    filed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    changed_at: datetime = Field(sa_type=UtcDateTime)
    version: int = 1
    """Counts every change; a writer who read an older one is refused."""


class TicketCall(SQLModel, table=True):
    """A call that is about a ticket; a ticket may have several, and a call too."""

    __tablename__ = "ticket_call"

    ticket_id: str = Field(foreign_key="ticket.id", primary_key=True)
    call_id: str = Field(primary_key=True, index=True)
    linked_at: datetime = Field(sa_type=UtcDateTime)
    linked_by: str


class TicketDraft(SQLModel, table=True):
    """What is typed in a form, as typed, also where it cannot be taken yet (autosave)."""

    __tablename__ = "ticket_draft"

    ticket_id: str = Field(foreign_key="ticket.id", primary_key=True)
    form: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    revision: int = 1
    saved_at: datetime = Field(sa_type=UtcDateTime)
    saved_by: str


class TicketNumber(SQLModel, table=True):
    """The last number given in a hotline's year; its row lock makes numbers one by one."""

    __tablename__ = "ticket_number"

    hotline: str = Field(primary_key=True)
    year: int = Field(primary_key=True)
    last: int


class Referral(SQLModel, table=True):
    """A ticket at a unit, for a time (phiếu chuyển); re-routing ends one and begins another."""

    __tablename__ = "referral"
    __table_args__ = (
        Index("ix_referral_ticket", "ticket_id", "at"),
        Index("ix_referral_unit", "unit_id", "ticket_id"),
    )

    id: str = Field(default_factory=new_id, primary_key=True)
    ticket_id: str = Field(foreign_key="ticket.id")
    unit_id: str = Field(foreign_key="unit.id")
    person_id: str | None = Field(default=None, foreign_key="person.id")
    at: datetime = Field(sa_type=UtcDateTime)
    by: str
    note: str = Field(default="", sa_type=Text)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_why: str | None = None
    """rerouted, returned, answered, closed."""


class Attachment(SQLModel, table=True):
    """A file at a ticket; its bytes lie under their SHA-256 (CT-6.4, CT-14.6: unchanged)."""

    __tablename__ = "attachment"

    id: str = Field(default_factory=new_id, primary_key=True)
    ticket_id: str = Field(foreign_key="ticket.id", index=True)
    kind: str
    """image, video, audio or document."""
    media_type: str
    name: str
    bytes: int
    sha256: str = Field(index=True)
    at: datetime = Field(sa_type=UtcDateTime)
    by: str


class Result(SQLModel, table=True):
    """What a unit answered (CT-7.2): unit, author, time, text, document."""

    __tablename__ = "result"

    id: str = Field(default_factory=new_id, primary_key=True)
    ticket_id: str = Field(foreign_key="ticket.id", index=True)
    unit_id: str | None = Field(default=None, foreign_key="unit.id")
    person_id: str | None = Field(default=None, foreign_key="person.id")
    text: str = Field(sa_type=Text)
    document_number: str = ""
    attachment_id: str | None = Field(default=None, foreign_key="attachment.id")
    at: datetime = Field(sa_type=UtcDateTime)
    by: str


class ExtensionLetter(SQLModel, table=True):
    """The letter that promises the sender a final date (công văn hẹn xử lý, CT-9.1.2d)."""

    __tablename__ = "extension_letter"

    id: str = Field(default_factory=new_id, primary_key=True)
    ticket_id: str = Field(foreign_key="ticket.id", index=True)
    document_number: str
    document_date: date
    until: datetime = Field(sa_type=UtcDateTime)
    reason: str = Field(default="", sa_type=Text)
    attachment_id: str | None = Field(default=None, foreign_key="attachment.id")
    at: datetime = Field(sa_type=UtcDateTime)
    by: str


class Note(SQLModel, table=True):
    """A remark or a correction beside a ticket's fixed text (CT-7.1)."""

    __tablename__ = "ticket_note"
    __table_args__ = (Index("ix_ticket_note_ticket", "ticket_id", "at"),)

    id: str = Field(default_factory=new_id, primary_key=True)
    ticket_id: str = Field(foreign_key="ticket.id")
    kind: str
    """note, correction, reroute_request or extension_request."""
    text: str = Field(sa_type=Text)
    at: datetime = Field(sa_type=UtcDateTime)
    by: str


class Rating(SQLModel, table=True):
    """What the sender thought of the answer (CT-10.2, GL-14): the score, and why."""

    __tablename__ = "rating"
    __table_args__ = (Index("ix_rating_ticket", "ticket_id", "at"),)

    id: str = Field(default_factory=new_id, primary_key=True)
    ticket_id: str = Field(foreign_key="ticket.id")
    score: str
    """satisfied, acceptable or unsatisfied."""
    reason: str = Field(default="", sa_type=Text)
    at: datetime = Field(sa_type=UtcDateTime)
    by: str


class Posting(SQLModel, table=True):
    """A word that is in a ticket or a contact, without diacritics: the index of the search.

    Read newest first and only as far as a page needs, so that its cost does not follow the archive.
    """

    __tablename__ = "search_posting"
    __table_args__ = {"sqlite_with_rowid": False}

    scope: str = Field(primary_key=True)
    """`ticket:<hotline>` or `contact:<hotline>`."""
    word: str = Field(primary_key=True, sa_type=ByBytes)
    at: datetime = Field(sa_type=UtcDateTime, primary_key=True)
    ref: str = Field(primary_key=True)


class Vocable(SQLModel, table=True):
    """Every word of a scope, once: what the beginning of a word may mean."""

    __tablename__ = "search_word"
    __table_args__ = {"sqlite_with_rowid": False}

    scope: str = Field(primary_key=True)
    word: str = Field(primary_key=True, sa_type=ByBytes)

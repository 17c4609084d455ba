"""Rows of the law: versions of procedures, where each ticket stands, and what falls due when."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, Text
from sqlmodel import Field, SQLModel

from tongdai.db import Json, UtcDateTime
from tongdai.ids import new_id

WAITING, FIRED, CANCELLED = "waiting", "fired", "cancelled"


class ProcedureVersion(SQLModel, table=True):
    """A procedure's text under its SHA-256, kept for the tickets that began with it."""

    __tablename__ = "procedure_version"

    id: str = Field(primary_key=True)
    hotline: str
    text: str = Field(sa_type=Text)
    first_used_at: datetime = Field(sa_type=UtcDateTime)


class LadderState(SQLModel, table=True):
    """Where a ticket stands; read and written under the lock of the ticket's row."""

    __tablename__ = "ladder_state"
    __table_args__ = (Index("ix_ladder_state_open", "hotline", "open", "ticket_id"),)

    ticket_id: str = Field(primary_key=True, foreign_key="ticket.id")
    hotline: str
    version: str = Field(foreign_key="procedure_version.id")
    open: bool = True
    state: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    owed: int = 0
    """How many messages were owed so far: part of each message's key."""


class Deadline(SQLModel, table=True):
    """One instant at which something falls due by itself."""

    __tablename__ = "deadline"
    __table_args__ = (
        Index("ix_deadline_state_due", "state", "due_at", "id"),
        Index("ix_deadline_ticket", "ticket_id", "state"),
    )

    id: str = Field(default_factory=new_id, primary_key=True)
    ticket_id: str = Field(foreign_key="ticket.id")
    hotline: str
    stage: str
    kind: str = "stage"
    """`stage`: a limit ends. `reminder`: somebody is reminded."""
    due_at: datetime = Field(sa_type=UtcDateTime)
    state: str = WAITING
    """waiting, fired, cancelled."""
    set_at: datetime = Field(sa_type=UtcDateTime)
    done_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Standstill(SQLModel, table=True):
    """Force majeure for many tickets at once (TN-7.2, TN-8.2.a): who, why, until when."""

    __tablename__ = "standstill"
    __table_args__ = (
        Index("ix_standstill_hotline", "hotline", "began_at"),
        Index("ix_standstill_open", "ended_at", "until_at"),
    )

    id: str = Field(default_factory=new_id, primary_key=True)
    hotline: str
    reason: str = Field(sa_type=Text)
    began_at: datetime = Field(sa_type=UtcDateTime)
    by: str
    until_at: datetime = Field(sa_type=UtcDateTime)
    """When it ends by itself; an earlier end moves it."""
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When the last of its tickets went on."""
    ended_by: str | None = None


class StoodStill(SQLModel, table=True):
    """A ticket of a standstill."""

    __tablename__ = "standstill_ticket"
    __table_args__ = (Index("ix_standstill_ticket_state", "standstill_id", "state"),)

    standstill_id: str = Field(primary_key=True, foreign_key="standstill.id")
    ticket_id: str = Field(primary_key=True, foreign_key="ticket.id")
    state: str = "wanted"
    """wanted, paused, ended; refused: the law did not allow it (closed meanwhile, say)."""


class LawEdition(SQLModel, table=True):
    """A procedure or a calendar as the administration changed it; the latest one is in force."""

    __tablename__ = "law_edition"

    id: int | None = Field(default=None, primary_key=True)
    kind: str
    """procedure or calendar."""
    hotline: str
    unit_id: str | None = Field(default=None, foreign_key="unit.id")
    """The unit whose hours differ; of a calendar only."""
    version: str
    """SHA-256 of the text."""
    text: str = Field(sa_type=Text)
    """The TOML; empty: the unit's own calendar ends."""
    at: datetime = Field(sa_type=UtcDateTime)
    by: str
    note: str = Field(default="", sa_type=Text)
    """Why."""


class CalendarInForce(SQLModel, table=True):
    """The working calendar that the running due times were worked out with."""

    __tablename__ = "calendar_in_force"

    hotline: str = Field(primary_key=True)
    version: str
    """Of all its calendars, the units' with it: Lawbook.calendar_version."""
    since: datetime = Field(sa_type=UtcDateTime)

"""Rows of marks in calls' timelines, of what was measured, of reconciliation."""

from datetime import date, datetime

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from tongdai.db import Json, UtcDateTime
from tongdai.ids import new_id

_UNSEEN = text("seen_at IS NULL AND why = ''")


class CallMark(SQLModel, table=True):
    """Pause, resume, stop, hold or unhold; see model.Mark. Never changed, never removed."""

    __tablename__ = "call_mark"

    call: str = Field(primary_key=True)
    at: datetime = Field(sa_type=UtcDateTime, primary_key=True)
    kind: str = Field(primary_key=True)
    by: str | None = None
    by_name: str = ""
    why: str = ""


class RecordingSound(SQLModel, table=True):
    """What was measured of a recording when it was taken in; see sound.Sound."""

    __tablename__ = "recording_sound"
    __table_args__ = (Index("ix_recording_sound_checked_at", "checked_at", "recording"),)

    recording: str = Field(primary_key=True)
    seconds: float
    left: bytes
    right: bytes = b""
    """Empty for a message, which has one side."""
    clipped_left: float
    clipped_right: float = 0.0
    holes: list[list[float]] = Field(default_factory=list, sa_type=Json)
    """[from second, seconds] where the file stood still while it was written."""
    checked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When it was held against its call; None: the call is not known, or has not ended."""


class RecordingFinding(SQLModel, table=True):
    """Something that is wrong with a recording; see checks.Finding."""

    __tablename__ = "recording_finding"
    __table_args__ = (
        UniqueConstraint("recording", "kind"),
        Index("ix_recording_finding_created_at_id", "created_at", "id"),
        Index("ix_recording_finding_hotline_created_at_id", "hotline", "created_at", "id"),
        Index("ix_recording_finding_kind_created_at_id", "kind", "created_at", "id"),
        Index(
            "ix_recording_finding_unseen",
            "created_at",
            "id",
            sqlite_where=_UNSEEN,
            postgresql_where=_UNSEEN,
        ),
    )

    id: str = Field(default_factory=new_id, primary_key=True)
    recording: str
    call: str = Field(index=True)
    hotline: str | None = None
    kind: str
    seconds: float
    at_second: float | None = None
    why: str = ""
    """A known reason; empty: somebody must look at it."""
    created_at: datetime = Field(sa_type=UtcDateTime)
    seen_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    seen_by: str | None = None
    note: str = ""


class ReconciliationDay(SQLModel, table=True):
    """Calls and recordings of one day held against each other; the newest result of that day."""

    __tablename__ = "reconciliation_day"

    day: date = Field(primary_key=True)
    """The day in Vietnam."""
    ran_at: datetime = Field(sa_type=UtcDateTime)
    answered: int
    """Answered calls of that day that have ended."""
    recordings: int
    """Recordings of calls of that day."""
    clean: bool
    """Nothing is left without a known reason."""


class ReconciliationItem(SQLModel, table=True):
    """One thing that has no counterpart, and why; see reconcile.Item."""

    __tablename__ = "reconciliation_item"
    __table_args__ = (Index("ix_reconciliation_item_day_id", "day", "id"),)

    id: str = Field(default_factory=new_id, primary_key=True)
    day: date
    kind: str
    why: str
    hotline: str | None = None
    call: str | None = None
    recording: str | None = None
    file: str | None = None
    at: datetime = Field(sa_type=UtcDateTime)
    seconds: float = 0.0

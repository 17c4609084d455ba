"""Rows of holds and of lists of what is to be deleted."""

from datetime import datetime

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from tongdai.db import UtcDateTime
from tongdai.ids import new_id

_OPEN = text("released_at IS NULL")


class RecordingHold(SQLModel, table=True):
    """A legal hold: the recording is not deleted until it is released."""

    __tablename__ = "recording_hold"
    __table_args__ = (
        Index("ix_recording_hold_recording_placed_at", "recording", "placed_at"),
        Index(
            "ix_recording_hold_open",
            "placed_at",
            "id",
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
    )

    id: str = Field(default_factory=new_id, primary_key=True)
    recording: str
    hotline: str | None = None
    reason: str
    placed_by: str
    placed_name: str
    placed_at: datetime = Field(sa_type=UtcDateTime)
    released_by: str | None = None
    released_name: str | None = None
    released_reason: str | None = None
    released_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class DeletionList(SQLModel, table=True):
    """What is to be deleted of one hotline and kind: proposed by one, decided by another."""

    __tablename__ = "deletion_list"
    __table_args__ = (Index("ix_deletion_list_hotline_proposed_at", "hotline", "proposed_at"),)

    id: str = Field(default_factory=new_id, primary_key=True)
    hotline: str
    kind: str
    days: int
    """The rule that it follows."""
    until: datetime = Field(sa_type=UtcDateTime)
    """Recordings that began before it."""
    reason: str
    state: str = "proposed"
    """See model.ListState."""
    count: int
    proposed_by: str
    proposed_name: str
    proposed_role: str
    proposed_at: datetime = Field(sa_type=UtcDateTime)
    decided_by: str | None = None
    decided_name: str | None = None
    decided_reason: str | None = None
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class DeletionItem(SQLModel, table=True):
    """One recording of a list, and what became of it."""

    __tablename__ = "deletion_item"

    deletion: str = Field(primary_key=True)
    recording: str = Field(primary_key=True, index=True)
    state: str = "waiting"
    """See model.ItemState."""
    entry: int | None = None
    """The manifest's entry that certifies it."""

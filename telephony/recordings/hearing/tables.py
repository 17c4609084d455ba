"""Rows about hearing: plays with their reason, and the outlines that are drawn."""

from datetime import datetime

from sqlalchemy import Index, LargeBinary, Text, text
from sqlmodel import Field, SQLModel

from tongdai.db import UtcDateTime
from tongdai.ids import new_id
from tongdai.text import fold


class RecordingPlay(SQLModel, table=True):
    """One time that somebody hears a recording; its beginning is a line of the audit chain too."""

    __tablename__ = "recording_play"
    __table_args__ = (
        Index("ix_recording_play_at_id", "at", "id"),
        Index("ix_recording_play_hotline_at_id", "hotline", "at", "id"),
        Index("ix_recording_play_account_at_id", "account", "at", "id"),
        Index("ix_recording_play_recording_at_id", "recording", "at", "id"),
        Index("ix_recording_play_request_at_id", "request", "at", "id"),
    )

    id: str = Field(default_factory=new_id, primary_key=True)
    recording: str
    hotline: str | None = None
    """The recording's, as it was then; None: its call was not known yet."""
    account: str
    name: str
    """The hearer's, as it was then."""
    at: datetime = Field(sa_type=UtcDateTime)
    how: str
    """page, api, request (a unit, by a grant) or export."""
    reason: str = Field(default="", sa_type=Text)
    """As typed before the first second; empty where a program fetched it and said none."""
    folded: str = Field(
        default=None,
        sa_type=Text,
        nullable=False,
        sa_column_kwargs={
            "default": lambda c: fold(c.get_current_parameters()["reason"]),
            "server_default": text("''"),
        },
    )
    """The reason as its words are looked for."""
    request: str | None = None
    """The grant by which a unit hears it."""
    heard_seconds: float = 0
    """Seconds of sound that the player really played, as it reports; 0 where none does."""
    heard_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When it last said so."""


class RecordingPeaks(SQLModel, table=True):
    """The outline of a recording: worked out once, the sound is not touched for it again."""

    __tablename__ = "recording_peaks"

    recording: str = Field(primary_key=True)
    channels: int
    peaks: bytes = Field(sa_type=LargeBinary)
    """Loudest sample of each stretch, 0-255, one channel after the other."""


class RecordingRequest(SQLModel, table=True):
    """A unit's request to hear a recording of one of its tickets, and what came of it."""

    __tablename__ = "recording_request"
    __table_args__ = (
        Index("ix_recording_request_list", "hotline", "asked_at", "id"),
        Index("ix_recording_request_open", "hotline", "state", "due_at"),
        Index("ix_recording_request_unit", "unit", "asked_at", "id"),
        Index("ix_recording_request_ticket", "ticket", "asked_at"),
    )

    id: str = Field(default_factory=new_id, primary_key=True)
    hotline: str
    ticket: str
    recording: str
    unit: str
    unit_name: str
    """As it was then: it is what the sound is marked with."""
    asked_by: str
    asked_name: str
    asked_at: datetime = Field(sa_type=UtcDateTime)
    reason: str = Field(sa_type=Text)
    basis: str
    """The legal basis, as the unit gives it (CT-11.1, GL-12.1, TN-12.1)."""
    due_at: datetime = Field(sa_type=UtcDateTime)
    """Until when it is to be decided."""
    state: str = "open"
    """open, granted, refused."""
    decided_by: str | None = None
    decided_name: str = ""
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    answer: str = Field(default="", sa_type=Text)
    """Why it was refused, or what was said with the grant."""
    from_seconds: float | None = None
    until_seconds: float | None = None
    """The part that is granted; None: from the beginning, to the end."""
    valid_until: datetime | None = Field(default=None, sa_type=UtcDateTime)

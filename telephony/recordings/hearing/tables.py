"""Rows about hearing: plays with their reason, and the outlines that are drawn."""

from datetime import datetime

from sqlalchemy import Index, LargeBinary, Text
from sqlmodel import Field, SQLModel

from tongdai.db import UtcDateTime
from tongdai.ids import new_id


class RecordingPlay(SQLModel, table=True):
    """One time that somebody hears a recording; its beginning is a line of the audit chain too."""

    __tablename__ = "recording_play"
    __table_args__ = (
        Index("ix_recording_play_at_id", "at", "id"),
        Index("ix_recording_play_hotline_at_id", "hotline", "at", "id"),
        Index("ix_recording_play_account_at_id", "account", "at", "id"),
        Index("ix_recording_play_recording_at_id", "recording", "at", "id"),
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

"""Rows of recordings."""

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from tongdai.db import UtcDateTime
from tongdai.ids import new_id


class Recording(SQLModel, table=True):
    """One sealed recording; its ticket is its call's ticket."""

    __tablename__ = "recording"
    __table_args__ = (
        UniqueConstraint("pbx", "linkedid", "kind", "n"),
        Index("ix_recording_started_at_id", "started_at", "id"),
        Index("ix_recording_list", "hotline", "started_at", "id", "seconds"),
        Index("ix_recording_length", "hotline", "seconds", "started_at", "id"),
        Index("ix_recording_hotline_kind_started_at_id", "hotline", "kind", "started_at", "id"),
    )

    id: str = Field(default_factory=new_id, primary_key=True)
    kind: str
    pbx: str
    linkedid: str
    n: int = 0
    """Counts the recordings of this kind in one call, from 0."""
    call: str = Field(index=True)
    """The call's id: it follows from PBX and linkedid, also when the call is not (yet) known."""
    hotline: str | None = None
    """The call's hotline; None until the call is known."""
    started_at: datetime = Field(sa_type=UtcDateTime)
    seconds: float
    bytes: int
    """Of the sound as it is heard: `sha256` is its digest."""
    sha256: str
    """Of the sound as it is heard and handed out (FLAC, WAV or Opus)."""
    stored_bytes: int
    stored_sha256: str
    """Of the object as it is stored: the same as `sha256` unless it is encrypted."""
    key: str | None = None
    """The id of the key that it is encrypted with; None: it is not."""
    source_bytes: int
    source_sha256: str
    """Of the file that the PBX wrote."""
    pcm_sha256: str
    """Of the samples, which are the same in both."""
    format: str
    channels: int
    sample_rate: int
    path: str = Field(unique=True)
    """Its name in the archive."""
    state: str = "archived"
    created_at: datetime = Field(sa_type=UtcDateTime)

"""Rows of the manifest; entries and heads are never changed and never removed."""

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from tongdai.db import UtcDateTime


class ManifestTip(SQLModel, table=True):
    """The end of the manifest, one row; whoever appends holds its lock."""

    __tablename__ = "manifest_tip"

    id: int = Field(default=1, primary_key=True)
    seq: int
    hash: str


class ManifestEntry(SQLModel, table=True):
    """One line of the manifest; the other columns repeat it for searching."""

    __tablename__ = "manifest_entry"
    __table_args__ = (Index("ix_manifest_entry_recording_seq", "recording", "seq"),)

    seq: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    event: str
    recording: str
    at: datetime = Field(sa_type=UtcDateTime)
    line: str
    hash: str
    """SHA-256 of `line` with its line feed."""


class ManifestHead(SQLModel, table=True):
    """One signed head: the root over the entries since the head before it."""

    __tablename__ = "manifest_head"

    no: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    first: int
    last: int = Field(index=True)
    until: datetime = Field(sa_type=UtcDateTime)
    line: str
    hash: str
    key: str
    """The id of the public key that proves the signature."""
    signature: str
    """Ed25519 over `line` with its line feed, base64."""

"""Rows of checks of the archive and of what they found."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from tongdai.db import UtcDateTime
from tongdai.ids import new_id


class ArchiveCheck(SQLModel, table=True):
    """One walk through the archive; one that was interrupted goes on behind `last`."""

    __tablename__ = "archive_check"

    id: str = Field(default_factory=new_id, primary_key=True)
    started_at: datetime = Field(sa_type=UtcDateTime, index=True)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last: str = ""
    """The last recording that is done."""
    recordings: int = 0
    bytes: int = 0
    found: int = 0


class ArchiveFinding(SQLModel, table=True):
    """Something that a check found wrong; see problem.Problem."""

    __tablename__ = "archive_finding"

    archive_check: str = Field(primary_key=True)
    n: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    recording: str
    path: str
    why: str
    detail: str

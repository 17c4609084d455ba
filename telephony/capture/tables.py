"""Rows of marks in calls' timelines."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from tongdai.db import UtcDateTime


class CallMark(SQLModel, table=True):
    """Pause, resume, stop, hold or unhold; see model.Mark. Never changed, never removed."""

    __tablename__ = "call_mark"

    call: str = Field(primary_key=True)
    at: datetime = Field(sa_type=UtcDateTime, primary_key=True)
    kind: str = Field(primary_key=True)
    by: str | None = None
    by_name: str = ""
    why: str = ""

"""Rows of the tasks of calling back and of their tries."""

from datetime import datetime

from sqlalchemy import Index, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from tongdai.db import UtcDateTime
from tongdai.ids import new_id


class CallBackTask(SQLModel, table=True):
    """What is owed to one caller; one row a call, never removed. See ivr.followups.model."""

    __tablename__ = "callback_task"
    __table_args__ = (
        UniqueConstraint("call"),
        Index("ix_callback_task_hotline_state_due_at_id", "hotline", "state", "due_at", "id"),
        Index("ix_callback_task_number_hotline_state", "number", "hotline", "state"),
        Index("ix_callback_task_hotline_called_at", "hotline", "called_at"),
        Index("ix_callback_task_hotline_state_called_at", "hotline", "state", "called_at", "id"),
        Index("ix_callback_task_owner_state", "owner", "state"),
        Index("ix_callback_task_state_claimed_until", "state", "claimed_until"),
    )

    id: str = Field(default_factory=new_id, primary_key=True)
    call: str
    hotline: str
    kind: str
    number: str | None = None
    """E.164; None: nobody can be called."""
    raw: str = ""
    name: str = ""
    ticket: str | None = None
    called_at: datetime = Field(sa_type=UtcDateTime)
    created_at: datetime = Field(sa_type=UtcDateTime)
    due_at: datetime = Field(sa_type=UtcDateTime)
    waiting_since: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """The caller's place in the queue, when the wish came from there."""
    state: str
    owner: str | None = None
    """Account; None: whoever serves the hotline."""
    claimed_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """Until when a claim holds; None: nobody's, or given by a supervisor."""
    tries: int = 0
    next_try_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    offered_to: str | None = None
    offered_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    closed_by: str | None = None
    closed_call: str | None = None
    """The call that closed it: the caller rang again, or was reached by it."""
    reason: str = Field(default="", sa_type=Text)


class CallBackTry(SQLModel, table=True):
    """One attempt to reach a caller."""

    __tablename__ = "callback_try"
    __table_args__ = (
        UniqueConstraint("task", "n"),
        Index("ix_callback_try_call", "call"),
        Index(
            "ix_callback_try_unsettled",
            "at",
            sqlite_where=text("result IS NULL"),
            postgresql_where=text("result IS NULL"),
        ),
    )

    id: str = Field(default_factory=new_id, primary_key=True)
    task: str
    n: int
    call: str | None = None
    """The outgoing call; None: the operator used another telephone."""
    at: datetime = Field(sa_type=UtcDateTime)
    by: str
    result: str | None = None
    settled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    note: str = Field(default="", sa_type=Text)


class CallBackDecline(SQLModel, table=True):
    """An operator has let an offered task pass; it is offered to others."""

    __tablename__ = "callback_decline"

    task: str = Field(primary_key=True)
    account: str = Field(primary_key=True)
    at: datetime = Field(sa_type=UtcDateTime)

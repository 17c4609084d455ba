"""Rows of calls and of their ledger."""

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint, false, text
from sqlmodel import Field, SQLModel

from tongdai.db import UtcDateTime

TAIL_DIGITS = 4


def tail(number: str | None) -> str | None:
    """Return the last digits of a number, by which it is found; None for none."""
    return number[-TAIL_DIGITS:] if number else None


class CallRow(SQLModel, table=True):
    """A call as it was last written; see model.CallView. The truth while it lives is in memory."""

    __tablename__ = "call"
    __table_args__ = (
        UniqueConstraint("pbx", "linkedid"),
        Index("ix_call_started_at_id", "started_at", "id"),
        Index("ix_call_hotline_started_at_id", "hotline", "started_at", "id"),
        Index("ix_call_caller_number_started_at", "caller_number", "started_at"),
        Index("ix_call_operator_started_at", "operator", "started_at"),
        Index("ix_call_caller_tail_started_at", "caller_tail", "started_at"),
        Index("ix_call_open", "pbx", "ended_at"),
        Index(
            "ix_call_not_followed",
            "started_at",
            sqlite_where=text("followed = 0"),
            postgresql_where=text("NOT followed"),
        ),
    )

    id: str = Field(primary_key=True)
    pbx: str
    linkedid: str
    hotline: str
    direction: str
    caller_number: str | None = None
    caller_raw: str
    caller_name: str
    caller_kind: str
    called_number: str
    started_at: datetime = Field(sa_type=UtcDateTime)
    queue_joined_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    answered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    state: str
    outcome: str | None = None
    operator: str | None = None
    seat: str | None = None
    menu: str | None = None
    cut_off: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    ticket: str | None = Field(default=None, index=True)
    version: int
    caller_tail: str | None = Field(
        default=None,
        sa_column_kwargs={"default": lambda c: tail(c.get_current_parameters()["caller_number"])},
    )
    """The last digits of `caller_number`, for whoever remembers no more of it."""
    followed: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    """What follows from the call's end (ivr.followups) is written."""


class CallLegRow(SQLModel, table=True):
    """A closed row of a call's ledger; see model.Leg."""

    __tablename__ = "call_leg"

    call: str = Field(primary_key=True)
    n: int = Field(primary_key=True)
    kind: str
    channel: str
    uniqueid: str
    main: bool
    seat: str | None = None
    operator: str | None = None
    number: str
    transfer: str | None = Field(default=None, index=True)
    bridge: str | None = None
    started_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime = Field(sa_type=UtcDateTime)
    how: str

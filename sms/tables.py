"""Rows of the outbox: messages, attempts, receipts, and the one-time links in them."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from tongdai.db import Json, UtcDateTime
from tongdai.ids import new_id


class Message(SQLModel, table=True):
    """One message that is owed, or was.

    `seq` is the order of writing, which is the order of sending per recipient. `next_at` runs on
    the service's clock, `lease_until` on the machine's: moving the clock ends no lease.
    """

    __tablename__ = "message"
    __table_args__ = (
        Index("ix_message_due", "state", "next_at"),
        Index("ix_message_recipient", "recipient", "seq"),
        Index("ix_message_page", "hotline", "seq"),
    )

    seq: int | None = Field(default=None, primary_key=True)
    id: str = Field(default_factory=new_id, unique=True)
    key: str = Field(unique=True)
    channel: str
    hotline: str
    ticket_id: str | None = Field(default=None, index=True)
    recipient: str
    purpose: str
    template: str
    language: str
    params: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    state: str
    reason: str = ""
    """Why it is not sendable, was cancelled or given up; the gateway's words are in attempts."""
    text: str = ""
    """Written at the first claim and kept: every attempt sends the same words."""
    subject: str = ""
    alphabet: str = ""
    parts: int = 0
    attempts: int = 0
    failures: int = 0
    """Attempts that may be repeated; configuration faults are not counted."""
    gateway: str = ""
    reference: str = ""
    """The gateway's own id, where it gives one."""
    receipt_token: str
    created_at: datetime = Field(sa_type=UtcDateTime)
    next_at: datetime = Field(sa_type=UtcDateTime)
    lease_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    accepted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    settled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class MessageAttempt(SQLModel, table=True):
    """One try to hand a message to a gateway; without `ended_at` it was cut off."""

    __tablename__ = "message_attempt"

    id: str = Field(default_factory=new_id, primary_key=True)
    message_id: str = Field(foreign_key="message.id", index=True)
    number: int
    gateway: str
    begun_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    outcome: str = ""
    words: str = ""


class MessageReceipt(SQLModel, table=True):
    """One delivery report as it came, with what it changed (empty: nothing)."""

    __tablename__ = "message_receipt"

    id: str = Field(default_factory=new_id, primary_key=True)
    message_id: str = Field(foreign_key="message.id", index=True)
    at: datetime = Field(sa_type=UtcDateTime)
    code: str
    words: str
    moved_to: str = ""


class TicketLink(SQLModel, table=True):
    """A link in a message: leads to a ticket once, until it expires, after signing in."""

    __tablename__ = "ticket_link"

    token_hash: str = Field(primary_key=True)
    ticket_id: str = Field(index=True)
    hotline: str
    message_id: str
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    used_by: str | None = None

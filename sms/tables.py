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
        Index("ix_message_state", "hotline", "state", "seq"),
        Index("ix_message_reference", "gateway", "reference"),
        Index("ix_message_cost", "hotline", "accepted_at"),
    )

    seq: int | None = Field(default=None, primary_key=True)
    id: str = Field(default_factory=new_id, unique=True)
    key: str = Field(unique=True)
    channel: str
    hotline: str
    ticket_id: str | None = Field(default=None, index=True)
    recipient: str
    network: str = ""
    """The network that the number's prefix stands for: a guess (VIETNAM.md 1.1)."""
    purpose: str
    template: str
    language: str
    params: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    state: str
    reason: str = ""
    """Why it is not sendable, was cancelled or given up; the gateway's words are in attempts."""
    shown: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    """The variables as the text shows them, for providers that take a template's id."""
    text: str = ""
    """Written at the first claim and kept: every attempt sends the same words."""
    subject: str = ""
    alphabet: str = ""
    parts: int = 0
    attempts: int = 0
    failures: int = 0
    """Attempts that may be repeated; configuration faults are not counted."""
    gateway: str = ""
    tried: list[str] = Field(default_factory=list, sa_type=Json)
    """Gateways that refused it since its last pause; the others of its route come first."""
    bound_to: str = ""
    """The one gateway that may have it already and drops doubles: only there it goes again."""
    reference: str = ""
    """The gateway's own id, where it gives one."""
    cost: int = 0
    """VND, by the tariff of the gateway that accepted it."""
    again_of: str | None = None
    """The message that a person had sent once more."""
    receipt_token: str
    created_at: datetime = Field(sa_type=UtcDateTime)
    next_at: datetime = Field(sa_type=UtcDateTime)
    lease_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    accepted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    settled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    unknown_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    asked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When a person was told that nobody knows what became of it."""


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


class MessagePart(SQLModel, table=True):
    """A part of a long text that went in several, under the gateway's own id for it."""

    __tablename__ = "message_part"
    __table_args__ = (Index("ix_message_part_reference", "gateway", "reference"),)

    id: str = Field(default_factory=new_id, primary_key=True)
    message_id: str = Field(foreign_key="message.id", index=True)
    gateway: str
    reference: str
    state: str = ""
    """Where its receipts say it is; empty: nothing yet."""


class GatewayRate(SQLModel, table=True):
    """How many messages a gateway takes now from all nodes together (PostgreSQL)."""

    __tablename__ = "gateway_rate"

    gateway: str = Field(primary_key=True)
    room: float
    at: datetime = Field(sa_type=UtcDateTime)
    """On the database's clock, the one that all nodes share."""


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


class MessageTemplate(SQLModel, table=True):
    """A hotline's own words for a purpose, instead of those that come with the program."""

    __tablename__ = "message_template"

    hotline: str = Field(primary_key=True)
    template: str = Field(primary_key=True)
    language: str = Field(primary_key=True)
    text: str
    networks: list[str] = Field(default_factory=list, sa_type=Json)
    """The networks that have registered these words."""
    changed_at: datetime = Field(sa_type=UtcDateTime)
    changed_by: str


class MessageReply(SQLModel, table=True):
    """What somebody wrote back (MO), as it came; `ticket_id` when it is clear what it answers."""

    __tablename__ = "message_reply"
    __table_args__ = (
        Index("ix_message_reply_page", "hotline", "seq"),
        Index("ix_message_reply_tray", "hotline", "seen_at", "ticket_id", "seq"),
    )

    seq: int | None = Field(default=None, primary_key=True)
    id: str = Field(default_factory=new_id, unique=True)
    reference: str = Field(unique=True)
    """The gateway and its own id of it: the same one twice is one."""
    at: datetime = Field(sa_type=UtcDateTime)
    hotline: str
    sender: str = Field(index=True)
    text: str
    gateway: str
    ticket_id: str | None = Field(default=None, index=True)
    stop: bool = False
    seen_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When it was dealt with, and by whom; by nobody where the program did what it asks."""
    seen_by: str | None = None


class MessageStop(SQLModel, table=True):
    """A number that wants nothing but what is owed by law."""

    __tablename__ = "message_stop"

    number: str = Field(primary_key=True)
    hotline: str = Field(primary_key=True)
    at: datetime = Field(sa_type=UtcDateTime)

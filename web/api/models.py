"""What the API answers: the promised fields of DESIGN.md, and what single things add to them."""

from datetime import datetime
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, WithJsonSchema

from tongdai.clock import HCM

Moment = Annotated[
    datetime,
    PlainSerializer(lambda at: at.astimezone(HCM).isoformat(), return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""A moment, ISO 8601 with the offset of Vietnam's time."""

T = TypeVar("T")


class Answer(BaseModel):
    """Something that the API answers; every field is always there."""

    model_config = ConfigDict(
        frozen=True, from_attributes=True, json_schema_serialization_defaults_required=True
    )


class Page(Answer, Generic[T]):
    """One page of a list; `next` is the cursor of the page after it, or null."""

    items: list[T]
    next: str | None


class Refused(BaseModel):
    """Why something was not done; `fields` says which inputs are wrong."""

    model_config = ConfigDict(frozen=True)

    code: str
    message: str
    fields: dict[str, str] = {}
    source: str | None = Field(
        default=None, description="the row of REQUIREMENTS.md that forbids it, for acts"
    )


class CallOut(Answer):
    """A call."""

    id: str
    pbx: str
    linkedid: str
    hotline: str
    direction: Literal["inbound", "outbound"]
    caller_number: str | None = Field(description="E.164; null when it is no public number")
    caller_raw: str = Field(description="as received; empty when the caller asked for secrecy")
    caller_name: str
    called_number: str
    started_at: Moment
    answered_at: Moment | None = Field(description="the first person's answer")
    ended_at: Moment | None
    state: Literal["ivr", "queued", "answered", "held", "transferring", "ended"]
    outcome: (
        Literal["answered", "abandoned", "self_service", "message", "callback", "failed"] | None
    )
    operator: str | None
    ticket: str | None


class TicketOut(Answer):
    """A ticket."""

    id: str
    number: str | None = Field(description="null on drafts, else 2026-000123")
    hotline: str
    type: str | None
    track: str | None
    level: str | None
    channel: Literal["phone", "portal", "email", "app", "zalo", "facebook", "in_person"]
    call: str | None
    state: Literal["draft", "open", "answered", "closed", "rejected"]
    created_at: Moment
    filed_at: Moment | None
    stage: str | None
    due_at: Moment | None
    overdue: bool


class SenderOut(Answer):
    """The sender, as far as the asker may know; all empty when `masked`."""

    name: str
    address: str
    phone: str
    email: str
    masked: bool


class SurveyOut(Answer):
    """How an opinion came by telephone."""

    kind: Literal["after_call", "call_back"]
    call: str = Field(description="in which it was asked; a spoken reason is a recording of it")
    asked_at: Moment
    reason_seconds: float = Field(description="length of the spoken reason; 0: none was spoken")


class RatingOut(Answer):
    """What the sender thought of the answer."""

    score: Literal["satisfied", "acceptable", "unsatisfied"]
    name: str = Field(description="the score's name on the procedure's own scale")
    reason: str
    at: Moment
    survey: SurveyOut | None = Field(description="null: it did not come by telephone survey")


class TicketDetail(TicketOut):
    """One ticket with what the sender said."""

    content: str
    field: str | None
    place: str
    unit: str | None
    confidential: bool
    sender: SenderOut
    ratings: list[RatingOut] = Field(description="oldest first")


class RecordingOut(Answer):
    """A recording."""

    id: str
    kind: Literal["call", "consultation", "message"]
    call: str | None
    ticket: str | None
    started_at: Moment
    seconds: float
    bytes: int
    sha256: str = Field(description="of the archived file, which is what /audio answers")
    state: Literal["archived", "held", "deleted"]


class RecordingDetail(RecordingOut):
    """One recording with its form."""

    hotline: str | None
    format: str
    channels: int = Field(description="2: left the caller, right our side; 1: a message")
    sample_rate: int
    source_sha256: str = Field(description="of the file that the PBX wrote")


class MessageOut(Answer):
    """A message that was sent, or is owed."""

    id: str
    ticket: str | None
    to: str
    purpose: str
    state: Literal[
        "queued",
        "sending",
        "accepted",
        "delivered",
        "undelivered",
        "rejected",
        "unknown",
        "not_sendable",
        "cancelled",
    ]
    attempts: int
    created_at: Moment
    settled_at: Moment | None


class Lines(Answer):
    """Lines of a ticket's history, in time order."""

    items: list[dict[str, Any]]


class TransferOut(Answer):
    """A transfer of a live call."""

    id: str
    call: str
    ticket: str | None
    hotline: str
    kind: Literal["warm", "blind", "three_way"]
    state: Literal[
        "starting",
        "ringing",
        "answered",
        "accepted",
        "completed",
        "returned",
        "cancelled",
        "abandoned",
    ]
    reason: str | None = Field(description="why it ended so; null when it went as it was meant to")
    detail: str = Field(description="of not_accepted: refused, later, no_key, hung_up")
    to: str = Field(description="who is called, for people")
    person: str | None
    unit: str | None
    by: str
    started_at: Moment
    rang_at: Moment | None
    answered_at: Moment | None
    accepted_at: Moment | None
    ended_at: Moment | None

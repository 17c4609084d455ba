"""Rows of what callers hear: the flows' editions, and which prompt was played to whom and when."""

from datetime import datetime

from sqlalchemy import Index, LargeBinary, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from tongdai.db import UtcDateTime
from tongdai.ids import new_id


class FlowEdition(SQLModel, table=True):
    """A flow as the administration changed it; a hotline's latest one is in force."""

    __tablename__ = "flow_edition"
    __table_args__ = (Index("ix_flow_edition_hotline_id", "hotline", "id"),)

    id: int | None = Field(default=None, primary_key=True)
    hotline: str
    version: str
    """SHA-256 of the text."""
    text: str = Field(sa_type=Text)
    """The TOML."""
    at: datetime = Field(sa_type=UtcDateTime)
    by: str
    note: str = Field(default="", sa_type=Text)
    """Why."""


class CallPrompt(SQLModel, table=True):
    """Something that a caller heard, or pressed, in the menus."""

    __tablename__ = "call_prompt"
    __table_args__ = (Index("ix_call_prompt_call_n", "call", "n"),)

    id: str = Field(default_factory=new_id, primary_key=True)
    call: str
    """The call's id."""
    n: int
    """Counts within the call, from 0."""
    hotline: str
    version: str
    """The flow's: SHA-256 of its text."""
    at: datetime = Field(sa_type=UtcDateTime)
    step: str
    kind: str
    """said (a prompt), pressed (a key or an entry), led (where the caller was led)."""
    text: str = Field(sa_type=Text)
    """The words; of an entry only how many digits it had."""


class SurveyAnswer(SQLModel, table=True):
    """Somebody was asked for an opinion by telephone: written down before it was asked."""

    __tablename__ = "survey_answer"
    __table_args__ = (
        UniqueConstraint("call", name="uq_survey_answer_call"),
        UniqueConstraint("about", name="uq_survey_answer_about"),
        Index("ix_survey_answer_ticket", "ticket_id", "asked_at"),
        Index("ix_survey_answer_hotline", "hotline", "asked_at"),
    )

    id: str = Field(default_factory=new_id, primary_key=True)
    call: str
    """In which it was asked."""
    about: str
    """What it is about, once only: `ticket:<id>` (its result) or `call:<id>`."""
    hotline: str
    ticket_id: str | None = None
    """The ticket rated, or of the call; a form may be thrown away later."""
    kind: str
    """after_call or call_back."""
    asked_at: datetime = Field(sa_type=UtcDateTime)
    answered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    score: str = ""
    """Of the procedure's scale; empty: none was given."""
    reason_seconds: float = 0.0
    """Length of the spoken reason, a recording of kind `message` on the call."""
    on_ticket: bool = False
    """It stands as the rating of the ticket; else it is an opinion about the call."""


class PromptEdition(SQLModel, table=True):
    """A person's own recording of a prompt, or the way back to the machine's voice.

    A prompt's latest edition is in force as long as the words are those that were spoken.
    """

    __tablename__ = "prompt_edition"
    __table_args__ = (Index("ix_prompt_edition_hotline", "hotline", "name", "id"),)

    id: int | None = Field(default=None, primary_key=True)
    hotline: str
    name: str
    """Which prompt: `greeting`, `step:chinh`, `sentence:confirm`, `pbx:hold`."""
    language: str
    words: str = Field(sa_type=Text)
    """What is said in it: the text as it is spoken."""
    source: str
    """uploaded, recorded (by telephone), or machine: the recording was taken back."""
    sound: bytes | None = Field(default=None, sa_type=LargeBinary)
    """The .wav, 8 kHz mono 16 bit; none: the machine speaks."""
    at: datetime = Field(sa_type=UtcDateTime)
    by: str


class PhoneOrder(SQLModel, table=True):
    """What an administrator wants by telephone: hear a flow, or record a prompt."""

    __tablename__ = "phone_order"

    id: str = Field(default_factory=new_id, primary_key=True)
    kind: str
    """trial or record."""
    hotline: str
    text: str = Field(sa_type=Text)
    """The flow's TOML; of a recording the words to be spoken."""
    name: str = ""
    """Which prompt."""
    language: str = "vi"
    when: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """For which moment the flow is played; None: now."""
    at: datetime = Field(sa_type=UtcDateTime)
    by: str

"""The register of transfers: one row each, written behind, final rows never changed."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from tongdai.db import UtcDateTime


class Transfer(SQLModel, table=True):
    """One transfer; `state` is final once `ended_at` is set."""

    __tablename__ = "transfer"

    id: str = Field(primary_key=True)
    pbx: str
    call_id: str = Field(index=True)
    ticket_id: str | None = Field(default=None, index=True)
    hotline: str
    kind: str
    state: str
    reason: str | None = None
    detail: str = ""
    number: str
    label: str = ""
    person_id: str | None = Field(default=None, index=True)
    unit_id: str | None = Field(default=None, index=True)
    by: str
    by_name: str = ""
    joined: bool = False
    operator_there: bool = True
    started_at: datetime = Field(sa_type=UtcDateTime)
    rang_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    answered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    accepted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)
    caller_channel: str = ""
    operator_channel: str = ""
    linkedid: str = ""

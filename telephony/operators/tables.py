"""What operators did, row by row, for the statistics."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from tongdai.db import UtcDateTime
from tongdai.ids import new_id


class OperatorStateChange(SQLModel, table=True):
    """One change of an operator's state; it lasted until the next row's `at`."""

    __tablename__ = "operator_state_change"

    id: str = Field(default_factory=new_id, primary_key=True)
    account_id: str = Field(index=True)
    at: datetime = Field(sa_type=UtcDateTime, index=True)
    before: str
    after: str
    reason: str = ""
    seat: str
    hotline: str | None = None
    """Whose call it was, for ringing, talking and wrap-up."""
    hotlines: str = ""
    """The lines that were served, with commas between."""

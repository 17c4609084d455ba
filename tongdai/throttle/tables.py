"""Rows of what was guessed wrong of late."""

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from tongdai.db import UtcDateTime
from tongdai.ids import new_id


class WrongTry(SQLModel, table=True):
    """One wrong guess; thrown away when it counts no longer."""

    __tablename__ = "wrong_try"
    __table_args__ = (
        Index("ix_wrong_try_who_until", "who", "until"),
        Index("ix_wrong_try_until", "until"),
    )

    id: str = Field(default_factory=new_id, primary_key=True)
    who: str
    """At which door, and whose guess: `keypad +84912345678`, `portal 192.0.2.1`."""
    until: datetime = Field(sa_type=UtcDateTime)
    """It counts before this moment."""

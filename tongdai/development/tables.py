"""The offset of the development clock; it outlives a restart, as deadlines do."""

from sqlmodel import Field, SQLModel


class ClockOffset(SQLModel, table=True):
    """One row: how far the service's clock is from the machine's."""

    __tablename__ = "clock_offset"

    id: int = Field(default=1, primary_key=True)
    seconds: float = 0.0

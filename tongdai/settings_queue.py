"""What a hotline's callers hear while they wait, and who helps out: `[hotline.queue]`."""

from pydantic import BaseModel, ConfigDict, Field, field_validator

from tongdai.ids import HotlineId

LEAST_BETWEEN = 20
"""Seconds between two announcements at least: shorter than that nothing else is heard."""


class QueueTable(BaseModel):
    """A hotline's queue."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    announce_seconds: int = Field(
        default=60,
        ge=0,
        le=600,
        description="every how many seconds place and wait, and 'please hold', are said; 0: never",
    )
    announce_wait: bool = Field(
        default=True, description="say the expected wait too, where recent answers tell it"
    )
    call_back: bool = Field(
        default=True, description="key 1 while waiting: to be called back, keeping the place"
    )
    cut_off_minutes: int = Field(
        default=10,
        ge=0,
        le=60,
        description="who was cut off so lately comes before the others; 0: nobody does",
    )
    overflow_to: tuple[HotlineId, ...] = Field(
        default=(), description="hotlines whose operators help out"
    )
    overflow_after_seconds: int = Field(
        default=120, ge=10, description="who has waited so long is also offered to them"
    )

    @field_validator("announce_seconds")
    @classmethod
    def _never_without_a_pause(cls, seconds: int) -> int:
        if 0 < seconds < LEAST_BETWEEN:
            message = f"must be 0 (never) or at least {LEAST_BETWEEN}"
            raise ValueError(message)
        return seconds

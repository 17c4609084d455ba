"""What a hotline's callers hear while they wait, and who helps out: `[hotline.queue]`."""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field, field_validator

from tongdai.ids import HotlineId

OVERFLOW_PENALTY = 10
"""Of members who help out, in app_queue; the hotline's own have none."""
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
        default=(), description="hotlines whose operators help out, if they have the right here too"
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


def check_overflow(queues: Mapping[HotlineId, tuple[QueueTable, int]]) -> None:
    """Refuse help from nobody, from oneself, or only when nobody waits any more.

    Two hotlines may help each other: no caller is handed on.

    Args:
        queues: By hotline, its queue and its longest wait in seconds.

    Raises:
        ValueError: Which hotline, and what is wrong.
    """
    for hotline, (queue, longest) in queues.items():
        strange = [h for h in queue.overflow_to if h not in queues]
        if strange:
            message = f"hotline {hotline!r}, overflow_to: no hotline {strange[0]!r}"
            raise ValueError(message)
        if hotline in queue.overflow_to:
            message = f"hotline {hotline!r}, overflow_to: names itself"
            raise ValueError(message)
        if len(set(queue.overflow_to)) < len(queue.overflow_to):
            message = f"hotline {hotline!r}, overflow_to: names a hotline twice"
            raise ValueError(message)
        if queue.overflow_to and queue.overflow_after_seconds >= longest:
            after = queue.overflow_after_seconds
            message = (
                f"hotline {hotline!r}: overflow_after_seconds ({after}) must be below "
                f"max_wait_seconds ({longest}), or nobody is ever helped"
            )
            raise ValueError(message)

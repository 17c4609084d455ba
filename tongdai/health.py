"""How the parts say that they are well; /healthz and the doctor ask it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from tongdai.clock import Clock


class State(StrEnum):
    """A part's condition."""

    OK = "ok"
    DEGRADED = "degraded"
    DOWN = "down"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One line of /healthz.

    Attributes:
        state: The condition.
        detail: A sentence for a person: what is wrong and how to mend it, empty when ok.
        since: When the state began (aware, UTC).
    """

    state: State
    detail: str
    since: datetime


class HasHealth(Protocol):
    """Whoever can be asked how it is."""

    async def health(self) -> dict[str, Part]:
        """Return the conditions by part: `database`, `pbx:NAME`, `agi`, `spool`, `sms:NAME`."""
        ...


class Condition:
    """Remembers since when a part is in its state."""

    def __init__(self, clock: Clock, state: State = State.DOWN, detail: str = "") -> None:
        self._clock = clock
        self._part = Part(state=state, detail=detail, since=clock.now())

    def set(self, state: State, detail: str = "") -> None:
        """Note the state; `since` moves only when the state changes."""
        since = self._part.since if self._part.state is state else self._clock.now()
        self._part = Part(state=state, detail=detail, since=since)

    @property
    def part(self) -> Part:
        """The condition now."""
        return self._part

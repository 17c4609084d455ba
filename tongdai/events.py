"""What happened, told from one part to another; the composition root says who listens."""

from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import structlog

if TYPE_CHECKING:
    from tongdai.db import Tx

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened; a part's events.py derives from it, named in the past tense."""


E = TypeVar("E", bound=Event)


class Bus:
    """Carries events to those who asked for them.

    `on` listeners are synchronous and run in memory: at `publish`, or after the commit of the
    transaction that emitted the event. One that fails is logged and stops nobody else.
    `within` listeners run in the emitting transaction before its commit; a failure rolls it back.
    """

    def __init__(self) -> None:
        self._after: dict[type[Event], list[Callable[[Any], None]]] = defaultdict(list)
        self._within: dict[type[Event], list[Callable[[Any, Any], Awaitable[None]]]] = defaultdict(
            list
        )

    def on(self, kind: type[E], listener: Callable[[E], None]) -> None:
        """Call `listener` with every event of `kind` (or a subclass) once it is a fact."""
        self._after[kind].append(listener)

    def within(self, kind: type[E], listener: Callable[["Tx", E], Awaitable[None]]) -> None:
        """Await `listener` inside the transaction that emits an event of `kind`."""
        self._within[kind].append(listener)

    def publish(self, event: Event) -> None:
        """Tell the `on` listeners, in the order in which they asked."""
        for kind in type(event).__mro__:
            for listener in self._after.get(kind, ()):
                try:
                    listener(event)
                except Exception:
                    log.exception("event.listener_failed", event_type=type(event).__name__)

    async def run_within(self, tx: "Tx", event: Event) -> None:
        """Await the `within` listeners of `event`; an exception goes to the caller."""
        for kind in type(event).__mro__:
            for listener in self._within.get(kind, ()):
                await listener(tx, event)

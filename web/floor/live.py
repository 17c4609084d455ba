"""What the floor looks like now, out of memory; pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from telephony.calls.model import CallState, CallView
from telephony.operators.model import Operator, OperatorState
from telephony.queues import QueueView
from tongdai.settings import HotlineTable

_BY_STATE = {
    OperatorState.RINGING: 0,
    OperatorState.TALKING: 1,
    OperatorState.READY: 2,
    OperatorState.WRAP_UP: 3,
    OperatorState.PAUSED: 4,
    OperatorState.SIGNED_OFF: 5,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Somebody who waits."""

    call: CallView
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One hotline's floor.

    Attributes:
        waiting: First in the queue first.
        operators: Who is signed on, those at work first.
        calls: In progress with a person, the oldest first.
        ready: How many operators could take a call now.
    """

    hotline: HotlineTable
    waiting: tuple[Caller, ...]
    operators: tuple[Operator, ...]
    calls: tuple[CallView, ...]

    @property
    def ready(self) -> int:
        """Return how many operators could take a call now."""
        return sum(1 for o in self.operators if o.state is OperatorState.READY)


def places(
    hotlines: Sequence[HotlineTable],
    calls: Collection[CallView],
    operators: Collection[Operator],
    queues: Sequence[QueueView] | None,
) -> list[Place]:
    """Return the floor of each hotline.

    Args:
        hotlines: Those that the asker supervises.
        calls: Every call that has not ended.
        operators: Everybody who is signed on.
        queues: Who waits in which order; None: by the calls alone.
    """
    order = {str(w.call): i for queue in queues or () for i, w in enumerate(queue.waiting)}
    return [
        Place(
            hotline=hotline,
            waiting=_waiting([c for c in calls if c.hotline == hotline.id], order),
            operators=tuple(
                sorted(
                    (o for o in operators if hotline.id in o.hotlines),
                    key=lambda o: (_BY_STATE[o.state], o.since, o.extension),
                )
            ),
            calls=tuple(
                sorted(
                    (c for c in calls if c.hotline == hotline.id and c.answered_at),
                    key=lambda c: c.started_at,
                )
            ),
        )
        for hotline in hotlines
    ]


def _waiting(calls: Sequence[CallView], order: Mapping[str, int]) -> tuple[Caller, ...]:
    queued = [c for c in calls if c.state is CallState.QUEUED]
    callers = [Caller(call=c, since=c.queue_joined_at or c.started_at) for c in queued]
    return tuple(sorted(callers, key=lambda w: (order.get(w.call.id, len(order)), w.since)))

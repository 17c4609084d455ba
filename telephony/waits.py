"""How long callers wait: places in the queues, and the wait that recent answers let expect.

The method, as docs/ivr.md states it: of each caller who was answered, the wait is divided by the
place at which he began; the median of the latest of these, times a caller's place now, is his
expected wait. With too few recent answers, with none for a while, or when it would be longer than
anybody can vouch for, nothing is expected, and only the place is said.
"""

from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from telephony.calls.choice import choice_of
from telephony.calls.events import CallAnswered, CallEvent
from telephony.calls.model import CallState, CallView
from telephony.queues import QueueChanged, Waiting
from tongdai.events import Bus
from tongdai.ids import CallId, HotlineId

RECENT = timedelta(minutes=30)
"""Older answers tell nothing of now."""
STALLED = timedelta(minutes=10)
"""Nobody was answered for so long: what was before holds no more."""
LEAST_ANSWERS, MOST_ANSWERS = 5, 20
LONGEST = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Answer:
    """A caller was answered; `per_place` is the wait in seconds divided by the first place."""

    at: datetime
    per_place: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a caller stands.

    Attributes:
        number: 1 is the next.
        minutes: The expected wait in whole minutes, at least 1; None: nobody can tell.
        language: In which he is spoken to: `vi`, `en`.
    """

    number: int
    minutes: int | None
    language: str = "vi"


def expected(place: int, answers: Iterable[Answer], now: datetime) -> timedelta | None:
    """Return the expected wait at a place (from 1), or None; see the module's docstring."""
    recent = [a for a in answers if now - a.at <= RECENT][-MOST_ANSWERS:]
    if len(recent) < LEAST_ANSWERS or now - recent[-1].at > STALLED:
        return None
    wait = timedelta(seconds=median(a.per_place for a in recent) * place)
    return wait if wait <= LONGEST else None


def in_minutes(wait: timedelta) -> int:
    """Return a wait in whole minutes, rounded up: less is promised to nobody."""
    return max(1, -int(-wait.total_seconds() // 60))


@dataclass(slots=True)
class _Waiter:
    hotline: HotlineId
    waiting: Waiting
    number: int


class Waits:
    """Who stands where, told by the bus alone: the same at every node."""

    def __init__(self, bus: Bus) -> None:
        self._calls: dict[CallId, CallView] = {}
        self._waiters: dict[CallId, _Waiter] = {}
        self._first: dict[CallId, int] = {}
        """The place at which a caller began; of those who were there before us nobody knows it."""
        self._answers: dict[HotlineId, deque[Answer]] = defaultdict(
            lambda: deque(maxlen=MOST_ANSWERS)
        )
        bus.on(QueueChanged, self._queue_changed)
        bus.on(CallEvent, self._call_changed)

    def place(self, call: CallId, now: datetime) -> Place | None:
        """Return where a caller stands; None: he does not wait, or a telephone rings for him."""
        waiter, view = self._waiters.get(call), self._calls.get(call)
        if waiter is None or (view is not None and (view.ringing or _with_a_person(view))):
            return None
        wait = expected(waiter.number, self._answers[waiter.hotline], now)
        return Place(
            number=waiter.number,
            minutes=None if wait is None else in_minutes(wait),
            language=(choice_of(view.menu).language if view else "") or "vi",
        )

    def since(self, call: CallId) -> datetime | None:
        """Return since when a caller waits, or waited, as the bridge has it."""
        view = self._calls.get(call)
        return view.queue_joined_at if view else None

    def waiting(self) -> tuple[tuple[HotlineId, Waiting], ...]:
        """Return everybody who waits; in a queue, first come first."""
        return tuple((w.hotline, w.waiting) for w in self._waiters.values())

    def _queue_changed(self, event: QueueChanged) -> None:
        queue = event.queue
        for call in [c for c, w in self._waiters.items() if w.hotline == queue.hotline]:
            del self._waiters[call]
        for number, waiting in enumerate(queue.waiting, start=1):
            self._waiters[waiting.call] = _Waiter(queue.hotline, waiting, number)
            if waiting.first is not None:
                self._first.setdefault(waiting.call, waiting.first)

    def _call_changed(self, event: CallEvent) -> None:
        view = event.call
        if view.state is CallState.ENDED:
            self._calls.pop(view.id, None)
            self._first.pop(view.id, None)
            return
        self._calls[view.id] = view
        if isinstance(event, CallAnswered):
            first, since = self._first.pop(view.id, None), view.queue_joined_at
            if first is not None and since is not None:
                seconds = max(0.0, (event.at - since).total_seconds())
                self._answers[view.hotline].append(Answer(event.at, seconds / first))


def _with_a_person(view: CallView) -> bool:
    return view.state in (CallState.ANSWERED, CallState.HELD)

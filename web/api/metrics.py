"""/metrics for Prometheus: counted from the events, measured when asked."""

from collections import Counter as Count
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

import structlog
from aiohttp import web
from prometheus_client import CollectorRegistry, Counter, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector
from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from escalation.tables import WAITING, Deadline
from ivr.followups import store as callbacks
from sms import store as messages
from sms.sender import Sender
from telephony.bridge import Bridge
from telephony.calls.events import CallEnded, CallRinging
from telephony.calls.model import CallState, CallView
from telephony.operators.service import Operators
from telephony.recordings.hearing import wishes
from telephony.recordings.intake import Intake
from telephony.recordings.proof.figures import Figures, figures
from tongdai.errors import Unavailable
from tongdai.events import Bus
from tongdai.health import State
from web.api.health import health_of
from web.auth import public
from web.keys import BUS, CLOCK, DB, PUSH, SETTINGS

log = structlog.get_logger()
routes = web.RouteTableDef()
Sample = tuple[tuple[str, ...], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """The parts that run in this process and have numbers; None: it does not run here."""

    bridge: Bridge | None = None
    operators: Operators | None = None
    intake: Intake | None = None
    sender: Sender | None = None


MEASURED = web.AppKey("api_measured", Measured)


@dataclass(slots=True)
class Counted:
    """What is counted from the events since the start."""

    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    ended: Counter = field(init=False)
    popped: Counter = field(init=False)

    def __post_init__(self) -> None:
        self.ended = Counter(
            "tongdai_calls_ended",
            "Calls that ended, by hotline and outcome",
            ("hotline", "outcome"),
            registry=self.registry,
        )
        self.popped = Counter(
            "tongdai_pops",
            "Calls that rang at an operator, by hotline",
            ("hotline",),
            registry=self.registry,
        )

    def listen(self, bus: Bus) -> None:
        """Count from here on."""
        bus.on(CallEnded, self._ended)
        bus.on(CallRinging, lambda e: self.popped.labels(e.call.hotline).inc())

    def _ended(self, event: CallEnded) -> None:
        self.ended.labels(event.call.hotline, event.call.outcome or "").inc()


COUNTED = web.AppKey("api_counted", Counted)


def setup(app: web.Application) -> None:
    """Begin to count, and add the route."""
    app[COUNTED] = Counted()
    app[COUNTED].listen(app[BUS])
    app.add_routes(routes)


@routes.get("/metrics")
@public
async def metrics(request: web.Request) -> web.Response:
    """Answer the numbers; those of the database are left out while it does not answer."""
    app = request.app
    found = [*await _parts(app), *_memory(app), *await _database(app)]
    registry = CollectorRegistry()
    registry.register(_Once(found))
    text = generate_latest(app[COUNTED].registry) + generate_latest(registry)
    return web.Response(body=text, headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4})


class _Once(Collector):
    """Gives what was measured, once."""

    def __init__(self, found: Iterable[Metric]) -> None:
        self._found = found

    def collect(self) -> Iterator[Metric]:
        yield from self._found


async def _parts(app: web.Application) -> list[Metric]:
    parts = await health_of(app).ask()
    up = [((name,), float(part.state is State.OK)) for name, part in sorted(parts.items())]
    return [_gauge("tongdai_part_ok", "Whether a part is well", ("part",), up)]


def _memory(app: web.Application) -> list[Metric]:
    measured = app.get(MEASURED) or Measured()
    found: list[Metric] = [
        _gauge("tongdai_browsers", "Accounts with an open page", (), [((), len(app[PUSH].there()))])
    ]
    if measured.bridge is not None:
        found += _calls(measured.bridge.calls(), app[CLOCK].now())
        found += _bridge(measured.bridge)
    if measured.operators is not None:
        states = Count(o.state.value for o in measured.operators.snapshot())
        found.append(_gauge("tongdai_operators", "Operators by state", ("state",), _by(states)))
    if measured.intake is not None:
        found += _recordings(measured.intake)
    if measured.sender is not None:
        tries = [(key, float(n)) for key, n in sorted(measured.sender.outcomes.items())]
        words = "Tries to hand a message over, by gateway and what it said"
        found.append(_counter("tongdai_message_attempts", words, ("gateway", "outcome"), tries))
    return found


def _calls(calls: Iterable[CallView], now: datetime) -> list[Metric]:
    live = list(calls)
    states = Count((c.hotline, c.state.value) for c in live)
    waiting = [c for c in live if c.state is CallState.QUEUED]
    longest: dict[tuple[str, ...], float] = {}
    for call in waiting:
        since = call.queue_joined_at or call.started_at
        waited = (now - since).total_seconds()
        longest[(call.hotline,)] = max(waited, longest.get((call.hotline,), 0.0))
    return [
        _gauge("tongdai_calls", "Calls in progress", ("hotline", "state"), list(states.items())),
        _gauge(
            "tongdai_queue_waiting",
            "Callers who wait",
            ("hotline",),
            _by(Count(c.hotline for c in waiting)),
        ),
        _gauge(
            "tongdai_queue_longest_wait_seconds",
            "How long the first caller waits",
            ("hotline",),
            list(longest.items()),
        ),
    ]


def _bridge(bridge: Bridge) -> list[Metric]:
    return [
        _counter("tongdai_ami_packets", "Packets of the PBXs handled", (), [((), bridge.handled)]),
        _gauge(
            "tongdai_ami_lag_seconds",
            "How long the oldest unhandled packet waits",
            (),
            [((), bridge.behind_seconds)],
        ),
    ]


def _recordings(intake: Intake) -> list[Metric]:
    pending = [((pbx,), float(count)) for pbx, count in intake.pending.items()]
    return [
        _counter("tongdai_recordings_archived", "Recordings archived", (), [((), intake.archived)]),
        _gauge("tongdai_recordings_pending", "Files in the spool", ("pbx",), pending),
    ]


async def _database(app: web.Application) -> list[Metric]:
    now = app[CLOCK].now()
    try:
        async with app[DB].read() as session:
            return [
                *await _messages(session, now),
                *await _deadlines(session, now),
                *await _callbacks(session, app, now),
                *await _requests(session, app, now),
                *_proof(await figures(session, now)),
            ]
    except Unavailable:
        return []


async def _messages(session: AsyncSession, now: datetime) -> list[Metric]:
    numbers = await messages.numbers(session)
    oldest = numbers.oldest_queued
    age = max(0.0, (now - oldest).total_seconds()) if oldest else 0.0
    return [
        _gauge("tongdai_messages", "Messages not settled", ("state",), _by(numbers.by_state)),
        _gauge("tongdai_message_oldest_seconds", "Age of the oldest queued", (), [((), age)]),
    ]


async def _deadlines(session: AsyncSession, now: datetime) -> list[Metric]:
    """Count what is due and not carried out yet, and how late the oldest is."""
    late = await session.execute(
        select(func.count(), func.min(col(Deadline.due_at))).where(
            col(Deadline.state) == WAITING, col(Deadline.due_at) < now
        )
    )
    count, oldest = late.one()
    age = (now - oldest).total_seconds() if oldest else 0.0
    return [
        _gauge("tongdai_deadlines_due", "Deadlines that passed, not done", (), [((), count)]),
        _gauge("tongdai_deadline_lag_seconds", "How late the oldest of them is", (), [((), age)]),
    ]


async def _callbacks(session: AsyncSession, app: web.Application, now: datetime) -> list[Metric]:
    """Count who is to be called back, and whose deadline has passed."""
    counts = await callbacks.counts(session, [h.id for h in app[SETTINGS].hotlines], now)
    states = [((c.hotline, "open"), float(c.open)) for c in counts.values()]
    states += [((c.hotline, "unreachable"), float(c.unreachable)) for c in counts.values()]
    late = [((c.hotline,), float(c.overdue)) for c in counts.values()]
    return [
        _gauge("tongdai_callbacks", "Callers to be called back", ("hotline", "state"), states),
        _gauge("tongdai_callbacks_overdue", "Of them past their deadline", ("hotline",), late),
    ]


async def _requests(session: AsyncSession, app: web.Application, now: datetime) -> list[Metric]:
    """Count which units' requests to hear wait, and which of them should have been decided."""
    asked = await wishes.waiting(session, [h.id for h in app[SETTINGS].hotlines], now)
    waits = [((hotline,), float(one.open)) for hotline, one in asked.items()]
    late = [((hotline,), float(one.late)) for hotline, one in asked.items()]
    label = ("hotline",)
    return [
        _gauge("tongdai_recording_requests", "Requests to hear, undecided", label, waits),
        _gauge("tongdai_recording_requests_late", "Of them past their deadline", label, late),
    ]


def _proof(told: Figures) -> list[Metric]:
    ages: list[Sample] = [((), told.age)] if told.age is not None else []
    wrong = _by(told.findings)
    return [
        _gauge("tongdai_archive_findings", "Wrong by the last whole check", ("why",), wrong),
        _gauge("tongdai_archive_check_age_seconds", "Since the last whole check", (), ages),
        _gauge("tongdai_manifest_unsigned", "Entries under no head", (), [((), told.unsigned)]),
    ]


def _by(counts: "dict[str, int]") -> list[Sample]:
    return [((name,), float(count)) for name, count in sorted(counts.items())]


def _gauge(name: str, words: str, labels: tuple[str, ...], samples: Iterable[Sample]) -> Metric:
    family = GaugeMetricFamily(name, words, labels=labels)
    for values, number in samples:
        family.add_metric(values, number)
    return family


def _counter(name: str, words: str, labels: tuple[str, ...], samples: Iterable[Sample]) -> Metric:
    family = CounterMetricFamily(name, words, labels=labels)
    for values, number in samples:
        family.add_metric(values, number)
    return family

"""Builds every object once, from the settings; nobody else reads a file or a variable."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import structlog
from aiohttp import web

from escalation.acts import Acts
from escalation.lawbook import default_lawbook
from escalation.sweep import Sweep
from escalation.wake import Waker
from ivr.followups.rules import Rulebook
from ivr.followups.service import FollowUps
from ivr.presses import Keypads
from ivr.prompt_builder import PromptError, say
from sms.gateways import build, build_mail
from sms.sender import Sender
from telephony.announcer import Announcer
from telephony.bridge import Bridge
from telephony.capture.checker import Checker
from telephony.capture.control import RecordingControl
from telephony.capture.daily import Daily, Watch
from telephony.capture.pull import make_pulls
from telephony.control import CallControl
from telephony.operators import Operators
from telephony.queues import Queues
from telephony.recordings.archive.build import make_archive
from telephony.recordings.intake import make_intake, make_spools
from telephony.recordings.keeper import make_keeper
from telephony.recordings.live import LiveCalls
from telephony.recordings.register import Register
from telephony.transfers.service import Transfers
from telephony.waits import Waits
from tickets.attachments import Files
from tongdai.accounts.service import Accounts
from tongdai.clock import Clock, OffsetClock, SystemClock
from tongdai.db import Database
from tongdai.development.service import keep_offset
from tongdai.errands import Errands
from tongdai.events import Bus
from tongdai.health import HasHealth
from tongdai.nodes.joining import Held, far_doors, far_health, join
from tongdai.nodes.relay import Relay
from tongdai.settings import HotlineTable, Settings
from tongdai.voice import build_voice
from tongdai.wiring import Wiring
from web import doors
from web.admin.flows import FLOWBOOK, SPEAKER
from web.api.health import HEALTH, Health
from web.api.metrics import MEASURED, Measured
from web.app import Parts, build_app
from web.development.views import MOVABLE_CLOCK
from web.floor import keys as floor

log = structlog.get_logger()
Run = Callable[[], Awaitable[None]]
EVERYTHING = frozenset({"web", "bridge", "ivr", "worker"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """Everything that runs.

    Attributes:
        loops: Part of `--only` -> what runs for it until it is cancelled.
        health: Name of a part -> whoever knows how it is.
        relay: Joins this node to others; None on SQLite, where there are none.
    """

    settings: Settings
    clock: Clock
    bus: Bus
    db: Database
    app: web.Application
    bridge: Bridge
    operators: Operators
    transfers: Transfers
    loops: Mapping[str, tuple[Run, ...]]
    health: Mapping[str, HasHealth]
    relay: Relay | None


def build_service(
    settings: Settings,
    offset: timedelta = timedelta(0),
    parts: Collection[str] = EVERYTHING,
) -> Service:
    """Build the service, inside a running event loop; nothing runs or connects yet.

    Args:
        settings: tongdai.toml.
        offset: How far the development clock was moved.
        parts: What will run here; what does not is reached through the other nodes.
    """
    bridging = "bridge" in parts
    real = SystemClock()
    clock: Clock = OffsetClock(offset) if settings.development.enabled else real
    bus = Bus()
    db = Database(settings.database.url, clock, bus)
    ids = tuple(hotline.id for hotline in settings.hotlines)
    errands = Errands()
    accounts = Accounts(db, real, settings.web, ids)

    operators = Operators(settings, db, bus, clock)
    bridge = Bridge(settings, db, bus, clock, seats=operators)
    queues = Queues(settings, bus, clock)
    waits = Waits(bus)
    announcer = Announcer(settings, waits, bus, clock)
    recorder = RecordingControl(settings, db, bus, clock, errands)
    transfers = Transfers(
        settings,
        db,
        bus,
        clock,
        operators,
        announce=partial(_announce, settings),
        may_record=recorder.may_record,
    )
    control = CallControl(settings, operators, bus)
    for part in (operators, queues, transfers, control, recorder, announcer):
        part.connect(bridge)

    spools = make_spools(settings)
    archive = make_archive(settings)
    checker = Checker(settings, db, clock)
    daily = Daily(settings, db, clock, spools)
    live = LiveCalls(bus, bridge)
    intake = make_intake(settings, db, clock, spools, archive, live)
    pulls = make_pulls(settings, db, spools, Register(db, clock, archive), live)

    keeper = make_keeper(settings, db, clock, archive)
    sender = Sender(
        db, settings, gateways=build(settings), mail=build_mail(settings.mail), real=real
    )
    acts = Acts(
        default_lawbook(ids, settings.law.folder),
        {h.id: h.portal or settings.web.public_url for h in settings.hotlines},
    )
    waker = Waker(Sweep(db, acts), clock)
    keypads = Keypads()
    keypads.connect(bridge.on_packet)
    voice = build_voice(settings, db, bus, clock, real, acts, waits=waits, keypads=keypads)
    rulebook = Rulebook(settings=settings, calendar=acts.lawbook.calendar)
    followups = FollowUps(db, bus, rulebook, bridge.settled)
    files = Files(settings.files)

    Wiring(
        settings=settings,
        db=db,
        bus=bus,
        errands=errands,
        bridge=bridge,
        intake=intake,
        acts=acts,
        waker=waker,
        sender=sender,
        bridging=bridging,
    ).join()
    relay = None if db.is_sqlite else Relay(db.url, bus)
    movable = MovableClock(clock, db, waker, sender) if isinstance(clock, OffsetClock) else None
    watch = Watch(clock, intake, checker, daily, pulls)
    known = _health(settings, bridge, voice.agi, watch, waker, sender, keeper)
    health = {"database": db, **_of(known, parts)}
    if relay is not None:
        health |= far_health(relay, _of(known, EVERYTHING - frozenset(parts)), clock)
    app = build_app(
        Parts(
            settings=settings,
            clock=clock,
            real_clock=real,
            db=db,
            bus=bus,
            accounts=accounts,
            doors={
                HEALTH: Health(health, clock),
                MEASURED: Measured(
                    bridge=bridge if bridging else None,
                    operators=operators if bridging else None,
                    intake=intake if bridging else None,
                    sender=sender if "worker" in parts else None,
                ),
                doors.CALLS: bridge,
                doors.CONTROL: control,
                doors.RECORDER: recorder,
                doors.OPERATORS: operators,
                doors.TRANSFERS: transfers,
                doors.ACTS: acts,
                doors.FILES: files,
                floor.QUEUES: queues,
                FLOWBOOK: voice.flowbook,
                SPEAKER: voice.speaker,
                doors.CALLBACK_RULES: rulebook,
                **({MOVABLE_CLOCK: movable} if movable else {}),
                **(far_doors(relay, db, settings) if relay and not bridging else {}),
            },
        )
    )
    if relay is not None:
        join(
            relay,
            Held(
                bridge=bridge,
                operators=operators,
                transfers=transfers,
                queues=queues,
                control=control,
                recorder=recorder,
            ),
            parts=frozenset(parts),
            app=app,
            health=_of(known, parts),
            clock=clock,
        )
    return Service(
        settings=settings,
        clock=clock,
        bus=bus,
        db=db,
        app=app,
        bridge=bridge,
        operators=operators,
        transfers=transfers,
        loops={
            "bridge": (
                bridge.run,
                operators.run,
                transfers.run,
                announcer.run,
                intake.run,
                checker.run,
                daily.run,
                errands.run,
                recorder.run,
                followups.run,
                *(pull.run for pull in pulls),
            ),
            "ivr": voice.loops,
            "worker": (waker.run, sender.run, keeper.run),
        },
        health=health,
        relay=relay,
    )


class MovableClock:
    """The development service's clock, and what goes by it; see web.development."""

    def __init__(self, clock: OffsetClock, db: Database, waker: Waker, sender: Sender) -> None:
        self._clock, self._db, self._waker, self._sender = clock, db, waker, sender

    @property
    def offset(self) -> timedelta:
        """How far it is from the machine's time."""
        return self._clock.offset

    def now(self) -> datetime:
        """Return the service's moment."""
        return self._clock.now()

    async def move(self, offset: timedelta) -> int:
        """Keep a new offset; return how many due stages were carried out, when all are."""
        async with self._db.write() as tx:
            await keep_offset(tx, offset)
        self._clock.offset = offset
        fired = await self._waker.run_until_idle()
        self._sender.wake()
        await self._sender.caught_up()
        return fired


def _health(settings: Settings, *parts: HasHealth) -> dict[str, dict[str, HasHealth]]:
    """Return, by part of `--only`, the names on /healthz and whoever knows how they are."""
    bridge, agi, spool, waker, sender, keeper = parts
    return {
        "bridge": {**{f"pbx:{pbx.name}": bridge for pbx in settings.pbx}, "spool": spool},
        "ivr": {"agi": agi},
        "worker": {
            "scheduler": waker,
            "archive": keeper,
            **{f"sms:{gateway.name}": sender for gateway in settings.sms.gateway},
        },
    }


def _of(known: Mapping[str, dict[str, HasHealth]], parts: Collection[str]) -> dict[str, HasHealth]:
    return {name: who for part in sorted(parts) for name, who in known.get(part, {}).items()}


async def _announce(settings: Settings, hotline: HotlineTable, field: str) -> str:
    """Speak what a call is about; without a voice the general prompt is played."""
    try:
        path = await asyncio.to_thread(say, settings, hotline, "called_field", field)
    except PromptError as error:
        log.warning("prompt.not_spoken", hotline=hotline.id, why=str(error))
        return ""
    return str(path.with_suffix(""))

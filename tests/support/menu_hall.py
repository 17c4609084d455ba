"""A service with its menus and real prompts, and callers who go the flows' own paths.

async with Hall.open(folder) as hall:
    await hall.set_clock(moment)
    await hall.send(flow, paths(flow, flow.start))
    await hall.end()
    for walker in hall.walkers: ...      # .turns (the script), .pieces, .call.sound()
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlmodel import update

from escalation.lawbook import default_lawbook
from ivr.desk import Visit
from ivr.flow.model import Flow
from ivr.flow.parse import find_flow, shipped
from ivr.flow.paths import Needs
from ivr.flow.paths import Path as Way
from ivr.flow.report import facts_at
from ivr.register import Register
from ivr.speech.speaker import Speaker
from ivr.tables import CallPrompt
from tests.support.caller import Call, How, Telephones
from tests.support.hearing import Piece
from tests.support.prompt_log import prompt_log
from tests.support.script import Known, Paper, Turn, played
from tests.support.service import Service
from tests.support.wait import until
from tests.support.world import World
from tickets import codes
from tickets.directory import Person
from tickets.model import TicketState
from tickets.tables import Ticket
from tongdai.clock import HandClock, SystemClock
from tongdai.db import Database
from tongdai.events import Bus
from tongdai.ids import CallId, HotlineId
from tongdai.phone import parse_caller

SATURDAY_EVENING = datetime.fromisoformat("2026-11-28T20:00:00+07:00")
MORNING = datetime.fromisoformat("2026-11-30T09:00:00+07:00")
"""A Monday."""
DUE = datetime.fromisoformat("2026-12-08T09:00:00+07:00")
WAITING_SAMPLES = 8000
"""Of the music that is heard once a caller waits for a person."""
A_SECOND = 12
"""Calls that begin in a second."""
OWN = "0892100007"
"""The sender of the ticket that callers ask for."""


@dataclass(kw_only=True)
class Walker:
    """A caller: the script, and what came of it.

    Attributes:
        leave: Hangs up in the last turn.
        call: The telephone's side.
        pieces: What must have been heard.
    """

    hotline: str
    caller: str
    turns: list[Turn]
    leave: bool = False
    call: Call | None = None
    pieces: list[Piece] = field(default_factory=list)

    @property
    def led(self) -> str:
        return "hung_up" if self.leave else self.turns[-1].led

    @property
    def line(self) -> Call:
        """The call, once it was placed."""
        assert self.call is not None
        return self.call

    def __str__(self) -> str:
        done = " ".join(turn.deed for turn in self.turns)
        return f"{self.hotline} {self.caller} [{done}]{' leaves' if self.leave else ''}"


class Hall:
    """See the module's docstring."""

    def __init__(self, world: World, service: Service, phones: Telephones, db: Database) -> None:
        self.world, self.service, self.phones, self.db = world, service, phones, db
        self.walkers: list[Walker] = []
        self._going: dict[str, asyncio.Task[None]] = {}
        self._clock = HandClock(SATURDAY_EVENING)
        self._lawbook = default_lawbook(shipped())
        self._desk = Register(world.settings, db, Bus(), self._clock, SystemClock())
        self._speaker = Speaker(world.settings, self._clock)
        self._papers: dict[str, Paper] = {}

    @classmethod
    @asynccontextmanager
    async def open(
        cls, folder: Path, changes: dict[str, dict[str, object]] | None = None
    ) -> "AsyncIterator[Hall]":
        """Start PBX, carrier, service and telephones; open the tickets that are asked for."""
        world = World(folder, menus=True, spoken=True, desks=(), changes=changes)
        async with world, Service(world) as service, Telephones(world.pbx) as phones:
            db = Database(world.settings.database.url, SystemClock())
            hall = cls(world, service, phones, db)
            try:
                await hall._open_tickets()
                yield hall
            finally:
                for task in hall._going.values():
                    task.cancel()
                await db.close()

    async def set_clock(self, at: datetime) -> None:
        """Let it be another day for those who call from now on: all the others are inside."""
        await until(lambda: all(w.call and w.call.heard for w in self.walkers), within=30)
        self._clock.set(at)
        await self.service.command("clock", "set", at.isoformat())

    async def send(self, flow: Flow, ways: Sequence[Way], keys: How = "rfc4733") -> None:
        """Send a caller on each path, whose telephone sends its keys in that way."""
        for way in ways:
            caller = self._caller(way)
            await self.begin(flow, caller, await self.script(flow, way, caller), keys=keys)

    async def send_leaving(self, flow: Flow, ways: Sequence[Way]) -> None:
        """Send a caller to each place where something is asked or the flow ends, to leave there."""
        seen = set[str]()
        for way in ways:
            if Needs.NO_DESK_NUMBER in way.needs:
                continue
            turns = await self.script(flow, way, self._caller(way))
            for number, turn in enumerate(turns, start=1):
                if turn.step not in seen:
                    seen.add(turn.step)
                    await self.begin(flow, self._caller(way), turns[:number], leave=True)

    async def take_numbers_away(self) -> None:
        """Let no unit's desk have a number any more, once all who asked for one are connected."""
        asking = [w for w in self.walkers if w.led.startswith("desk")]
        await asyncio.gather(*(self._going[w.caller] for w in asking))
        async with self.db.write() as tx:
            await tx.session.execute(update(Person).values(phone=""))

    async def end(self) -> list[str]:
        """Wait until every caller is through; return what did not go as it is written."""
        found = await asyncio.gather(*self._going.values(), return_exceptions=True)
        return [
            f"{walker}: {why!r}"
            for walker, why in zip(self.walkers, found, strict=True)
            if why is not None
        ]

    async def diary(self, caller: str) -> list[CallPrompt]:
        """Return what the register has of a caller in the menus, once he was led somewhere."""
        rows = await prompt_log(self.db, caller)
        led = next((n for n, row in enumerate(rows, start=1) if row.kind == "led"), 0)
        return rows[:led]

    async def script(self, flow: Flow, way: Way, caller: str) -> list[Turn]:
        """Write a path down as it goes now."""
        facts = facts_at(flow, self._lawbook.calendar(flow.id), self._clock.now())
        visit = Visit(
            call=CallId("paper"),
            pbx="main",
            linkedid="1.1",
            hotline=HotlineId(flow.id),
            caller=parse_caller(caller),
        )
        return await self._papers[flow.id].written(way, facts, visit)

    async def begin(
        self,
        flow: Flow,
        caller: str,
        turns: list[Turn],
        *,
        leave: bool = False,
        keys: How = "rfc4733",
    ) -> None:
        """Let a caller begin."""
        walker = Walker(hotline=flow.id, caller=caller, turns=turns, leave=leave)
        self._going[caller] = asyncio.create_task(self._go(walker, keys))
        self.walkers.append(walker)
        await asyncio.sleep(1 / A_SECOND)

    def number(self, hotline: str) -> str:
        """Return what is dialled for a hotline."""
        return next(h.number for h in self.world.settings.hotlines if h.id == hotline)

    async def _go(self, walker: Walker, keys: How) -> None:
        call = await self.phones.call(self.number(walker.hotline), walker.caller, keys=keys)
        walker.call = call
        walker.pieces = await played(call, walker.turns, leave=walker.leave)
        if walker.leave:
            return
        if walker.led == "end":
            await until(call.over.is_set, within=30)
            return
        await call.until_heard(call.heard + WAITING_SAMPLES)
        await call.hang_up()

    def _caller(self, way: Way) -> str:
        number = len(self.walkers) + 1
        hidden = Needs.NO_CALLER_NUMBER in way.needs
        return f"3{number:04d}" if hidden else f"09123{number:05d}"

    async def _open_tickets(self) -> None:
        for flow in map(find_flow, shipped()):
            known = Known(code=codes.new_code(), number="2026000777", own=OWN)
            hotline = next(h for h in self.world.settings.hotlines if h.id == flow.id)
            self._papers[flow.id] = Paper(
                hotline, flow, desk=self._desk, speaker=self._speaker, known=known
            )
            ticket = Ticket(
                hotline=flow.id,
                number="2026-000777",
                code=known.code,
                state=TicketState.OPEN,
                sender_phone=OWN,
                due_at=DUE,
                created_at=SATURDAY_EVENING,
                changed_at=SATURDAY_EVENING,
                created_by="system",
            )
            async with self.db.write() as tx:
                tx.session.add(ticket)

"""One PBX: connect, log in, read its state, reconcile, then consume its events in their order."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from telephony.ami.client import Ami, explain
from telephony.ami.packets import Raw
from telephony.ami.parsers import PARSERS, Parser, moment_of
from telephony.calls import checkpoint, store
from telephony.calls.celfile import missed_lines
from telephony.calls.errors import ActionTimedOut, PbxAway
from telephony.calls.events import CallsRestored, PbxConnected, PbxLost
from telephony.calls.reconcile import PbxState, state_of, unheard
from telephony.calls.registry import NOTHING, Change, Registry
from telephony.calls.writer import CallWriter
from telephony.inbox import Batch, Inbox
from telephony.journal import apply
from telephony.journal.reader import last_run
from telephony.journal.records import Kind, dump
from telephony.journal.writer import JournalWriter
from tongdai.clock import Clock, SystemClock
from tongdai.db import Database, DatabaseAway
from tongdai.errors import Unavailable
from tongdai.events import Bus
from tongdai.health import Condition, Part, State
from tongdai.ids import CallId, TicketId, TransferId
from tongdai.settings import JournalTable, PbxTable

log = structlog.get_logger()

FIRST_RETRY, LONGEST_RETRY = 0.5, 10.0
BEHIND_SECONDS = 3.0
TURN = 64
"""Packets after which the event loop is given to others."""

PacketListener = Callable[[str, Raw], None]
StateListener = Callable[[str, PbxState], None]


class PbxLink:
    """The connection to one PBX and its calls; `run` never ends by itself."""

    def __init__(
        self,
        table: PbxTable,
        registry: Registry,
        db: Database,
        writer: CallWriter,
        bus: Bus,
        clock: Clock,
        journal: JournalTable,
        offset: Callable[[], timedelta],
    ) -> None:
        self.name, self.registry = table.name, registry
        self._table, self._db, self._writer, self._bus = table, db, writer, bus
        self._offset = offset
        self._real = SystemClock()
        self._loop_time: Callable[[], float] = asyncio.get_running_loop().time
        self._wanted: set[bytes] = set(PARSERS)
        self._listeners: dict[bytes, list[PacketListener]] = {}
        self._state_listeners: list[StateListener] = []
        self.ami = Ami(table, self._arrived, self._wanted)
        self._inbox = Inbox(self._loop_time)
        self._adopted = self._asked_again = False
        self._condition = Condition(clock, State.DOWN, f"not connected yet to {table.host}")
        folder = Path(journal.folder) / table.name
        self._journal = JournalWriter(
            folder,
            lambda: checkpoint.dump(registry),
            segment_bytes=journal.segment_bytes,
            days=journal.days,
        )
        self._folder = folder
        self.handled = 0
        writer.on_written.append(self._database_is_back)

    def on_packet(self, names: tuple[str, ...], listener: PacketListener) -> None:
        """Call `listener` with every packet of these names, after the fold."""
        for name in names:
            self._listeners.setdefault(name.encode(), []).append(listener)
            self._wanted.add(name.encode())

    def on_state(self, listener: StateListener) -> None:
        """Call `listener` with what the PBX has, after each connect."""
        self._state_listeners.append(listener)

    def expect(self, transfer: TransferId, call: CallId) -> None:
        """Legs that carry this transfer belong to that call."""
        self._note({"transfer": transfer, "call": call})

    def link_ticket(self, call: CallId, ticket: TicketId) -> None:
        """Note a call's ticket."""
        self._note({"ticket": ticket, "call": call})
        self._writer.note(self.registry.view(call))

    async def run(self) -> None:
        """Restore, then connect for ever."""
        self._restore()
        delay = FIRST_RETRY
        try:
            while True:
                try:
                    await self.ami.open()
                except Unavailable as refusal:
                    self._condition.set(State.DOWN, explain(self._table, refusal))
                    log.warning("pbx.not_connected", pbx=self.name, reason=refusal.reason)
                    await asyncio.sleep(delay)
                    delay = min(delay * 2, LONGEST_RETRY)
                    continue
                delay = FIRST_RETRY
                await self._serve()
        finally:
            await self.ami.close()
            self._journal.close()

    def part(self) -> Part:
        """Return the condition: connected, behind, journal written."""
        part = self._condition.part
        if part.state is State.OK:
            troubles = [self._journal.trouble, self._writer.alarm]
            if self.behind_seconds > BEHIND_SECONDS:
                troubles.append(f"{self.behind_seconds:.0f} s behind the PBX's events")
            detail = "; ".join(t for t in troubles if t)
            if detail:
                return Part(state=State.DEGRADED, detail=detail, since=part.since)
        return part

    @property
    def behind_seconds(self) -> float:
        """How long the oldest unhandled packet waits."""
        return self._inbox.waits_seconds

    def _arrived(self, raw: bytes, batch: Batch) -> None:
        self._inbox.put(self.ami, raw, batch)

    def _restore(self) -> None:
        """Take up where the journal ends: a killed service has lost nothing that it had read."""
        try:
            changes = apply.restore(self.registry, last_run(self._folder))
        except ValueError:
            log.exception("journal.not_restored", pbx=self.name)
            return
        ended = {c.view.id: c.view for c in changes if c.view is not None and c.view.ended_at}
        for change in changes:
            self._writer.note(change.view, change.legs)
        for view in self.registry.views():
            self._writer.note(view)
        calls = (*ended.values(), *self.registry.views())
        if calls:
            log.info("calls.restored", pbx=self.name, calls=len(calls))
        self._bus.publish(CallsRestored(pbx=self.name, calls=calls))

    async def _serve(self) -> None:
        connected = self._real.now()
        self._record(Kind.CONNECTED, dump({"version": self.ami.protocol.version}), connected)
        self.registry.epoch += 1
        protocol = self.ami.protocol
        watch = asyncio.create_task(self.ami.watch())
        watch.add_done_callback(lambda _: self._inbox.wake.set())
        try:
            silent_since = self.registry.alive_at
            await self._read_state(connected)
            self._bus.publish(unheard(self.registry, silent_since, connected))
            self._condition.set(State.OK)
            log.info("pbx.connected", pbx=self.name, calls=len(self.registry.live))
            self._bus.publish(PbxConnected(pbx=self.name))
            self._inbox.bounded = True
            await self._consume(watch)
            why = await watch
        except (PbxAway, ActionTimedOut) as refusal:
            why = f"the PBX's state could not be read ({refusal.reason})"
        finally:
            watch.cancel()
            await self.ami.close()
            self._inbox.clear()
        silent = self._loop_time() - protocol.heard_at
        alive_at = self._real.now() - timedelta(seconds=silent)
        self._record(Kind.LOST, dump({"alive_at": alive_at.timestamp(), "why": why}))
        self.registry.alive_at = alive_at + self.registry.offset
        self._condition.set(State.DOWN, f"the connection to {self._table.host} is lost: {why}")
        log.warning("pbx.lost", pbx=self.name, why=why)
        self._bus.publish(PbxLost(pbx=self.name, why=why))

    async def _consume(self, watch: asyncio.Task[str]) -> None:
        inbox = self._inbox
        while not watch.done() or inbox:
            await inbox.wake.wait()
            inbox.wake.clear()
            await self._again()
            turn = 0
            while inbox:
                turn += self._handle(*inbox.take(self.ami))
                if turn > TURN:
                    turn = 0
                    await asyncio.sleep(0)

    async def _again(self) -> None:
        """Read the state once more when rows of an unreachable database could not be taken over."""
        if self._asked_again and not self._adopted and self.ami.connected:
            self._asked_again = False
            await self._read_state(self._real.now())

    def _database_is_back(self) -> None:
        if not self._adopted:
            self._asked_again = True
            self._inbox.wake.set()

    def _handle(self, raw: bytes, batch: Batch) -> int:
        """Journal what came, then fold it, then tell of it."""
        now = self._real.now()
        self._follow_clock()
        self._record(Kind.PACKETS, raw, now)
        registry = self.registry
        registry.alive_at = now + registry.offset
        for name, packet in batch:
            parser = PARSERS.get(name)
            if parser is not None:
                self._fold(parser, packet, now)
            for listener in self._listeners.get(name, ()):
                self._call(listener, name, packet, now)
        self.handled += len(batch)
        return len(batch) + 1

    def _fold(self, parser: Parser, packet: bytes, now: datetime) -> None:
        try:
            typed = parser(packet, moment_of(packet) or now)
            if typed is not None:
                self._tell(self.registry.feed(typed))
        except Exception:
            log.exception("pbx.packet_failed", pbx=self.name)

    def _call(self, listener: PacketListener, name: bytes, packet: bytes, now: datetime) -> None:
        at = (moment_of(packet) or now) + self.registry.offset
        try:
            listener(self.name, Raw(name.decode("ascii", "replace"), at, packet))
        except Exception:
            log.exception("pbx.listener_failed", packet=name.decode("ascii", "replace"))

    def _tell(self, change: Change) -> None:
        if change is NOTHING:
            return
        for event in change.events:
            self._bus.publish(event)
        self._writer.note(change.view, change.legs)

    async def _read_state(self, connected: datetime) -> None:
        """Ask the PBX what it has, and make the calls the same."""
        await self._adopt_rows()
        channels = await self.ami.action("CoreShowChannels")
        queues = await self.ami.action("QueueStatus")
        cel = await asyncio.to_thread(missed_lines, self._table.cel, self.registry)
        packets = (*channels.packets, *queues.packets)
        self._follow_clock()
        told = {
            "read_at": self._real.now().timestamp(),
            "connected_at": connected.timestamp(),
            "packets": [p.decode("utf-8", "surrogateescape") for p in packets],
            "cel": cel,
        }
        self._record(Kind.STATE, dump(told))
        for change in apply.apply_state(self.registry, told):
            self._tell(change)
        state = state_of(packets)
        for listener in self._state_listeners:
            try:
                listener(self.name, state)
            except Exception:
                log.exception("pbx.state_listener_failed", pbx=self.name)

    async def _adopt_rows(self) -> None:
        """Take over written calls without an end that the journal does not know."""
        if self._adopted:
            return
        try:
            async with self._db.read() as session:
                rows = await store.open_calls(session, self.name)
        except DatabaseAway:
            return
        self._adopted = True
        unknown = []
        for view, legs in rows:
            known = self.registry.view(view.id)
            if known is None:
                unknown.append((view, legs))
            else:
                self._writer.note(known)
        if unknown:
            self._note(apply.adopt_note(unknown))

    def _note(self, note: dict[str, object]) -> None:
        self._record(Kind.NOTE, dump(note))
        apply.apply_note(self.registry, note)

    def _record(self, kind: Kind, data: bytes, at: datetime | None = None) -> None:
        self._journal.write(kind, data, at or self._real.now())

    def _follow_clock(self) -> None:
        offset = self._offset()
        if offset != self.registry.offset:
            self._note({"offset": offset.total_seconds()})

"""The bridge against a scripted manager interface: order, overload, faults of others, restarts."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

import pytest
from pydantic import SecretStr

from telephony import inbox
from telephony.ami.packets import Raw
from telephony.bridge import Bridge
from telephony.calls import store
from telephony.calls.errors import CallUnknown, PbxUnknown
from telephony.calls.events import CallEvent, CallsRestored
from telephony.calls.model import CallView
from telephony.calls.reconcile import PbxState
from telephony.journal.reader import read_segment, segments
from telephony.journal.records import Kind
from tests.contract.ami_server import AmiServer
from tests.scenarios.ami_story import ANSWER, GOODBYE, RING, Story
from tests.support.wait import until
from tongdai.clock import OffsetClock
from tongdai.db import Database, DatabaseAway
from tongdai.events import Bus
from tongdai.ids import CallId, TicketId, TransferId
from tongdai.settings import HotlineTable, JournalTable, PbxTable, SeatsTable, Settings

LIST = (
    "Response: Success\r\nActionID: {id}\r\nEventList: start\r\n\r\n"
    "Event: ListComplete\r\nActionID: {id}\r\nEventList: Complete\r\n\r\n"
)


def lists(action: dict[str, str]) -> str | None:
    return LIST if action["Action"] in ("CoreShowChannels", "QueueStatus") else None


def settings_of(server: AmiServer, folder: Path) -> Settings:
    return Settings(
        pbx=(PbxTable(port=server.port, secret=SecretStr("s")),),
        journal=JournalTable(folder=folder / "journal"),
        seats=SeatsTable(key=SecretStr("k")),
        hotline=(
            HotlineTable(
                id="can-tho",
                name="Cần Thơ",
                title="1022 Cần Thơ",
                number="02921022",
                sender_name="x",
                brandname="TD1022",
            ),
        ),
    )


class Running:
    def __init__(self, bridge: Bridge, db: Database, bus: Bus, clock: OffsetClock) -> None:
        self.bridge, self.db, self.bus, self.clock = bridge, db, bus, clock
        self.events: list[CallEvent] = []
        self.restored: list[CallsRestored] = []
        bus.on(CallEvent, self.events.append)
        bus.on(CallsRestored, self.restored.append)

    async def connected(self) -> None:
        async def well() -> bool:
            return (await self.bridge.health())["pbx:main"].state == "ok"

        await until(well, within=10)

    async def row(self, call: CallId) -> CallView | None:
        async with self.db.read() as session:
            return await store.get(session, call)


@asynccontextmanager
async def running(server: AmiServer, folder: Path, db: Database) -> AsyncIterator[Running]:
    clock, bus = OffsetClock(), Bus()
    made = Running(Bridge(settings_of(server, folder), db, bus, clock), db, bus, clock)
    task = asyncio.create_task(made.bridge.run())
    yield made
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def block(text: str) -> bytes:
    return b"".join(packet + b"\r\n\r\n" for packet in Story().packets(text))


async def test_a_call_in_one_read_is_told_in_order_and_written(
    database: Database, tmp_path: Path
) -> None:
    async with AmiServer(lists) as server, running(server, tmp_path, database) as on:
        await on.connected()
        server.send(block(RING + ANSWER + GOODBYE))
        await until(lambda: on.events and on.events[-1].call.ended_at)
        versions = [event.call.version for event in on.events]
        assert versions == sorted(versions)
        await on.bridge.settled()
        assert await on.row(on.events[-1].call.id) == on.events[-1].call
        assert on.bridge.call(on.events[-1].call.id) == on.events[-1].call
        assert on.bridge.calls() == ()


async def test_everything_is_journalled_also_what_nobody_wants(
    database: Database, tmp_path: Path
) -> None:
    async with AmiServer(lists) as server, running(server, tmp_path, database) as on:
        await on.connected()
        server.send("Event: VarSet\r\nVariable: SECRET\r\n\r\n" + block(RING).decode())
        await until(lambda: on.events)
    records = [r for path in segments(tmp_path / "journal" / "main") for r in read_segment(path)]
    assert [r.kind for r in records[:3]] == [Kind.CHECKPOINT, Kind.CONNECTED, Kind.STATE]
    data = b"".join(r.data for r in records if r.kind is Kind.PACKETS)
    assert b"Event: VarSet" in data
    assert block(RING) in data


async def test_calls_go_on_while_the_database_is_away(database: Database, tmp_path: Path) -> None:
    def away() -> object:
        raise DatabaseAway from OSError("gone")

    async with AmiServer(lists) as server, running(server, tmp_path, database) as on:
        with patch.object(database, "write", away), patch.object(database, "read", away):
            await on.connected()
            server.send(block(RING + ANSWER))
            await until(on.bridge.calls)
            await until(lambda: on.bridge.calls()[0].state == "answered")
        server.send(block(GOODBYE))
        await until(lambda: on.events[-1].call.ended_at)
        await on.bridge.settled()
        row = await on.row(on.events[-1].call.id)
        assert row is not None
        assert row.outcome == "answered"


async def test_a_listener_that_fails_stops_nothing(database: Database, tmp_path: Path) -> None:
    def fails(_pbx: str, packet: Raw) -> None:
        raise RuntimeError(packet.name)

    def fails_too(_pbx: str, _state: PbxState) -> None:
        raise RuntimeError

    got: list[str] = []
    async with AmiServer(lists) as server:
        clock, bus = OffsetClock(), Bus()
        bridge = Bridge(settings_of(server, tmp_path), database, bus, clock)
        bridge.on_packet(("Hangup", "QueueMemberStatus"), fails)
        bridge.on_packet(("QueueMemberStatus",), lambda _pbx, packet: got.append(packet["Status"]))
        bridge.on_state(fails_too)
        on = Running(bridge, database, bus, clock)
        task = asyncio.create_task(bridge.run())
        await on.connected()
        server.send(block(RING + ANSWER + GOODBYE))
        server.send("Event: QueueMemberStatus\r\nStatus: 6\r\n\r\n")
        await until(lambda: got)
        assert got == ["6"]
        assert on.events[-1].call.ended_at is not None
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_a_killed_service_takes_up_where_the_journal_ends(
    database: Database, tmp_path: Path
) -> None:
    async with AmiServer(lists) as server:
        async with running(server, tmp_path, database) as on:
            await on.connected()
            with patch.object(database, "write", side_effect=DatabaseAway):
                server.send(block(RING))
                await until(lambda: on.bridge.calls() and on.bridge.calls()[0].ringing)
                [before] = on.bridge.calls()
        server.script = lambda _: None
        async with running(server, tmp_path, database) as on:
            await until(lambda: on.restored)
            assert on.restored[0].calls == (before,)
            assert on.bridge.calls() == (before,)
            await on.bridge.settled()
            row = await on.row(before.id)
            assert row is not None
            assert row.version == before.version


async def test_a_transfer_and_a_ticket_are_known_again_after_a_restart(
    database: Database, tmp_path: Path
) -> None:
    async with AmiServer(lists) as server:
        async with running(server, tmp_path, database) as on:
            await on.connected()
            server.send(block(RING + ANSWER))
            await until(lambda: on.bridge.calls() and on.bridge.calls()[0].answered_at)
            [call] = on.bridge.calls()
            on.bridge.expect("main", TransferId("t1"), call.id)
            on.bridge.link_ticket(call.id, TicketId("ticket"))
            await on.bridge.settled()
        server.script = lambda _: None
        async with running(server, tmp_path, database) as on:
            await until(lambda: on.restored)
            again = on.bridge.call(call.id)
            assert again is not None
            assert (again.ticket, again.version) == ("ticket", call.version)
            assert on.bridge._links["main"].registry.transfers == {"t1": call.id}
            row = await on.row(call.id)
            assert row is not None
            assert row.ticket == "ticket"


async def test_a_slow_consumer_makes_the_pbx_wait_and_loses_nothing(
    database: Database, tmp_path: Path
) -> None:
    handled: list[str] = []

    def slow(_pbx: str, packet: Raw) -> None:
        handled.append(packet["N"])
        if len(handled) % 200 == 0:
            time.sleep(0.002)

    async with AmiServer(lists) as server:
        bus = Bus()
        bridge = Bridge(settings_of(server, tmp_path), database, bus, OffsetClock())
        bridge.on_packet(("Flood",), slow)
        on = Running(bridge, database, bus, OffsetClock())
        with patch.object(inbox, "HIGH_BYTES", 50_000), patch.object(inbox, "LOW_BYTES", 10_000):
            task = asyncio.create_task(bridge.run())
            await on.connected()
            pauses: list[int] = []
            protocol = bridge.ami("main").protocol
            pause = protocol.pause

            def counted() -> None:
                pauses.append(1)
                pause()

            protocol.pause = counted  # type: ignore[method-assign]  # a spy, it pauses all the same
            for n in range(20_000):
                server.send(f"Event: Flood\r\nN: {n}\r\nX: {'x' * 100}\r\n\r\n")
            await until(lambda: len(handled) == 20_000, within=30)
            assert handled == [str(n) for n in range(20_000)]
            assert pauses
            assert not protocol.paused
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def test_a_journal_that_cannot_be_written_is_said_and_stops_no_call(
    database: Database, tmp_path: Path
) -> None:
    (tmp_path / "journal").write_text("in the way", encoding="ascii")
    async with AmiServer(lists) as server, running(server, tmp_path, database) as on:

        async def told() -> bool:
            return "journal" in (await on.bridge.health())["pbx:main"].detail

        await until(told, within=10)
        assert (await on.bridge.health())["pbx:main"].state == "degraded"
        server.send(block(RING))
        await until(on.bridge.calls)


async def test_the_development_clock_moves_the_calls_too(
    database: Database, tmp_path: Path
) -> None:
    async with AmiServer(lists) as server, running(server, tmp_path, database) as on:
        await on.connected()
        server.send(block(RING))
        await until(on.bridge.calls)
        on.clock.advance(timedelta(hours=8))
        server.send(block(ANSWER))
        await until(lambda: on.bridge.calls()[0].answered_at)
        [call] = on.bridge.calls()
        assert call.answered_at is not None
        assert call.answered_at - call.started_at == timedelta(hours=8, seconds=3.3)


@pytest.mark.parametrize("what", ["call", "pbx"])
async def test_what_nobody_knows_is_refused(database: Database, tmp_path: Path, what: str) -> None:
    async with AmiServer(lists) as server, running(server, tmp_path, database) as on:
        if what == "call":
            assert on.bridge.call(CallId("none")) is None
            assert on.bridge.channels_of(CallId("none")) is None
            with pytest.raises(CallUnknown):
                on.bridge.link_ticket(CallId("none"), TicketId("t"))
        else:
            with pytest.raises(PbxUnknown):
                on.bridge.ami("none")
            with pytest.raises(PbxUnknown):
                on.bridge.expect("none", TransferId("t"), CallId("c"))

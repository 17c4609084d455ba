"""The AMI client against a scripted server: each trap of panoramisk 1.4 (DESIGN.md), one by one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from unittest.mock import patch

import pytest

from telephony.ami import client
from telephony.ami.client import Ami, LoginRefused, NotBooted
from telephony.ami.parsers import PARSERS
from telephony.ami.wire import UnsafeValueError
from telephony.calls.errors import ActionTimedOut, PbxAway
from tests.contract.ami_server import AmiServer, Script, success
from tests.support.wait import until

HANGUP = "Event: Hangup\r\nTimestamp: 1.0\r\nUniqueid: {n}\r\nLinkedid: {n}\r\nCause: 16\r\n\r\n"


class Sink:
    """Collects what is read."""

    def __init__(self) -> None:
        self.raw = b""
        self.names: list[str] = []
        self.packets: list[bytes] = []

    def __call__(self, raw: bytes, batch: list[tuple[bytes, bytes]]) -> None:
        self.raw += raw
        self.names += [name.decode() for name, _ in batch]
        self.packets += [packet for _, packet in batch]


@asynccontextmanager
async def connected(script: Script | None = None) -> AsyncIterator[tuple[AmiServer, Ami, Sink]]:
    sink = Sink()
    async with AmiServer(script) as server:
        ami = Ami(server.table(), sink, set(PARSERS))
        await ami.open()
        yield server, ami, sink
        await ami.close()


async def test_a_name_cut_in_two_at_a_packet_border_loses_no_letter() -> None:
    event = "Event: Newchannel\r\nTimestamp: 1.0\r\nCallerIDName: Nguyễn\r\nUniqueid: 1\r\n\r\n"
    data = event.encode()
    middle = data.index("ễ".encode()) + 1
    async with connected() as (server, ami, sink):
        server.send(data[:middle])
        await until(lambda: ami.protocol._splitter._rest)
        server.send(data[middle:])
        await until(lambda: sink.packets)
    assert sink.packets[0].decode() == event[:-4]


async def test_an_empty_last_header_is_kept() -> None:
    async with connected() as (server, _, sink):
        server.send("Event: Hangup\r\nUniqueid: 1\r\nAccountCode: \r\n\r\n")
        await until(lambda: sink.packets)
    assert sink.packets[0].endswith(b"\r\nAccountCode: ")


async def test_one_blank_line_too_many_does_no_harm() -> None:
    async with connected() as (server, _, sink):
        server.send("\r\n" + HANGUP.replace("{n}", "1") + "\r\n" + HANGUP.replace("{n}", "2"))
        await until(lambda: len(sink.names) == 2)
    assert sink.names == ["Hangup", "Hangup"]


async def test_what_nobody_wants_is_in_the_journal_and_in_no_batch() -> None:
    async with connected() as (server, _, sink):
        server.send("Event: VarSet\r\nVariable: x\r\n\r\n" + HANGUP)
        await until(lambda: sink.names)
    assert sink.names == ["Hangup"]
    assert b"Event: VarSet" in sink.raw


async def test_packets_come_in_their_order() -> None:
    async with connected() as (server, _, sink):
        server.send("".join(HANGUP.replace("{n}", str(n)) for n in range(1000)))
        await until(lambda: len(sink.packets) == 1000)
    assert [p.split(b"Uniqueid: ")[1].split(b"\r\n")[0] for p in sink.packets] == [
        str(n).encode() for n in range(1000)
    ]


async def test_a_queue_add_completes() -> None:
    def script(action: dict[str, str]) -> str | None:
        return (
            success(Message="Added interface to queue") if action["Action"] == "QueueAdd" else None
        )

    async with connected(script) as (_, ami, _sink):
        reply = await ami.action("QueueAdd", Queue="q", Interface="PJSIP/web-1001")
    assert (reply.ok, reply.message) == (True, "Added interface to queue")


async def test_a_list_comes_whole_and_among_other_events() -> None:
    def script(action: dict[str, str]) -> str | None:
        if action["Action"] != "QueueStatus":
            return None
        return (
            success(EventList="start")
            + "Event: QueueMember\r\nName: anna\r\nActionID: {id}\r\n\r\n"
            + HANGUP
            + "Event: QueueMember\r\nName: binh\r\nActionID: {id}\r\n\r\n"
            + "Event: QueueStatusComplete\r\nActionID: {id}\r\nEventList: Complete\r\n\r\n"
        )

    async with connected(script) as (_, ami, sink):
        reply = await ami.action("QueueStatus")
        assert [event["Name"] for event in reply.events] == ["anna", "binh"]
        assert sink.names == ["Hangup"]


async def test_an_error_is_an_answer() -> None:
    def script(action: dict[str, str]) -> str | None:
        refused = "Response: Error\r\nActionID: {id}\r\nMessage: No such channel\r\n\r\n"
        return refused if action["Action"] == "Hangup" else None

    async with connected(script) as (_, ami, _sink):
        reply = await ami.action("Hangup", Channel="PJSIP/none")
    assert (reply.ok, reply.message) == (False, "No such channel")


async def test_an_action_without_an_answer_is_given_up_and_forgotten() -> None:
    async with connected() as (server, ami, _):
        with pytest.raises(ActionTimedOut):
            await ami.action("Redirect", timeout=0.05, Channel="x")
        assert ami.protocol.waiting == 0
        late = server.of("Redirect")[0]["ActionID"]
        server.send(f"Response: Success\r\nActionID: {late}\r\n\r\n")
        assert (await ami.action("Ping")).ok


async def test_nothing_is_sent_again_after_a_reconnect() -> None:
    async with connected() as (server, ami, _):
        waiting = asyncio.create_task(ami.originate("PJSIP/0912345678@carrier"))
        await until(lambda: server.of("Originate"))
        server.cut()
        with pytest.raises(PbxAway):
            await waiting
        await until(lambda: not ami.connected)
        await ami.close()
        await ami.open()
        assert (await ami.action("Ping")).ok
        assert len(server.of("Originate")) == 1


async def test_an_originate_is_always_async_and_its_end_is_told() -> None:
    def script(action: dict[str, str]) -> str | None:
        if action["Action"] != "Originate":
            return None
        return success(Message="Originate successfully queued") + (
            "Event: OriginateResponse\r\nActionID: {id}\r\nResponse: Failure\r\n"
            "Channel: PJSIP/x\r\nReason: 5\r\nUniqueid: <null>\r\n\r\n"
        )

    async with connected(script) as (server, ami, _):
        ended = await ami.originate(
            "PJSIP/0912345678@carrier", variables={"__TONGDAI_TRANSFER": "t1"}, Context="c"
        )
    assert (ended.ok, ended.reason, ended.uniqueid) == (False, 5, "")
    [sent] = server.of("Originate")
    assert (sent["Async"], sent["Variable"], sent["Context"]) == (
        "true",
        "__TONGDAI_TRANSFER=t1",
        "c",
    )


@pytest.mark.parametrize("evil", ["x\r\nAction: Command", "x\ny", "x\ry", "x\0y"])
async def test_a_value_that_is_a_second_action_is_refused(evil: str) -> None:
    async with connected() as (server, ami, _):
        with pytest.raises(UnsafeValueError):
            await ami.action("Setvar", Variable="a", Value=evil)
        with pytest.raises(UnsafeValueError):
            await ami.originate("PJSIP/1", variables={"NAME": evil})
        with pytest.raises(UnsafeValueError):
            await ami.originate("PJSIP/1", variables={"NAME": "a,OTHER=b"})
        assert (await ami.action("Ping")).ok
        assert {a["Action"] for a in server.actions} == {"Login", "Ping"}


async def test_a_refused_login_is_said_and_not_tried_again_by_itself() -> None:
    async with AmiServer() as server:
        ami = Ami(server.table(secret="wrong"), Sink(), set())
        with pytest.raises(LoginRefused):
            await ami.open()
        with pytest.raises(PbxAway):
            await ami.action("Ping")
        await until(lambda: not server.of("Ping"))
        assert server.logins == 1


async def test_connected_is_not_logged_in_and_logged_in_is_not_booted() -> None:
    async with AmiServer(boots=False) as server:
        ami = Ami(server.table(), Sink(), set())
        with patch.object(client, "BOOT_SECONDS", 0.1), pytest.raises(NotBooted):
            await ami.open()
        assert not ami.connected


async def test_a_server_that_does_not_answer_the_login_is_away() -> None:
    async with AmiServer() as server:
        server.silent = True
        ami = Ami(server.table(), Sink(), set())
        with patch.object(client, "ACTION_SECONDS", 0.1), pytest.raises(PbxAway):
            await ami.open()


async def test_nobody_there_is_away() -> None:
    async with AmiServer() as server:
        table = server.table()
    with pytest.raises(PbxAway):
        await Ami(table, Sink(), set()).open()


async def test_a_half_open_connection_is_noticed() -> None:
    with patch.object(client, "PING_SECONDS", 0.1):
        async with connected() as (server, ami, _):
            server.silent = True
            why = await asyncio.wait_for(ami.watch(), 30)
            assert "ping" in why
            assert not ami.connected


async def test_a_pbx_that_talks_is_alive_though_its_pong_waits() -> None:
    with patch.object(client, "PING_SECONDS", 0.3):
        async with connected() as (server, ami, sink):
            server.silent = True
            watch = asyncio.create_task(ami.watch())
            for n in range(60):
                server.send(HANGUP.replace("{n}", str(n)))
                await asyncio.wait([watch], timeout=0.02)
            assert not watch.done()
            assert len(server.of("Ping")) >= 2
            assert "Hangup" in sink.names
            why = await asyncio.wait_for(watch, 30)
            assert "ping" in why


async def test_while_reading_is_paused_nobody_is_given_up() -> None:
    with patch.object(client, "PING_SECONDS", 0.05):
        async with connected() as (server, ami, _):
            ami.protocol.pause()
            watch = asyncio.create_task(ami.watch())
            await asyncio.wait([watch], timeout=0.4)
            assert not watch.done()
            assert not server.of("Ping")
            ami.protocol.resume()
            await until(lambda: server.of("Ping"))
            server.cut()
            await watch


async def test_what_is_no_manager_interface_is_given_up() -> None:
    async with connected() as (server, ami, _):
        server.send(b"x" * 5_000_000)
        await until(lambda: not ami.connected)


async def test_closing_closes_and_nothing_connects_again() -> None:
    async with connected() as (server, ami, _):
        await ami.close()
        await until(lambda: not ami.connected)
        assert server.logins == 1
        timers = asyncio.get_running_loop()._scheduled  # type: ignore[attr-defined]  # asyncio's
        assert not [t for t in timers if not t.cancelled() and "Manager" in repr(t)]

"""The bridge on a real Asterisk: what breaks, and that no call is lost, doubled or left open."""

import os
import shutil
import signal
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from rig.carrier import PlacedCall
from telephony.calls.model import CallState, Outcome
from telephony.replay import replay
from tests.asterisk.bridged import Bridged, Line, bridged, with_port
from tests.support.wait import until
from tests.support.world import World
from tongdai.clock import SystemClock
from tongdai.db import Database

pytestmark = pytest.mark.asterisk

HOTLINE = "02921022"


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with World(tmp_path, hotlines=("can-tho",)) as made:
        yield made


@pytest.fixture
async def line(world: World) -> AsyncIterator[Line]:
    made = Line(world.pbx.port)
    await made.start()
    yield made
    await made.stop()


async def answered(world: World, on: Bridged, number: str = "0912345678") -> PlacedCall:
    """Place a call and wait until anna has answered it."""
    await world.add_member("can-tho", "1001", "anna")
    call = await world.carrier.place_call(HOTLINE, number, "Nguyễn Văn A", seconds=600)
    await on.event("CallAnswered")
    return call


async def test_a_call_is_told_written_and_replayed_the_same(world: World, tmp_path: Path) -> None:
    async with bridged(world) as on:
        await on.ok()
        call = await answered(world, on)
        assert len(on.bridge.calls()) == 1
        await world.carrier.hang_up(call)
        await on.event("CallEnded")
        [row] = await on.rows()
        legs = await on.legs(row.id)
    assert (row.state, row.outcome, row.operator) == (CallState.ENDED, Outcome.ANSWERED, "anna")
    assert (row.caller_number, row.caller_name) == ("+84912345678", "Nguyễn Văn A")
    again = Database(f"sqlite+aiosqlite:///{tmp_path}/again.db", SystemClock())
    await again.create_all()
    await replay(world.settings.journal.folder, again, world.settings)
    replayed = Bridged(on.bridge, again, world.settings)
    assert await replayed.rows() == [row]
    assert [leg.model_dump() for leg in await replayed.legs(row.id)] == [
        leg.model_dump() for leg in legs
    ]
    await again.close()


async def test_a_call_that_ends_while_the_line_is_cut_is_closed_from_the_cel(
    world: World, line: Line
) -> None:
    async with bridged(world, with_port(world.settings, line.port)) as on:
        await on.ok()
        call = await answered(world, on)
        line.cut()
        await on.event("PbxLost")
        assert (await on.part()).state == "down"
        await world.carrier.hang_up(call)
        await until(lambda: not world.asterisk.command("core show channels concise").strip())
        other = await world.carrier.place_call(HOTLINE, "0987654321", "Missed", seconds=600)
        await until(lambda: "desk-1001" in world.asterisk.command("core show channels concise"))
        await world.carrier.hang_up(other)
        await until(lambda: not world.asterisk.command("core show channels concise").strip())
        line.mend()
        await on.ok()
        rows = await on.rows()
        assert len(rows) == 2
        missed, first = rows
        assert (first.outcome, first.operator) == (Outcome.ANSWERED, "anna")
        assert missed.caller_number == "+84987654321"
        assert missed.queue_joined_at is not None
        assert {r.state for r in rows} == {CallState.ENDED}
        assert not on.bridge.calls()
        assert on.told().count("CallEnded") == 2


async def test_a_call_goes_on_through_a_cut(world: World, line: Line) -> None:
    async with bridged(world, with_port(world.settings, line.port)) as on:
        await on.ok()
        call = await answered(world, on)
        line.cut()
        await on.event("PbxLost")
        line.mend()
        await on.ok()
        [view] = on.bridge.calls()
        assert (view.state, view.operator) == (CallState.ANSWERED, "anna")
        assert on.told().count("CallAnswered") == 1
        await world.carrier.hang_up(call)
        await on.event("CallEnded")
        assert len(await on.rows()) == 1


async def test_a_half_open_line_is_noticed_and_said(world: World) -> None:
    async with bridged(world) as on:
        await on.ok()
        call = await answered(world, on)
        os.killpg(world.asterisk.child.pid, signal.SIGSTOP)
        try:

            async def down() -> bool:
                return (await on.part()).state == "down"

            await until(down, within=15)
            assert "ping" in (await on.part()).detail
        finally:
            os.killpg(world.asterisk.child.pid, signal.SIGCONT)
        await on.ok()
        assert [v.state for v in on.bridge.calls()] == [CallState.ANSWERED]
        await world.carrier.hang_up(call)
        await on.event("CallEnded")
        assert len(await on.rows()) == 1


async def test_a_wrong_secret_is_said_clearly_and_tried_again(world: World) -> None:
    wrong = with_port(world.settings, world.pbx.port, secret=SecretStr("wrong"))
    async with bridged(world, wrong) as on:

        async def told() -> bool:
            return "refuses the manager user" in (await on.part()).detail

        await until(told, within=10)
        assert (await on.part()).state == "down"
        assert "wrong" not in (await on.part()).detail


async def test_asterisk_killed_in_mid_call_ends_the_call_when_it_was_last_alive(
    world: World,
) -> None:
    async with bridged(world) as on:
        await on.ok()
        await answered(world, on)
        before = SystemClock().now()
        world.asterisk.child.kill()
        await on.event("PbxLost", within=15)
        await world.start_asterisk()
        await on.ok(within=20)
        await on.event("CallEnded")
        [row] = await on.rows()
        assert (row.state, row.outcome) == (CallState.ENDED, Outcome.ANSWERED)
        assert row.ended_at is not None
        assert abs((row.ended_at - before).total_seconds()) < 3
        on.events.clear()
        await world.add_member("can-tho", "1001", "anna")
        await world.carrier.place_call(HOTLINE, "0912345678", "Again", seconds=1)
        await on.event("CallEnded", within=15)
        assert len(await on.rows()) == 2


@pytest.mark.parametrize("journal", [True, False], ids=["with the journal", "from the rows"])
async def test_the_service_started_again_in_mid_call_knows_the_call(
    world: World, *, journal: bool
) -> None:
    async with bridged(world) as on:
        await on.ok()
        call = await answered(world, on)
        [before] = on.bridge.calls()
        await on.bridge.settled()
    if not journal:
        shutil.rmtree(world.settings.journal.folder)
    async with bridged(world) as on:
        await on.ok()
        [after] = on.bridge.calls()
        assert (after.id, after.state, after.operator) == (before.id, before.state, "anna")
        assert after.version >= before.version
        assert on.bridge.channels_of(after.id) is not None
        await world.carrier.hang_up(call)
        await on.event("CallEnded")
        [row] = await on.rows()
        assert row.answered_at == before.answered_at


async def test_a_call_that_ended_while_the_service_was_down_is_closed(world: World) -> None:
    async with bridged(world) as on:
        await on.ok()
        call = await answered(world, on)
    await world.carrier.hang_up(call)
    await until(lambda: not world.asterisk.command("core show channels concise").strip())
    gone = SystemClock().now()
    async with bridged(world) as on:
        await on.ok()
        [row] = await on.rows()
        assert (row.state, row.outcome) == (CallState.ENDED, Outcome.ANSWERED)
        assert row.ended_at is not None
        assert row.started_at < row.ended_at <= gone


async def test_a_ringing_call_rings_again_for_a_service_that_starts(world: World) -> None:
    await world.carrier.behave("1001", "ring")
    await world.add_member("can-tho", "1001", "anna")
    await world.carrier.place_call(HOTLINE, "0912345678", "Nguyễn Văn A", seconds=600)
    await until(lambda: "Ringing" in world.asterisk.command("core show channels concise"))
    async with bridged(world) as on:
        await on.event("CallRinging")
        [view] = on.bridge.calls()
        assert (view.state, view.ringing) == (CallState.QUEUED, ("anna",))


NAMES = {
    "quotes": ('Anh "Ba" O\'Neil', 'Anh "Ba" O\'Neil'),
    "html": ("<script>alert(1)</script>", "<script>alert(1)</script>"),
    "dialplan": ("${SHELL(id)} ${CHANNEL}", "${SHELL(id)} ${CHANNEL}"),
    "vietnamese": ("Nguyễn Thị Ngọc Ánh đường Đề Thám", "Nguyễn Thị Ngọc Ánh đường Đề Thám"),
}


@pytest.mark.parametrize("kind", NAMES)
async def test_a_hostile_name_arrives_as_text(world: World, kind: str) -> None:
    sent, shown = NAMES[kind]
    async with bridged(world) as on:
        await on.ok()
        call = await world.carrier.place_call(HOTLINE, "0912345678", sent, seconds=600)
        await on.event("CallQueued")
        [view] = on.bridge.calls()
        assert view.caller_name == shown
        await world.carrier.hang_up(call)
        await on.event("CallEnded")
        assert [row.caller_name for row in await on.rows()] == [shown]


RAW_NAMES = {
    "500 characters": ("Đ" * 500).encode(),
    "broken UTF-8": b"Nguy\xe1\xbb\x85n \xff\xfe V\xc4",
    "a header in it": b"x%0d%0aAction: Originate%0d%0a%0d%0aEvent: Hangup",
    "a quoted pair of it": b'x\\"\\r\\nUniqueid: 1\\\\',
    "dialplan and shell": b"${SHELL(touch /tmp/x)} `id` $(id); \\$[1+1]",
}


@pytest.mark.parametrize("kind", RAW_NAMES)
async def test_a_name_as_bytes_on_the_wire_harms_nothing(world: World, kind: str) -> None:
    async with bridged(world) as on:
        await on.ok()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
            wire.bind(("127.0.0.2", 0))
            port = wire.getsockname()[1]
            target = (world.pbx.sip_host, world.pbx.sip_port)
            wire.sendto(invite(RAW_NAMES[kind], port, *target), target)
            await on.event("CallStarted")
            [view] = on.bridge.calls()
            assert (view.caller_raw, view.hotline) == ("0912345678", "can-tho")
            assert len(view.caller_name) <= 256
            assert view.caller_name.isprintable()
            await on.bridge.settled()
            assert [row.caller_name for row in await on.rows()] == [view.caller_name]
            assert (await on.part()).state == "ok"


def invite(name: bytes, port: int, host: str, to_port: int) -> bytes:
    """Return an INVITE for the hotline whose caller has this name."""
    body = b"v=0\r\no=u 1 1 IN IP4 127.0.0.2\r\ns=-\r\nc=IN IP4 127.0.0.2\r\nt=0 0\r\n"
    body += b"m=audio 6000 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n"
    to = f"sip:{HOTLINE}@{host}:{to_port}".encode()
    me = f"127.0.0.2:{port}".encode()
    lines = [
        b"INVITE " + to + b" SIP/2.0",
        b"Via: SIP/2.0/UDP " + me + b";branch=z9hG4bK1",
        b'From: "' + name + b'" <sip:0912345678@' + me + b">;tag=1",
        b"To: <" + to + b">",
        b"Call-ID: 1@" + me,
        b"CSeq: 1 INVITE",
        b"Contact: <sip:c@" + me + b">",
        b"Max-Forwards: 70",
        b"Content-Type: application/sdp",
        b"Content-Length: " + str(len(body)).encode(),
    ]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body

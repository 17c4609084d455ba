"""The rendered configuration in a real Asterisk: calls in, out, answered, recorded."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from rig.ami import AmiError
from rig.carrier import CallRefusedError
from tests.support.caller import Telephones
from tests.support.raw_sip import RawCall
from tests.support.sound import hears, seconds
from tests.support.wait import until
from tests.support.world import World

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.asyncio(loop_scope="module"),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with World(tmp_path_factory.mktemp("world"), desk_sound="tone-880") as world:
        yield world


@pytest_asyncio.fixture(loop_scope="module")
async def world(shared: World) -> AsyncIterator[World]:
    """The module's world, as empty as it was: no channel, no member, no recording."""
    yield shared
    await until(lambda: _no_channel(shared), within=10)
    await shared.clear()


def _no_channel(world: World) -> bool:
    return "0 active channels" in world.asterisk.command("core show channels count")


async def test_it_starts_without_an_error_or_a_warning(tmp_path: Path) -> None:
    async with World(tmp_path, parts={"asterisk"}) as world:
        lines = world.asterisk.messages().splitlines()
        assert any("modules will be loaded" in line for line in lines)
        assert [line for line in lines if re.search(r"\b(ERROR|WARNING)\b", line)] == []


async def test_a_citizen_reaches_an_operator_and_both_are_recorded(world: World) -> None:
    await world.add_member("can-tho", "1001", "anna")
    async with world.ami() as ami:
        call = await world.carrier.place_call(
            "02921022", "0912345678", "Nguyễn Văn Ạ", sound="tone-440"
        )
        answered = await ami.event("AgentConnect", 15)
        assert answered["CallerIDName"] == "Nguyễn Văn Ạ"
        assert answered["Queue"] == "tongdai-can-tho"
        assert answered["MemberName"] == "anna"
        await until(lambda: world.recordings() and seconds(world.recordings()[0]) > 3, within=10)
        await world.carrier.hang_up(call)
        await ami.event("AgentComplete", 10)
    (recording,) = world.recordings()
    assert recording.name == f"call-{answered['Linkedid']}.raw"
    assert hears(recording, 0, 440)
    assert hears(recording, 1, 880)
    assert not hears(recording, 0, 880)
    assert not hears(recording, 1, 440)


async def test_a_caller_is_told_nobodys_extension(world: World) -> None:
    """Who answers is not shown to the caller's side: between answer and end it is asked nothing."""
    await world.add_member("can-tho", "1001", "anna")
    async with Telephones(world.pbx) as phones, world.ami() as ami:
        call = await phones.call("02921022", "0912345678")
        await ami.event("AgentConnect", 15)
        await until(lambda: world.recordings() and seconds(world.recordings()[0]) > 1, within=10)
        await world.carrier.desk_hangs_up("1001")
        await asyncio.wait_for(call.over.wait(), 30)
    assert set(call.asked) == {"BYE"}


@pytest.mark.parametrize("number", ["+842691022", "842691022", "2691022", "02691022"])
async def test_each_form_of_a_number_is_that_hotline(world: World, number: str) -> None:
    async with world.ami() as ami:
        call = await world.carrier.place_call(number)
        joined = await ami.event("QueueCallerJoin", 10)
        assert joined["Queue"] == "tongdai-gia-lai"
        await world.carrier.hang_up(call)
        await ami.event("QueueCallerAbandon", 10)


@pytest.mark.parametrize("number", ["02921023", "1022", "0912345678", "1001", "43"])
async def test_any_other_number_is_refused(world: World, number: str) -> None:
    with pytest.raises(CallRefusedError):
        await world.carrier.place_call(number)


async def test_a_call_that_nobody_answered_leaves_no_recording(world: World) -> None:
    await world.carrier.behave("1001", "ring")
    await world.add_member("can-tho", "1001", "anna")
    async with world.ami() as ami:
        call = await world.carrier.place_call("02921022")
        await ami.event("AgentCalled", 10)
        await world.carrier.hang_up(call)
        await ami.event("QueueCallerAbandon", 10)
    await until(lambda: _no_channel(world), within=10)
    assert [path.stat().st_size for path in world.spool.iterdir()] == [0]


async def test_the_longest_wait_ends_with_an_apology(tmp_path: Path) -> None:
    async with World(tmp_path, changes={"hotline": {"max_wait_seconds": 10}}) as world:
        async with world.ami() as ami:
            await world.carrier.place_call("02921022", seconds=600)
            await ami.event("QueueCallerJoin", 10)
            await ami.event("QueueCallerLeave", 15)
            ended = await ami.event("Hangup", 10)
        assert (ended["Context"], ended["Exten"]) == ("tongdai-apology", "can-tho")
        assert world.recordings() == []


async def test_a_service_that_hangs_does_not_keep_the_caller(tmp_path: Path) -> None:
    gone = asyncio.Event()

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        await writer.wait_closed()
        gone.set()

    async with World(tmp_path, greeting_limit_seconds=3) as world:
        agi = world.settings.agi
        async with await asyncio.start_server(say_nothing, agi.host, agi.port), world.ami() as ami:
            call = await world.carrier.place_call("02921022")
            began = await ami.event("Newchannel")
            joined = await ami.event("QueueCallerJoin", 15)
            assert joined["Queue"] == "tongdai-can-tho"
            assert float(joined["Timestamp"]) - float(began["Timestamp"]) < 8
            await asyncio.wait_for(gone.wait(), 30)
            await world.carrier.hang_up(call)
            await ami.event("QueueCallerAbandon", 10)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (b'"\\"><script>alert(1)</script>"', '"><script>alert(1)</script>'),
        (b'"${SHELL(id)}"', "${SHELL(id)}"),
        (b'"${CHANNEL(hangup)},1); System(id)"', "${CHANNEL(hangup)},1); System(id)"),
        (
            "\"Nguyễn Thị Ngọc Ánh, số 2 'Hòa Bình'\"".encode(),
            "Nguyễn Thị Ngọc Ánh, số 2 'Hòa Bình'",
        ),
        (b'"' + b"x" * 500 + b'"', "x" * 70),
        (b'"a\xff\xfeb"', "a"),
        (b"", ""),
    ],
    ids=["html", "function", "application", "vietnamese", "long", "bytes", "none"],
)
async def test_a_callers_name_is_only_ever_a_name(world: World, name: bytes, shown: str) -> None:
    await world.add_member("can-tho", "1001", "anna")
    header = name + b" <sip:0912345678@127.0.0.2>"
    async with world.ami() as ami, RawCall(world.pbx, from_header=header.strip()) as call:
        assert await call.answer() == 200
        answered = await ami.event("AgentConnect", 15)
        seen = answered["CallerIDName"].replace("\\", "").replace("<unknown>", "")
        assert seen.startswith(shown)
        assert answered["CallerIDNum"] == "0912345678"
    assert "ERROR" not in world.asterisk.messages()


async def test_a_name_that_breaks_the_header_is_no_call(world: World) -> None:
    header = b'"one\r\nX-Other: two" <sip:0912345678@127.0.0.2>'
    async with RawCall(world.pbx, from_header=header) as call:
        with pytest.raises(TimeoutError):
            await call.answer(within=1)
        assert _no_channel(world)


@pytest.mark.parametrize(
    ("number", "cause"), [("0912000007", "17"), ("0912000008", "20"), ("0912000001", "16")]
)
async def test_the_carrier_behaves_by_the_last_digit(world: World, number: str, cause: str) -> None:
    async with world.ami() as ami:
        await ami.action(
            "Originate", Channel=f"PJSIP/{number}@carrier", Application="Echo", Async="true"
        )
        answer = await ami.event("OriginateResponse", 15)
        assert answer["Response"] == ("Success" if cause == "16" else "Failure")
        if cause == "16":
            await ami.action("Hangup", Channel=answer["Channel"])


async def test_a_caller_returned_to_the_queue_stays_on_one_recording(world: World) -> None:
    await world.add_member("can-tho", "1001", "anna")
    async with world.ami() as ami:
        call = await world.carrier.place_call("02921022", sound="tone-440", seconds=600)
        first = await ami.event("AgentConnect", 15)
        await until(lambda: world.recordings() and seconds(world.recordings()[0]) > 2, within=10)
        await ami.action("QueuePause", Interface="PJSIP/desk-1001", Paused="true")
        await ami.action(
            "Redirect",
            Channel=first["Channel"],
            Context="tongdai-queue-first",
            Exten="can-tho",
            Priority="1",
        )
        joined = await ami.event("QueueCallerJoin", 10)
        assert (joined["Linkedid"], joined["Position"]) == (first["Linkedid"], "1")
        size = seconds(world.recordings()[0])
        await until(lambda: seconds(world.recordings()[0]) > size + 2, within=10)
        await world.add_member("can-tho", "1002", "bình")
        await ami.event("AgentConnect", 25, MemberName="bình")
        size = seconds(world.recordings()[0])
        await until(lambda: seconds(world.recordings()[0]) > size + 2, within=10)
        await world.carrier.hang_up(call)
        ended = await ami.event("AgentComplete", 10, MemberName="bình")
    await until(lambda: _no_channel(world), within=10)
    (recording,) = world.recordings()
    lasted = float(ended["Timestamp"]) - float(first["Timestamp"])
    assert abs(seconds(recording) - lasted) < 1.5
    assert hears(recording, 0, 440)
    assert hears(recording, 1, 880)


async def test_the_service_may_not_start_programs_or_rewrite_the_dialplan(world: World) -> None:
    async with world.ami() as ami:
        for action, fields in (
            ("Command", {"Command": "core show version"}),
            ("UpdateConfig", {"SrcFilename": "extensions.conf", "DstFilename": "x.conf"}),
            ("DialplanExtensionAdd", {"Context": "x", "Extension": "1", "Priority": "1"}),
            ("Originate", {"Channel": "Local/s@x", "Application": "System", "Data": "id"}),
            ("MixMonitor", {"Channel": "PJSIP/none", "File": "x.raw", "Command": "id"}),
            ("Reload", {}),
            ("ModuleLoad", {"LoadType": "unload"}),
        ):
            with pytest.raises(AmiError):
                await ami.action(action, **fields)


async def test_the_service_may_do_what_it_does(world: World) -> None:
    """Each action that the service uses is allowed; what it names is not there, no more."""
    async with world.ami() as ami:
        for action, fields in (
            ("Ping", {}),
            ("CoreShowChannels", {}),
            ("CoreStatus", {}),
            ("QueueStatus", {}),
        ):
            await ami.action(action, **fields)
        for action, fields in (
            ("QueueRemove", {"Queue": "tongdai-can-tho", "Interface": "PJSIP/desk-1099"}),
            ("QueuePause", {"Interface": "PJSIP/desk-1099", "Paused": "true"}),
            ("Hangup", {"Channel": "PJSIP/none"}),
            ("Setvar", {"Channel": "PJSIP/none", "Variable": "X", "Value": "1"}),
            ("Getvar", {"Channel": "PJSIP/none", "Variable": "X"}),
            ("StopMixMonitor", {"Channel": "PJSIP/none"}),
            ("Bridge", {"Channel1": "PJSIP/none", "Channel2": "PJSIP/nobody"}),
            ("BridgeInfo", {"BridgeUniqueid": "none"}),
            (
                "Redirect",
                {"Channel": "PJSIP/none", "Context": "tongdai-hold", "Exten": "s", "Priority": "1"},
            ),
        ):
            with pytest.raises(AmiError) as refused:
                await ami.action(action, **fields)
            assert "ermission" not in str(refused.value)

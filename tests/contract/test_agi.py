"""The FastAGI server against peers of every kind: none of them stops the others."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from ivr.agi import AgiServer
from ivr.greeting import greeting
from tests.support.small_settings import small_settings
from tests.support.wait import until
from tongdai.clock import HandClock
from tongdai.health import State
from tongdai.settings import AgiTable

HEADER = b"agi_network: yes\nagi_network_script: greeting\nagi_extension: can-tho\n\n"
Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass
class Running:
    server: AgiServer
    folder: Path

    async def connect(self) -> Stream:
        return await asyncio.open_connection("127.0.0.1", self.server.port)

    async def greets(self) -> None:
        """A proper Asterisk is served."""
        reader, writer = await self.connect()
        writer.write(HEADER)
        command = await reader.readline()
        assert command == f'STREAM FILE "{self.folder}/can-tho/greeting" ""\n'.encode()
        writer.write(b"200 result=0 endpos=8000\n")
        assert await reader.readline() == b"SET VARIABLE TONGDAI_GREETED 1\n"
        writer.write(b"200 result=1\n")
        assert await reader.read() == b""
        writer.close()


@asynccontextmanager
async def serving(
    clock: HandClock, folder: Path, *, header_seconds: float = 60, request_seconds: float = 60
) -> AsyncIterator[Running]:
    settings = small_settings(folder)
    table = AgiTable.model_construct(host="127.0.0.1", port=0)
    server = AgiServer(
        table,
        {"greeting": greeting(settings)},
        clock,
        header_seconds=header_seconds,
        request_seconds=request_seconds,
    )
    task = asyncio.create_task(server.run())
    await until(lambda: server.port)
    yield Running(server, settings.prompts.folder.resolve())
    task.cancel()
    await asyncio.wait([task])
    assert (await server.health())["agi"].state is State.DOWN


@pytest.fixture
async def running(clock: HandClock, tmp_path: Path) -> AsyncIterator[Running]:
    async with serving(clock, tmp_path) as one:
        yield one


async def test_the_hotline_greets_and_says_that_it_did(running: Running) -> None:
    assert (await running.server.health())["agi"].state is State.OK
    await running.greets()


@pytest.mark.parametrize("sent", [b"", b"agi_network: yes\n", HEADER[:-1]])
async def test_a_peer_that_closes_before_the_blank_line_is_forgotten(
    running: Running, sent: bytes
) -> None:
    _, writer = await running.connect()
    writer.write(sent)
    writer.close()
    await writer.wait_closed()
    async with asyncio.timeout(30):
        await running.greets()


async def test_a_peer_that_says_nothing_keeps_nobody_waiting(running: Running) -> None:
    _, writer = await running.connect()
    await running.greets()
    writer.close()


async def test_a_peer_that_says_nothing_is_sent_away(clock: HandClock, tmp_path: Path) -> None:
    async with serving(clock, tmp_path, header_seconds=0.3) as hasty:
        reader, writer = await hasty.connect()
        async with asyncio.timeout(30):
            assert await reader.read() == b""
        writer.close()


async def test_a_header_of_ten_megabytes_is_cut_off(running: Running) -> None:
    reader, writer = await running.connect()
    sent = 0
    try:
        for _ in range(1000):
            writer.write(b"agi_arg_1: " + b"x" * 10_000 + b"\n")
            sent += 10_000
            async with asyncio.timeout(2):
                await writer.drain()
    except (ConnectionError, TimeoutError):
        pass
    async with asyncio.timeout(30):
        with pytest.raises((ConnectionError, AssertionError)):
            assert await reader.read() != b""
    writer.close()
    await running.greets()


@pytest.mark.parametrize(
    "header",
    [
        b"agi_network_script: nowhere\n\n",
        b"no colon here\n\n",
        b"agi_network_script: greeting\nagi_extension: ../../etc/passwd\n\n",
        b"agi_network_script: greeting\nagi_extension: \xff\xfe\n\n",
        b"\n\n",
    ],
)
async def test_what_makes_no_sense_is_closed_without_a_command(
    running: Running, header: bytes
) -> None:
    reader, writer = await running.connect()
    writer.write(header)
    async with asyncio.timeout(30):
        assert await reader.read() == b""
    writer.close()
    await running.greets()


@pytest.mark.parametrize(
    "answer",
    [
        b"200 result=0 endpos=0\n",
        b"200 result=-1 endpos=0\n",
        b"HANGUP\n",
        b"510 Invalid or unknown command\n",
        b"garbage\n",
        b"\n",
        b"x" * 100_000 + b"\n",
    ],
)
async def test_a_prompt_that_was_not_heard_is_not_called_heard(
    running: Running, answer: bytes
) -> None:
    reader, writer = await running.connect()
    writer.write(HEADER)
    await reader.readline()
    writer.write(answer)
    heard = b""
    with contextlib.suppress(ConnectionResetError):
        async with asyncio.timeout(30):
            heard = await reader.read()
    assert b"GREETED" not in heard
    writer.close()
    await running.greets()


@pytest.mark.parametrize("answer", [b"", b"100 Trying\n" * 50])
async def test_an_answer_that_never_comes_ends_the_request(
    clock: HandClock, tmp_path: Path, answer: bytes
) -> None:
    async with serving(clock, tmp_path, request_seconds=1) as hasty:
        reader, writer = await hasty.connect()
        writer.write(HEADER)
        await reader.readline()
        writer.write(answer)
        async with asyncio.timeout(30):
            assert await reader.read() == b""
        writer.close()


async def test_a_taken_port_is_told_and_tried_again(running: Running, clock: HandClock) -> None:
    table = replace_port(running.server.port)
    second = AgiServer(table, {}, clock)
    task = asyncio.create_task(second.run())

    async def told() -> bool:
        return "cannot listen" in (await second.health())["agi"].detail

    await until(told)
    task.cancel()
    await asyncio.wait([task])


def replace_port(port: int) -> AgiTable:
    return AgiTable(port=port)

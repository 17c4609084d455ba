import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from rig.config import Ports
from rig.kannel import Kannel as Rig
from rig.ports import free_ports
from sms import outbox, store
from sms.gateways.base import Outcome, Request
from sms.gateways.kannel import Kannel
from sms.model import Purpose, State
from tests.support.sms import message, owe, sending, settings_for, state
from tests.support.wait import until
from tongdai.clock import HandClock
from tongdai.db import Database
from tongdai.ids import MessageId
from tongdai.settings import Settings
from web import receipts
from web.keys import DB

pytestmark = pytest.mark.gateway

ACCENTED = (
    "1022 Cần Thơ: Phiếu 2026-000123, lĩnh vực Hạ tầng đô thị. Hạn trả lời 17:00 26/11/2026. "
    "là è é ì ò ù ấ ậ ữ Đ ỹ. Xem: https://1022.example.vn/l/abc"
)


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    names = ("sendsms", "kannel_admin", "smsbox", "smsc")
    ports = Ports(**dict(zip(names, free_ports(len(names)), strict=True)))
    table = f"""
first_retry_seconds = 1
[[sms.gateway]]
name = "kannel"
kind = "kannel"
url = "http://127.0.0.1:{ports.sendsms}/cgi-bin/sendsms"
username = "tongdai"
password = "right"
"""
    settings = settings_for(tmp_path, table)
    kannel = Rig(tmp_path / "kannel", ports, settings.sms.gateway[0], tmp_path / "smsc.log")
    kannel.settings = settings  # type: ignore[attr-defined]  # travels with it
    await kannel.start()
    yield kannel
    kannel.stop()


@pytest.fixture
async def ear(database: Database) -> AsyncIterator[str]:
    """The address under which delivery reports are taken."""
    app = web.Application()
    app[DB] = database
    receipts.setup(app)
    async with TestServer(app) as server:
        yield f"http://{server.host}:{server.port}"


def _settings(rig: Rig, ear: str | None = None, **more: object) -> Settings:
    settings: Settings = rig.settings  # type: ignore[attr-defined]
    changes = {"receipt_url": ear, **more}
    return settings.model_copy(update={"sms": settings.sms.model_copy(update=changes)})


async def _reaches(db: Database, message_id: str, *wanted: State, within: float = 10) -> None:
    async def there() -> bool:
        return await state(db, message_id) in wanted

    await until(there, within=within)


async def test_an_unaccented_text_arrives_and_is_delivered(
    database: Database, rig: Rig, ear: str
) -> None:
    settings = _settings(rig, ear)
    async with sending(database, settings, Kannel(settings.sms.gateway[0])) as sender:
        message_id = await owe(database, "k")
        await _reaches(database, message_id, State.DELIVERED)
        assert (await sender.health())["sms:kannel"].state == "ok"
    (arrived,) = await _arrived(rig)
    row = await message(database, message_id)
    assert (arrived["from"], arrived["to"]) == ("1022CanTho", "+84912345678")
    assert arrived["text"] == row.text
    assert row.text.startswith("1022 Can Tho: Phieu 2026-000123, linh vuc Ha tang do thi. Xem:")

    async def receipts_are_there() -> bool:
        return {r.code for r in (await _story(database)).receipts} == {"8", "1"}

    await until(receipts_are_there, within=10)
    assert (await _story(database)).attempts[0].words == "202 0: Accepted for delivery"


async def test_a_text_with_diacritics_arrives_intact_short_and_long(
    database: Database, rig: Rig, ear: str
) -> None:
    settings = _settings(rig, ear, unaccented=False)
    async with sending(database, settings, Kannel(settings.sms.gateway[0])):
        message_id = await owe(database, "k")
        await _reaches(database, message_id, State.DELIVERED)
    row = await message(database, message_id)
    assert (row.alphabet, row.parts) == ("ucs2", 2)
    assert "Phiếu 2026-000123, lĩnh vực Hạ tầng đô thị" in row.text
    assert [(m["text"], m["parts"]) for m in await _arrived(rig)] == [(row.text, 2)]


async def test_the_gateway_itself_keeps_letters_extension_signs_and_line_ends(rig: Rig) -> None:
    gateway = Kannel(_settings(rig).sms.gateway[0])
    texts = [ACCENTED, "ấ", "plain ^{}[]~| & % + = ? #", "a" * 400]
    for n, text in enumerate(texts):
        alphabet = "ascii" if text.isascii() else "ucs2"
        request = Request(
            id=MessageId(str(n)),
            to=f"+8491234567{n}",
            sender="1022CanTho",
            template="t",
            text=text,
            alphabet=alphabet,
        )
        result = await gateway.send(request)
        assert result.outcome is Outcome.ACCEPTED, result.words
    await gateway.close()
    await until(lambda: len(rig.messages) == len(texts))
    assert {m["to"]: m["text"] for m in rig.messages} == {
        f"+8491234567{n}": text for n, text in enumerate(texts)
    }


async def test_a_wrong_password_is_a_fault_of_the_settings_and_says_so(
    database: Database, rig: Rig
) -> None:
    settings = _settings(rig)
    wrong = settings.sms.gateway[0].model_copy(update={"username": "nobody"})
    async with sending(database, settings, Kannel(wrong)) as sender:
        message_id = await owe(database, "k")
        assert await sender.caught_up()
        part = (await sender.health())["sms:kannel"]
    assert await state(database, message_id) == State.QUEUED
    assert part.state == "degraded"
    assert "403" in part.detail
    assert "right" not in part.detail, "no password in what people read"


async def test_kannel_killed_for_ten_minutes_and_back_delivers_everything_once(
    database: Database, rig: Rig, ear: str, clock: HandClock
) -> None:
    settings = _settings(rig, ear)
    async with sending(database, settings, Kannel(settings.sms.gateway[0])) as sender:
        before = await owe(database, "before")
        await _reaches(database, before, State.DELIVERED)
        rig.kill()
        owed = [await owe(database, f"k{n}", f"098765432{n}") for n in range(5)]
        for _ in range(10):
            clock.advance(timedelta(minutes=1))
            assert await sender.caught_up()
        assert {await state(database, m) for m in owed} == {State.QUEUED}
        health = (await sender.health())["sms:kannel"]
        assert (health.state, "not reached" in health.detail) == ("degraded", True)
        await rig.start()
        clock.advance(timedelta(minutes=12))
        sender.wake()
        for message_id in owed:
            await _reaches(database, message_id, State.DELIVERED)
    assert sorted(str(m["to"]) for m in await _arrived(rig, 6)) == sorted(
        ["+84912345678", *(f"+8498765432{n}" for n in range(5))]
    )


async def test_no_smsc_is_accepted_all_the_same_and_delivered_when_it_is_back(
    database: Database, rig: Rig, ear: str
) -> None:
    settings = _settings(rig, ear)
    rig.smsc.kill()
    async with sending(database, settings, Kannel(settings.sms.gateway[0])):
        message_id = await owe(database, "k")
        await _reaches(database, message_id, State.ACCEPTED)
        rig.smsc.start()
        await _reaches(database, message_id, State.DELIVERED, within=20)
    assert len(await _arrived(rig)) == 1


async def test_a_stopped_box_is_ambiguous_then_settled_by_the_receipt(
    database: Database, rig: Rig, ear: str
) -> None:
    """The gateway hears the request and answers after our patience: never sent again."""
    settings = _settings(rig, ear)
    table = settings.sms.gateway[0].model_copy(update={"timeout_seconds": 0.7})
    async with sending(database, settings, Kannel(table)):
        os.kill(rig.bearerbox.pid, signal.SIGSTOP)
        try:
            message_id = await owe(database, "k")
            await _reaches(database, message_id, State.UNKNOWN)
        finally:
            os.kill(rig.bearerbox.pid, signal.SIGCONT)
        await _reaches(database, message_id, State.DELIVERED)
    assert len(await _arrived(rig)) == 1


async def test_a_service_killed_in_mid_send_sends_nothing_twice(
    database: Database, rig: Rig, ear: str, tmp_path: Path
) -> None:
    settings = _settings(rig, ear)
    message_id = await owe(database, "k")
    os.kill(rig.bearerbox.pid, signal.SIGSTOP)  # Kannel hears, and answers nobody
    dying = await _service(database, settings, tmp_path)
    try:
        await _until_heard(rig)
        assert await state(database, message_id) == State.SENDING
        dying.kill()
        dying.wait()
    finally:
        os.kill(rig.bearerbox.pid, signal.SIGCONT)
    await _reaches(database, message_id, State.DELIVERED, within=15)
    async with sending(database, settings, Kannel(settings.sms.gateway[0])) as sender:
        await asyncio.wait_for(sender.caught_up(), 10)
    assert len(await _arrived(rig)) == 1
    assert (await message(database, message_id)).attempts == 1


async def _story(db: Database) -> store.Story:
    async with db.read() as session:
        (story,) = await store.of_ticket(session, "t1")
    return story


async def _arrived(rig: Rig, count: int = 1) -> list[dict[str, str | int]]:
    """Return what the SMSC has, once it is so many: it writes down after it reports."""
    await until(lambda: len(rig.messages) >= count, within=10)
    return rig.messages


async def _until_heard(rig: Rig) -> None:
    """Wait until the smsbox has read the request; the stopped bearerbox keeps it waiting."""
    log = rig.home / "log" / "smsbox.log"
    await until(lambda: "to:<+84912345678>" in log.read_text(errors="replace"), within=20)


async def _service(db: Database, settings: Settings, tmp_path: Path) -> subprocess.Popen[bytes]:
    told = {
        "url": db.url.render_as_string(hide_password=False),
        "now": db.clock.now().isoformat(),
        "settings": str(tmp_path / "sms.toml"),
        "receipt_url": settings.sms.receipt_url,
    }
    program = [sys.executable, "-m", "tests.support.sender_process", json.dumps(told)]
    return await asyncio.to_thread(subprocess.Popen, program)


async def test_a_code_is_owed_without_a_ticket(database: Database, rig: Rig) -> None:
    settings = _settings(rig)
    async with sending(database, settings, Kannel(settings.sms.gateway[0])):
        async with database.write() as tx:
            await outbox.owe(
                tx,
                key="code",
                hotline="can-tho",
                to="0912345678",
                purpose=Purpose.CODE,
                params={"code": "482913", "minutes": 5},
            )
        await until(lambda: rig.messages)
    assert "482913" in str(rig.messages[0]["text"])

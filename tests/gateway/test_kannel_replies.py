"""What people write back through the real Kannel: to the ticket, or to the tray; DUNG."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from sqlmodel import col, select

from rig.config import Ports
from rig.kannel import Kannel as Rig
from rig.kannel import replies_address
from rig.ports import free_ports
from sms import outbox
from sms.gateways.kannel import Kannel
from sms.model import Purpose, State
from sms.tables import MessageReply
from tests.support.sms import message, owe, sending, settings_for, state
from tests.support.wait import until
from tongdai import audit
from tongdai.db import Database
from tongdai.settings import Settings
from web import receipts
from web.keys import DB, SETTINGS

pytestmark = pytest.mark.gateway

TABLE = """
reply_secret = "deep"
[[sms.gateway]]
name = "kannel"
kind = "kannel"
url = "http://127.0.0.1:{port}/cgi-bin/sendsms"
username = "tongdai"
password = "right"
"""


@dataclass
class There:
    """A Kannel that brings receipts and replies to us."""

    rig: Rig
    settings: Settings


@pytest.fixture
async def there(database: Database, tmp_path: Path) -> AsyncIterator[There]:
    names = ("sendsms", "kannel_admin", "smsbox", "smsc")
    ports = Ports(**dict(zip(names, free_ports(len(names)), strict=True)))
    settings = settings_for(tmp_path, TABLE.format(port=ports.sendsms))
    app = web.Application()
    app[DB], app[SETTINGS] = database, settings
    receipts.setup(app)
    async with TestServer(app) as server:
        own = settings.sms.model_copy(update={"receipt_url": f"http://{server.host}:{server.port}"})
        settings = settings.model_copy(update={"sms": own})
        rig = Rig(
            tmp_path / "kannel",
            ports,
            settings.sms.gateway[0],
            tmp_path / "smsc.log",
            replies=replies_address(settings, "kannel"),
        )
        try:
            await rig.start()
            yield There(rig, settings)
        finally:
            rig.stop()


async def replies(db: Database) -> list[MessageReply]:
    async with db.read() as session:
        found = await session.execute(select(MessageReply).order_by(col(MessageReply.seq)))
        return list(found.scalars())


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_replies_come_intact_and_land_where_they_belong(
    database: Database, there: There
) -> None:
    accented = "Đã nhận, đường Nguyễn Văn Cừ ngập: là è é ấ ậ ữ ỹ & 100% + ?"
    gateway = Kannel(there.settings.sms.gateway[0])
    async with sending(database, there.settings, gateway):
        message_id = await owe(database, "k")

        async def delivered() -> bool:
            return await state(database, message_id) == State.DELIVERED

        await until(delivered, within=15)
    for sender, text in (
        ("+84912345678", accented),
        ("0987654321", "Plain & simple + 100%"),
        ("+84912345678", "Dừng"),
    ):
        count = len(await replies(database))
        there.rig.say(sender, text)

        async def come(count: int = count) -> bool:
            return len(await replies(database)) == count + 1

        await until(come, within=15)
    found = await replies(database)
    assert [(r.sender, r.text, r.ticket_id, r.stop) for r in found] == [
        ("+84912345678", accented, "t1", False),
        ("+84987654321", "Plain & simple + 100%", None, False),
        ("+84912345678", "Dừng", "t1", True),
    ]
    async with database.read() as session:
        lines = await audit.history(session, audit.ticket_chain("can-tho"), "t1")
    assert accented in [line.data.get("reason") for line in lines]
    async with database.write() as tx:
        survey = await outbox.owe(
            tx,
            key="s",
            hotline="can-tho",
            to="0912345678",
            purpose=Purpose.SURVEY,
            params={"ticket": "2026-000123"},
        )
    refused = await message(database, survey)
    assert (refused.state, refused.reason) == (State.NOT_SENDABLE, "stopped")
    assert len(there.rig.messages) == 1, "nobody is answered"

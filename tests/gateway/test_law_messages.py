"""What the law owes leaves through a real Kannel: each hotline's messages, in its own words."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from sqlmodel import col, select

from escalation.act import parse_act
from escalation.acts import Acts
from escalation.lawbook import default_lawbook
from escalation.sweep import Sweep
from rig.config import Ports, settings_text
from rig.kannel import Kannel as Rig
from rig.ports import free_ports
from sms import wording
from sms.gateways.kannel import Kannel
from sms.model import State
from sms.tables import Message
from tests.support.sms import sending
from tests.support.wait import until
from tickets import drafts, units
from tickets.model import Channel, TicketForm
from tongdai.accounts.model import SYSTEM
from tongdai.clock import HCM, HandClock
from tongdai.db import Database
from tongdai.events import Bus
from tongdai.migrate import import_tables
from tongdai.settings import Settings, load
from tongdai.text import unaccent
from web import receipts
from web.keys import DB

pytestmark = pytest.mark.gateway

START = datetime(2026, 11, 30, 8, 0, tzinfo=HCM)
KINDS = {
    "can-tho": "socio_economic",
    "gia-lai": "socio_economic",
    "tay-ninh": "issue_report",
    "hoa-binh": "procedure_question",
    "ha-noi": "on_site",
}
GROUNDS = {"tay-ninh": "advertising"}
ANSWER = {"event": "answered", "text": "Đã xử lý.", "document_number": "1/SXD"}
TO_UNIT = {"event": "referred", "unit_id": "UNIT"}
FIRST = {
    "can-tho": [TO_UNIT],
    "gia-lai": [TO_UNIT, {"event": "extended", "until": "2026-12-04T09:00:00+07:00"}],
    "tay-ninh": [TO_UNIT, {"event": "accepted"}],
    "hoa-binh": [{"event": "referred"}, TO_UNIT],
    "ha-noi": [{"event": "accepted"}, TO_UNIT],
}
LAST: dict[str, list[dict[str, Any]]] = {
    "can-tho": [ANSWER],
    "gia-lai": [ANSWER],
    "tay-ninh": [ANSWER, {"event": "approved"}, {"event": "published"}],
    "hoa-binh": [ANSWER, ANSWER],
    "ha-noi": [ANSWER, {"event": "approved"}, {"event": "published"}],
}
TO_SENDER = {"result", "rejection"}
OWED = {
    "can-tho": TO_SENDER | {"referral", "forwarding"},
    "gia-lai": TO_SENDER | {"referral", "referral_sender", "extension", "reminder"},
    "tay-ninh": TO_SENDER | {"referral"},
    "hoa-binh": TO_SENDER,  # the two texts ask for no SMS to an official
    "ha-noi": TO_SENDER,
}
"""Templates by hotline: CT-9.1.2b, CT-9.1.3a; GL-10.1.2.b2.1, GL-10.5; TN-7.3.c-4; ..."""


@dataclass
class Country:
    """Five hotlines on one database, their law, and a sender before a real Kannel."""

    db: Database
    acts: Acts
    rig: Rig
    settings: Settings
    units: dict[str, str] = field(default_factory=dict)
    tickets: dict[str, str] = field(default_factory=dict)

    async def furnish(self, hotline: str, nth: int) -> None:
        """Give a hotline a unit with both officials, and a ticket of somebody who called."""
        async with self.db.write() as tx:
            unit = units.new_unit(
                hotline,
                code="don-vi",
                name="Đơn vị",
                kind="department",
                valid_from=tx.now,
                aliases=(),
            )
            await units.add_unit(tx, unit, SYSTEM)
            for place, role in enumerate(("focal_point", "unit_head")):
                person = units.new_person(
                    unit,
                    name="Nguyễn Văn A",
                    role=role,
                    active_from=tx.now,
                    phone=f"089210{nth}{place}00",
                    mobile=f"089210{nth}{place}00",
                    title="",
                )
                await units.appoint(tx, person, SYSTEM)
        self.units[hotline] = unit.id
        self.tickets[hotline] = await self.file(hotline)

    async def file(self, hotline: str) -> str:
        """File a ticket; return its id."""
        form = TicketForm.of(
            {
                "type": KINDS[hotline],
                "sender_name": "Trần Thị Bưởi",
                "sender_address": "12 hẻm 51",
                "sender_phone": f"08930{list(KINDS).index(hotline)}0001",
                "content": "Đường sụt lún",
                "unit": self.units[hotline],
            }
        )
        async with self.db.write() as tx:
            draft = await drafts.open_blank(tx, hotline=hotline, channel=Channel.PHONE, by=SYSTEM)
            return (await self.acts.file(tx, draft.id, form, SYSTEM)).id

    async def do(self, ticket: str, hotline: str, body: dict[str, Any]) -> None:
        """Do an act."""
        filled = {k: self.units[hotline] if v == "UNIT" else v for k, v in body.items()}
        await self.acts.do(self.db, ticket, parse_act(filled), SYSTEM)

    async def rows(self) -> list[Message]:
        """Return all messages."""
        async with self.db.read() as session:
            found = await session.execute(select(Message).order_by(col(Message.seq)))
            return list(found.scalars())

    async def all_delivered(self) -> None:
        """Wait until every message that was owed has its receipt; then time may go on."""

        async def there() -> bool:
            return {m.state for m in await self.rows()} <= {State.DELIVERED, State.CANCELLED}

        await until(there, within=40)


@asynccontextmanager
async def kannel(folder: Path) -> AsyncIterator[tuple[Rig, Settings]]:
    """Start Kannel with the settings of all five hotlines, as `make run` has them."""
    names = ("sendsms", "kannel_admin", "smsbox", "smsc")
    ports = Ports(**dict(zip(names, free_ports(len(names)), strict=True)))
    path = folder / "tongdai.toml"
    path.write_text(settings_text(folder, ports), encoding="utf-8")
    settings = load(path)
    rig = Rig(folder / "kannel", ports, settings.sms.gateway[0], folder / "smsc.log")
    await rig.start()
    try:
        yield rig, settings
    finally:
        rig.stop()


@pytest.fixture
async def country(tmp_path: Path, clock: HandClock) -> AsyncIterator[Country]:
    import_tables()
    clock.set(START)
    db = Database(f"sqlite+aiosqlite:///{tmp_path}/country.db", clock, Bus())
    await db.create_all()
    async with AsyncExitStack() as stack:
        stack.push_async_callback(db.close)
        rig, settings = await stack.enter_async_context(kannel(tmp_path))
        app = web.Application()
        app[DB] = db
        receipts.setup(app)
        server = await stack.enter_async_context(TestServer(app))
        ear = {"receipt_url": f"http://{server.host}:{server.port}"}
        settings = settings.model_copy(update={"sms": settings.sms.model_copy(update=ear)})
        gateway = Kannel(settings.sms.gateway[0])
        await stack.enter_async_context(sending(db, settings, gateway))
        yield Country(db, Acts(default_lawbook()), rig, settings)


async def test_every_hotlines_messages_arrive_in_its_words_with_their_receipts(
    country: Country, clock: HandClock
) -> None:
    sweep = Sweep(country.db, country.acts)
    for nth, hotline in enumerate(KINDS):
        await country.furnish(hotline, nth)
    own = "Tây Ninh 1022: phiếu {ticket} ({field}) chờ đơn vị.[ Hạn {due}.] {link}"
    async with country.db.write() as tx:
        await wording.save(tx, "tay-ninh", "referral", "vi", words=own, networks=(), by=SYSTEM)
    for hotline, ticket in country.tickets.items():
        for body in FIRST[hotline]:
            await country.do(ticket, hotline, body)
    await country.all_delivered()
    clock.set(START + timedelta(days=3, hours=2))  # CT has climbed, GL's date is near
    await sweep.run_due()
    await country.all_delivered()
    for hotline, ticket in country.tickets.items():
        for body in LAST[hotline]:
            await country.do(ticket, hotline, body)
        refused = {"event": "rejected", "ground": GROUNDS.get(hotline, "complaint_or_denunciation")}
        await country.do(await country.file(hotline), hotline, refused)
    await country.all_delivered()
    rows = await country.rows()
    assert {m.state for m in rows} == {State.DELIVERED}
    for hotline, templates in OWED.items():
        assert {m.template for m in rows if m.hotline == hotline} == templates, hotline
    await until(lambda: len(country.rig.messages) >= len(rows), within=10)
    arrived = Counter((m["from"], m["to"], m["text"]) for m in country.rig.messages)
    names = {str(h.id): (h.brandname, unaccent(h.sender_name)) for h in country.settings.hotlines}
    assert arrived == Counter((names[m.hotline][0], m.recipient, m.text) for m in rows)
    assert all(m.text.startswith(f"{names[m.hotline][1]}: ") for m in rows)
    (mine,) = [m.text for m in rows if (m.hotline, m.template) == ("tay-ninh", "referral")]
    assert unaccent("Tây Ninh 1022: phiếu 2026-000001 (khác) chờ đơn vị.") in mine

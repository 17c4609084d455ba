"""Force majeure on the pages: many tickets at once (TN)."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from escalation.acts import Acts
from escalation.lawbook import default_lawbook
from escalation.sweep import Sweep
from tests.support.pages import Browser, Pages
from tickets import drafts, units
from tickets.attachments import Files
from tickets.model import Channel, TicketForm
from tongdai import sample
from tongdai.accounts.service import account_by_username, viewer_of
from tongdai.clock import HandClock
from tongdai.db import Database
from tongdai.ids import HotlineId
from tongdai.sample import SampleAccount
from tongdai.settings import Settings
from web.doors import ACTS, FILES

pytestmark = pytest.mark.slow

NAMES = {"tay-ninh": "02761022", "ha-noi": "0241022"}


@dataclass
class Desk:
    """The pages with the sample's people of two provinces."""

    pages: Pages
    acts: Acts
    accounts: list[SampleAccount]
    open: dict[str, Browser] = field(default_factory=dict)

    def account(self, hotline: str, role: str) -> SampleAccount:
        """Return an account; a unit's people are all of the first unit that has both."""
        mine = [a for a in self.accounts if a.hotline == hotline]
        heads = {a.unit for a in mine if a.role == "unit_head"}
        both = next(a.unit for a in mine if a.role == "focal_point" and a.unit in heads)
        of_unit = role in ("focal_point", "unit_head")
        return next(a for a in mine if a.role == role and (not of_unit or a.unit == both))

    async def browser(self, hotline: str, role: str) -> Browser:
        """Return a signed-in browser, the same one every time."""
        who = self.account(hotline, role)
        if who.username not in self.open:
            browser = await self.pages.browser()
            await browser.get("/login")
            typed = {"username": who.username, "password": who.password}
            assert (await browser.post("/login", typed)).status == 303
            self.open[who.username] = browser
        return self.open[who.username]

    async def filed(self, hotline: str, kind: str, unit: str) -> str:
        """File a ticket of a call; the form names the unit."""
        async with self.pages.db.write() as tx:
            account = await account_by_username(
                tx.session, self.account(hotline, "operator").username
            )
            assert account is not None
            operator = await viewer_of(tx.session, account)
            draft = await drafts.open_blank(
                tx, hotline=HotlineId(hotline), channel=Channel.PHONE, by=operator
            )
            form = TicketForm.of(
                {
                    "type": kind,
                    "sender_name": "Trần Thị Bưởi",
                    "sender_address": "12 hẻm 51",
                    "sender_phone": "0892111222",
                    "content": "Đường sụt lún",
                    "unit": unit,
                }
            )
            return (await self.acts.file(tx, draft.id, form, operator)).id

    async def unit(self, hotline: str) -> str:
        """Return the id of the unit whose people act."""
        code = self.account(hotline, "unit_head").unit or ""
        async with self.pages.db.read() as session:
            found = await units.by_code(session, hotline, code)
        assert found is not None
        return found.id


@pytest.fixture
async def desk(tmp_path: Path, clock: HandClock, database: Database) -> AsyncIterator[Desk]:
    settings = Settings(
        seats={"key": "k" * 32, "first": 1001, "last": 1009},
        hotline=tuple(
            {
                "id": hotline,
                "name": hotline,
                "title": hotline,
                "number": number,
                "sender_name": "1022",
                "brandname": "1022",
            }
            for hotline, number in NAMES.items()
        ),
        files={"folder": tmp_path / "files"},
    )
    acts = Acts(default_lawbook(tuple(NAMES)))
    doors: dict[Any, Any] = {ACTS: acts, FILES: Files(settings.files)}
    report = await sample.load(database, settings, clock.now())
    async with Pages.open(
        tmp_path, clock, doors=doors, settings=settings, db=database, packages=("desk",)
    ) as pages:
        yield Desk(pages, acts, list(report.accounts))


async def test_many_tickets_pause_at_once_with_why_and_until_when(
    desk: Desk, clock: HandClock
) -> None:
    unit = await desk.unit("tay-ninh")
    tickets = [await desk.filed("tay-ninh", "issue_report", unit) for _ in range(2)]
    browser = await desk.browser("tay-ninh", "coordinator")
    page = "/desk/force-majeure"
    assert "Bất khả kháng" in await (await browser.get("/desk")).text()
    typed = {"hotline": "tay-ninh", "unit": "*", "reason": "bão số 9", "until": "mai"}
    answer = await browser.post(page, typed)
    assert answer.status == 422
    text = await answer.text()
    assert "bão số 9" in text
    assert "05/12/2026 17:30" in text
    answer = await browser.post(page, typed | {"until": "02/12/2026 10:00"})
    assert answer.status == 303
    sweep = Sweep(desk.pages.db, desk.acts)
    assert await sweep.run_due() == 2
    text = await (await browser.get(f"/desk/tickets/{tickets[0]}")).text()
    assert "Bắt đầu sự cố bất khả kháng" in text
    text = await (await browser.get(page)).text()
    found = re.search(r"/desk/force-majeure/\w+/end", text)
    assert found is not None
    clock.advance(timedelta(minutes=20))
    assert (await browser.post(found[0], {})).status == 303
    assert await sweep.run_due() == 2
    assert "đã kết thúc" in await (await browser.get(page)).text()
    other = await desk.browser("ha-noi", "coordinator")
    answer = await other.post(page, typed | {"until": "02/12/2026 10:00"})
    assert answer.status == 403

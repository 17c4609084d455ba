"""A console with a floor of fakes behind it, the real register and the real law."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, Page

from tests.support.chromium import chromium
from tests.support.floor import Floor
from tests.support.pages import PASSWORD, Pages, console_doors, settings_for
from tongdai import sample
from tongdai.accounts.model import Role
from tongdai.clock import HandClock
from tongdai.db import Database
from tongdai.events import Bus
from tongdai.migrate import import_tables


@dataclass
class Desk:
    """The console's world for a test."""

    pages: Pages
    floor: Floor
    browser: Browser
    clock: HandClock
    lan: str
    hoa: str

    async def sit_down(self, username: str = "lan", width: int = 1440) -> Page:
        """Sign somebody in, in a browser of her own, ready for calls."""
        page = await (await self.context(width)).new_page()
        await page.goto(f"{self.pages.base}/login?next=/console")
        await page.fill("#username", username)
        await page.fill("#password", PASSWORD)
        await page.keyboard.press("Enter")
        await page.wait_for_selector("#line-state.up")
        await page.keyboard.press("Alt+r")
        await page.wait_for_selector(".dot.ready")
        return page

    async def context(self, width: int = 1440) -> BrowserContext:
        """Return a fresh browser profile."""
        return await self.browser.new_context(
            viewport={"width": width, "height": 860}, locale="vi-VN"
        )


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """A Monday morning at Cần Thơ's desk."""
    import_tables()
    clock = HandClock(datetime(2026, 11, 30, 1, 12, tzinfo=UTC))
    bus = Bus()
    db = Database(f"sqlite+aiosqlite:///{tmp_path}/desk.db", clock, bus)
    await db.create_all()
    settings = settings_for(tmp_path)
    await sample.load(db, settings, clock.now())
    floor = Floor(bus, clock)
    async with Pages.open(
        tmp_path,
        clock,
        doors=console_doors(floor, settings),
        settings=settings,
        db=db,
        packages=("console", "portal"),
    ) as pages:
        lan = await pages.account(
            "lan", Role.OPERATOR, hotlines=("can-tho", "gia-lai"), extension="1050"
        )
        hoa = await pages.account("hoa", Role.OPERATOR, extension="1051")
        async with chromium() as browser:
            yield Desk(pages, floor, browser, clock, lan, hoa)
    await db.close()

"""A console with a floor of fakes behind it, the real register and the real law."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page
from sqlalchemy.ext.asyncio import AsyncSession

from tests.support.chromium import chromium
from tests.support.floor import Floor
from tests.support.operator_page import sit_down
from tests.support.pages import PASSWORD, Pages, console_doors, settings_for
from tongdai import sample
from tongdai.accounts.model import Role
from tongdai.accounts.service import account_by_username
from tongdai.clock import HandClock
from tongdai.db import Database, DatabaseAway, Tx
from tongdai.events import Bus


class Flaky(Database):
    """A database that can be told not to answer."""

    away = False

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        if self.away:
            raise DatabaseAway
        async with super().read() as session:
            yield session

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Tx]:
        if self.away:
            raise DatabaseAway
        async with super().write() as tx:
            yield tx


@dataclass
class Desk:
    """The console's world for a test."""

    pages: Pages
    floor: Floor
    browser: Browser
    db: Flaky
    clock: HandClock
    lan: str
    hoa: str

    async def sit_down(
        self, username: str = "lan", width: int = 1440, context: BrowserContext | None = None
    ) -> Page:
        """Sign somebody in, in a browser of her own, ready for calls."""
        page = await (context or await self.context(width)).new_page()
        await sit_down(page, self.pages.base, username, PASSWORD)
        return page

    async def context(self, width: int = 1440) -> BrowserContext:
        """Return a fresh browser profile."""
        return await self.browser.new_context(
            viewport={"width": width, "height": 860}, locale="vi-VN"
        )


@pytest.fixture(scope="module")
def clock_start() -> datetime:
    """A Monday morning at Cần Thơ's desk: 08:12."""
    return datetime(2026, 11, 30, 1, 12, tzinfo=UTC)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    """One browser for a module's tests; each test has profiles of its own."""
    async with chromium() as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sample_database(tmp_path_factory: pytest.TempPathFactory, clock_start: datetime) -> Path:
    """A database with the sample data and two operators, to be copied."""
    folder = tmp_path_factory.mktemp("sample")
    path = folder / "desk.db"
    clock = HandClock(clock_start)
    db = Database(f"sqlite+aiosqlite:///{path}", clock, Bus())
    settings = settings_for(folder)
    async with Pages.open(folder, clock, settings=settings, db=db, packages=()) as pages:
        await db.create_all()
        await sample.load(db, settings, clock.now())
        lines = ("can-tho", "gia-lai")
        await pages.account("lan", Role.OPERATOR, hotlines=lines, extension="1050")
        await pages.account("hoa", Role.OPERATOR, extension="1051")
    await db.close()
    return path


@pytest_asyncio.fixture(loop_scope="module")
async def desk(
    tmp_path: Path, browser: Browser, sample_database: Path, clock_start: datetime
) -> AsyncIterator[Desk]:
    """The console over a copy of the sample database."""
    shutil.copy(sample_database, tmp_path / "desk.db")
    clock = HandClock(clock_start)
    bus = Bus()
    db = Flaky(f"sqlite+aiosqlite:///{tmp_path}/desk.db", clock, bus)
    settings = settings_for(tmp_path)
    floor = Floor(bus, clock)
    async with Pages.open(
        tmp_path,
        clock,
        doors=console_doors(floor, settings),
        settings=settings,
        db=db,
        packages=("console", "portal", "api", "floor"),
    ) as pages:
        async with db.read() as session:
            ids = {n: await account_by_username(session, n) for n in ("lan", "hoa")}
        lan, hoa = (account.id for account in ids.values() if account)
        made = Desk(pages, floor, browser, db, clock, lan, hoa)
        yield made
        for context in browser.contexts:
            await context.close()
    await db.close()

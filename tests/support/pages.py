"""The pages for a test: the application on a free port, accounts, and a browser that signs in.

async with Pages.open(tmp_path, clock) as pages:
    await pages.account("lan", Role.OPERATOR)                # password = PASSWORD
    lan = await pages.sign_in("lan")                         # a client with her cookies
    answer = await lan.get("/console")
    answer = await lan.post("/logout", data={})              # the CSRF token is added
"""

import re
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import ClientResponse, ClientSession, CookieJar, web
from aiohttp.test_utils import TestServer

from escalation.acts import Acts
from escalation.lawbook import default_lawbook
from ivr.book import Flowbook
from ivr.followups.rules import Rulebook
from ivr.speech.speaker import Speaker
from tests.support.floor import Floor
from tests.support.recorder import Recorder
from tickets.attachments import Files
from tongdai.accounts.model import Role
from tongdai.accounts.service import Accounts, account_by_username
from tongdai.accounts.tables import Account, Membership
from tongdai.clock import HandClock, SystemClock
from tongdai.db import Database
from tongdai.events import Bus
from tongdai.migrate import import_tables
from tongdai.settings import Settings
from web.admin.flows import FLOWBOOK, SPEAKER
from web.app import Parts, build_app
from web.doors import ACTS, CALLBACK_RULES, CALLS, CONTROL, FILES, OPERATORS, RECORDER, TRANSFERS

PASSWORD = "mat-khau-thu-1022"
_CSRF = re.compile(r'name="csrf" content="([^"]*)"')


def settings_for(folder: Path, **more: Any) -> Settings:
    """Settings of two hotlines, with every file below `folder`."""
    return Settings(
        seats={"key": "k" * 32, "first": 1001, "last": 1009},
        hotline=(
            {
                "id": "can-tho",
                "name": "Cần Thơ",
                "title": "Tổng đài 1022 Cần Thơ",
                "number": "02921022",
                "sender_name": "UBND TP Cần Thơ",
                "brandname": "1022CANTHO",
            },
            {
                "id": "gia-lai",
                "name": "Gia Lai",
                "title": "Tổng đài 1022 Gia Lai",
                "number": "02691022",
                "sender_name": "UBND tỉnh Gia Lai",
                "brandname": "1022GIALAI",
            },
        ),
        files={"folder": folder / "files"},
        **more,
    )


def console_doors(floor: Floor, settings: Settings) -> dict[web.AppKey[Any], Any]:
    """Return what the console needs: a floor of fakes, the real law, the real files."""
    return {
        CALLS: floor,
        CONTROL: floor.control,
        RECORDER: Recorder(floor),
        OPERATORS: floor,
        TRANSFERS: floor.transfers,
        ACTS: Acts(default_lawbook()),
        FLOWBOOK: Flowbook.load(tuple(h.id for h in settings.hotlines)),
        SPEAKER: Speaker(settings, SystemClock()),
        FILES: Files(settings.files),
        CALLBACK_RULES: Rulebook(settings=settings, calendar=default_lawbook().calendar),
    }


@dataclass
class Browser:
    """A client with the cookies of one person, and the token of the page it read last."""

    base: str
    session: ClientSession
    csrf: str = ""

    async def get(self, path: str, **more: Any) -> ClientResponse:
        """GET; redirects are not followed."""
        answer = await self.session.get(self.base + path, allow_redirects=False, **more)
        found = _CSRF.search(await answer.text())
        self.csrf = found[1] if found else self.csrf
        return answer

    async def post(self, path: str, data: dict[str, Any] | None = None) -> ClientResponse:
        """POST a form with the token in it."""
        return await self.session.post(
            self.base + path, data={"csrf": self.csrf, **(data or {})}, allow_redirects=False
        )

    async def send(self, method: str, path: str, body: Any = None) -> ClientResponse:
        """Send JSON as the scripts do; bytes as they are, as somebody who means no good does."""
        headers = {"Accept": "application/json", "X-CSRF-Token": self.csrf}
        sent = {"data": body} if isinstance(body, bytes) else {"json": body}
        return await self.session.request(
            method, self.base + path, headers=headers, allow_redirects=False, **sent
        )


@dataclass
class Pages:
    """The running application and what a test wants of it."""

    app: web.Application
    db: Database
    accounts: Accounts
    settings: Settings
    bus: Bus
    base: str
    stack: AsyncExitStack
    opened: list[Browser] = field(default_factory=list)

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        folder: Path,
        clock: HandClock,
        *,
        doors: dict[web.AppKey[Any], Any] | None = None,
        settings: Settings | None = None,
        db: Database | None = None,
        packages: Iterable[str] | None = None,
    ) -> AsyncIterator["Pages"]:
        """Start the application on a free port, on SQLite in `folder` unless a database is given.

        Args:
            folder: For the database and the files.
            clock: The service's and the sessions' clock.
            doors: Objects of other parts by key; the console's are there already (Floor).
            settings: Default: two hotlines.
            db: A database that is there already.
            packages: Only these packages of pages (`("api",)`); default all.
        """
        import_tables()
        settings = settings or settings_for(folder)
        bus = db.bus if db else Bus()
        own = db is None
        db = db or Database(f"sqlite+aiosqlite:///{folder}/pages.db", clock, bus)
        if own:
            await db.create_all()
        hotlines = tuple(h.id for h in settings.hotlines)
        accounts = Accounts(db, clock, settings.web, hotlines)
        parts = Parts(
            settings=settings,
            clock=clock,
            real_clock=clock,
            db=db,
            bus=bus,
            accounts=accounts,
            doors=console_doors(Floor(bus, clock), settings) | (doors or {}),
        )
        async with AsyncExitStack() as stack:
            app = build_app(parts, packages)
            server = TestServer(app)
            await stack.enter_async_context(server)
            base = f"http://{server.host}:{server.port}"
            yield cls(app, db, accounts, settings, bus, base, stack)
        if own:
            await db.close()

    async def account(
        self,
        username: str,
        *roles: Role,
        hotlines: Iterable[str] = ("can-tho",),
        extension: str | None = None,
        unit: str | None = None,
        person: str | None = None,
    ) -> str:
        """Make an account with PASSWORD; return its id."""
        async with self.db.write() as tx:
            account = Account(
                username=username,
                full_name=f"Nguyễn {username.title()}",
                password_hash=self.accounts.hash_password(PASSWORD),
                extension=extension,
                person_id=person,
                created_at=tx.now,
            )
            tx.session.add(account)
            for hotline in hotlines:
                for role in roles:
                    tx.session.add(
                        Membership(account_id=account.id, hotline=hotline, role=role, unit_id=unit)
                    )
            return account.id

    async def browser(self) -> Browser:
        """Return a client without cookies."""
        session = ClientSession(cookie_jar=CookieJar(unsafe=True))
        await self.stack.enter_async_context(session)
        return Browser(self.base, session)

    async def sign_in(self, username: str) -> Browser:
        """Return a client that is signed in as `username`."""
        browser = await self.browser()
        await browser.get("/login")
        answer = await browser.post("/login", {"username": username, "password": PASSWORD})
        assert answer.status == 303, await answer.text()
        async with self.db.read() as session:
            account = await account_by_username(session, username)
        assert account is not None
        await browser.get("/")
        return browser

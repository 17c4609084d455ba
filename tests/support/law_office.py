"""A hotline with its law, somebody in every role, and two doors to it: API and ticket page."""

import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, CookieJar

from escalation.act import parse_act
from escalation.acts import Acts
from escalation.lawbook import Lawbook, default_lawbook
from escalation.sweep import Sweep
from escalation.timeline import timeline_lines
from tests.support.pages import Browser, Pages
from tests.support.walks import BEGIN, UNIT, Step, Walk
from tickets import drafts, units
from tickets.attachments import Files
from tickets.model import Channel, TicketForm
from tickets.tables import Ticket
from tongdai.accounts.model import OF_UNIT, SYSTEM, Role
from tongdai.accounts.service import create_token
from tongdai.accounts.tables import Account, Membership, Session
from tongdai.clock import HCM, HandClock
from tongdai.settings import Settings
from web.doors import ACTS, FILES
from web.middleware.login import COOKIE

FORMS = {"referred": "refer", "answered": "answer", "extended": "extend"}
"""Acts that have a form of their own on a ticket's page."""


def settings_of(hotline: str, folder: Path) -> Settings:
    """Return settings of one hotline."""
    one = {"id": hotline, "name": hotline, "title": hotline, "number": "02921022"}
    return Settings(
        seats={"key": "k" * 32, "first": 1001, "last": 1009},
        hotline=(one | {"sender_name": "1022", "brandname": "1022"},),
        files={"folder": folder / "files"},
        web={"session_hours": 10_000, "idle_minutes": 600_000},  # the clock leaps
    )


@dataclass
class Office:
    """The running application of one hotline."""

    hotline: str
    pages: Pages
    acts: Acts
    clock: HandClock
    unit: str = ""
    tokens: dict[str, str] = field(default_factory=dict)
    browsers: dict[str, Browser] = field(default_factory=dict)

    @classmethod
    @asynccontextmanager
    async def open(cls, hotline: str, folder: Path, clock: HandClock) -> AsyncIterator["Office"]:
        """Start it on SQLite in `folder`, with a unit, its superior, and everybody's accounts."""
        settings = settings_of(hotline, folder)
        acts = Acts(default_lawbook((hotline,)))
        doors: dict[Any, Any] = {ACTS: acts, FILES: Files(settings.files)}
        packages = ("console", "desk", "api")
        async with Pages.open(
            folder, clock, doors=doors, settings=settings, packages=packages
        ) as pages:
            office = cls(hotline, pages, acts, clock)
            await office._furnish()
            yield office

    @property
    def lawbook(self) -> Lawbook:
        """Return the law in force."""
        return self.acts.lawbook

    def at(self, step: Step) -> None:
        """Move the clock to a step."""
        self.clock.set(step.moment)

    async def sweep(self) -> None:
        """Carry out what is due."""
        await Sweep(self.pages.db, self.acts).run_due()

    async def draft(self, walk: Walk) -> str:
        """Save a form that nobody has filed yet; return its id."""
        form = TicketForm.of(
            {
                "type": walk.kind,
                "channel": "phone",
                "sender_name": "Trần Thị Bưởi",
                "sender_address": "12 hẻm 51",
                "sender_phone": "0892111222",
                "content": "Đường sụt lún",
                "unit": self.unit,
            }
        )
        async with self.pages.db.write() as tx:
            draft = await drafts.open_blank(
                tx, hotline=self.hotline, channel=Channel.PHONE, by=SYSTEM
            )
            await drafts.save(tx, draft.id, form, SYSTEM)
        return draft.id

    async def by_api(self, ticket: str, step: Step, role: str) -> tuple[int, dict[str, Any]]:
        """Do an act with a token of a role; return status and answer."""
        body = {"event": step.event, **self._fields(step)}
        headers = {"Authorization": f"Bearer {self.tokens[role]}"}
        url = f"{self.pages.base}/api/v1/tickets/{ticket}/acts"
        session = self.browsers[role].session
        async with session.post(url, json=body, headers=headers) as answer:
            return answer.status, await answer.json()

    async def by_page(self, ticket: str, step: Step, role: str) -> tuple[int, str]:
        """Do an act by its form on the ticket's page; return status and page."""
        path = f"/desk/tickets/{ticket}/{self.form(step)}"
        answer = await self.browsers[role].post(path, self.typed(step))
        return answer.status, await answer.text()

    async def by_itself(self, ticket: str, step: Step) -> None:
        """Do an act as the service itself."""
        act = parse_act({"event": step.event, **self._fields(step)})
        await self.acts.do(self.pages.db, ticket, act, SYSTEM)

    def form(self, step: Step) -> str:
        """Return the form of a step below the ticket's page."""
        return FORMS.get(step.event, f"acts/{step.event}")

    def typed(self, step: Step) -> dict[str, str]:
        """Return a step's fields as a person types them."""
        fields = self._fields(step)
        if "until" in fields:
            fields["until"] = f"{datetime.fromisoformat(fields['until']):%d/%m/%Y %H:%M}"
        return fields

    async def page(self, ticket: str, role: str) -> str:
        """Return a ticket's page as a role sees it."""
        return await (await self.browsers[role].get(f"/desk/tickets/{ticket}")).text()

    async def history(self, ticket: str) -> list[dict[str, Any]]:
        """Return the live history as the API gives it, as lines on paper."""
        headers = {"Authorization": f"Bearer {self.tokens['auditor']}"}
        url = f"{self.pages.base}/api/v1/tickets/{ticket}/history"
        async with self.browsers["auditor"].session.get(url, headers=headers) as answer:
            items = (await answer.json())["items"]
        return [{k: v for k, v in li.items() if k not in ("done", "actor")} for li in items]

    def on_paper(self, walk: Walk, *, refused: tuple[Step, ...] = ()) -> list[dict[str, Any]]:
        """Return what `tongdai timeline` says of a walk."""
        procedure, calendar = self.lawbook.procedure(self.hotline), self.lawbook.calendars
        assert procedure is not None
        steps = sorted((*walk.steps, *refused), key=lambda step: step.moment)
        events = [
            json.dumps({"at": s.moment.isoformat(), "event": s.event, **s.fields})
            for s in (Step(BEGIN, "received", ""), *steps)
        ]
        track = procedure.track_of(walk.kind) or ""
        lines = timeline_lines(procedure, track, None, calendar[self.hotline], events)
        return [json.loads(line) for line in lines]

    async def ticket(self, ticket: str) -> Ticket:
        """Return a ticket as it is now."""
        async with self.pages.db.read() as session:
            return await session.get_one(Ticket, ticket)

    def _fields(self, step: Step) -> dict[str, Any]:
        return {k: self.unit if v == UNIT else v for k, v in step.fields.items()}

    async def _furnish(self) -> None:
        db = self.pages.db
        async with db.write() as tx:
            above, unit = (
                units.new_unit(
                    self.hotline,
                    code=code,
                    name=name,
                    kind="department",
                    valid_from=tx.now - timedelta(days=1),
                    aliases=(),
                )
                for code, name in (("cap-tren", "Cơ quan cấp trên"), ("don-vi", "Đơn vị xử lý"))
            )
            unit.parent_id = above.id
            for one in (above, unit):
                await units.add_unit(tx, one, SYSTEM)
            self.unit = unit.id
            for role in Role:
                self.tokens[role] = await create_token(tx, role, self.hotline)
        for role in Role:
            mine = (unit.id, above.id) if role in OF_UNIT else (None,)
            self.browsers[role] = await self._signed_in(role, mine)

    async def _signed_in(self, role: Role, of_units: tuple[str | None, ...]) -> Browser:
        """Make an account and a browser with its session."""
        async with self.pages.db.write() as tx:
            account = Account(
                username=role.replace("_", "-"),
                full_name=f"Người {role}",
                password_hash="none",
                created_at=tx.now,
            )
            tx.session.add(account)
            await tx.session.flush()
            for unit in of_units:
                tx.session.add(
                    Membership(account_id=account.id, hotline=self.hotline, role=role, unit_id=unit)
                )
            tx.session.add(
                Session(
                    token_hash=hashlib.sha256(role.encode()).hexdigest(),
                    account_id=account.id,
                    csrf=role,
                    address="",
                    created_at=tx.now,
                    seen_at=tx.now,
                )
            )
        session = ClientSession(cookie_jar=CookieJar(unsafe=True), cookies={COOKIE: str(role)})
        await self.pages.stack.enter_async_context(session)
        return Browser(self.pages.base, session, csrf=role)


def local(moment: datetime) -> str:
    """Write a moment as a step does."""
    return moment.astimezone(HCM).strftime("%m-%d %H:%M")

"""Nobody without the right gets a byte of a recording, by page, API, link or guessing (issue 5).

The addresses are drawn from the router itself: one that answers with sound and is not in SOUNDS,
which says who may have it, fails the walk.
"""

import itertools
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from pathlib import Path

import aiohttp
import pytest
from sqlalchemy import delete
from sqlmodel import col

from telephony.calls.model import CallState, Outcome
from telephony.recordings.manifest.keys import Keys
from tests.contract.callback_calls import Calls
from tests.support.pages import Browser, Pages, settings_for
from tests.support.recordings import Rig, tones, wav
from tickets.tables import Ticket, Unit
from tongdai.accounts.model import OF_UNIT, Role
from tongdai.accounts.service import create_token
from tongdai.accounts.tables import Membership
from tongdai.clock import HandClock
from tongdai.db import Database
from tongdai.events import Bus
from tongdai.migrate import import_tables

HERE, FAR = "can-tho", "gia-lai"
Who = Callable[["Person"], bool]


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody who asks: with a session, with a program's token, or as nobody."""

    name: str
    role: Role | None = None
    hotline: str = HERE
    program: bool = False

    def is_one_of(self, *roles: Role) -> bool:
        return self.hotline == HERE and self.role in roles


def _hears(person: Person) -> bool:
    return person.is_one_of(Role.AUDITOR, Role.SUPERVISOR)


def _hears_pages(person: Person) -> bool:
    return _hears(person) and not person.program


def _deals_with_messages(person: Person) -> bool:
    return person.is_one_of(Role.OPERATOR, Role.SUPERVISOR)


def _owns_the_play(person: Person) -> bool:
    return person.name == "auditor"


def _was_granted(person: Person) -> bool:
    return person.name == "focal"


SOUNDS: dict[tuple[str, str], Who] = {
    ("GET", "/audit/recordings/{id}/audio"): _owns_the_play,
    ("GET", "/audit/recordings/{id}/wave.svg"): _hears_pages,
    ("GET", "/audit/recordings/{id}/outline.json"): _hears_pages,
    ("POST", "/audit/recordings/{id}/package"): _hears_pages,
    ("GET", "/api/v1/recordings/{id}/audio"): _hears,
    ("GET", "/api/v1/recordings/{id}/package"): _hears,
    ("GET", "/desk/recordings/{request}/audio"): _was_granted,
    ("GET", "/api/v1/recording-requests/{request}/audio"): _was_granted,
    ("GET", "/api/v1/callbacks/{id}/message"): _deals_with_messages,
}
"""Every address that answers with something of a recording, and who may have it."""
NO_RECORDING = {"/admin/prompts/sound", "/admin/flows/diagram.svg", "/admin/procedure/diagram.svg"}
"""What a caller hears of us, and drawings of the rules."""
LEFT_OUT = {"/push", "/logout"}
"""A socket that stays open, and what would end the walk."""


@dataclass
class House:
    """Cần Thơ's recordings of every kind, a play of the auditor's, a grant of a unit's."""

    pages: Pages
    ids: dict[str, str]
    recordings: tuple[str, ...]
    people: dict[str, Browser]
    somebody: str
    units: dict[str, str]
    tokens: dict[Person, str] = field(default_factory=dict)

    def path(self, pattern: str, recording: str) -> str:
        """Return an address with its ids."""
        ids = {**self.ids, "id": self.ids["task"] if "callbacks" in pattern else recording}
        return re.sub(r"\{(\w+)[^}]*\}", lambda m: ids.get(m[1], "0" * 32), pattern)

    def queries(self, pattern: str) -> tuple[str, ...]:
        """Return what may stand behind an address; some refuse what they do not know."""
        play = self.ids["own" if "{request}" in pattern else "play"]
        return f"?play={play}&reason=x", f"?play={play}", "?reason=x", ""

    async def becomes(self, role: Role, hotline: str) -> None:
        """Give the one account that has no sound of its own another role."""
        unit = self.units[hotline] if role in OF_UNIT else None
        async with self.pages.db.write() as tx:
            mine = col(Membership.account_id) == self.somebody
            await tx.session.execute(delete(Membership).where(mine))
            tx.session.add(
                Membership(account_id=self.somebody, hotline=hotline, role=role, unit_id=unit)
            )
        self.pages.accounts.forget(self.somebody)

    @asynccontextmanager
    async def ask(
        self, person: Person, method: str, pattern: str, recording: str, **headers: str
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """Send a request as a person does, with the first query that is understood."""
        browser = self.people["nobody" if person.program else person.name]
        if person.program:
            headers["Authorization"] = f"Bearer {self.tokens[person]}"
        form = {"csrf": browser.csrf, "reason": "x"} if method == "POST" else None
        address = browser.base + self.path(pattern, recording)
        queries = self.queries(pattern) if method != "POST" else ("",)
        for query in queries:
            async with browser.session.request(
                method, address + query, data=form, headers=headers, allow_redirects=False
            ) as answer:
                if answer.status != HTTPStatus.UNPROCESSABLE_ENTITY or query == queries[-1]:
                    yield answer
                    return


@pytest.fixture
async def house(tmp_path: Path, clock: HandClock) -> AsyncIterator[House]:
    import_tables()
    db = Database(f"sqlite+aiosqlite:///{tmp_path}/house.db", clock, Bus())
    await db.create_all()
    rig = Rig(db, tmp_path)
    Keys(tmp_path / "keys").generate()
    folders = {"archive": rig.archive, "spool": rig.spool, "floor_bytes": 0}
    settings = settings_for(tmp_path, recordings=folders | {"keys": tmp_path / "keys"})
    async with Pages.open(tmp_path, clock, db=db, settings=settings) as pages:
        units, ticket = await _register(db)
        task = await _message_and_call(rig, Calls(db, clock, tmp_path), ticket)
        await rig.intake().round()
        rig.intake().close()
        rows = {row.kind: row.id for row in await rig.rows()}
        people = {"nobody": await pages.browser()}
        await pages.account("auditor", Role.AUDITOR)
        await pages.account("focal", Role.FOCAL_POINT, unit=units["mine"])
        somebody = await pages.account("somebody", Role.LEADERSHIP)
        every = [role for role in Role if role not in OF_UNIT]
        await pages.account("everybody", *every, extension="1001")
        for name in ("auditor", "focal", "somebody", "everybody"):
            people[name] = await pages.sign_in(name)
        ids = {"task": task, "ticket": ticket, "hotline": HERE, "unit": units["mine"]}
        made = House(pages, ids, tuple(rows.values()), people, somebody, units)
        await _granted(made, rows["call"])
        yield made
    await db.close()


async def _register(db: Database) -> tuple[dict[str, str], str]:
    async with db.write() as tx:
        common = {"kind": "department", "valid_from": tx.now}
        mine = Unit(hotline=HERE, code="a", name="Sở Xây dựng", folded="so xay dung", **common)
        other = Unit(hotline=HERE, code="b", name="Sở Y tế", folded="so y te", **common)
        far = Unit(hotline=FAR, code="a", name="Sở Xây dựng", folded="so xay dung", **common)
        tx.session.add_all([mine, other, far])
        await tx.session.flush()
        ticket = Ticket(hotline=HERE, number="2026-000007", state="open", created_by="x",
                        unit_id=mine.id, created_at=tx.now, changed_at=tx.now)  # fmt: skip
        tx.session.add(ticket)
        return {"mine": mine.id, HERE: other.id, FAR: far.id}, ticket.id


async def _message_and_call(rig: Rig, calls: Calls, ticket: str) -> str:
    """Record a call with its consultation, and a message; return the message's task."""
    await rig.call("1764464400.1", answered_at=calls.clock.now(), ticket=ticket)
    rig.record("call-1764464400.1.raw", tones(3))
    rig.record("consultation-1764464400.1-7.raw", tones(2))
    left = await calls.call(None)
    await calls.wishes(left, message=True)
    over = {"state": CallState.ENDED, "outcome": Outcome.MESSAGE, "ended_at": calls.clock.now()}
    await calls.save(replace(left, version=2, **over))
    rig.record(f"message-{left.linkedid}.wav", wav(tones(2)))
    return (await calls.task()).id


async def _granted(house: House, recording: str) -> None:
    """Begin a play of the auditor's, and one of what a unit was granted."""
    auditor, focal = house.people["auditor"], house.people["focal"]
    begun = await auditor.send("POST", f"/audit/recordings/{recording}/plays", {"reason": "x"})
    wish = {"ticket": house.ids["ticket"], "recording": recording, "reason": "x", "basis": "y"}
    asked = await (await focal.send("POST", "/api/v1/recording-requests", wish)).json()
    path = f"/api/v1/recording-requests/{asked['id']}/decision"
    assert (await auditor.send("POST", path, {"granted": True})).status == 200
    own = await focal.send("POST", f"/desk/recordings/{asked['id']}/plays")
    house.ids |= {"request": asked["id"], "recording": recording, "call": recording}
    house.ids |= {"play": (await begun.json())["play"], "own": (await own.json())["play"]}


def addresses(house: House, methods: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Yield what the router has: method and pattern."""
    for route in house.pages.app.router.routes():
        if route.method in methods and route.resource is not None:
            yield route.method, route.resource.canonical


async def is_sound(answer: aiohttp.ClientResponse) -> bool:
    """Say whether an answer holds anything of a recording: sound, package, or outline."""
    body = await answer.read()
    media = answer.content_type.partition("/")[0] in ("audio", "video")
    media |= answer.content_type in ("application/zip", "application/octet-stream", "image/svg+xml")
    magic = any(word in body for word in (b"fLaC", b"OggS", b"TDE1", b"WAVEfmt", b'"peaks"'))
    return answer.status < 300 and (media or magic)


async def test_every_address_that_answers_with_sound_is_in_the_list(house: House) -> None:
    found: set[tuple[str, str]] = set()
    asked = sorted({a for a in addresses(house, ("GET", "POST")) if a[1] not in LEFT_OUT})
    assert len(asked) > 150
    for n, (method, pattern) in enumerate(asked):  # GET before POST: what changes comes last
        recording = house.recordings[n % len(house.recordings)]
        recording = house.ids["recording"] if "audio" in pattern else recording
        for name in ("everybody", "auditor", "focal"):
            if (method, pattern) in found or (method == "POST" and name != "everybody"):
                continue
            async with house.ask(Person(name=name), method, pattern, recording) as answer:
                assert method == "POST" or answer.status < 500, (name, pattern)
                if await is_sound(answer):
                    found.add((method, pattern))
    assert {one for one in found if one[1] not in NO_RECORDING} == set(SOUNDS)


async def test_nobody_without_the_right_gets_a_byte_by_any_way(house: House) -> None:
    got: dict[tuple[str, str], set[Person]] = {way: set() for way in SOUNDS}
    async for person in _everyone(house):
        for n, ((method, pattern), may) in enumerate(SOUNDS.items()):
            if person.program and not pattern.startswith("/api/"):
                continue
            variants = [("GET", {}), ("GET", {"Range": "bytes=0-99"}), ("HEAD", {})]
            if pattern.endswith("package"):
                del variants[1]  # it is made anew each time, and whole
            for k, (as_method, headers) in enumerate(
                variants if method == "GET" else [("POST", {})]
            ):
                recording = house.recordings[(n + k) % len(house.recordings)]
                recording = house.ids["recording"] if "{id}/audio" in pattern else recording
                where = (person.name, person.role, as_method, pattern)
                async with house.ask(person, as_method, pattern, recording, **headers) as answer:
                    body = await answer.read()
                    opened = answer.status in (200, 206)
                    takes = as_method != "HEAD" or not pattern.startswith("/api/")
                    assert opened == (may(person) and takes), (*where, answer.status)
                    assert opened or not await is_sound(answer), where
                    assert opened or len(body) == 0 or b"fLaC" not in body, where
                if opened:
                    got[method, pattern].add(person)
    assert all(got.values()), "each way is open to somebody: the refusals have another reason"


async def test_a_guessed_id_and_a_guessed_play_give_nothing(house: House) -> None:
    known = dict(house.ids)
    for guess in ({"task", "request"}, {"play", "own"}):
        house.ids = known | dict.fromkeys(guess, "0" * 32)
        recording = "0" * 32 if "task" in guess else known["recording"]
        ways = [way for way in SOUNDS if "task" in guess or "audio" in way[1]]
        ways.remove(("GET", "/api/v1/recordings/{id}/audio"))  # takes a reason, and no play
        for name, (method, pattern) in itertools.product(("everybody", "auditor", "focal"), ways):
            async with house.ask(Person(name=name), method, pattern, recording) as answer:
                assert answer.status in (403, 404), (name, method, pattern, answer.status)
                assert not await is_sound(answer)


async def _everyone(house: House) -> AsyncIterator[Person]:
    """Yield everybody: nobody, owner and grantee, each role here and far, by session and token."""
    yield Person(name="nobody")
    yield Person(name="auditor", role=Role.AUDITOR)
    yield Person(name="focal", role=Role.FOCAL_POINT)
    for hotline, role in itertools.product((HERE, FAR), Role):
        await house.becomes(role, hotline)
        yield Person(name="somebody", role=role, hotline=hotline)
        program = Person(name=f"token {hotline}", role=role, hotline=hotline, program=True)
        async with house.pages.db.write() as tx:
            house.tokens[program] = await create_token(tx, role, hotline)
        yield program

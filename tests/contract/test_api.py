"""The API keeps DESIGN.md's promises, to the right people, as its description says."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientResponse, ClientSession

from escalation.acts import Acts
from escalation.lawbook import default_lawbook
from sms.outbox import owe
from tests.support.pages import Pages, settings_for
from tests.support.recordings import Rig
from tests.support.schema import faults
from tickets.tables import Ticket, Unit
from tongdai import audit
from tongdai.accounts.model import Role
from tongdai.accounts.service import create_token
from tongdai.clock import HandClock
from tongdai.db import Database
from web.doors import ACTS

PROMISED = {
    "calls": "id pbx linkedid hotline direction caller_number caller_raw caller_name called_number "
    "started_at answered_at ended_at state outcome operator ticket",
    "tickets": "id number hotline type track level channel call state created_at filed_at stage "
    "due_at overdue",
    "recordings": "id kind call ticket started_at seconds bytes sha256 state",
    "messages": "id ticket to purpose state attempts created_at settled_at",
}


@dataclass
class Api:
    """The running API and what a test fills it with."""

    pages: Pages
    rig: Rig
    client: ClientSession
    tokens: dict[tuple[str, str | None], str] = field(default_factory=dict)
    _description: dict[str, Any] = field(default_factory=dict)

    async def token(self, role: str, hotline: str | None = "can-tho") -> str:
        if (role, hotline) not in self.tokens:
            async with self.pages.db.write() as tx:
                self.tokens[role, hotline] = await create_token(tx, Role(role), hotline)
        return self.tokens[role, hotline]

    async def ask(
        self, path: str, role: str = "auditor", *, hotline: str | None = "can-tho", **more: Any
    ) -> ClientResponse:
        """GET as a program."""
        return await self.send("GET", path, role, hotline=hotline, **more)

    async def send(
        self, method: str, path: str, role: str, *, hotline: str | None = "can-tho", **more: Any
    ) -> ClientResponse:
        headers = {"Authorization": f"Bearer {await self.token(role, hotline)}"}
        headers |= more.pop("headers", {})
        url = f"{self.pages.base}/api/v1{path}"
        return await self.client.request(method, url, headers=headers, **more)

    async def items(self, path: str, role: str = "auditor", **more: Any) -> list[dict[str, Any]]:
        """GET a list and return its items."""
        answer = await self.ask(path, role, **more)
        assert answer.status == 200, await answer.text()
        found: list[dict[str, Any]] = (await answer.json())["items"]
        return found

    async def description(self) -> dict[str, Any]:
        if not self._description:
            answer = await self.client.get(f"{self.pages.base}/api/v1/openapi.json")
            self._description = await answer.json()
        return self._description

    async def fits(self, answer: ClientResponse, path: str, method: str = "get") -> None:
        """Hold an answer against the description."""
        whole = await self.description()
        schema = whole["paths"][f"/api/v1{path}"][method]["responses"][str(answer.status)]
        body = await answer.json()
        assert faults(body, schema["content"]["application/json"]["schema"], whole) == []

    async def ticket(self, **values: Any) -> Ticket:
        values = {"hotline": "can-tho", "channel": "phone", "created_by": "x"} | values
        async with self.pages.db.write() as tx:
            ticket = Ticket(created_at=tx.now, changed_at=tx.now, **values)
            tx.session.add(ticket)
        return ticket

    async def fill(self) -> None:
        """One of each, at Cần Thơ."""
        ticket = await self.ticket(state="open", number="2026-000001")
        await self.rig.call(
            "1764464400.1",
            caller_number="+84912345678",
            ticket=ticket.id,
            answered_at=self.pages.db.clock.now(),
        )
        self.rig.record("call-1764464400.1.raw")
        await self.rig.intake().round()
        async with self.pages.db.write() as tx:
            await owe(
                tx,
                key="k",
                hotline="can-tho",
                to="+84912345678",
                purpose="result",
                params={"ticket": "2026-000001"},
                ticket_id=ticket.id,
            )


@pytest.fixture
async def api(database: Database, tmp_path: Path, clock: HandClock) -> AsyncIterator[Api]:
    rig = Rig(database, tmp_path)
    settings = settings_for(
        tmp_path, recordings={"archive": rig.archive, "spool": rig.spool, "floor_bytes": 0}
    )
    doors = {ACTS: Acts(default_lawbook())}
    async with (
        Pages.open(
            tmp_path, clock, db=database, settings=settings, doors=doors, packages=("portal", "api")
        ) as pages,
        ClientSession() as client,
    ):
        yield Api(pages, rig, client)


@pytest.mark.parametrize("name", list(PROMISED))
async def test_a_list_has_the_promised_fields_and_fits_its_description(api: Api, name: str) -> None:
    await api.fill()
    answer = await api.ask(f"/{name}")
    body = await answer.json()
    assert set(body) == {"items", "next"}
    assert [set(item) for item in body["items"]] == [set(PROMISED[name].split())]
    await api.fits(answer, f"/{name}")
    one = await api.ask(f"/{name}/{body['items'][0]['id']}")
    assert {k: v for k, v in (await one.json()).items() if k in body["items"][0]} == (
        body["items"][0]
    )
    await api.fits(one, f"/{name}/{{id}}")


async def test_what_belongs_together_names_each_other(api: Api) -> None:
    await api.fill()
    (call,) = await api.items("/calls")
    (ticket,) = await api.items("/tickets")
    (recording,) = await api.items("/recordings")
    (message,) = await api.items("/messages")
    assert call["ticket"] == recording["ticket"] == message["ticket"] == ticket["id"]
    assert recording["call"] == call["id"]
    assert call["started_at"].endswith("+07:00")


async def test_three_roles_read_all_four_lists_of_their_hotlines(api: Api) -> None:
    await api.fill()
    for role in ("auditor", "supervisor", "administrator"):
        for name in PROMISED:
            assert len(await api.items(f"/{name}", role)) == 1
            assert await api.items(f"/{name}", role, hotline="gia-lai") == []
            assert len(await api.items(f"/{name}", role, hotline=None)) == 1


OTHERS = {
    ("operator", "recordings"): 403,
    ("focal_point", "recordings"): 403,
    ("leadership", "recordings"): 403,
    ("coordinator", "calls"): 403,
    ("leadership", "messages"): 403,
    ("operator", "calls"): 200,
    ("operator", "messages"): 200,
    ("focal_point", "tickets"): 200,
    ("unit_head", "calls"): 200,
}


async def test_others_read_what_is_theirs_and_nothing_of_others(api: Api) -> None:
    await api.fill()
    told = {}
    for role, name in OTHERS:
        answer = await api.ask(f"/{name}", role)
        told[role, name] = answer.status
        assert (await answer.json()).get("items", []) == []
    assert told == OTHERS


async def test_an_operator_reads_the_own_calls(api: Api) -> None:
    lan = await api.pages.account("lan", Role.OPERATOR)
    await api.rig.call("1764464400.1", operator=lan)
    await api.rig.call("1764464400.2", operator="somebody else")
    browser = await api.pages.sign_in("lan")
    items = (await (await browser.get("/api/v1/calls")).json())["items"]
    assert [c["linkedid"] for c in items] == ["1764464400.1"]
    hidden = (await api.items("/calls?linkedid=1764464400.2"))[0]["id"]
    assert (await browser.get(f"/api/v1/calls/{hidden}")).status == 404


async def test_a_unit_reads_its_tickets_their_calls_and_messages(api: Api) -> None:
    async with api.pages.db.write() as tx:
        unit = Unit(
            hotline="can-tho", code="sxd", name="Sở Xây dựng", folded="so xay dung",
            kind="department", valid_from=tx.now,
        )  # fmt: skip
        tx.session.add(unit)
    ticket = await api.ticket(state="open", unit_id=unit.id)
    await api.rig.call("1764464400.1", ticket=ticket.id)
    await api.rig.call("1764464400.2")
    await api.pages.account("minh", Role.FOCAL_POINT, unit=unit.id)
    minh = await api.pages.sign_in("minh")
    calls = (await (await minh.get("/api/v1/calls")).json())["items"]
    tickets = (await (await minh.get("/api/v1/tickets")).json())["items"]
    assert [c["linkedid"] for c in calls] == ["1764464400.1"]
    assert [t["id"] for t in tickets] == [ticket.id]


async def test_a_secret_caller_is_shown_to_nobody_who_need_not_act(api: Api) -> None:
    ticket = await api.ticket(state="open", confidential=True, sender_name="Trần Thị B")
    await api.rig.call("1764464400.1", caller_number="+84912345678", ticket=ticket.id)
    (call,) = await api.items("/calls")
    assert (call["caller_number"], call["caller_raw"], call["caller_name"]) == (None, "", "")
    detail = await (await api.ask(f"/tickets/{ticket.id}")).json()
    assert detail["sender"] == {
        "name": "", "address": "", "phone": "", "email": "", "masked": True,
    }  # fmt: skip
    shown = await (await api.ask(f"/tickets/{ticket.id}", "operator")).json()
    assert shown["sender"]["name"] == "Trần Thị B"


@pytest.mark.parametrize("name", ["calls", "recordings", "messages", "tickets"])
async def test_pages_hold_everything_once(api: Api, name: str) -> None:
    clock = api.pages.db.clock
    assert isinstance(clock, HandClock)
    for i in range(7):
        clock.advance(timedelta(seconds=i % 2))  # some at the same moment
        ticket = await api.ticket(state="open", number=f"2026-{i:06}")
        await api.rig.call(f"17644644{i:02}.1", ticket=ticket.id, answered_at=clock.now())
        api.rig.record(f"call-17644644{i:02}.1.raw", b"\1\0\2\0" * 80)
        async with api.pages.db.write() as tx:
            await owe(
                tx, key=f"k{i}", hotline="can-tho", to="+84912345678", purpose="result",
                params={"ticket": "x"}, ticket_id=ticket.id,
            )  # fmt: skip
    await api.rig.intake().round()
    seen, path = [], f"/{name}?limit=3"
    for _ in range(4):
        body = await (await api.ask(path)).json()
        seen += [item["id"] for item in body["items"]]
        if body["next"] is None:
            break
        path = f"/{name}?limit=3&cursor={body['next']}"
    assert len(seen) == len(set(seen)) == 7
    assert seen == [item["id"] for item in await api.items(f"/{name}")]


NOT_UNDERSTOOD = {
    "limit=0": "limit",
    "limit=201": "limit",
    "limit=many": "limit",
    "cursor=nonsense": "cursor",
    "cursor=WyIyMDI2IiwgMV0": "cursor",
    "cursor=%FF%00": "cursor",
    "state=asleep": "state",
    "since=yesterday": "since",
    "since=2026-11-30T08:00:00": "since",
    "number=hello": "number",
    "hotlin=can-tho": "hotlin",
}


async def test_what_cannot_be_understood_is_refused_by_name(api: Api) -> None:
    for query, field_name in NOT_UNDERSTOOD.items():
        answer = await api.ask(f"/calls?{query}")
        assert (answer.status, list((await answer.json())["fields"])) == (422, [field_name])
        await api.fits(answer, "/calls")


NARROWED = {
    "state=ended": 1,
    "state=queued": 0,
    "hotline=can-tho": 1,
    "hotline=gia-lai": 0,
    "number=0912 345 678": 1,
    "number=%2B84912345678": 1,
    "number=0912345679": 0,
    "since=2026-11-30T08:00:00%2B07:00": 1,
    "since=2026-11-30T08:00:01%2B07:00": 0,
    "until=2026-11-30T08:00:00%2B07:00": 0,
    "linkedid=1764464400.1": 1,
}


async def test_calls_are_narrowed(api: Api) -> None:
    await api.fill()
    found = {query: len(await api.items(f"/calls?{query}")) for query in NARROWED}
    assert found == NARROWED


async def test_without_a_good_token_nothing_is_told(api: Api) -> None:
    for headers in ({}, {"Authorization": "Bearer t1022_wrong"}, {"Authorization": "Basic eDp5"}):
        answer = await api.client.get(f"{api.pages.base}/api/v1/calls", headers=headers)
        assert answer.status == 401
        await api.fits(answer, "/calls")


async def test_refusals_speak_the_language_asked_for(api: Api) -> None:
    for language, words in (("vi", "Không có cuộc gọi này."), ("fr, vi;q=0.5", "Không có")):
        answer = await api.ask("/calls/none", headers={"Accept-Language": language})
        body = await answer.json()
        assert (answer.status, body["code"]) == (404, "call_unknown")
        assert words in body["message"]


async def test_sound_is_heard_whole_and_from_the_middle_and_each_time_noted(api: Api) -> None:
    await api.fill()
    (recording,) = await api.items("/recordings")
    path = f"/recordings/{recording['id']}/audio"
    whole = await api.ask(path)
    sound = await whole.read()
    assert (whole.status, whole.content_type) == (200, "audio/flac")
    assert len(sound) == recording["bytes"]
    part = await api.ask(path, "supervisor", headers={"Range": "bytes=100-199"})
    assert (part.status, await part.read()) == (206, sound[100:200])
    assert part.headers["Content-Range"] == f"bytes 100-199/{len(sound)}"
    async with api.pages.db.read() as session:
        lines = await audit.history(session, audit.RECORDINGS, recording["id"])
    plays = [line for line in lines if line.kind == "played"]
    assert [p.data["name"] for p in plays] == ["API auditor", "API supervisor"]
    assert plays[1].data["span"] == "bytes=100-199"


@pytest.mark.parametrize(("role", "status"), [("administrator", 403), ("operator", 403)])
async def test_sound_is_for_auditor_and_supervisor_only(api: Api, role: str, status: int) -> None:
    await api.fill()
    (recording,) = await api.items("/recordings")
    answer = await api.ask(f"/recordings/{recording['id']}/audio", role)
    assert answer.status == status
    other = await api.ask(f"/recordings/{recording['id']}/audio", "auditor", hotline="gia-lai")
    assert other.status == 404
    async with api.pages.db.read() as session:
        lines = await audit.history(session, audit.RECORDINGS, recording["id"])
    assert "played" not in [line.kind for line in lines]


async def test_sound_that_the_archive_lacks_is_said_to_be_missing(api: Api) -> None:
    await api.fill()
    (recording,) = await api.items("/recordings")
    for path in api.rig.archived_files():
        path.unlink()
    answer = await api.ask(f"/recordings/{recording['id']}/audio")
    assert (answer.status, (await answer.json())["code"]) == (503, "recording_audio_missing")

"""What the console's addresses give, and to whom (CT-8.1, CT-8.2, CT-9.1)."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientResponse, FormData
from sqlmodel import select

from tests.support.floor import Floor
from tests.support.pages import Browser, Pages, console_doors, settings_for
from tickets.tables import Ticket
from tickets.units import new_person, new_unit
from tongdai.accounts.model import Role
from tongdai.clock import HandClock
from tongdai.db import Database
from tongdai.events import Bus
from tongdai.ids import AccountId

pytestmark = pytest.mark.slow

FORM = {
    "type": "socio_economic",
    "channel": "phone",
    "sender_name": "Nguyễn Thị Bé Ba",
    "sender_address": "51/7 đường 3/2",
    "sender_phone": "0912 345 678",
    "content": "Đèn đường hỏng.",
}


class World:
    """Two operators of Cần Thơ and one of Gia Lai, a unit with its focal point."""

    def __init__(self, pages: Pages, floor: Floor) -> None:
        self.pages, self.floor = pages, floor
        self.unit = ""
        self.lan = self.hoa = self.kim = AccountId("")

    async def prepare(self) -> None:
        operator = Role.OPERATOR
        self.lan = AccountId(await self.pages.account("lan", operator, extension="1001"))
        self.hoa = AccountId(await self.pages.account("hoa", operator, extension="1002"))
        self.kim = AccountId(await self.pages.account("kim", operator, hotlines=("gia-lai",)))
        async with self.pages.db.write() as tx:
            unit = new_unit(
                "can-tho",
                code="so-xay-dung",
                name="Sở Xây dựng",
                kind="department",
                valid_from=tx.now,
                aliases=(),
            )
            tx.session.add(unit)
            await tx.session.flush()  # the person below names it
            focal = new_person(
                unit,
                name="Đỗ Hoàng Phúc",
                role="focal_point",
                active_from=tx.now,
                phone="0892100106",
                mobile="0892100106",
                title="Chuyên viên",
            )
            tx.session.add(focal)
            self.unit = unit.id

    async def answered(self, who: Browser) -> tuple[str, str]:
        """Return a call that Lan answered, and its ticket."""
        call = self.floor.ring(self.lan)
        self.floor.answer(call)
        ticket = await (await who.send("POST", f"/console/calls/{call}/ticket", {})).json()
        return call, ticket["id"]

    async def ticket(self) -> Ticket:
        async with self.pages.db.read() as session:
            found: Ticket = (await session.execute(select(Ticket))).scalar_one()
            return found


@pytest.fixture
async def world(tmp_path: Path, clock: HandClock) -> AsyncIterator[World]:
    bus = Bus()
    db = Database(f"sqlite+aiosqlite:///{tmp_path}/console.db", clock, bus)
    await db.create_all()
    settings = settings_for(tmp_path, pbx=({"secret": "x", "http_port": 8089},))
    floor = Floor(bus, clock)
    doors = console_doors(floor, settings)
    async with Pages.open(
        tmp_path, clock, doors=doors, settings=settings, db=db, packages=("console",)
    ) as pages:
        made = World(pages, floor)
        await made.prepare()
        yield made
    await db.close()


async def test_the_seat_is_ones_own(world: World) -> None:
    lan, hoa = await world.pages.sign_in("lan"), await world.pages.sign_in("hoa")
    mine = await (await lan.send("GET", "/console/seat")).json()
    other = await (await hoa.send("GET", "/console/seat")).json()
    assert mine["uri"] == "sip:web-1001@127.0.0.1"
    assert mine["socket"] == "ws://127.0.0.1:8089/ws"
    assert mine["password"] != other["password"]
    kim = await world.pages.sign_in("kim")
    assert (await kim.send("GET", "/console/seat")).status == 404


async def test_a_call_opens_one_ticket_for_whoever_answered_it(world: World) -> None:
    lan, hoa = await world.pages.sign_in("lan"), await world.pages.sign_in("hoa")
    call, ticket = await world.answered(lan)
    again = await (await lan.send("POST", f"/console/calls/{call}/ticket", {})).json()
    assert again["id"] == ticket
    assert again["form"]["sender_phone"] == "0912 345 678"
    for path in (f"/console/calls/{call}/ticket", f"/console/calls/{call}/link"):
        refused = await hoa.send("POST", path, {"ticket": ticket})
        assert (refused.status, (await refused.json())["code"]) == (403, "not_your_call")


async def test_a_ringing_call_may_be_looked_up_and_not_yet_written_about(world: World) -> None:
    lan = await world.pages.sign_in("lan")
    call = world.floor.ring(world.lan)
    assert (await lan.send("GET", f"/console/calls/{call}/about")).status == 200
    assert (await lan.send("POST", f"/console/calls/{call}/ticket", {})).status == 403
    assert (await lan.send("GET", "/console/calls/khong-co/about")).status == 404


async def test_what_is_typed_is_kept_and_an_older_page_does_not_overwrite_it(world: World) -> None:
    lan = await world.pages.sign_in("lan")
    _call, ticket = await world.answered(lan)
    path = f"/console/tickets/{ticket}/draft"
    first = await lan.send("PUT", path, {"form": {"content": "Một"}, "revision": None})
    revision = (await first.json())["revision"]
    body = {"form": {"content": "Hai", "field_text": "chieu"}, "revision": revision}
    assert (await lan.send("PUT", path, body)).status == 200
    late = await lan.send("PUT", path, {"form": {"content": "Cũ"}, "revision": revision})
    assert (late.status, (await late.json())["code"]) == (409, "ticket_changed_meanwhile")
    kept = await (await lan.send("GET", f"/console/tickets/{ticket}")).json()
    assert (kept["form"]["content"], kept["form"]["field_text"]) == ("Hai", "chieu")


async def test_a_referral_needs_form_and_unit_and_says_what_is_missing(world: World) -> None:
    lan = await world.pages.sign_in("lan")
    _call, ticket = await world.answered(lan)
    path = f"/console/tickets/{ticket}/file"
    refused = await lan.send("POST", path, {"form": {"content": "Hỏng"}, "event": "referred"})
    assert refused.status == 422
    fields = (await refused.json())["fields"]
    assert set(fields) == {"type", "sender_name", "sender_address", "sender_phone", "unit"}
    assert fields["unit"] == "Cần nhập mục này."
    assert (await world.ticket()).state == "draft"
    filed = await lan.send("POST", path, {"form": FORM | {"unit": world.unit}, "event": "referred"})
    body = await filed.json()
    assert (body["number"], body["state"], body["unit"]) == ("2026-000001", "open", "Sở Xây dựng")
    assert body["person"] == "Đỗ Hoàng Phúc"
    assert body["due_words"].startswith("08:00 thứ ba")
    assert body["message"]["state"] == "queued"


async def test_filing_twice_files_once(world: World) -> None:
    lan = await world.pages.sign_in("lan")
    _call, ticket = await world.answered(lan)
    sent = {"form": FORM | {"direct_answer": "Đã hướng dẫn."}, "event": "answered_directly"}
    answers = [
        await (await lan.send("POST", f"/console/tickets/{ticket}/file", sent)).json()
        for _time in range(2)
    ]
    assert [a["number"] for a in answers] == ["2026-000001", "2026-000001"]
    assert {a["state"] for a in answers} == {"closed"}
    assert (await world.ticket()).direct_answer == "Đã hướng dẫn."


async def test_an_answer_that_was_typed_and_not_chosen_is_not_filed(world: World) -> None:
    lan = await world.pages.sign_in("lan")
    _call, ticket = await world.answered(lan)
    form = FORM | {"direct_answer": "Nhầm", "unit": world.unit}
    await lan.send("POST", f"/console/tickets/{ticket}/file", {"form": form, "event": "referred"})
    assert (await world.ticket()).direct_answer == ""


async def test_a_refusal_needs_ground_and_guidance(world: World) -> None:
    lan = await world.pages.sign_in("lan")
    _call, ticket = await world.answered(lan)
    path = f"/console/tickets/{ticket}/file"
    refused = await lan.send("POST", path, {"form": {}, "event": "rejected"})
    assert set((await refused.json())["fields"]) == {"ground", "guidance"}
    form = {"ground": "complaint_or_denunciation", "guidance": "Gửi đơn đến cơ quan có thẩm quyền."}
    done = await lan.send("POST", path, {"form": form, "event": "rejected"})
    assert (await done.json())["state"] == "rejected"


async def test_another_hotlines_people_are_nobodys_business(world: World) -> None:
    kim = await world.pages.sign_in("kim")
    for path in ("rules", "people?q=phuc", "contacts?q=ba", f"focal-point?unit={world.unit}"):
        answer = await kim.send("GET", f"/console/hotlines/can-tho/{path}")
        assert (answer.status, (await answer.json())["code"]) == (403, "not_an_operator_here")
    lan = await world.pages.sign_in("lan")
    answer = await lan.send("GET", "/console/hotlines/can-tho/people?q=do hoang")
    [person] = (await answer.json())["items"]
    assert (person["name"], person["unit"]) == ("Đỗ Hoàng Phúc", "Sở Xây dựng")


async def test_signing_on_pausing_and_leaving(world: World) -> None:
    lan = await world.pages.sign_in("lan")
    refused = await lan.send("POST", "/console/me/pause", {"reason": "meal"})
    assert (await refused.json())["code"] == "operator_not_signed_on"
    on = await (await lan.send("POST", "/console/me/sign-on", {})).json()
    assert (on["state"], on["device"], on["hotlines"]) == ("ready", "web", ["can-tho"])
    paused = await (await lan.send("POST", "/console/me/pause", {"reason": "meal"})).json()
    assert (paused["state"], paused["reason"]) == ("paused", "meal")
    desk = await (await lan.send("POST", "/console/me/device", {"device": "desk"})).json()
    assert desk["device"] == "desk"
    off = await (await lan.send("POST", "/console/me/sign-off", {})).json()
    assert off["state"] == "signed_off"


async def test_a_picture_is_attached_and_a_program_is_not(world: World) -> None:
    lan = await world.pages.sign_in("lan")
    _call, ticket = await world.answered(lan)

    async def attach(name: str, data: bytes) -> ClientResponse:
        form = FormData(quote_fields=False)
        form.add_field("file", data, filename=name)
        path = f"{world.pages.base}/console/tickets/{ticket}/files"
        headers = {"X-CSRF-Token": lan.csrf, "Accept": "application/json"}
        return await lan.session.post(path, data=form, headers=headers)

    picture = b"\x89PNG\r\n\x1a\n" + bytes(64)
    answer = await attach("hố ga.png", picture)
    assert [f["name"] for f in (await answer.json())["files"]] == ["hố ga.png"]
    refused = await attach("virus.exe", b"MZ" + bytes(64))
    assert (refused.status, (await refused.json())["code"]) == (422, "attachment_refused")

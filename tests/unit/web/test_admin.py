"""The administration over HTTP: who may, what is kept, and what follows from it."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlmodel import col, select

from sms.tables import Message
from tests.support.floor import Floor
from tests.support.pages import PASSWORD, Browser, Pages, settings_for
from tickets import units
from tickets.tables import SubjectField, Unit
from tongdai import audit, sample
from tongdai.accounts.model import Role, Viewer
from tongdai.accounts.service import account_by_username, viewer_of
from tongdai.clock import HandClock
from tongdai.db import Database
from tongdai.ids import AccountId, HotlineId
from web.doors import OPERATORS

pytestmark = pytest.mark.slow

PAGES = (
    "/admin",
    "/admin/accounts",
    "/admin/accounts/new",
    "/admin/units",
    "/admin/units/new",
    "/admin/fields",
    "/admin/fields/new",
    "/admin/messages",
    "/admin/messages/referral/vi",
    "/admin/changes",
    "/admin/procedure",
    "/admin/calendar",
)
OPERATOR = {"full_name": "Trần Thị Lan", "language": "vi", "hotline-0": "can-tho"}


@dataclass
class Office:
    """The running pages over the sample's people, and what the tests look at."""

    pages: Pages
    clock: HandClock

    async def unit(self, code: str, hotline: str = "can-tho") -> Unit:
        async with self.pages.db.read() as session:
            found = await units.by_code(session, hotline, code)
        assert found is not None
        return found

    async def account(self, username: str) -> str:
        async with self.pages.db.read() as session:
            found = await account_by_username(session, username)
        assert found is not None
        return found.id

    async def viewer(self, username: str) -> Viewer:
        async with self.pages.db.read() as session:
            found = await account_by_username(session, username)
            assert found is not None
            return await viewer_of(session, found)

    async def kinds(self, subject: str) -> list[str]:
        async with self.pages.db.read() as session:
            lines = await audit.history(session, audit.ADMINISTRATION, subject)
        return [line.kind for line in lines]


@pytest.fixture
async def office(tmp_path: Path, clock: HandClock, database: Database) -> AsyncIterator[Office]:
    settings = settings_for(tmp_path).model_copy(
        update={"seats": settings_for(tmp_path).seats.model_copy(update={"last": 1020})}
    )
    await sample.load(database, settings, clock.now())
    async with Pages.open(
        tmp_path, clock, settings=settings, db=database, packages=("admin",)
    ) as pages:
        await pages.account("an", Role.ADMINISTRATOR)
        await pages.account("binh", Role.ADMINISTRATOR, hotlines=("gia-lai",))
        yield Office(pages, clock)


async def signed_in(office: Office, username: str) -> Browser:
    browser = await office.pages.sign_in(username)
    await browser.get("/admin")
    return browser


async def test_every_page_opens_for_administrators_alone(office: Office) -> None:
    await office.pages.account("tu", *(r for r in Role if r is not Role.ADMINISTRATOR))
    an, other = await signed_in(office, "an"), await office.pages.sign_in("tu")
    nobody = await office.pages.browser()
    for path in PAGES:
        assert (await an.get(path)).status == 200, path
        assert (await other.get(path)).status == 403, path
        assert (await nobody.get(path)).status == 303, path
    refused = await other.post("/admin/accounts/new", {"username": "x"})
    assert refused.status == 403


async def test_an_administrator_sees_and_changes_his_own_hotlines_alone(office: Office) -> None:
    binh = await signed_in(office, "binh")
    roads = await office.unit("so-xay-dung")
    async with office.pages.db.read() as session:
        fields = select(SubjectField).where(col(SubjectField.hotline) == "can-tho").limit(1)
        field = (await session.execute(fields)).scalars().one()
    operator = await office.account("can-tho.operator1")
    for path in (
        f"/admin/units/{roads.id}",
        f"/admin/fields/{field.id}",
        f"/admin/accounts/{operator}",
    ):
        assert (await binh.get(path)).status == 404, path
        assert (await binh.post(path, {"name": "x"})).status in (404, 422), path
    assert (await binh.get("/admin/units?hotline=can-tho")).status == 403
    assert "can-tho." not in await (await binh.get("/admin/accounts")).text()
    assert (await binh.post(f"/admin/accounts/{operator}/close")).status in (404, 422)
    given = {"role": "focal_point", "name": "Kẻ Lạ", "mobile": "0912345678"}
    assert (await binh.post(f"/admin/units/{roads.id}/people", given)).status == 404
    async with office.pages.db.read() as session:
        unchanged = await session.get_one(Unit, roads.id)
        chief = await units.focal_point(session, roads.id, office.clock.now())
    assert unchanged.name == roads.name
    assert chief is not None
    assert chief.name != "Kẻ Lạ"


async def test_a_made_account_signs_in_with_the_password_that_is_told_once(office: Office) -> None:
    an = await signed_in(office, "an")
    typed = {**OPERATOR, "username": "lan", "role-0": "operator", "extension": "1015"}
    answer = await an.post("/admin/accounts/new", typed)
    told = re.search(r'id="password">([^<]+)<', await answer.text())
    assert answer.status == 200
    assert told
    lan = await office.pages.browser()
    await lan.get("/login")
    entered = await lan.post("/login", {"username": "lan", "password": told[1]})
    assert entered.status == 303
    viewer = await office.viewer("lan")
    assert viewer.has(Role.OPERATOR, "can-tho")
    assert viewer.extension == "1015"
    account = await office.account("lan")
    assert await office.kinds(account) == ["account_created"]
    shown = await (await an.get(f"/admin/accounts/{account}")).text()
    assert told[1] not in shown
    listed = await (await an.get("/admin/accounts?q=tran+thi+lan")).text()
    assert "lan" in listed
    changes = await (await an.get("/admin/changes")).text()
    assert "Tạo tài khoản Trần Thị Lan (lan)" in changes
    assert "Nguyễn An" in changes
    assert told[1] not in changes


async def test_what_was_typed_comes_back_with_what_is_wrong(office: Office) -> None:
    an = await signed_in(office, "an")
    typed = {
        **OPERATOR,
        "username": "Lan Trần",
        "role-0": "focal_point",
        "unit-0": "sở nào đó",
        "extension": "1016",
    }
    answer = await an.post("/admin/accounts/new", typed)
    page = await answer.text()
    assert answer.status == 422
    for kept in ("Lan Trần", "Trần Thị Lan", "sở nào đó"):
        assert f'value="{kept}"' in page
    assert "Không có đơn vị này" in page
    assert "Tên đăng nhập gồm" in page
    mended = {**typed, "username": "lan", "unit-0": "so xay dung thanh pho can tho"}
    assert (await an.post("/admin/accounts/new", {**mended, "extension": ""})).status == 200
    viewer = await office.viewer("lan")
    assert viewer.units_at("can-tho") == ((await office.unit("so-xay-dung")).id,)


async def test_a_closed_account_is_signed_out_and_leaves_the_queues(office: Office) -> None:
    an = await signed_in(office, "an")
    minh = await office.pages.account("minh", Role.OPERATOR, extension="1018")
    browser = await office.pages.sign_in("minh")
    floor = office.pages.app[OPERATORS]
    assert isinstance(floor, Floor)
    await floor.sign_on(await office.viewer("minh"), "web", (HotlineId("can-tho"),))
    assert (await browser.get("/admin")).status == 403  # signed in, and no administrator
    answer = await an.post(f"/admin/accounts/{minh}/close")
    assert answer.headers["Location"].endswith("?done=closed")
    assert (await browser.get("/admin")).status == 303  # to the sign-in page
    assert floor.get(AccountId(minh)) is None
    await browser.get("/login")
    again = await browser.post("/login", {"username": "minh", "password": PASSWORD})
    assert again.status == 422
    await an.post(f"/admin/accounts/{minh}/reopen")
    await browser.get("/login")
    again = await browser.post("/login", {"username": "minh", "password": PASSWORD})
    assert again.status == 303
    assert await office.kinds(minh) == ["account_closed", "account_reopened"]


async def test_a_new_password_ends_the_sessions_of_the_old_one(office: Office) -> None:
    an = await signed_in(office, "an")
    minh = await office.pages.account("minh", Role.OPERATOR)
    browser = await office.pages.sign_in("minh")
    page = await (await an.post(f"/admin/accounts/{minh}/password")).text()
    told = re.search(r'id="password">([^<]+)<', page)
    assert told
    assert (await browser.get("/admin")).status == 303
    for password, status in ((PASSWORD, 422), (told[1], 303)):
        await browser.get("/login")
        answer = await browser.post("/login", {"username": "minh", "password": password})
        assert answer.status == status


async def test_roles_hold_from_the_next_click_on(office: Office) -> None:
    an = await signed_in(office, "an")
    minh = await office.pages.account("minh", Role.OPERATOR)
    browser = await office.pages.sign_in("minh")
    assert (await browser.get("/admin")).status == 403
    typed = {**OPERATOR, "full_name": "Minh", "role-0": "administrator"}
    assert (await an.post(f"/admin/accounts/{minh}", typed)).status == 303
    assert (await browser.get("/admin")).status == 200
    lines = await (await an.get(f"/admin/changes?subject={minh}")).text()
    assert "<del>Tổng đài viên, Cần Thơ</del>" in lines
    assert "<ins>Quản trị hệ thống, Cần Thơ</ins>" in lines


async def test_nobody_closes_himself_or_takes_the_last_administrator_away(office: Office) -> None:
    binh = await signed_in(office, "binh")
    own = await office.account("binh")
    answer = await binh.post(f"/admin/accounts/{own}/close")
    assert answer.status == 422
    assert "không thể khóa tài khoản đang dùng" in await answer.text()
    sampled = await office.account("gia-lai.administrator")
    assert (await binh.post(f"/admin/accounts/{sampled}/close")).status == 303
    typed = {"full_name": "Bình", "language": "vi", "hotline-0": "gia-lai", "role-0": "auditor"}
    answer = await binh.post(f"/admin/accounts/{own}", typed)
    assert answer.status == 422
    assert "người quản trị cuối cùng" in await answer.text()
    assert (await office.viewer("binh")).has(Role.ADMINISTRATOR, "gia-lai")


async def test_the_overview_shows_what_waits_for_a_person(office: Office) -> None:
    an, binh = await signed_in(office, "an"), await signed_in(office, "binh")
    now = office.clock.now()
    async with office.pages.db.write() as tx:
        for state in ("unknown", "not_sendable", "delivered"):
            row = Message(
                key=state,
                channel="sms",
                hotline="can-tho",
                recipient=f"+8491234567{len(state) % 10}",
                purpose="referral",
                template="x",
                language="vi",
                state=state,
                receipt_token="x",
                created_at=now,
                next_at=now,
            )
            tx.session.add(row)
    page = await (await an.get("/admin")).text()
    assert ("0912 345 677" in page, "0912 345 672" in page, "0912 345 679" in page) == (
        True,
        True,
        False,
    )
    assert "Cơ sở dữ liệu" in page
    assert "Nguyễn An" in page
    assert "Không có tin nhắn nào chờ người xem" in await (await binh.get("/admin")).text()


async def test_the_law_can_be_read_in_words(office: Office) -> None:
    an = await signed_in(office, "an")
    page = await (await an.get("/admin/procedure")).text()
    for words in ("875/QĐ-UBND", "08 giờ làm việc", "48 giờ làm việc", "CT-9.1.2c", "ghi trễ hạn"):
        assert words in page
    page = await (await an.get("/admin/calendar?year=2026")).text()
    for words in ("Thứ hai đến thứ sáu", "07:00–11:00, 13:00–17:00", "16/02 – 20/02", "thứ bảy"):
        assert words in page


async def test_long_lists_have_pages(office: Office) -> None:
    an = await signed_in(office, "an")
    first = await (await an.get("/admin/accounts")).text()
    assert 'rel="next"' in first
    assert 'rel="prev"' not in first
    last = await (await an.get("/admin/accounts?page=999")).text()
    assert 'rel="next"' not in last
    assert 'rel="prev"' in last
    for n in range(45):
        typed = {"name": f"Lĩnh vực {n}", "position": str(n), "active": "on"}
        assert (await an.post("/admin/fields/new", typed)).status == 303
    newest = await (await an.get("/admin/changes")).text()
    following = re.search(r"before=(\d+)", newest)
    assert following
    assert "Thêm lĩnh vực Lĩnh vực 44" in newest
    older = await (await an.get(f"/admin/changes?before={following[1]}")).text()
    assert "Thêm lĩnh vực Lĩnh vực 0" in older
    assert "Thêm lĩnh vực Lĩnh vực 44" not in older

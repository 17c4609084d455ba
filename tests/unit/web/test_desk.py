"""The desk end to end over HTTP: the real law, the real register, the sample's people."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from aiohttp import FormData

from escalation.act import Act
from escalation.acts import Acts
from escalation.lawbook import default_lawbook
from escalation.sweep import Sweep
from sms import links, store
from tests.support.pages import Browser, Pages
from tickets import drafts, search
from tickets.attachments import Files
from tickets.model import Channel, TicketForm
from tickets.tables import Ticket
from tongdai import sample
from tongdai.accounts.model import Viewer
from tongdai.accounts.service import account_by_username, viewer_of
from tongdai.clock import HandClock
from tongdai.db import Database
from tongdai.ids import HotlineId, MessageId, TicketId
from tongdai.sample import SampleAccount
from tongdai.settings import Settings
from web.doors import ACTS, FILES

pytestmark = pytest.mark.slow

PDF = b"%PDF-1.4\n%%EOF\n"
CONTENT = 'Đèn đường hẻm 51 hỏng <b>3 đêm</b> nay, "tối" lắm'


def _settings(folder: Path) -> Settings:
    return Settings(
        seats={"key": "k" * 32, "first": 1001, "last": 1009},
        hotline=(
            {
                "id": "can-tho",
                "name": "Cần Thơ",
                "title": "Tổng đài 1022 Cần Thơ",
                "number": "02921022",
                "sender_name": "1022 Cần Thơ",
                "brandname": "1022CANTHO",
            },
        ),
        files={"folder": folder / "files"},
    )


@dataclass
class Town:
    """The running pages and the sample's people."""

    pages: Pages
    acts: Acts
    accounts: list[SampleAccount]
    clock: HandClock
    sweep: Sweep

    def account(self, role: str, unit: str | None = None) -> SampleAccount:
        return next(a for a in self.accounts if a.role == role and unit in (None, a.unit))

    async def viewer(self, role: str, unit: str | None = None) -> Viewer:
        async with self.pages.db.read() as session:
            account = await account_by_username(session, self.account(role, unit).username)
            assert account is not None
            return await viewer_of(session, account)

    async def browser(self, role: str, unit: str | None = None) -> Browser:
        who = self.account(role, unit)
        browser = await self.pages.browser()
        await browser.get("/login")
        answer = await browser.post("/login", {"username": who.username, "password": who.password})
        assert answer.status == 303
        await browser.get("/desk/tickets/none")
        return browser

    async def ticket(self, unit: str | None = "so-xay-dung", **more: str) -> str:
        operator = await self.viewer("operator")
        async with self.pages.db.write() as tx:
            (field, *_) = await search.find_fields(tx.session, "can-tho", "chiếu sáng") or [None]
            draft = await drafts.open_blank(
                tx, hotline=HotlineId("can-tho"), channel=Channel.PHONE, by=operator
            )
            typed = {
                "type": "socio_economic",
                "sender_name": "Trần Thị Bưởi",
                "sender_address": "12 hẻm 51, Ninh Kiều",
                "sender_phone": "0892111222",
                "content": CONTENT,
                "field": field.id if field else "",
                **more,
            }
            filed = await self.acts.file(tx, draft.id, TicketForm.of(typed), operator)
            ticket_id = filed.id
        if unit:
            await self.do(ticket_id, Act(event="referred", unit_id=await self.unit(unit)), operator)
        return ticket_id

    async def do(self, ticket_id: str, act: Act, by: Viewer) -> None:
        await self.acts.do(self.pages.db, ticket_id, act, by)

    async def unit(self, code: str) -> str:
        from tickets import units  # noqa: PLC0415

        async with self.pages.db.read() as session:
            found = await units.by_code(session, "can-tho", code)
        assert found is not None
        return found.id

    async def row(self, ticket_id: str) -> Ticket:
        async with self.pages.db.read() as session:
            found = await session.get(Ticket, ticket_id)
        assert found is not None
        return found

    async def pass_time(self, step: timedelta) -> None:
        self.clock.advance(step)
        while await self.sweep.run_due():
            pass


@pytest.fixture
async def town(tmp_path: Path, clock: HandClock, database: Database) -> AsyncIterator[Town]:
    settings = _settings(tmp_path)
    acts = Acts(default_lawbook(("can-tho",)), {"can-tho": "https://1022.example.vn"})
    doors: dict[Any, Any] = {ACTS: acts, FILES: Files(settings.files)}
    report = await sample.load(database, settings, clock.now())
    async with Pages.open(
        tmp_path, clock, doors=doors, settings=settings, db=database, packages=("desk",)
    ) as pages:
        yield Town(pages, acts, list(report.accounts), clock, Sweep(database, acts))


async def _post_file(
    browser: Browser, path: str, fields: dict[str, str], name: str = "cv.pdf", data: bytes = PDF
) -> tuple[int, str]:
    form = FormData({"csrf": browser.csrf, **fields}, quote_fields=False)
    form.add_field("file", data, filename=name, content_type="application/pdf")
    answer = await browser.session.post(browser.base + path, data=form, allow_redirects=False)
    return answer.status, await answer.text()


async def test_the_focal_point_sees_what_is_asked_until_when_and_answers_in_writing(
    town: Town,
) -> None:
    ticket_id = await town.ticket()
    focal = await town.browser("focal_point", "so-xay-dung")
    text = await (await focal.get("/desk")).text()
    number = (await town.row(ticket_id)).number or "?"
    assert number in text
    assert "còn 8 giờ làm việc" in text
    text = await (await focal.get(f"/desk/tickets/{ticket_id}")).text()
    assert "Đèn đường hẻm 51 hỏng &lt;b&gt;3 đêm&lt;/b&gt; nay, &#34;tối&#34; lắm" in text
    assert "Trần Thị Bưởi" in text
    for sentence in (
        "Tiếp nhận phiếu.",
        "Chuyển đến Sở Xây dựng thành phố Cần Thơ.",
        "Bắt đầu bước đầu mối xử lý, hạn trước",
        "Nhắn tin SMS cho đầu mối của đơn vị: phiếu được chuyển đến.",
    ):
        assert sentence in text
    answer = await focal.post(f"/desk/tickets/{ticket_id}/answer", {"text": "Đã sửa đèn"})
    assert answer.status == 422
    text = await answer.text()
    assert "Đã sửa đèn" in text, "what was typed comes back"
    assert "Cần số văn bản, hoặc tệp văn bản trả lời." in text
    answer = await focal.post(
        f"/desk/tickets/{ticket_id}/answer", {"text": "Đã sửa đèn", "document_number": "12/SXD"}
    )
    assert answer.status == 303
    assert (await town.row(ticket_id)).state == "closed"
    text = await (await focal.get(answer.headers["Location"])).text()
    assert "Đã ghi kết quả xử lý" in text
    assert "Trả lời bằng văn bản số 12/SXD." in text
    assert "Gửi kết quả" not in text


async def test_a_written_reply_may_be_a_file_and_comes_back_unchanged(town: Town) -> None:
    ticket_id = await town.ticket()
    focal = await town.browser("focal_point", "so-xay-dung")
    await focal.get(f"/desk/tickets/{ticket_id}")
    path = f"/desk/tickets/{ticket_id}/answer"
    status, text = await _post_file(focal, path, {"text": "x"}, "virus.html", b"<script>")
    assert (status, "Chỉ nhận tệp ảnh" in text) == (422, True)
    status, _ = await _post_file(focal, path, {"text": "Đã sửa đèn"}, "trả lời.pdf")
    assert status == 303
    text = await (await focal.get(f"/desk/tickets/{ticket_id}")).text()
    link = re.search(r'href="(/desk/tickets/\w+/files/\w+)"', text)
    assert link is not None
    file = await focal.get(link[1])
    assert await file.read() == PDF
    assert file.headers["Content-Disposition"].startswith("attachment;")
    assert "filename*=UTF-8''tr%E1%BA%A3%20l%E1%BB%9Di%2Epdf" in file.headers["Content-Disposition"]


async def test_the_focal_point_asks_for_the_extension_and_only_the_operator_enters_it(
    town: Town,
) -> None:
    """CT-9.1.2d."""
    ticket_id = await town.ticket()
    due = (await town.row(ticket_id)).due_at
    focal = await town.browser("focal_point", "so-xay-dung")
    await focal.get(f"/desk/tickets/{ticket_id}")
    wish = {
        "document": "77/SXD-QLN",
        "document_date": "30/11/2026",
        "until": "10/12/2026",
        "reason": "Chờ vật tư",
    }
    path = f"/desk/tickets/{ticket_id}"
    answer = await focal.post(f"{path}/wish", wish)
    assert answer.status == 422
    assert "Cần đính kèm công văn hẹn xử lý." in await answer.text()
    answer = await focal.post(f"{path}/extend", wish)
    assert answer.status == 403, "the unit asks, it does not enter"
    status, _ = await _post_file(focal, f"{path}/wish", wish)
    assert status == 303
    assert (await town.row(ticket_id)).due_at == due, "asking moves nothing"
    operator = await town.browser("operator")
    text = await (await operator.get("/desk/requests")).text()
    assert f'href="{path}"' in text
    assert "hẹn đến hết ngày 10/12/2026. Lý do: Chờ vật tư" in text
    text = await (await operator.get(path)).text()
    assert "Đề nghị gia hạn đang chờ nhập" in text
    assert 'value="77/SXD-QLN"' in text
    assert 'value="10/12/2026"' in text
    answer = await operator.post(f"{path}/extend", {**wish, "until": "25/12/2026"})
    assert answer.status == 409, "more than 10 working days"
    assert 'value="25/12/2026"' in await answer.text()
    answer = await operator.post(f"{path}/extend", wish)
    assert answer.status == 303, await answer.text()
    row = await town.row(ticket_id)
    assert row.due_at is not None
    assert row.due_at.isoformat() == "2026-12-10T17:00:00+00:00", "the end of 10/12 in Vietnam"
    text = await (await operator.get("/desk/requests")).text()
    assert "Không có đề nghị nào đang chờ." in text
    text = await (await focal.get(path)).text()
    assert "Gia hạn hết ngày 10/12/2026 theo công văn hẹn xử lý số 77/SXD-QLN." in text
    assert "Đề nghị gia hạn (một lần)" not in text
    answer = await operator.post(f"{path}/extend", wish)
    assert answer.status == 409, "once a ticket"


async def test_not_ours_is_asked_with_a_reason_and_the_office_decides(town: Town) -> None:
    """A-CT-15: the first unit's clock goes on until then; the new unit has its own."""
    ticket_id = await town.ticket()
    due = (await town.row(ticket_id)).due_at
    focal = await town.browser("focal_point", "so-xay-dung")
    path = f"/desk/tickets/{ticket_id}"
    await focal.get(path)
    assert (await focal.post(f"{path}/not-ours", {"text": " "})).status == 422
    assert (await focal.post(f"{path}/not-ours", {"text": "Của Sở Y tế"})).status == 303
    assert (await town.row(ticket_id)).due_at == due
    office = await town.browser("city_office")
    assert "Của Sở Y tế" in await (await office.get("/desk/requests")).text()
    text = await (await office.get(path)).text()
    assert "Đề nghị chuyển đơn vị khác: Của Sở Y tế" in text
    town.clock.advance(timedelta(minutes=30))
    health = await town.unit("so-y-te")
    answer = await office.post(f"{path}/refer", {"unit_id": health, "reason": "Đúng thẩm quyền"})
    assert answer.status == 303, await answer.text()
    assert "Của Sở Y tế" not in await (await office.get("/desk/requests")).text()
    assert (await focal.get("/desk/requests")).status == 403
    row = await town.row(ticket_id)
    assert row.unit_id == health
    assert row.due_at is not None
    assert due is not None
    assert row.due_at > due
    assert (await focal.get(path)).status == 200, "who had it may still read"
    assert (await focal.post(f"{path}/answer", {"text": "x", "document_number": "1"})).status == 403


async def test_the_head_answers_after_the_focal_points_time_and_leadership_sees_the_overdue(
    town: Town,
) -> None:
    ticket_id = await town.ticket()
    path = f"/desk/tickets/{ticket_id}"
    await town.pass_time(timedelta(days=2))
    head = await town.browser("unit_head", "so-xay-dung")
    text = await (await head.get(path)).text()
    assert "Hết hạn ở bước đầu mối xử lý mà chưa có kết quả." in text
    assert "Gửi kết quả và kết thúc phiếu" in text
    focal = await town.browser("focal_point", "so-xay-dung")
    assert "Gửi kết quả" not in await (await focal.get(path)).text()
    leader = await town.browser("leadership")
    assert "Không có phiếu nào trễ hạn." in await (await leader.get("/desk/overdue")).text()
    await town.pass_time(timedelta(days=14))
    leader = await town.browser("leadership")  # sessions run on the clock that the test moved
    head = await town.browser("unit_head", "so-xay-dung")
    text = await (await leader.get("/desk/overdue")).text()
    number = (await town.row(ticket_id)).number or "?"
    assert number in text
    assert "Sở Xây dựng thành phố Cần Thơ" in text
    assert "quá hạn" in text
    assert "Trễ hạn (chưa xử lý)" in await (await leader.get(path)).text()
    await head.get(path)
    answer = await head.post(f"{path}/answer", {"text": "Đã xong", "document_number": "9/SXD"})
    assert answer.status == 303
    assert "Kết thúc trễ hạn" in await (await leader.get(path)).text()
    assert number not in await (await leader.get("/desk/overdue")).text()


async def test_another_unit_sees_nothing_of_it(town: Town) -> None:
    ticket_id = await town.ticket()
    other = await town.browser("focal_point", "so-y-te")
    assert (await other.get(f"/desk/tickets/{ticket_id}")).status == 404
    assert "Không có phiếu nào đang chờ xử lý." in await (await other.get("/desk")).text()
    for act in ("answer", "wish", "not-ours", "note"):
        answer = await other.post(f"/desk/tickets/{ticket_id}/{act}", {"text": "x"})
        assert answer.status in (404, 422)
        assert "Đèn đường" not in await answer.text()


async def test_the_search_needs_no_diacritics_and_an_empty_find_says_so(town: Town) -> None:
    ticket_id = await town.ticket()
    number = (await town.row(ticket_id)).number or "?"
    focal = await town.browser("focal_point", "so-xay-dung")
    for typed in ("den duong", "Đèn đường", number, "0892111222"):
        assert number in await (await focal.get("/desk", params={"q": typed})).text()
    text = await (await focal.get("/desk", params={"q": "<zzz>"})).text()
    assert "Không có phiếu nào khớp với “&lt;zzz&gt;”." in text


async def test_the_list_goes_on_page_by_page(town: Town) -> None:
    for _ in range(27):
        await town.ticket()
    focal = await town.browser("focal_point", "so-xay-dung")
    text = await (await focal.get("/desk")).text()
    assert len(set(re.findall(r"/desk/tickets/(\w+)", text))) == 25
    more = re.search(r'href="(/desk\?[^"]*cursor=[^"]*)"', text)
    assert more is not None
    text = await (await focal.get(more[1].replace("&amp;", "&"))).text()
    assert len(set(re.findall(r"/desk/tickets/(\w+)", text))) == 2
    assert "Trang sau" not in text
    assert (await focal.get("/desk", params={"cursor": "x"})).status == 422


async def test_the_link_of_an_sms_asks_for_sign_in_and_leads_there_once(town: Town) -> None:
    ticket_id = await town.ticket()
    async with town.pages.db.write() as tx:
        token = links.create(
            tx,
            ticket_id=TicketId(ticket_id),
            hotline=HotlineId("can-tho"),
            message_id=MessageId("m"),
            real=town.clock,
        )
    nobody = await town.pages.browser()
    answer = await nobody.get(f"/l/{token}")
    assert (answer.status, unquote(answer.headers["Location"])) == (303, f"/login?next=/l/{token}")
    stranger = await town.browser("focal_point", "so-y-te")
    assert (await stranger.get(f"/l/{token}")).status == 404, "and it is not used up"
    focal = await town.browser("focal_point", "so-xay-dung")
    answer = await focal.get(f"/l/{token}")
    assert (answer.status, answer.headers["Location"]) == (303, f"/desk/tickets/{ticket_id}")
    answer = await focal.get(f"/l/{token}")
    assert answer.status == 410
    assert f'href="/desk/tickets/{ticket_id}"' in await answer.text()
    assert (await focal.get("/l/" + "x" * 22)).status == 404


async def test_messages_are_shown_without_the_links_token_and_numbers_only_to_operators(
    town: Town,
) -> None:
    ticket_id = await town.ticket()
    async with town.pages.db.write() as tx:
        (story,) = await store.of_ticket(tx.session, ticket_id)
        story.message.text = f"Xem: http://127.0.0.1:8022/l/{'s' * 22}"
    path = f"/desk/tickets/{ticket_id}"
    focal = await (await (await town.browser("focal_point", "so-xay-dung")).get(path)).text()
    operator = await (await (await town.browser("operator")).get(path)).text()
    assert "chờ gửi" in focal
    assert "sss" not in focal + operator
    assert "0892 100 106" not in focal
    assert "0892 100 106" in operator


async def test_who_reads_only_gets_no_forms(town: Town) -> None:
    ticket_id = await town.ticket()
    leader = await town.browser("leadership")
    text = await (await leader.get(f"/desk/tickets/{ticket_id}")).text()
    assert '<form class="panel' not in text
    assert "Hiện không có việc nào dành cho bạn" in text
    await town.viewer("leadership")
    answer = await leader.post(
        f"/desk/tickets/{ticket_id}/answer", {"text": "x", "document_number": "1"}
    )
    assert answer.status == 403

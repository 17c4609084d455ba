"""Calls at the console: the screen-pop, tabs, live transfer, the operator's state (issue 2)."""

import asyncio
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from playwright.async_api import Route, WebSocketRoute, expect

from telephony.calls import store as call_store
from telephony.calls.choice import Choice, line_of
from telephony.calls.events import CallRinging
from telephony.calls.model import CallState, Outcome
from telephony.calls.transfer import Reason, State
from tests.browser.conftest import Desk
from tests.browser.desk_steps import shot, talking, type_form
from tests.support.chromium import serious_violations
from tests.support.wait import until
from tickets import drafts
from tongdai.accounts.model import SYSTEM
from tongdai.ids import AccountId, CallId, Linkedid, TicketId
from tongdai.phone import parse_caller

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.asyncio(loop_scope="module"),
]

WATCH = """
window.WebSocket = class extends WebSocket {
  constructor(...given) {
    super(...given);
    this.addEventListener("message", (message) => {
      if (message.data.includes('"ringing": true')) window.told ??= performance.now();
    });
  }
};
new MutationObserver(() => {
  if (document.querySelector(".caller-head.ringing")) window.shown ??= performance.now();
}).observe(document, { subtree: true, childList: true, attributes: true });
"""
"""Lets a test see when a ringing call was told to the page, and when it was shown."""


async def test_a_ringing_call_shows_who_calls_with_an_empty_form(desk: Desk) -> None:
    context = await desk.context()
    await context.add_init_script(WATCH)
    page = await desk.sit_down(context=context)
    await shot(page, "01-empty")
    desk.floor.ring(desk.lan, name="NGUYEN VAN A", menu="field=%C4%90i%E1%BB%87n&language=en")
    head = page.locator(".caller-head.ringing")
    await expect(head).to_be_visible()
    assert await page.evaluate("0 < window.told && window.told <= window.shown")
    for text in (
        "0912 345 678",
        "di động",
        "NGUYEN VAN A",
        "Tổng đài 1022 Cần Thơ",
        "Điện · tiếng Anh",
    ):
        await expect(head).to_contain_text(text)
    await expect(page.locator("[data-name=sender_phone]:visible")).to_have_value("0912 345 678")
    await expect(page).to_have_title(re.compile("^☎ 0912 345 678"))
    await shot(page, "02-ringing")
    assert await serious_violations(page) == []


async def test_the_word_for_the_browsers_telephone_is_not_said_of_a_desk_phone(desk: Desk) -> None:
    page = await desk.sit_down()
    word = page.locator("#phone-state")
    await expect(word).to_be_visible()
    await page.get_by_label("Máy để bàn").check()
    await expect(page.locator("#phone-desk")).to_be_visible()
    await expect(word).to_be_hidden()
    await page.get_by_label("Trình duyệt").check()
    await expect(word).to_be_visible()


async def test_what_the_caller_chose_in_the_menu_stands_in_the_form_and_may_be_changed(
    desk: Desk,
) -> None:
    page = await desk.sit_down()
    call = desk.floor.ring(desk.lan, menu=line_of(Choice(field="thủ tục hành chính")))
    desk.floor.answer(call)
    field = page.locator("[data-name=field_text]:visible")
    await expect(field).to_have_value("Thủ tục hành chính", timeout=15_000)
    await expect(field).to_be_editable()


async def test_who_was_cut_off_is_shown_with_the_call_and_its_ticket(desk: Desk) -> None:
    page = await desk.sit_down()
    ended = desk.clock.now() - timedelta(minutes=3)
    ringing = desk.floor.call(desk.floor.ring(desk.lan))
    assert ringing is not None
    before = replace(
        ringing,
        id=CallId("before"),
        linkedid=Linkedid("before"),
        started_at=ended - timedelta(minutes=2),
        ended_at=ended,
        state=CallState.ENDED,
        outcome=Outcome.ANSWERED,
        operator=AccountId(desk.hoa),
        cut_off=True,
    )
    caller = parse_caller(before.caller_raw)
    async with desk.db.write() as tx:
        ticket = await drafts.open_for_call(
            tx, hotline=before.hotline, call=before.id, caller=caller, caller_name="", by=SYSTEM
        )
        await call_store.save(tx, [replace(before, ticket=TicketId(ticket.id))], ())
    choice = Choice(priority=9, after=before.id, cut_off_at=int(ended.timestamp()))
    desk.floor.hang_up(ringing.id)
    desk.floor.ring(desk.lan, menu=line_of(choice))
    head = page.locator(".caller-head.ringing:visible")
    await expect(head).to_contain_text("Bị ngắt máy 3 phút trước khi gọi lại")
    about = page.locator(".cut-off:visible", has_text="Cuộc gọi vừa bị ngắt")
    await expect(about).to_contain_text("đã nghe", timeout=15_000)
    await expect(about.get_by_role("button", name="Xem")).to_be_visible()
    await shot(page, "04-cut-off")
    assert await serious_violations(page) == []


@pytest.mark.parametrize(
    ("number", "hidden", "shown", "kind"),
    [
        ("", True, "Số ẩn", "người gọi giấu số"),
        ("+33123456789", False, "+33 1 23 45 67 89", "số nước ngoài"),
        ("205", False, "205", "máy lẻ nội bộ"),
        ("0912<b>x</b>'\"${IFS}", False, "0912<b>x</b>", "số không đúng dạng"),
    ],
)
async def test_an_odd_number_is_shown_as_what_it_is(
    desk: Desk,
    number: str,
    hidden: object,
    shown: str,
    kind: str,
) -> None:
    page = await desk.sit_down()
    desk.floor.ring(desk.lan, number, hidden=hidden, name='<img src=x onerror="alert(1)">')
    head = page.locator(".caller-head.ringing")
    await expect(head).to_contain_text(shown)
    await expect(head).to_contain_text(kind)
    await expect(head.locator("img, b > b")).to_have_count(0)
    await shot(page, f"03-odd-{kind.replace(' ', '-')}")


async def test_the_next_call_never_replaces_the_form_under_the_hands(desk: Desk) -> None:
    page = await desk.sit_down()
    first = await talking(desk, page)
    await page.locator("[data-name=content]:visible").fill("Việc thứ nhất")
    desk.floor.hang_up(CallId(first))
    await expect(page.locator(".caller-head.wrap_up:visible")).to_be_visible()
    second = desk.floor.ring(desk.lan, "0987654321")
    banner = page.locator("#call-banner")
    await expect(banner).to_contain_text("0987 654 321")
    await expect(page.locator("[data-name=content]:visible")).to_have_value("Việc thứ nhất")
    await expect(page.locator("[data-name=content]:visible")).to_be_focused()
    await expect(page.locator("[role=tab]")).to_have_count(2)
    await shot(page, "09-two-calls")
    assert await serious_violations(page) == []
    desk.floor.answer(second)
    await page.keyboard.press("F2")
    await expect(page.locator(".caller-head.talking:visible")).to_contain_text("0987 654 321")
    await page.keyboard.press("Alt+,")
    await expect(page.locator("[data-name=content]:visible")).to_have_value("Việc thứ nhất")


async def test_a_call_that_another_takes_goes_and_an_old_event_brings_it_not_back(
    desk: Desk,
) -> None:
    page = await desk.sit_down()
    call = desk.floor.ring(desk.lan)
    old = desk.floor.call(call)
    await expect(page.locator(".caller-head.ringing:visible")).to_be_visible()
    desk.floor.taken_by(call, desk.hoa)
    await expect(page.locator("[role=tab]")).to_have_count(0)
    assert old is not None
    late = CallRinging(call=old, at=desk.clock.now(), operator=AccountId(desk.lan), seat="web-1050")
    desk.floor.late(late)
    await page.reload()
    await page.wait_for_selector("#line-state.up")
    await expect(page.locator("[role=tab]")).to_have_count(0)


async def test_a_message_that_was_lost_on_the_way_is_noticed_and_made_good(desk: Desk) -> None:
    context = await desk.context()
    lost: list[str] = []

    def between(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        socket.on_message(server.send)

        def down(message: str | bytes) -> None:
            if '"ringing": true' in str(message) and not lost:
                lost.append(str(message))
            else:
                socket.send(message)

        server.on_message(down)

    await context.route_web_socket("**/push", between)
    page = await desk.sit_down(context=context)
    desk.floor.ring(desk.lan)
    await expect(page.locator(".caller-head.ringing:visible")).to_be_visible()
    assert len(lost) == 1


async def test_a_call_comes_to_the_right_person_only(desk: Desk) -> None:
    lan, hoa = await desk.sit_down("lan"), await desk.sit_down("hoa")
    desk.floor.ring(desk.lan)
    await expect(lan.locator(".caller-head.ringing:visible")).to_be_visible()
    desk.floor.ring(desk.hoa, "0987654321")
    await expect(hoa.locator(".caller-head.ringing:visible")).to_contain_text("0987 654 321")
    await expect(hoa.locator("[role=tab]")).to_have_count(1)
    await expect(lan.locator("[role=tab]")).to_have_count(1)


async def test_a_transfer_that_nobody_takes_ends_in_a_referral_with_one_key(desk: Desk) -> None:
    page = await desk.sit_down()
    await talking(desk, page)
    await type_form(page)
    await page.keyboard.press("F9")
    chosen = page.locator("[data-transfer=chosen]:visible")
    await expect(chosen).to_contain_text("Đỗ Hoàng Phúc")
    await shot(page, "10-transfer-choice")
    await page.keyboard.press("Enter")
    await until(lambda: desk.floor.targets)
    transfer = desk.floor.transfers.running()[0]
    assert (transfer.number, transfer.kind) == ("+84892100106", "warm")
    assert desk.floor.targets[0].field == "Chiếu sáng công cộng"
    desk.floor.transfer_is(transfer.id, State.RINGING)
    await expect(page.locator(".transfer .live")).to_contain_text("đang đổ chuông")
    await shot(page, "11-transfer-ringing")
    assert await serious_violations(page) == []
    desk.floor.transfer_is(transfer.id, State.RETURNED, Reason.NO_ANSWER)
    await expect(page.locator(".transfer .note.bad")).to_contain_text("không nghe máy")
    await expect(page.locator(".tried:visible")).to_contain_text("không nghe máy")
    await shot(page, "12-transfer-failed")
    await page.keyboard.press("Alt+c")
    result = page.locator("[data-part=result]:visible")
    await expect(result).to_contain_text("2026-000001")
    await expect(result).to_contain_text("Sở Xây dựng")
    await shot(page, "13-referred")


async def test_after_a_completed_transfer_the_call_is_with_the_unit(desk: Desk) -> None:
    page = await desk.sit_down()
    await talking(desk, page)
    await page.keyboard.press("F9")
    await page.keyboard.type("do hoang phuc")
    await expect(page.locator(".transfer .options:not(.stale)")).to_be_visible()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Enter")
    await until(lambda: desk.floor.targets)
    transfer = desk.floor.transfers.running()[0]
    desk.floor.transfer_is(transfer.id, State.ACCEPTED)
    await expect(page.get_by_role("button", name="Nối hai bên rồi rời máy")).to_be_focused()
    await shot(page, "19-transfer-accepted")
    await page.keyboard.press("Enter")
    head = page.locator(".caller-head.elsewhere:visible")
    await expect(head).to_contain_text("đã nhận cuộc gọi")
    await expect(page.locator("[role=tab]")).to_contain_text("Đã chuyển")
    await shot(page, "20-transfer-done")


async def test_the_public_pages_are_plain_and_accessible(desk: Desk) -> None:
    page = await (await desk.context()).new_page()
    for path, name in (
        ("/", "21-home"),
        ("/login", "22-login"),
        ("/lookup", "25-lookup"),
        ("/khong-co", "23-not-found"),
    ):
        await page.goto(desk.pages.base + path)
        await shot(page, name)
        assert await serious_violations(page) == []
    await page.goto(desk.pages.base + "/")
    await page.get_by_role("button", name="English").click()
    await expect(page.locator("html")).to_have_attribute("lang", "en")
    assert await serious_violations(page) == []


async def test_the_console_speaks_english_too(desk: Desk) -> None:
    page = await desk.sit_down()
    await page.get_by_role("button", name="English").click()
    await expect(page.locator("#me-state")).to_have_text("Ready")
    await talking(desk, page)
    await expect(page.locator(".phase:visible")).to_contain_text("Talking")
    await page.keyboard.press("Alt+a")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator(".fault:visible").first).to_have_text("This is needed.")
    await shot(page, "26-english")


async def test_it_fits_a_small_screen(desk: Desk) -> None:
    page = await desk.sit_down(width=1280)
    await page.set_viewport_size({"width": 1280, "height": 720})
    await talking(desk, page)
    await page.keyboard.press("F9")
    await shot(page, "24-small")
    overflow = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    assert not await page.evaluate(overflow)
    await expect(page.locator("[data-deed=outcome-refer]:visible")).to_be_in_viewport()


async def test_pausing_by_keyboard_says_why(desk: Desk) -> None:
    page = await desk.sit_down()
    await page.keyboard.press("Alt+p")
    await page.keyboard.press("2")
    await expect(page.locator("#me-state")).to_have_text("Tạm dừng: Ăn trưa")
    await page.keyboard.press("F1")
    await expect(page.locator("#help-dialog")).to_be_visible()
    await shot(page, "16-help")
    assert await serious_violations(page) == []
    await page.keyboard.press("Escape")
    await page.keyboard.press("Alt+r")
    await expect(page.locator("#me-state")).to_have_text("Sẵn sàng")


async def test_a_browser_that_goes_is_told_to_the_operators(desk: Desk) -> None:
    page = await desk.sit_down()
    await until(lambda: (desk.lan, True) in desk.floor.seen)
    await page.context.close()
    await until(lambda: (desk.lan, False) in desk.floor.seen)


async def test_a_number_that_is_typed_is_called_and_nobody_whom_an_older_search_found(
    desk: Desk,
) -> None:
    page = await desk.sit_down()
    await talking(desk, page)
    answered = asyncio.Event()

    async def slowly(route: Route) -> None:
        if not "q=phuc".startswith(route.request.url.rsplit("?", 1)[1]):
            await answered.wait()
        await route.continue_()

    await page.route("**/people?q=*", slowly)
    await page.keyboard.press("F9")
    await page.keyboard.type("phuc")
    await expect(page.locator(".transfer .options:not(.stale)")).to_be_visible()
    await page.keyboard.press("Control+a")
    await page.keyboard.type("0913 000 000")
    await page.keyboard.press("Enter")
    await until(lambda: desk.floor.targets)
    answered.set()
    assert desk.floor.targets[0].person_id is None
    assert desk.floor.transfers.running()[0].number.replace(" ", "") == "0913000000"

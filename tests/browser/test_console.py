"""An operator's day by keyboard (issue 2: the screen-pop, the ticket form, live transfer)."""

import os
from pathlib import Path

import pytest
from playwright.async_api import Page, WebSocketRoute, expect
from sqlmodel import select

from telephony.calls.events import CallRinging
from telephony.calls.transfer import Reason, State
from tests.browser.conftest import Desk
from tests.support.chromium import serious_violations
from tests.support.operator_page import type_form as type_ticket
from tests.support.wait import until
from tickets.tables import Ticket
from tongdai.ids import AccountId, CallId

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.timeout(120),
    pytest.mark.asyncio(loop_scope="module"),
]
SHOTS = os.environ.get("TONGDAI_SCREENSHOTS")
CONTENT = "Đèn đường hẻm 51 đường 3/2 hỏng ba đêm nay, trời tối rất nguy hiểm."


async def shot(page: Page, name: str) -> None:
    """Keep a picture for people who look at it, when a folder is named."""
    if SHOTS:
        await page.screenshot(path=str(Path(SHOTS) / f"{name}.png"))


async def talking(desk: Desk, page: Page, number: str = "0912345678") -> str:
    """Let a call ring and be answered; return its id."""
    call = desk.floor.ring(desk.lan, number)
    await expect(page.locator(".caller-head.ringing:visible")).to_be_visible()
    desk.floor.answer(call)
    await expect(page.locator(".caller-head.talking:visible")).to_be_visible()
    return call


async def type_form(page: Page) -> None:
    """Fill the form in, with the keyboard alone."""
    await type_ticket(page, CONTENT)
    await page.keyboard.type("Hẻm 51 đường 3/2")


async def test_a_ringing_call_shows_who_calls_with_an_empty_form(desk: Desk) -> None:
    page = await desk.sit_down()
    await shot(page, "01-empty")
    desk.floor.ring(desk.lan, name="NGUYEN VAN A", menu="1")
    head = page.locator(".caller-head.ringing")
    await expect(head).to_be_visible(timeout=1000)
    for text in ("0912 345 678", "di động", "NGUYEN VAN A", "Tổng đài 1022 Cần Thơ"):
        await expect(head).to_contain_text(text)
    await expect(page.locator("[data-name=sender_phone]:visible")).to_have_value("0912 345 678")
    assert (await page.title()).startswith("☎ 0912 345 678")
    await shot(page, "02-ringing")
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


async def test_a_ticket_is_filed_and_referred_by_keyboard_alone(desk: Desk) -> None:
    page = await desk.sit_down()
    call = await talking(desk, page)
    await type_form(page)
    await shot(page, "04-typed")
    await page.keyboard.press("Alt+c")
    await expect(page.locator("[data-part=focal]:visible")).to_contain_text("Đỗ Hoàng Phúc")
    await shot(page, "05-refer")
    await page.keyboard.press("Control+Enter")
    result = page.locator("[data-part=result]:visible")
    await expect(result).to_contain_text("2026-000001")
    await expect(result).to_contain_text("Hạn xử lý")
    await expect(result).to_contain_text("Đọc cho người dân")
    await shot(page, "06-filed")
    assert await serious_violations(page) == []
    async with desk.pages.db.read() as session:
        ticket = (await session.execute(select(Ticket))).scalar_one()
    assert (ticket.state, ticket.stage, ticket.call_id) == ("open", "focal_point", call)
    assert (ticket.content, ticket.sender_e164) == (CONTENT, "+84912345678")
    desk.floor.hang_up(CallId(call))
    await expect(page.locator(".caller-head.wrap_up:visible")).to_be_visible()
    await page.keyboard.press("Alt+w")
    await expect(page.locator("#empty")).to_be_visible()


async def test_what_is_missing_is_said_at_the_field_and_nothing_typed_is_lost(desk: Desk) -> None:
    page = await desk.sit_down()
    await talking(desk, page)
    await page.locator("[data-name=content]:visible").fill(CONTENT)
    await page.keyboard.press("Alt+a")
    await page.keyboard.type("Đã hướng dẫn.")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("[data-name=type_text]:visible")).to_be_focused()
    await expect(page.locator(".fault:visible")).to_have_count(3)
    await expect(page.locator("[data-name=content]:visible")).to_have_value(CONTENT)
    await expect(page.locator("[data-name=direct_answer]:visible")).to_have_value("Đã hướng dẫn.")
    await shot(page, "07-faults")
    assert await serious_violations(page) == []


async def test_a_refusal_gives_ground_and_guidance(desk: Desk) -> None:
    page = await desk.sit_down()
    await talking(desk, page)
    await page.keyboard.press("Alt+x")
    await page.keyboard.type("to cao")
    await page.keyboard.press("Enter")
    await expect(page.locator("[data-name=guidance]:visible")).not_to_have_value("")
    await shot(page, "08-refuse")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("[data-part=result]:visible")).to_contain_text("Đã từ chối")
    async with desk.pages.db.read() as session:
        ticket = (await session.execute(select(Ticket))).scalar_one()
    assert (ticket.state, ticket.ground) == ("rejected", "complaint_or_denunciation")


async def test_a_reload_keeps_the_call_and_what_was_typed(desk: Desk) -> None:
    page = await desk.sit_down()
    await talking(desk, page)
    await page.locator("[data-name=content]:visible").fill(CONTENT)
    await page.reload()
    await expect(page.locator(".caller-head.talking:visible")).to_be_visible()
    await expect(page.locator("[data-name=content]:visible")).to_have_value(CONTENT)
    await expect(page.locator("[data-part=saved]:visible")).to_contain_text("Đã lưu")


async def test_a_closed_browser_loses_nothing(desk: Desk) -> None:
    page = await desk.sit_down()
    await talking(desk, page)
    await page.locator("[data-name=content]:visible").fill(CONTENT)
    await expect(page.locator("[data-part=saved]:visible")).to_contain_text("Đã lưu")
    await page.context.close()
    again = await desk.sit_down()
    await expect(again.locator(".caller-head.talking:visible")).to_be_visible()
    await expect(again.locator("[data-name=content]:visible")).to_have_value(CONTENT)


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


async def test_a_caller_with_a_live_ticket_is_offered_it(desk: Desk) -> None:
    page = await desk.sit_down()
    first = await talking(desk, page)
    await type_form(page)
    await page.keyboard.press("Alt+c")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("[data-part=result]:visible")).to_contain_text("2026-000001")
    desk.floor.hang_up(CallId(first))
    await expect(page.locator(".caller-head.wrap_up:visible")).to_be_visible()
    await page.keyboard.press("Alt+w")
    await expect(page.locator("#empty")).to_be_visible()
    second = await talking(desk, page)
    offers = page.locator("[data-part=offers]:visible")
    await expect(offers).to_contain_text("2026-000001")
    await expect(page.locator(".caller-head:visible")).to_contain_text("Nguyễn Thị Bé Ba")
    await expect(page.locator("[data-name=sender_name]:visible")).to_have_value("Nguyễn Thị Bé Ba")
    await shot(page, "14-offer")
    await page.keyboard.press("Alt+l")
    await expect(page.locator("[data-part=result]:visible")).to_contain_text("2026-000001")
    await shot(page, "15-linked")
    assert await serious_violations(page) == []
    async with desk.pages.db.read() as session:
        tickets = (await session.execute(select(Ticket))).scalars().all()
    assert [t.number for t in tickets] == ["2026-000001"]
    assert second != first


async def test_with_the_database_away_the_pop_comes_and_the_ticket_waits_here(desk: Desk) -> None:
    page = await desk.sit_down()
    rules = "Object.keys(localStorage).filter(n => n.includes('rules/can-tho')).length"
    await until(lambda: page.evaluate(rules))
    desk.db.away = True
    await talking(desk, page)
    await type_form(page)
    saved = page.locator("[data-part=saved]:visible")
    await expect(saved).to_contain_text("chờ máy chủ: số phiếu, thời hạn, SMS sẽ có sau")
    await page.keyboard.press("Alt+c")
    await page.keyboard.press("Control+Enter")
    note = page.locator("[data-part=result]:visible")
    await expect(note).to_contain_text("Máy chủ chưa trả lời")
    await shot(page, "18-database-away")
    await page.reload()
    await expect(page.locator("[data-name=content]:visible")).to_have_value(CONTENT)
    desk.db.away = False
    await expect(note).to_contain_text("2026-000001", timeout=15000)
    async with desk.pages.db.read() as session:
        ticket = (await session.execute(select(Ticket))).scalar_one()
    assert (ticket.state, ticket.content) == ("open", CONTENT)


async def test_after_a_completed_transfer_the_call_is_with_the_unit(desk: Desk) -> None:
    page = await desk.sit_down()
    await talking(desk, page)
    await page.keyboard.press("F9")
    await page.keyboard.type("do hoang phuc")
    await expect(page.locator(".transfer .options")).to_be_visible()
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


async def test_a_ticket_for_another_channel_is_opened_by_hand(desk: Desk) -> None:
    page = await desk.sit_down()
    await page.keyboard.press("Alt+n")
    await expect(page.locator("#new-dialog")).to_be_visible()
    await page.locator("#new-channel").select_option("zalo")
    await page.keyboard.press("Enter")
    await expect(page.locator("[data-name=channel]:visible")).to_have_value("zalo")
    await expect(page.locator("[data-name=type_text]:visible")).to_be_focused()
    await shot(page, "17-by-hand")
    assert await serious_violations(page) == []


async def test_a_browser_that_goes_is_told_to_the_operators(desk: Desk) -> None:
    page = await desk.sit_down()
    await until(lambda: (desk.lan, True) in desk.floor.seen)
    await page.context.close()
    await until(lambda: (desk.lan, False) in desk.floor.seen)

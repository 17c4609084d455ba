"""Tickets at the console, by keyboard: typed, refused, filed, kept through every loss (issue 2)."""

import asyncio
import re

import pytest
from playwright.async_api import Route, expect
from sqlmodel import select

from tests.browser.conftest import Desk
from tests.browser.desk_steps import CONTENT, shot, talking, type_form
from tests.support.chromium import serious_violations
from tests.support.wait import until
from tickets.tables import Ticket
from tongdai.ids import CallId

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.asyncio(loop_scope="module"),
]


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


async def test_what_was_read_before_the_last_save_does_not_come_back(desk: Desk) -> None:
    page = await desk.sit_down()
    await talking(desk, page)
    content = page.locator("[data-name=content]:visible")
    await content.fill(CONTENT)
    await expect(page.locator("[data-part=saved]:visible")).to_contain_text("Đã lưu")
    saved, told = asyncio.Event(), asyncio.Event()

    async def late(route: Route) -> None:
        if route.request.method != "GET":
            await route.continue_()
            return
        answer = await route.fetch()
        await saved.wait()
        await route.fulfill(response=answer)
        told.set()

    await page.route(re.compile(r"/console/tickets/[^/]+$"), late)
    await page.reload()
    await expect(content).to_have_value(CONTENT)
    async with page.expect_response(lambda answer: answer.request.method == "PUT"):
        await content.fill(f"{CONTENT} Hẻm rất tối.")
        await content.blur()  # a field that is being typed into is left alone anyhow
    await expect(page.locator("[data-part=saved]:visible")).to_contain_text("Đã lưu")
    async with page.expect_request_finished(lambda request: request.method == "GET"):
        saved.set()
        await told.wait()
    await page.evaluate("() => new Promise((done) => setTimeout(done))")
    await expect(content).to_have_value(f"{CONTENT} Hẻm rất tối.")


async def test_a_closed_browser_loses_nothing(desk: Desk) -> None:
    page = await desk.sit_down()
    await talking(desk, page)
    await page.locator("[data-name=content]:visible").fill(CONTENT)
    await expect(page.locator("[data-part=saved]:visible")).to_contain_text("Đã lưu")
    await page.context.close()
    again = await desk.sit_down()
    await expect(again.locator(".caller-head.talking:visible")).to_be_visible()
    await expect(again.locator("[data-name=content]:visible")).to_have_value(CONTENT)


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

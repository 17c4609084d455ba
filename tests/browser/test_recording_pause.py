"""Pausing and stopping the recording from the console, by key and by button (CT-3.7)."""

import pytest
from playwright.async_api import Route, expect

from tests.browser.conftest import Desk
from tests.browser.desk_steps import shot, talking
from tests.support.chromium import serious_violations

GROUND = {
    "code": "national_interest_or_state_secret",
    "name": "Xâm hại lợi ích quốc gia, an ninh mạng, bí mật Nhà nước",
    "guidance": "Hệ thống không tiếp nhận nội dung này.",
}
pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.asyncio(loop_scope="module"),
]


async def test_the_recording_is_paused_by_a_key_and_stopped_after_a_question(desk: Desk) -> None:
    page = await desk.sit_down()
    state = page.locator("#recording-state")
    await expect(page.locator("#recording")).to_be_hidden()
    call = await talking(desk, page)
    await expect(state).to_have_text("Đang ghi âm")
    await page.keyboard.press("Alt+t")
    await expect(state).to_have_text("Đang tạm dừng ghi âm")
    await shot(page, "30-recording-paused")
    assert await serious_violations(page) == []
    await page.reload()
    await expect(state).to_have_text("Đang tạm dừng ghi âm")
    await page.locator("#recording-toggle").click()
    await expect(state).to_have_text("Đang ghi âm")
    await page.locator("#recording-stop").click()
    await page.keyboard.press("Escape")
    await expect(state).to_have_text("Đang ghi âm")
    await page.locator("#recording-stop").click()
    await shot(page, "31-recording-stop")
    await page.locator("#stop-dialog button.bad").click()
    await expect(state).to_have_text("Đã dừng ghi âm hẳn")
    await expect(page.locator("#recording-toggle")).to_be_disabled()
    await shot(page, "32-recording-stopped")
    await expect(page.locator("#recording-refuse")).to_be_hidden()  # Cần Thơ's text has no ground
    desk.floor.hang_up(call)
    await expect(page.locator("#recording")).to_be_hidden()


async def test_where_the_text_refuses_state_secrets_the_stopped_call_offers_it(desk: Desk) -> None:
    page = await desk.sit_down()
    await page.route("**/console/hotlines/*/rules", _with_tay_ninhs_ground)
    async with page.expect_response("**/console/hotlines/*/rules"):
        await page.reload()
    call = await talking(desk, page)
    await page.locator("#recording-stop").click()
    await expect(page.locator("#recording-refuse")).to_be_hidden()
    await page.locator("#stop-dialog button.bad").click()
    await page.locator("#recording-refuse").click()
    refusal = page.locator("[data-outcome=refuse]:visible")
    await expect(refusal.locator("[data-name=ground_text]")).to_have_value(GROUND["name"])
    await expect(refusal.locator("[data-name=guidance]")).to_have_value(GROUND["guidance"])
    await shot(page, "33-state-secret-refused")
    assert await serious_violations(page) == []
    desk.floor.hang_up(call)


async def _with_tay_ninhs_ground(route: Route) -> None:
    answer = await route.fetch()
    rules = await answer.json()
    rules["grounds"].append(GROUND)
    await route.fulfill(response=answer, json=rules)

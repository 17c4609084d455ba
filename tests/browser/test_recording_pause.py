"""Pausing and stopping the recording from the console, by key and by button (CT-3.7)."""

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Desk
from tests.browser.desk_steps import shot, talking
from tests.support.chromium import serious_violations

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.timeout(120),
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
    desk.floor.hang_up(call)
    await expect(page.locator("#recording")).to_be_hidden()

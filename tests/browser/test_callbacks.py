"""Calling back at the console: the list by keyboard, a try, an offer that keeps its place."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import expect

from telephony.calls.model import CallView
from tests.browser.conftest import Desk
from tests.contract.callback_calls import Calls
from tests.support.chromium import serious_violations
from tests.support.wait import until
from tongdai.accounts.model import Role

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]
WAIT = 20_000


async def test_an_operator_calls_back_by_keyboard_and_takes_an_offer(
    desk: Desk, tmp_path: Path
) -> None:
    calls = Calls(desk.db, desk.clock, tmp_path)
    calls.made = 100
    await calls.call(number="0912345671", caller_name="Trần Văn Tám")
    desk.clock.advance(timedelta(seconds=1))
    await calls.call(number="0912345672")
    desk.clock.advance(timedelta(seconds=1))
    await calls.wishes(await calls.call(number="0912345673"), message=True)
    await calls.sweep()
    page = await desk.sit_down()
    keys = page.keyboard
    await expect(page.locator("#callback-count")).to_have_text("3", timeout=WAIT)
    await keys.press("Alt+b")
    rows = page.locator(".callback")
    await expect(rows).to_have_count(3, timeout=WAIT)
    await keys.press("ArrowDown")
    await expect(page.locator(".callback.on")).to_contain_text("0912 345 672", timeout=WAIT)
    await keys.press("n")
    await expect(page.locator(".callback.on")).to_contain_text("của tôi", timeout=WAIT)
    assert await serious_violations(page) == []
    await expect(page.locator("#callbacks-preview h3")).to_contain_text("0912 345 672")
    await keys.press("Enter")  # the operator's phone is picked up, the citizen's rings
    bar = page.locator("#callback-bar")
    await expect(bar).to_contain_text("0912 345 672", timeout=WAIT)

    def dialled() -> list[CallView]:
        return [c for c in desk.floor.calls() if c.direction == "outbound"]

    (out,) = await until(dialled, within=20)
    desk.floor.reached(out.id)
    await expect(page.locator("[data-name=sender_phone]:visible")).to_have_value(
        re.compile("0912.?345.?672"), timeout=WAIT
    )
    await keys.press("Alt+1")
    await expect(bar).to_be_hidden(timeout=WAIT)
    await expect(page.locator("#callback-count")).to_have_text("2", timeout=WAIT)

    async def done() -> bool:
        return [t.state for t in await calls.tasks()].count("done") == 1

    await until(done, within=20)
    desk.floor.hang_up(out.id)
    waited = desk.clock.now() - timedelta(minutes=9)
    wished = await calls.call(number="0912345675")
    await calls.wishes(wished, waiting_since=waited)
    await keys.press("Alt+r")
    await expect(bar).to_contain_text("Gọi lại cho", timeout=WAIT)
    await expect(bar).to_contain_text("chờ từ 08:03")
    await keys.press("Alt+y")
    await expect(bar).to_contain_text("kết quả", timeout=WAIT)


async def test_the_supervisor_sees_who_waits_and_proves_the_sum(desk: Desk, tmp_path: Path) -> None:
    calls = Calls(desk.db, desk.clock, tmp_path)
    calls.made = 200
    await calls.call(number="0912345674")
    await calls.sweep()
    await desk.pages.account("thu", Role.SUPERVISOR)
    context = await desk.context()
    page = await context.new_page()
    await page.goto(f"{desk.pages.base}/login?next=/floor/callbacks")
    await page.fill("#username", "thu")
    await page.fill("#password", "mat-khau-thu-1022")
    await page.keyboard.press("Enter")
    await expect(page.locator("table.callbacks")).to_contain_text("0912 345 674", timeout=WAIT)
    await page.locator("details.acts summary").first.click()
    assert await serious_violations(page) == []
    await page.locator("input[name=reason]").first.fill("Số không còn dùng")
    async with page.expect_response(lambda answer: answer.request.method == "POST"):
        await page.locator("button.bad").first.click()
    await page.wait_for_load_state()
    await page.goto(f"{desk.pages.base}/floor/calls")
    await expect(page.locator("table.sums")).to_be_visible(timeout=WAIT)
    await expect(page.locator(".note.good")).to_contain_text("Không cuộc gọi nào bị bỏ sót")
    assert await serious_violations(page) == []

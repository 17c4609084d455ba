"""What the console's tests do again and again: a call that is answered, a form that is typed."""

import os
from pathlib import Path

from playwright.async_api import Page, expect

from tests.browser.conftest import Desk
from tests.support.operator_page import type_form as type_ticket

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

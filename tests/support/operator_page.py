"""What an operator does at the console's page, by keyboard: sits down, types a ticket."""

import re

from playwright.async_api import Page, expect

FIRST_LOAD = 30_000
"""Milliseconds that a page may take on a busy machine."""


async def sit_down(
    page: Page, base: str, username: str, password: str, *, phone: bool = False
) -> None:
    """Sign in and be ready for calls; with `phone`, once the browser's telephone is registered."""
    await page.goto(f"{base}/login?next=/console")
    await page.fill("#username", username)
    await page.fill("#password", password)
    await page.keyboard.press("Enter")
    await page.wait_for_selector("#line-state.up", timeout=FIRST_LOAD)
    await page.keyboard.press("Alt+r")
    dot = page.locator("#me-dot")  # says what she is when she is not ready
    await expect(dot).to_have_class(re.compile(r"\bready\b"), timeout=FIRST_LOAD)
    if phone:
        state = page.locator("#phone-state")
        await expect(state).to_have_class(re.compile("good"), timeout=FIRST_LOAD)


async def type_form(page: Page, content: str) -> None:
    """Fill the form in up to the place, with the keyboard alone, without diacritics."""
    keys = page.keyboard
    await page.locator("[data-name=type_text]:visible").focus()
    await keys.type("kinh te xa hoi")
    await keys.press("Enter")
    await expect(page.locator("[data-name=sender_name]:visible")).to_be_focused()
    await keys.type("Nguyễn Thị Bé Ba")
    for _field in ("kind", "phone", "address"):
        await keys.press("Enter")
    await keys.type("51/7 đường 3/2, phường Ninh Kiều")
    await keys.press("Enter")
    await keys.press("Enter")
    await keys.type(content)
    await keys.press("Tab")
    await keys.type("chieu sang")
    await expect(page.locator(".options:not(.stale):visible")).to_be_visible(timeout=FIRST_LOAD)
    await keys.press("Enter")
    await expect(page.locator("[data-name=place]:visible")).to_be_focused()

"""An operator's day by keyboard."""

import os
from pathlib import Path

import pytest
from playwright.async_api import Page

from tests.browser.conftest import Desk

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SHOTS = os.environ.get("TONGDAI_SCREENSHOTS")


async def shot(page: Page, name: str) -> None:
    """Keep a picture for people who look at it, when a folder is named."""
    if SHOTS:
        await page.screenshot(path=str(Path(SHOTS) / f"{name}.png"))


async def test_a_look(desk: Desk) -> None:
    page = await desk.sit_down()
    page.on("console", lambda m: print("CONSOLE", m.type, m.text))
    page.on("pageerror", lambda e: print("PAGEERROR", e))
    await shot(page, "01-empty")
    call = desk.floor.ring(desk.lan, name="NGUYEN VAN A")
    await page.wait_for_selector(".caller-head.ringing")
    await page.wait_for_timeout(500)
    await shot(page, "02-ringing")
    desk.floor.answer(call)
    await page.wait_for_selector(".caller-head.talking")
    await page.wait_for_timeout(1500)
    await shot(page, "03-talking")
    await page.keyboard.press("Alt+c")
    await page.wait_for_timeout(500)
    await shot(page, "04-refer")
    await page.keyboard.press("F9")
    await page.wait_for_timeout(500)
    await shot(page, "05-transfer")
    await page.keyboard.press("F1")
    await page.wait_for_timeout(300)
    await shot(page, "06-help")

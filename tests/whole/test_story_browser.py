"""The story of a call as the operator lives it: a real browser is the telephone and the form."""

import io
import re
from pathlib import Path

import numpy as np
import pytest
import soundfile
from playwright.async_api import Page, expect

from tests.support.chromium import chromium
from tests.support.service import Service
from tests.support.wait import until
from tests.support.world import World
from tests.whole.test_story import all_delivered, pass_deadline

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.browser,
    pytest.mark.gateway,
    pytest.mark.slow,
    pytest.mark.timeout(300),
]
SLOW = 30_000
CONTENT = "Đèn đường hẻm 51 đường 3/2 hỏng ba đêm nay."


async def test_an_operator_lives_through_a_call_that_nobody_at_the_unit_answers(
    tmp_path: Path,
) -> None:
    """Issue 2: softphone, keyboard, transfer, SMS, both deadlines (CT-9.1.2 to CT-9.1.4)."""
    changes = {"hotline": {"ring_seconds": 6}}
    async with (
        World(
            tmp_path,
            parts={"asterisk", "carrier", "kannel"},
            changes=changes,
            hotlines=("can-tho",),
        ) as world,
        Service(world) as service,
        chromium() as browser,
    ):
        await service.command("clock", "set", "2026-12-01T08:00:00+07:00")
        context = await browser.new_context(viewport={"width": 1440, "height": 900})
        page = await context.new_page()
        await _sit_down(page, service)

        call = await world.carrier.place_call(
            "02921022", "0912345678", "Nguyễn Thị Bé Ba", seconds=120, sound="tone-440"
        )
        await expect(page.locator(".caller-head.ringing:visible")).to_be_visible(timeout=SLOW)
        await expect(page.locator(".caller-head:visible")).to_contain_text("0912 345 678")
        await page.keyboard.press("F2")
        await expect(page.locator(".caller-head.talking:visible")).to_be_visible(timeout=SLOW)

        await _type_form(page)
        await _transfer_in_vain(page)
        await page.keyboard.press("Alt+c")
        await page.keyboard.press("Control+Enter")
        result = page.locator("[data-part=result]:visible")
        await expect(result).to_contain_text("2026-000001", timeout=SLOW)
        await page.keyboard.press("F8")

        async def citizen_is_gone() -> bool:
            return call.channel not in await world.carrier.channels()

        await until(citizen_is_gone, within=20, every=0.2)

        [sms] = await until(lambda: world.kannel.messages, within=20)
        assert str(sms["to"]).endswith("892100106")
        assert "Phieu 2026-000001, linh vuc Chieu sang cong cong" in str(sms["text"])
        assert "Han tra loi" in str(sms["text"])
        await _both_sides_are_heard(service)

        [ticket] = await service.items("tickets")
        await pass_deadline(service, ticket["due_at"])
        [ticket] = await service.items("tickets")
        assert ticket["stage"] == "unit_head"
        await pass_deadline(service, ticket["due_at"])
        [ticket] = await service.items("tickets")
        assert (ticket["stage"], ticket["overdue"]) == ("leadership", True)
        await all_delivered(service)


async def _sit_down(page: Page, service: Service) -> None:
    account = service.account("can-tho", "operator")
    await page.goto(f"{service.base}/login?next=/console")
    await page.fill("#username", account["username"])
    await page.fill("#password", account["password"])
    await page.keyboard.press("Enter")
    await page.wait_for_selector("#line-state.up", timeout=SLOW)
    await page.keyboard.press("Alt+r")
    await page.wait_for_selector(".dot.ready", timeout=SLOW)
    await expect(page.locator("#phone-state")).to_have_class(re.compile("good"), timeout=SLOW)


async def _type_form(page: Page) -> None:
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
    await keys.type(CONTENT)
    await keys.press("Tab")
    await keys.type("chieu sang")
    await expect(page.locator(".options:visible")).to_be_visible(timeout=SLOW)
    await keys.press("Enter")
    await expect(page.locator("[data-name=place]:visible")).to_be_focused()


async def _transfer_in_vain(page: Page) -> None:
    await page.keyboard.press("F9")
    chosen = page.locator("[data-transfer=chosen]:visible")
    await expect(chosen).to_contain_text("Đỗ Hoàng Phúc", timeout=SLOW)
    await page.keyboard.press("Enter")
    await expect(page.locator(".transfer .live")).to_contain_text("đang đổ chuông", timeout=SLOW)
    await expect(page.locator(".tried:visible")).to_contain_text("không nghe máy", timeout=SLOW)
    await expect(page.locator(".caller-head.talking:visible")).to_be_visible(timeout=SLOW)


async def _both_sides_are_heard(service: Service) -> None:
    async def archived() -> list[str]:
        return [r["id"] for r in await service.items("recordings") if r["kind"] == "call"]

    [recording] = await until(archived, within=30, every=0.2)
    path = f"/api/v1/recordings/{recording}/audio"
    async with service.api("auditor") as http, http.get(path) as answer:
        assert answer.status == 200
        sound, rate = soundfile.read(io.BytesIO(await answer.read()))
    caller, operator = sound[:, 0], sound[:, 1]
    spectrum = np.abs(np.fft.rfft(caller))
    loudest = float(spectrum.argmax()) * rate / len(caller)
    assert abs(loudest - 440) < 5  # what the citizen's telephone plays
    assert float(np.sqrt(np.mean(operator**2))) > 0.005  # the browser's microphone beeps

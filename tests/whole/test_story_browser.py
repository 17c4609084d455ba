"""The story of a call as the operator lives it: a real browser is the telephone and the form."""

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile
from playwright.async_api import Page, expect

from tests.support.chromium import chromium
from tests.support.operator_page import sit_down, type_form
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
        Service(world, from_disk=True) as service,
        chromium() as browser,
    ):
        await service.command("clock", "set", "2026-12-01T08:00:00+07:00")
        context = await browser.new_context(viewport={"width": 1440, "height": 900})
        page = await context.new_page()
        account = service.account("can-tho", "operator")
        await sit_down(page, service.base, account["username"], account["password"], phone=True)

        call = await world.carrier.place_call(
            "02921022", "0912345678", "Nguyễn Thị Bé Ba", seconds=600, sound="tone-440"
        )
        await expect(page.locator(".caller-head.ringing:visible")).to_be_visible(timeout=SLOW)
        await expect(page.locator(".caller-head:visible")).to_contain_text("0912 345 678")
        await page.keyboard.press("F2")
        await expect(page.locator(".caller-head.talking:visible")).to_be_visible(timeout=SLOW)

        await type_form(page, CONTENT)
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

"""What has to wait: SMS while Kannel is down, recordings while the archive's disk is full."""

import io
from pathlib import Path
from typing import Any

import pytest
import soundfile
from playwright.async_api import expect

from tests.support.chromium import chromium
from tests.support.people import Operator
from tests.support.town import FORM, HOTLINE, Town
from tests.support.wait import until

pytestmark = [pytest.mark.asterisk, pytest.mark.slow]
FULL = {"TONGDAI_RECORDINGS__FLOOR_BYTES": str(10**16)}
NAME = '<img src=x onerror="document.title=1"> "Ba" ${SHELL(id)}'


@pytest.mark.gateway
async def test_kannel_down_for_ten_minutes_delays_the_sms_and_nothing_else(tmp_path: Path) -> None:
    """Ten minutes of the service's clock; then each SMS goes out once (CT-9.1.2b)."""
    async with Town.open(tmp_path, kannel=True) as town, town.operator() as operator:
        await town.service.command("clock", "set", "2026-12-01T08:00:00+07:00")
        town.world.kannel.kill()
        numbers = [await _referred(town, operator) for _ in range(2)]
        detail = await town.unwell("sms:kannel")
        assert detail
        for _ in range(5):
            await town.service.command("clock", "advance", "2m")
        rows = await until(lambda: _all_wait(town), within=20, every=0.2)
        assert max(m["attempts"] for m in rows) > 1  # the other waits: one recipient, in order
        assert {t["stage"] for t in await town.service.items("tickets")} == {"focal_point"}
        await town.world.kannel.start()
        await town.service.command("clock", "advance", "15m")
        await until(lambda: _all_delivered(town), within=20, every=0.2)
        await town.well("sms:kannel")
        # the receipt is Kannel's: the SMSC writes down what it took a moment later
        await until(lambda: len(town.world.kannel.messages) >= len(numbers), within=10)
        texts = [str(m["text"]) for m in town.world.kannel.messages]
        assert [sum(f"Phieu {number}," in text for text in texts) for number in numbers] == [1, 1]


async def test_a_full_archive_is_an_alarm_and_recordings_wait_in_the_spool(tmp_path: Path) -> None:
    async with Town.open(tmp_path, environment=FULL) as town:
        number = town.number()
        async with town.operator() as operator:
            call = await town.call(number)
            await operator.card("answered")
            assert "make room" in await town.unwell("spool")
            assert (await town.service.health() or {})["status"] == "degraded"
            told = await town.service.command("doctor", "--json", status=1)
            assert "recordings stay in the spool" in told
            await town.hang_up(call)
            row = await town.ended(number)
        assert await town.service.items("recordings") == []
        assert len(town.world.recordings()) == 1
        await town.service.restart({})
        [recording] = await until(lambda: town.service.items("recordings"), within=30, every=0.2)
        assert recording["call"] == row["id"]
        await until(lambda: not town.world.recordings(), within=10)
        await town.well("spool")
        assert await _seconds(town, recording["id"]) > 0


@pytest.mark.browser
async def test_a_hostile_name_is_text_on_the_page_and_a_reload_keeps_the_call(
    tmp_path: Path,
) -> None:
    async with Town.open(tmp_path) as town, chromium() as browser:
        account = town.service.account(HOTLINE, "operator")
        async with town.operator() as operator:
            page = await (await browser.new_context()).new_page()
            wrong: list[str] = []
            page.on("pageerror", lambda error: wrong.append(str(error)))
            page.on("dialog", lambda dialog: wrong.append(dialog.message))
            await page.goto(f"{town.service.base}/login?next=/console")
            await page.fill("#username", account["username"])
            await page.fill("#password", account["password"])
            await page.keyboard.press("Enter")
            await page.wait_for_selector("#line-state.up", timeout=30_000)
            await town.call(town.number(), NAME)
            await operator.card("answered")
            for reload in (False, True):
                if reload:
                    await page.reload()
                head = page.locator(".caller-head.talking:visible")
                await head.wait_for(timeout=30_000)
                await expect(head).to_contain_text("${SHELL(id)}")
                assert await page.locator("img[src=x]").count() == 0
            assert await page.title() != "1"
            assert wrong == []


async def _referred(town: Town, operator: Operator) -> str:
    """Take a call, file its ticket with a referral; return the ticket's number."""
    number = town.number()
    call = await town.call(number)
    card = await operator.card("answered", within=20)
    ticket = await operator.order("POST", f"/console/calls/{card['id']}/ticket")
    focal = await town.unit(operator, "do hoang phuc")
    body = {"form": FORM | {"unit": focal["unit"]}, "event": "referred"}
    filed = await operator.order("POST", f"/console/tickets/{ticket['id']}/file", body)
    await town.hang_up(call)
    await operator.card("ended")
    return str(filed["number"])


async def _all_wait(town: Town) -> list[dict[str, Any]]:
    """Return the messages when all are queued, one has been tried, and none is on its way now."""
    rows = await town.service.items("messages")
    tried = any(m["attempts"] > 1 for m in rows)
    return rows if tried and {m["state"] for m in rows} == {"queued"} else []


async def _all_delivered(town: Town) -> bool:
    rows: list[dict[str, Any]] = await town.service.items("messages")
    return all(m["state"] == "delivered" for m in rows)


async def _seconds(town: Town, recording: str) -> float:
    path = f"/api/v1/recordings/{recording}/audio"
    async with town.service.api("auditor") as http, http.get(path) as answer:
        return float(soundfile.info(io.BytesIO(await answer.read())).duration)

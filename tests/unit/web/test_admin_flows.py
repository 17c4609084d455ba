"""What callers hear in the administration: read, tried, changed with who and why."""

from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path

import pytest

from ivr import book
from ivr.prompt_builder import Prompt
from tests.support.pages import Browser, Pages
from tongdai.accounts.model import Role
from tongdai.clock import HandClock
from web.admin.flows import FLOWBOOK

pytestmark = pytest.mark.slow

HOTLINE = "can-tho"


@pytest.fixture
async def pages(
    tmp_path: Path, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Pages]:
    monkeypatch.setattr("ivr.speech.speaker.make", spoken.append)
    spoken.clear()
    async with Pages.open(tmp_path, clock, packages=("admin",)) as pages:
        await pages.account("an", Role.ADMINISTRATOR)
        await pages.account("binh", Role.ADMINISTRATOR, hotlines=("gia-lai",))
        await pages.account("chi", Role.SUPERVISOR)
        yield pages


spoken: list[Prompt] = []


async def _text(browser: Browser, path: str, status: int = 200) -> str:
    answer = await browser.get(path)
    assert answer.status == status
    return await answer.text()


def _area(page: str) -> str:
    inside = page.split("<textarea", 1)[1].split(">", 1)[1]
    return unescape(inside.split("</textarea>", maxsplit=1)[0])


async def test_a_flow_is_shown_drawn_and_tried(pages: Pages) -> None:
    browser = await pages.sign_in("an")
    page = await _text(browser, f"/admin/flows?hotline={HOTLINE}")
    assert "Chưa sửa lần nào" in page
    assert "Cuộc gọi này được ghi âm." in page
    assert "<svg" in await _text(browser, f"/admin/flows/diagram.svg?hotline={HOTLINE}")
    tried = await _text(browser, f"/admin/flows?hotline={HOTLINE}&keys=3,1,1")
    assert "hàng đợi tổng đài viên" in tried
    assert "Cổng thông tin 1022" in tried
    for query in ("keys=3&at=mai", "keys=3&at=9999-12-31T23:59", "keys=3&at=0001-01-01"):
        wrong = await _text(browser, f"/admin/flows?hotline={HOTLINE}&{query}")
        assert "hàng đợi tổng đài viên" not in wrong
        assert "Ngày không đúng" in wrong
    wrong = await _text(browser, f"/admin/flows?hotline={HOTLINE}&keys=3,x")
    assert "Phím chỉ gồm 0 đến 9" in wrong


async def test_a_flow_is_changed_with_a_reason_and_holds_for_the_next_call(pages: Pages) -> None:
    browser = await pages.sign_in("an")
    path = f"/admin/flows/edit?hotline={HOTLINE}"
    text = _area(await _text(browser, path))
    changed = text.replace("Khẩn cấp, bấm 4.", "Trường hợp khẩn cấp, bấm 4.")
    answer = await browser.post(path, {"text": changed, "note": ""})
    assert answer.status == 422
    assert "Trường hợp khẩn cấp" in await answer.text(), "what was typed comes back"
    broken = changed.replace('go = "khan-cap"', 'go = "khan"', 1)
    answer = await browser.post(path, {"text": broken, "note": "sửa"})
    assert answer.status == 422
    line = next(n for n, row in enumerate(broken.splitlines(), 1) if 'go = "khan"' in row)
    assert f"can-tho.toml, line {line}: key.go" in unescape(await answer.text())
    answer = await browser.post(path, {"text": changed, "note": "Lời rõ hơn"})
    assert answer.status == 303
    version = pages.app[FLOWBOOK].versions[HOTLINE]
    assert "Trường hợp khẩn cấp" in version.text
    assert any("Trường hợp khẩn cấp, bấm bốn" in prompt.text for prompt in spoken)
    async with pages.db.read() as session:
        (row,) = await book.history(session, HOTLINE)
    shown = await _text(browser, f"/admin/flows?hotline={HOTLINE}")
    assert "Lời rõ hơn" in shown
    assert "Trường hợp khẩn cấp" in await _text(browser, f"/admin/flows/edition/{row.id}")
    assert "Trường hợp khẩn cấp" in _area(await _text(browser, f"{path}&from={row.id}"))
    assert "Lời rõ hơn" in await _text(browser, "/admin/changes")


async def test_others_neither_see_nor_change_it(pages: Pages) -> None:
    for name in ("binh", "chi"):
        browser = await pages.sign_in(name)
        for path in ("flows", "flows/edit", "flows/diagram.svg"):
            await _text(browser, f"/admin/{path}?hotline={HOTLINE}", status=403)
        answer = await browser.post(
            f"/admin/flows/edit?hotline={HOTLINE}", {"text": "", "note": "x"}
        )
        assert answer.status == 403

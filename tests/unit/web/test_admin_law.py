"""The law in the administration: drawn, copied, changed with who and why."""

from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path

import pytest

from escalation import editions
from escalation.editions import CALENDAR, PROCEDURE, Place
from tests.support.pages import Browser, Pages
from tongdai.accounts.model import Role
from tongdai.clock import HandClock
from tongdai.db import Database

HOTLINE = "can-tho"


@pytest.fixture
async def pages(tmp_path: Path, clock: HandClock, database: Database) -> AsyncIterator[Pages]:
    async with Pages.open(tmp_path, clock, db=database, packages=("admin",)) as pages:
        await pages.account("an", Role.ADMINISTRATOR)
        await pages.account("binh", Role.ADMINISTRATOR, hotlines=("gia-lai",))
        yield pages


async def _count(pages: Pages, place: Place) -> int:
    async with pages.db.read() as session:
        return len(await editions.history(session, place))


async def _text(browser: Browser, path: str, status: int = 200) -> str:
    answer = await browser.get(path)
    assert answer.status == status
    return await answer.text()


def _area(page: str) -> str:
    inside = page.split("<textarea", 1)[1].split(">", 1)[1]
    return unescape(inside.split("</textarea>", maxsplit=1)[0])


async def test_a_procedure_is_drawn_and_changed_with_a_reason(pages: Pages) -> None:
    browser = await pages.sign_in("an")
    page = await _text(browser, f"/admin/procedure?hotline={HOTLINE}")
    assert "diagram.svg" in page
    assert "Chưa sửa lần nào" in page
    assert "<svg" in await _text(browser, f"/admin/procedure/diagram.svg?hotline={HOTLINE}")
    path = f"/admin/procedure/edit?hotline={HOTLINE}"
    text = _area(await _text(browser, path))
    changed = text.replace('limit = "8 working hours"', 'limit = "4 working hours"')
    answer = await browser.post(path, {"text": changed, "note": ""})
    assert answer.status == 422
    assert "4 working hours" in await answer.text(), "what was typed comes back"
    wrong = {"text": changed.replace("4 working", "4 walking"), "note": "sửa"}
    answer = await browser.post(path, wrong)
    assert answer.status == 422
    assert "can-tho.toml, line" in await answer.text()
    answer = await browser.post(path, {"text": changed, "note": "Quyết định 12"})
    assert answer.status == 303
    page = await _text(browser, answer.headers["Location"])
    assert "Quyết định 12" in page
    assert "04 giờ làm việc" in page
    assert await _count(pages, Place(kind=PROCEDURE, hotline=HOTLINE)) == 1
    assert "4 working hours" in await _text(browser, "/admin/law/1")
    assert "Quyết định 12" in await _text(browser, f"/admin/changes?hotline={HOTLINE}")


async def test_a_procedure_is_copied_from_another_hotline(pages: Pages) -> None:
    browser = await pages.sign_in("an")
    copied = _area(await _text(browser, f"/admin/procedure/edit?hotline={HOTLINE}&from=gia-lai"))
    assert 'id = "can-tho"' in copied
    assert "GL-11.3" in copied


async def test_days_off_and_make_up_days_are_added(pages: Pages) -> None:
    browser = await pages.sign_in("an")
    await _text(browser, f"/admin/calendar?hotline={HOTLINE}")
    path = f"/admin/calendar/day?hotline={HOTLINE}"
    wrong = await browser.post(path, {"date": "32/01/2026", "name": "x"})
    assert wrong.status == 422
    for day in (
        {"date": "24/12/2026", "name": "Nghỉ bão"},
        {"date": "26/12/2026", "name": "Làm bù", "spans": "07:00-11:00, 13:00-17:00"},
    ):
        assert (await browser.post(path, day)).status == 303
    page = await _text(browser, f"/admin/calendar?hotline={HOTLINE}&year=2026")
    assert "Nghỉ bão" in page
    assert "26/12" in page
    assert await _count(pages, Place(kind=CALENDAR, hotline=HOTLINE)) == 2


async def test_whose_hotline_it_is_not_changes_nothing(pages: Pages) -> None:
    browser = await pages.sign_in("binh")
    await _text(browser, "/admin/procedure")
    path = f"/admin/procedure/edit?hotline={HOTLINE}"
    answer = await browser.post(path, {"text": "x", "note": "y"})
    assert answer.status == 403
    assert await _count(pages, Place(kind=PROCEDURE, hotline=HOTLINE)) == 0

"""A hotline's own words for its messages: edited, looked at, used."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from sms import texts, wording
from tests.support.pages import Browser, Pages
from tests.support.sms import Script, message, owe, sending
from tongdai import audit
from tongdai.accounts.model import Role
from tongdai.clock import HandClock

pytestmark = pytest.mark.slow

GOOD = "Phiếu {ticket} ({field}) mời xem: {link}[ trước {due}]"
PATH = "/admin/messages/referral/vi"


@dataclass
class Room:
    pages: Pages
    browser: Browser

    async def kept(self, hotline: str = "can-tho") -> str | None:
        async with self.pages.db.read() as session:
            return await wording.own(session, hotline, "referral", "vi")


@pytest.fixture
async def room(tmp_path: Path, clock: HandClock) -> AsyncIterator[Room]:
    async with Pages.open(tmp_path, clock) as pages:
        await pages.account("hoa", Role.ADMINISTRATOR)
        browser = await pages.sign_in("hoa")
        await browser.get(PATH)
        yield Room(pages, browser)


async def test_what_is_saved_is_what_is_sent_from_then_on(room: Room) -> None:
    saved = await room.browser.post(PATH, {"text": GOOD, "network-viettel": "on"})
    assert saved.status == 303
    gateway = Script()
    async with sending(room.pages.db, room.pages.settings, gateway) as sender:
        message_id = await owe(room.pages.db, "k")
        assert await sender.caught_up()
    row = await message(room.pages.db, message_id)
    assert "Phieu 2026-000123 (Ha tang do thi) moi xem: http" in row.text
    assert "truoc" not in row.text, "a passage with an empty variable falls away"
    assert "lời riêng" in await (await room.browser.get("/admin/messages")).text()
    async with room.pages.db.read() as session:
        (line,) = await audit.history(session, audit.ADMINISTRATION, "can-tho")
        (kept,) = await wording.of_hotline(session, "can-tho")
    assert (line.kind, line.data["after"]) == (
        "wording_changed",
        {"text": GOOD, "networks": "viettel"},
    )
    assert kept.networks == ["viettel"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("", "Cần nhập mục này."),
        ("Phiếu {ticket}, {field}", "Thiếu một biến bắt buộc."),
        (GOOD + " {content}", "Có biến không dùng được"),
        (GOOD + " [", "Có biến không dùng được"),
        (GOOD + "{", "Có biến không dùng được"),
        (GOOD + "x" * 600, "Nội dung dài quá mức cho phép."),
    ],
)
async def test_words_that_cannot_be_used_are_refused_and_kept_on_the_page(
    room: Room, words: str, says: str
) -> None:
    refused = await room.browser.post(PATH, {"text": words})
    page = await refused.text()
    assert refused.status == 422
    assert says in page
    assert await room.kept() is None


async def test_the_preview_shows_text_alphabet_and_parts_and_keeps_nothing(room: Room) -> None:
    seen = await (await room.browser.post(f"{PATH}/preview", {"text": GOOD})).text()
    assert "Phieu 2026-000123 (Ha tang do thi, chieu sang) moi xem:" in seen
    assert "không dấu" in seen
    assert "2 phần" in seen or "1 phần" in seen
    wrong = await (await room.browser.post(f"{PATH}/preview", {"text": "{x}"})).text()
    assert "Có biến không dùng được" in wrong
    assert await room.kept() is None


async def test_the_programs_words_come_back(room: Room) -> None:
    page = await (await room.browser.get(PATH)).text()
    assert "Về lời của chương trình" not in page
    await room.browser.post(PATH, {"text": GOOD, "network-viettel": "on"})
    page = await (await room.browser.get(PATH)).text()
    assert "Về lời của chương trình" in page
    assert (await room.browser.post(f"{PATH}/program", {})).status == 303
    assert await room.kept() is None
    listed = await (await room.browser.get("/admin/messages")).text()
    assert "lời riêng" not in listed
    async with room.pages.db.read() as session:
        lines = await audit.history(session, audit.ADMINISTRATION, "can-tho")
    assert [line.data["after"].get("networks") for line in lines] == ["viettel", ""]
    assert (await room.browser.post(f"{PATH}/program", {})).status == 303, "again is harmless"


async def test_who_has_registered_the_programs_words_can_be_noted_as_well(room: Room) -> None:
    shipped = texts.shipped("referral", "vi")
    await room.browser.post(PATH, {"text": shipped, "network-mobifone": "on"})
    listed = await (await room.browser.get("/admin/messages")).text()
    assert "mobifone" in listed
    assert "lời riêng" not in listed


async def test_another_hotlines_words_are_not_to_be_touched(room: Room) -> None:
    other = await room.browser.post(f"{PATH}?hotline=gia-lai", {"text": GOOD})
    assert other.status == 403
    assert await room.kept("gia-lai") is None
    changes = await (await room.browser.get("/admin/changes")).text()
    assert "Sửa mẫu tin nhắn" not in changes
    for path in ("/admin/messages/nonsense/vi", "/admin/messages/referral/xx"):
        assert (await room.browser.get(path)).status == 404

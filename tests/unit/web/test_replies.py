"""Replies by SMS: taken once, laid to their ticket when that is clear, STOP respected."""

import json
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from sms import outbox
from sms.model import Purpose
from tests.support.pages import Browser, Pages, settings_for
from tests.support.sms import Script, message, sending
from tongdai import audit
from tongdai.accounts.model import Role
from tongdai.clock import HandClock

pytestmark = pytest.mark.slow

FROM = "84912345678"


@pytest.fixture
async def pages(tmp_path: Path, clock: HandClock) -> AsyncIterator[Pages]:
    settings = settings_for(tmp_path, sms={"reply_secret": "deep"})
    async with Pages.open(tmp_path, clock, settings=settings) as opened:
        await opened.account("hoa", Role.SUPERVISOR)
        yield opened


async def survey(pages: Pages, key: str, ticket: str) -> str:
    async with pages.db.write() as tx:
        return await outbox.owe(
            tx,
            key=key,
            hotline="can-tho",
            to="0912345678",
            purpose=Purpose.SURVEY,
            params={"ticket": "2026-000123"},
            ticket_id=ticket,
        )


async def send(pages: Pages) -> None:
    async with sending(pages.db, pages.settings, Script()) as sender:
        assert await sender.caught_up()


async def say(browser: Browser, text: str, number: str, path: str = "/deep") -> int:
    query = {"p": FROM, "a": text, "i": number}
    return (await browser.get(f"/sms/replies/kannel{path}", params=query)).status


async def test_a_reply_is_laid_to_the_one_ticket_it_can_answer_and_once(pages: Pages) -> None:
    await survey(pages, "a", "t1")
    await send(pages)
    browser = await pages.sign_in("hoa")
    assert [await say(browser, "Cảm ơn <b>1022</b>", "7") for _ in range(2)] == [200, 200]
    async with pages.db.read() as session:
        entries = await audit.history(session, audit.ticket_chain("can-tho"), "t1")
    assert [e.data["reason"] for e in entries if e.kind == "message"] == ["Cảm ơn <b>1022</b>"]
    assert "Cảm ơn" not in await (await browser.get("/messages/replies")).text(), "at its ticket"
    page = await (await browser.get("/messages/replies?all=1")).text()
    assert page.count("Cảm ơn &lt;b&gt;1022&lt;/b&gt;") == 1


async def test_a_reply_that_could_answer_two_tickets_lies_in_the_tray(pages: Pages) -> None:
    for key, ticket in (("a", "t1"), ("b", "t2")):
        await survey(pages, key, ticket)
        await send(pages)
    browser = await pages.sign_in("hoa")
    assert await say(browser, "Phiếu nào?", "8") == 200
    page = await (await browser.get("/messages/replies")).text()
    assert "chưa rõ phiếu nào" in page


async def test_stop_is_respected_from_then_on(pages: Pages) -> None:
    await survey(pages, "a", "t1")
    await send(pages)
    browser = await pages.sign_in("hoa")
    assert await say(browser, "Dừng.", "9") == 200
    assert (await message(pages.db, await survey(pages, "b", "t1"))).reason == "stopped"


async def test_a_stranger_is_not_listened_to(pages: Pages) -> None:
    browser = await pages.sign_in("hoa")
    assert await say(browser, "x", "1", path="/wrong") == 404
    assert await say(browser, "x", "") == 400
    page = await (await browser.get("/messages/replies?all=1")).text()
    assert "Chưa có tin trả lời nào." in page


async def test_the_tray_empties_as_replies_are_dealt_with(pages: Pages, clock: HandClock) -> None:
    browser = await pages.sign_in("hoa")
    for number, text in (("1", "Alo?"), ("2", "STOP")):
        assert await say(browser, text, number) == 200
    page = await (await browser.get("/messages/replies")).text()
    assert "Alo?" in page
    assert "STOP" not in page, "that was done by itself"
    found = re.search(r'action="(/messages/replies/[0-9a-f]{32}/seen)', page)
    assert found is not None
    assert (await browser.post(found[1], {})).status == 303
    clock.advance(timedelta(minutes=5))
    assert (await browser.post(found[1], {})).status == 303, "the first one stays"
    assert (
        "Không có tin trả lời nào chờ xử lý."
        in await (await browser.get("/messages/replies")).text()
    )
    page = await (await browser.get("/messages/replies?all=1")).text()
    assert "08:00 30/11/2026" in page
    assert "tự động" in page


async def test_only_the_hotlines_own_people_deal_with_its_replies(pages: Pages) -> None:
    browser = await pages.sign_in("hoa")
    assert await say(browser, "Alo?", "1") == 200
    page = await (await browser.get("/messages/replies")).text()
    found = re.search(r'action="(/messages/replies/[0-9a-f]{32}/seen)', page)
    assert found is not None
    await pages.account("la", Role.SUPERVISOR, hotlines=("gia-lai",))
    stranger = await pages.sign_in("la")
    await stranger.get("/messages/replies")
    assert (await stranger.post(found[1], {})).status == 404
    assert "Alo?" in await (await browser.get("/messages/replies")).text()


async def test_stop_ends_what_waits_already(pages: Pages) -> None:
    waiting = await survey(pages, "a", "t1")
    browser = await pages.sign_in("hoa")
    assert await say(browser, "dung", "9") == 200
    row = await message(pages.db, waiting)
    assert (row.state, row.reason) == ("cancelled", "stopped")


@pytest.mark.parametrize("hurt", [{"p": "\0" * 9 + "x"}, {"i": "\0"}, {"a": "\0\ud83d"}])
async def test_what_no_database_can_hold_is_kept_without_it(
    pages: Pages, hurt: dict[str, str]
) -> None:
    browser = await pages.sign_in("hoa")
    query = {"p": "5" * 5000, "a": "x" * 3000, "i": "1"} | hurt
    body = json.dumps(query)
    answer = await browser.send("POST", "/sms/replies/kannel/deep", query)
    assert answer.status == 200, body

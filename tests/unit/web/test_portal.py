"""What a citizen sees without an account (CT-2.1, CT-3.2, CT-10.1)."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from tests.support.due_tickets import lay_down
from tests.support.pages import Browser, Pages
from tickets import codes
from tickets.tables import Ticket
from tongdai.clock import HandClock
from web.portal.lookup import MOST_WRONG


@pytest.fixture
async def pages(tmp_path: Path, clock: HandClock) -> AsyncIterator[Pages]:
    async with Pages.open(tmp_path, clock, packages=("portal",)) as opened:
        yield opened


async def filed(pages: Pages, **more: object) -> str:
    """Write a ticket; return its code."""
    code = codes.new_code()
    async with pages.db.write() as tx:
        given: dict[str, Any] = {
            "hotline": "can-tho",
            "number": "2026-000123",
            "code": code,
            "state": "closed",
            "sender_name": "Nguyễn Thị Bé Ba",
            "sender_phone": "0912345678",
            "content": "Đèn hỏng trước nhà tôi",
            "direct_answer": "Đã sửa đèn.",
            "created_by": "x",
            "created_at": tx.now,
            "filed_at": tx.now,
            "changed_at": tx.now,
        }
        tx.session.add(Ticket(**(given | more)))
    return code


async def look(browser: Browser, code: str) -> tuple[int, str]:
    await browser.get("/lookup")
    answer = await browser.post("/lookup", {"code": code})
    return answer.status, await answer.text()


async def test_the_landing_page_names_the_numbers(pages: Pages) -> None:
    text = await (await (await pages.browser()).get("/")).text()
    assert "(0292) 1022" in text
    assert "(0269) 1022" in text


async def test_the_code_shows_state_and_answer_and_nothing_about_the_sender(pages: Pages) -> None:
    code = await filed(pages)
    somebody = await pages.browser()
    status, text = await look(somebody, codes.spoken(code))
    assert status == 200
    assert "2026-000123" in text
    assert "Đã sửa đèn." in text
    for secret in ("Bé Ba", "0912", "trước nhà"):
        assert secret not in text


async def test_of_a_confidential_ticket_only_stages_and_dates_are_told(pages: Pages) -> None:
    code = await filed(pages, confidential=True)
    _status, text = await look(await pages.browser(), code)
    assert "2026-000123" in text
    assert "Đã sửa đèn." not in text


async def test_who_guesses_codes_has_to_wait(pages: Pages, clock: HandClock) -> None:
    code = await filed(pages)
    somebody = await pages.browser()
    for _guess in range(MOST_WRONG):
        assert (await look(somebody, codes.new_code()))[0] == 422
    assert (await look(somebody, code))[0] == 429
    clock.advance(timedelta(minutes=16))
    assert (await look(somebody, code))[0] == 200


async def test_an_open_ticket_says_until_when_and_how_that_is_counted(pages: Pages) -> None:
    await lay_down(pages.db, pages.db.clock.now(), due=0, waiting=1)
    code = codes.new_code()
    async with pages.db.write() as tx:
        (await tx.session.execute(select(Ticket))).scalar_one().code = code
    _, text = await look(await pages.browser(), code)
    assert "Hạn trả lời" in text
    assert "thời hạn 08 giờ làm việc" in text

"""The messages page: who sees what, and what a person may do by hand."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import col, select

from sms import claims, outbox
from sms.claims import Ended, Settlement
from sms.gateways.base import Outcome
from sms.model import Channel, Purpose, Signal, State
from sms.tables import Message
from tests.support.pages import Browser, Pages
from tickets.tables import Ticket, Unit
from tongdai import audit
from tongdai.accounts.model import Role
from tongdai.clock import HandClock

pytestmark = pytest.mark.slow


@dataclass
class Room:
    """The running pages, and a supervisor of Cần Thơ."""

    pages: Pages
    clock: HandClock
    browser: Browser

    async def owe(self, key: str, hotline: str = "can-tho", ticket: str | None = None) -> str:
        async with self.pages.db.write() as tx:
            return await outbox.owe(
                tx,
                key=key,
                hotline=hotline,
                to=f"09123456{len(key):02d}",
                purpose=Purpose.CODE,
                params={"code": "482913", "minutes": 5},
                ticket_id=ticket,
            )

    async def end(
        self, message_id: str, signal: Signal, words: str = "202 ok", cost: int = 0
    ) -> None:
        """Claim everything, and end the try of one message so."""
        async with self.pages.db.write() as tx:
            rows = await claims.claim(
                tx,
                channel=Channel.SMS,
                choose=lambda row: "kannel" if row.id == message_id else None,
                limit=50,
                lease_until=tx.now,
            )
            for row in rows:
                row.text, row.parts, row.alphabet = (
                    f"Ma 482913 https://x.vn/l/{'t' * 22}",
                    2,
                    "ascii",
                )
        async with self.pages.db.write() as tx:
            how = Settlement(signal=signal, outcome=Outcome.ACCEPTED, words=words, cost=cost)
            await claims.settle(tx, [Ended(message_id=message_id, number=1, how=how)])

    async def row(self, message_id: str) -> Message:
        async with self.pages.db.read() as session:
            return (
                await session.execute(select(Message).where(col(Message.id) == message_id))
            ).scalar_one()

    async def text(self, path: str, status: int = 200) -> str:
        answer = await self.browser.get(path)
        assert answer.status == status, await answer.text()
        return await answer.text()


@pytest.fixture
async def room(tmp_path: Path, clock: HandClock) -> AsyncIterator[Room]:
    async with Pages.open(tmp_path, clock) as pages:
        await pages.account("hoa", Role.SUPERVISOR)
        yield Room(pages, clock, await pages.sign_in("hoa"))


async def test_the_list_is_of_the_viewers_hotline_and_is_searched_and_filtered(room: Room) -> None:
    mine, other = await room.owe("a"), await room.owe("bb", "gia-lai")
    rejected = await room.owe("ccc")
    await room.end(rejected, Signal.REFUSED)
    whole = await room.text("/messages")
    assert mine in whole
    assert rejected in whole
    assert other not in whole
    assert other not in await room.text("/messages?state=queued")
    filtered = await room.text("/messages?state=rejected")
    assert (rejected in filtered, mine in filtered) == (True, False)
    found = await room.text("/messages?q=0912345601")
    assert (mine in found, rejected in found) == (True, False)
    assert "Không có tin nhắn nào khớp" in await room.text("/messages?q=0999999999")
    await room.text("/messages?hotline=gia-lai", status=404)
    await room.text(f"/messages/{other}", status=404)


async def test_a_long_list_goes_on_where_the_page_ends(room: Room) -> None:
    for n in range(45):
        await room.owe("k" * (n + 1))
    first = await room.text("/messages")
    before = re.search(r"before=(\d+)", first)
    assert before is not None
    second = await room.text(f"/messages?before={before[1]}")
    rows = [len(re.findall(r'href="/messages/[0-9a-f]{32}"', page)) for page in (first, second)]
    assert rows == [40, 5]


async def test_nobody_else_reads_messages(room: Room) -> None:
    await room.pages.account("lan", Role.OPERATOR)
    answer = await (await room.pages.sign_in("lan")).get("/messages")
    assert answer.status == 403


async def test_one_message_shows_every_try_in_the_gateways_words_and_no_token(room: Room) -> None:
    message_id = await room.owe("a", ticket="t1")
    await room.end(message_id, Signal.ACCEPTED, "202 0: Accepted for delivery", cost=1400)
    page = await room.text(f"/messages/{message_id}")
    assert "202 0: Accepted for delivery" in page
    assert "1.400 đồng" in page
    assert "https://x.vn/l/…" in page
    assert "tttt" not in page


async def test_an_unknown_message_is_settled_by_a_person_with_a_reason(room: Room) -> None:
    message_id = await room.owe("a", ticket="t1")
    await room.end(message_id, Signal.CUT_OFF, "cut off")
    assert "1 tin chưa rõ" in await room.text("/messages")
    page = f"/messages/{message_id}"
    assert "Không đến, không gửi nữa" in await room.text(page)
    refused = await room.browser.post(f"{page}/arrived", {"reason": " "})
    assert refused.status == 422
    assert (await room.row(message_id)).state == State.UNKNOWN
    done = await room.browser.post(f"{page}/arrived", {"reason": "đã hỏi đầu mối"})
    assert done.status == 303
    row = await room.row(message_id)
    assert (row.state, row.reason) == (State.DELIVERED, "by_hand_arrived")
    async with room.pages.db.read() as session:
        entries = await audit.history(session, audit.ticket_chain("can-tho"), "t1")
    assert [e.data["reason"] for e in entries if e.kind == "message"] == ["đã hỏi đầu mối"]


async def test_sending_again_is_a_message_of_its_own_and_only_one(room: Room) -> None:
    message_id = await room.owe("a", ticket="t1")
    await room.end(message_id, Signal.CUT_OFF)
    answers = [
        await room.browser.post(f"/messages/{message_id}/again", {"reason": "không nhận được"})
        for _ in range(2)
    ]
    assert [a.status for a in answers] == [303, 303]
    assert answers[0].headers["Location"] == answers[1].headers["Location"]
    assert (await room.row(message_id)).state == State.UNDELIVERED
    again = await room.row(answers[0].headers["Location"].split("/")[2].split("?")[0])
    assert (again.state, again.again_of, again.params) == (
        State.QUEUED,
        message_id,
        (await room.row(message_id)).params,
    )
    assert "Tin này đã được gửi lại" in await room.text(f"/messages/{message_id}")


async def test_what_waits_can_be_cancelled_and_what_is_done_cannot(room: Room) -> None:
    message_id = await room.owe("a")
    done = await room.browser.post(f"/messages/{message_id}/cancel", {"reason": "gửi nhầm"})
    assert done.status == 303
    assert (await room.row(message_id)).state == State.CANCELLED
    for deed, status in (("cancel", 409), ("arrived", 409), ("nonsense", 404)):
        late = await room.browser.post(f"/messages/{message_id}/{deed}", {"reason": "x"})
        assert late.status == status


async def test_the_oldest_that_waits_too_long_raises_the_alarm(room: Room) -> None:
    await room.owe("a")
    room.clock.advance(timedelta(minutes=9))
    assert 'role="alert"' not in await room.text("/messages")
    room.clock.advance(timedelta(minutes=2))
    assert "Tin nhắn cũ nhất đang chờ gửi từ" in await room.text("/messages")


async def test_a_months_cost_is_told_by_unit(room: Room) -> None:
    async with room.pages.db.write() as tx:
        unit = Unit(
            id="u1",
            hotline="can-tho",
            code="sxd",
            name="Sở Xây dựng",
            kind="department",
            valid_from=tx.now,
            folded="so xay dung",
        )
        tx.session.add(unit)
        tx.session.add(
            Ticket(
                id="t1",
                hotline="can-tho",
                unit_id="u1",
                channel="phone",
                created_at=tx.now,
                created_by="a",
                changed_at=tx.now,
            )
        )
    for key, ticket in (("a", "t1"), ("bb", "t1"), ("ccc", None)):
        message_id = await room.owe(key, ticket=ticket)
        await room.end(message_id, Signal.ACCEPTED, cost=700)
    page = await room.text("/messages/costs")
    number = r'<td class="num">([\d.]+)</td>'
    cells = re.findall(rf"<td>(.*?)</td>{number * 3}", page)
    assert cells == [
        ("Sở Xây dựng", "2", "4", "1.400"),
        ("không thuộc đơn vị nào", "1", "2", "700"),
    ]
    assert "Tháng này chưa có tin nhắn" in await room.text("/messages/costs?month=2020-01")
    assert "2.100" in page

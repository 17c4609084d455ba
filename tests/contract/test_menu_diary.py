"""What callers hear and press: written as it happens, kept through an outage, read by auditors."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from unittest.mock import patch

import pytest
from sqlmodel import col, select

from ivr import diary
from ivr.desk import Visit
from ivr.diary import Diary, DiaryWriter
from ivr.tables import CallPrompt
from telephony.calls.choice import Choice, line_of
from telephony.recordings.store import of_call
from tests.support.pages import Browser, Pages, settings_for
from tests.support.recordings import Rig, tones
from tickets.tables import Ticket
from tongdai.accounts.model import Role
from tongdai.clock import HandClock
from tongdai.db import Database, DatabaseAway, Tx
from tongdai.ids import CallId, HotlineId
from tongdai.phone import parse_caller

ONE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def visit(call: str) -> Visit:
    return Visit(
        call=CallId(call),
        pbx="main",
        linkedid="1764000000.1",
        hotline=HotlineId("can-tho"),
        caller=parse_caller("0912345678"),
    )


async def kept(db: Database) -> list[tuple[str, int, str]]:
    async with db.read() as session:
        query = select(CallPrompt).order_by(col(CallPrompt.call), col(CallPrompt.n))
        rows = (await session.execute(query)).scalars()
        return [(row.call, row.n, row.text) for row in rows]


async def test_what_an_outage_keeps_back_is_written_once_and_in_order(
    database: Database, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(diary, "MOST_WAITING", 3)
    writer, write = DiaryWriter(database), database.write
    one = Diary(visit("one"), "v", clock, writer)
    with patch.object(database, "write", side_effect=DatabaseAway):
        one.said("a")
        assert not await writer.flush()

    @asynccontextmanager
    async def committed_but_not_heard() -> AsyncIterator[Tx]:
        async with write() as tx:
            yield tx
        raise DatabaseAway

    with patch.object(database, "write", committed_but_not_heard):
        one.pressed("1")
        assert not await writer.flush()
    one.led("queue")
    one.led("beyond what is kept")
    assert await writer.flush()
    await writer.settled()
    assert await kept(database) == [("one", 0, "a"), ("one", 1, "1"), ("one", 2, "queue")]


async def test_a_write_under_way_is_let_end_when_the_service_stops(
    database: Database, clock: HandClock
) -> None:
    """One torn off would keep the lock, and the last write would wait ten seconds for it."""
    writer, write = DiaryWriter(database), database.write
    inside, go_on = asyncio.Event(), asyncio.Event()
    ended: list[str] = []

    @asynccontextmanager
    async def slow() -> AsyncIterator[Tx]:
        async with write() as tx:
            yield tx
            inside.set()
            await go_on.wait()
        ended.append("whole")

    Diary(visit("one"), "v", clock, writer).said("a")
    with patch.object(database, "write", slow):
        running = asyncio.create_task(writer.run())
        await inside.wait()
        running.cancel()
        Diary(visit("two"), "v", clock, writer).said("b")
        go_on.set()
        await asyncio.wait({running})
    assert running.cancelled()
    assert ended == ["whole"] * 2
    assert await kept(database) == [("one", 0, "a"), ("two", 0, "b")]


@pytest.fixture
async def desk(
    database: Database, tmp_path: Path, clock: HandClock
) -> AsyncIterator[tuple[Pages, Rig, Browser]]:
    rig = Rig(database, tmp_path)
    settings = settings_for(
        tmp_path, recordings={"archive": rig.archive, "spool": rig.spool, "floor_bytes": 0}
    )
    async with Pages.open(
        tmp_path, clock, db=database, settings=settings, packages=("portal", "audit", "api")
    ) as pages:
        await pages.account("mai", Role.AUDITOR)
        yield pages, rig, await pages.sign_in("mai")


@ONE
@pytest.mark.parametrize("secret", [False, True])
async def test_the_recordings_page_shows_what_was_heard_and_pressed(
    desk: tuple[Pages, Rig, Browser], *, secret: bool
) -> None:
    pages, rig, mai = desk
    async with pages.db.write() as tx:
        ticket = Ticket(
            hotline="can-tho",
            channel="phone",
            created_by="x",
            state="open",
            created_at=tx.now,
            changed_at=tx.now,
            confidential=secret,
        )
        tx.session.add(ticket)
    menu = line_of(Choice(field="Chiếu sáng", language="en", priority=2))
    call = await rig.call("1764464400.1", ticket=ticket.id, menu=menu, answered_at=tx.now)
    rig.record("call-1764464400.1.raw", tones(1))
    await rig.intake().round()
    writer = DiaryWriter(pages.db)
    heard = Diary(visit(call.id), "v", pages.db.clock, writer)
    heard.said("Gặp tổng đài viên, <giữ máy> hoặc bấm 1.")
    heard.pressed("-")
    heard.pressed("3")
    heard.led("queue")
    assert await writer.flush()
    async with pages.db.read() as session:
        (recording,) = await of_call(session, call.id)
    page = await (await mai.get(f"/audit/recordings/{recording.id}")).text()
    assert "Chiếu sáng · tiếng Anh · ưu tiên 2" in page
    for words in ("&lt;giữ máy&gt;", "không bấm phím", "bấm 3", "vào hàng đợi tổng đài viên"):
        assert (words in page) is not secret

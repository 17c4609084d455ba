"""Calls in the database, on both kinds; and written behind, also when it is away."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from unittest.mock import patch

from telephony.calls import store, writer
from telephony.calls.model import CallState, CallView, Direction, Leg, LegKind
from telephony.calls.writer import CallWriter
from tests.scenarios.ami_story import second
from tests.support.wait import until
from tongdai.db import Database, DatabaseAway
from tongdai.ids import AccountId, CallId, HotlineId, Linkedid, TicketId, Uniqueid, call_id_of

CAN_THO, GIA_LAI = HotlineId("can-tho"), HotlineId("gia-lai")


def view(n: int = 1, **fields: object) -> CallView:
    linkedid = Linkedid(f"1795600000.{n}")
    made = CallView(
        id=call_id_of("main", linkedid),
        pbx="main",
        linkedid=linkedid,
        hotline=CAN_THO,
        direction=Direction.INBOUND,
        caller_number="+84912345678",
        caller_raw="0912345678",
        caller_name="Nguyễn Văn A",
        caller_kind="mobile",
        called_number="02921022",
        started_at=second(n),
    )
    return replace(made, **fields)  # type: ignore[arg-type]  # a test's fields


def leg(call: CallId, n: int) -> Leg:
    return Leg(
        call=call,
        n=n,
        kind=LegKind.TALK,
        channel="PJSIP/web-1001-00000001",
        uniqueid=Uniqueid("1.1"),
        main=False,
        seat="web-1001",
        operator=AccountId("anna"),
        number="0912\x00",
        transfer=None,
        bridge="b1",
        started_at=second(1),
        ended_at=second(2),
        how="left",
    )


async def save(db: Database, *views: CallView, legs: tuple[Leg, ...] = ()) -> None:
    async with db.write() as tx:
        await store.save(tx, views, legs)


async def read(db: Database, call: CallView) -> CallView | None:
    async with db.read() as session:
        return await store.get(session, call.id)


async def test_a_call_comes_back_as_it_was(database: Database) -> None:
    full = view(
        state=CallState.ANSWERED,
        queue_joined_at=second(2),
        answered_at=second(3),
        operator=AccountId("anna"),
        seat="web-1001",
        menu="1",
        version=7,
    )
    await save(database, full)
    assert await read(database, full) == full
    assert await read(database, view(99)) is None


async def test_an_older_version_never_wins(database: Database) -> None:
    await save(database, view(version=5, state=CallState.QUEUED))
    await save(database, view(version=4))
    found = await read(database, view())
    assert found is not None
    assert (found.version, found.state) == (5, CallState.QUEUED)
    await save(database, view(version=6, state=CallState.ENDED, ended_at=second(9)))
    found = await read(database, view())
    assert found is not None
    assert found.state is CallState.ENDED


async def test_a_ticket_once_linked_stays(database: Database) -> None:
    await save(database, view())
    async with database.write() as tx:
        await store.link_ticket(tx, view().id, TicketId("t1"))
    await save(database, view(version=2))
    found = await read(database, view())
    assert found is not None
    assert found.ticket == "t1"


async def test_many_rows_are_written_and_written_again(database: Database) -> None:
    views = [view(n) for n in range(250)]
    legs = tuple(leg(v.id, n) for v in views for n in (1, 2))
    await save(database, *views, legs=legs)
    await save(database, *views, legs=legs)
    async with database.read() as session:
        assert len(await store.page(session, [CAN_THO], limit=1000)) == 250
        assert [row.n for row in await store.legs(session, views[0].id)] == [1, 2]
        assert (await store.legs(session, views[0].id))[0].number == "0912"


async def test_lists_are_paged_by_hotline_newest_first(database: Database) -> None:
    await save(database, *(view(n) for n in range(5)), view(7, hotline=GIA_LAI))
    async with database.read() as session:
        first = await store.page(session, [CAN_THO], limit=3)
        last = first[-1]
        rest = await store.page(session, [CAN_THO], limit=3, before=(last.started_at, last.id))
        none = await store.page(session, [CAN_THO], limit=3, operator=AccountId("anna"))
    assert [v.started_at for v in (*first, *rest)] == [second(n) for n in (4, 3, 2, 1, 0)]
    assert not none


async def test_a_callers_earlier_calls(database: Database) -> None:
    await save(database, view(1), view(2), view(3, caller_number="+84987654321"))
    async with database.read() as session:
        found = await store.of_caller(session, "+84912345678", [CAN_THO, GIA_LAI])
        hidden = await store.of_caller(session, "+84912345678", [GIA_LAI])
    assert [v.started_at for v in found] == [second(2), second(1)]
    assert not hidden


async def test_open_calls_come_with_their_last_leg(database: Database) -> None:
    over = view(3, state=CallState.ENDED, ended_at=second(9))
    await save(database, view(1), view(2), over, legs=(leg(view(1).id, 4), leg(view(1).id, 2)))
    async with database.read() as session:
        found = await store.open_calls(session, "main")
        other = await store.open_calls(session, "other")
    assert {v.id: n for v, n in found} == {view(1).id: 4, view(2).id: 0}
    assert not other


@asynccontextmanager
async def writing(db: Database) -> AsyncIterator[CallWriter]:
    made = CallWriter(db)
    task = asyncio.create_task(made.run())
    yield made
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_it_is_written_soon(database: Database) -> None:
    async with writing(database) as made:
        made.note(view(), (leg(view().id, 1),))
        await made.settled()
        assert await read(database, view()) == view()
        assert made.waiting == 0


async def test_what_waits_is_the_newest_of_each_call(database: Database) -> None:
    made = CallWriter(database)
    for version in range(1, 500):
        made.note(view(version=version))
    assert made.waiting == 1
    assert await made.flush()
    found = await read(database, view())
    assert found is not None
    assert found.version == 499


async def test_a_database_that_is_away_loses_nothing(database: Database) -> None:
    write = database.write

    def away() -> object:
        raise DatabaseAway from OSError("connection refused")

    with patch.object(writer, "RETRY_SECONDS", 0.02):
        async with writing(database) as made:
            with patch.object(database, "write", away):
                for n in range(30):
                    made.note(view(n))
                with patch.object(writer, "ALARM_WAITING", 30):
                    await until(lambda: "30 calls and legs wait" in made.alarm)
                assert made.waiting == 30
            assert database.write == write
            await made.settled()
            async with database.read() as session:
                assert len(await store.page(session, [CAN_THO], limit=100)) == 30
            assert made.alarm == ""


async def test_one_that_cannot_be_written_stops_no_other(database: Database) -> None:
    made = CallWriter(database)
    made.note(view(1))
    made.note(view(2, caller_raw=None))
    made.note(view(3))
    assert await made.flush()
    async with database.read() as session:
        found = await store.page(session, [CAN_THO], limit=100)
    assert [v.started_at for v in found] == [second(3), second(1)]
    assert made.waiting == 0


async def test_stopping_writes_what_waits(database: Database) -> None:
    with patch.object(writer, "PAUSE_SECONDS", 60):
        async with writing(database) as made:
            made.note(view(1))
            await made.settled()
            made.note(view(2))
    assert await read(database, view(2)) == view(2)


async def test_time_zones_do_not_matter(database: Database) -> None:
    here = view(started_at=second(1).astimezone(tz=None))
    await save(database, here)
    found = await read(database, here)
    assert found is not None
    assert found.started_at == second(1)
    assert found.started_at.utcoffset() == timedelta(0)

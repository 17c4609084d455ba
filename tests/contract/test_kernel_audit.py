import pytest
from sqlalchemy import text, update
from sqlmodel import col

from tongdai import audit
from tongdai.audit import AuditEntry
from tongdai.db import Database


async def _three_lines(database: Database) -> None:
    for number in range(3):
        async with database.write() as tx:
            await audit.append(
                tx,
                chain="tickets:can-tho",
                subject="t1",
                kind="referred",
                actor="a",
                data={"n": number},
            )


async def test_a_history_reads_in_the_order_in_which_it_was_written(database: Database) -> None:
    await _three_lines(database)
    async with database.read() as session:
        lines = await audit.history(session, "tickets:can-tho", "t1")
        assert [line.data["n"] for line in lines] == [0, 1, 2]
        assert await audit.verify(session) == []


async def test_a_changed_line_is_named(database: Database) -> None:
    await _three_lines(database)
    async with database.write() as tx:
        await tx.session.execute(
            update(AuditEntry).where(col(AuditEntry.seq) == 2).values(actor="somebody else")
        )
    async with database.read() as session:
        broken = await audit.verify(session)
    assert [(b.chain, b.seq) for b in broken] == [("tickets:can-tho", 2)]


@pytest.mark.parametrize(("seq", "named"), [(1, 1), (2, 2), (3, 3)])
async def test_a_removed_line_is_named(database: Database, seq: int, named: int) -> None:
    await _three_lines(database)
    async with database.write() as tx:
        await tx.session.execute(text("DELETE FROM audit_entry WHERE seq = :seq"), {"seq": seq})
    async with database.read() as session:
        assert [b.seq for b in await audit.verify(session)] == [named]


async def test_what_is_rolled_back_leaves_no_gap(database: Database) -> None:
    await _three_lines(database)
    with pytest.raises(RuntimeError):
        async with database.write() as tx:
            await audit.append(tx, chain="tickets:can-tho", subject="t1", kind="lost", actor="a")
            raise RuntimeError
    await _three_lines(database)
    async with database.read() as session:
        assert await audit.verify(session) == []
        assert len(await audit.history(session, "tickets:can-tho", "t1")) == 6

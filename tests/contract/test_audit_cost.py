"""A page of the auditor's search costs what it shows: rows that PostgreSQL touches, counted."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from sqlalchemy import text

from benchmarks.recordings_search import WAYS
from tests.conftest import clone
from tests.support.many_recordings import many
from tongdai.db import Database
from tongdai.ids import new_id
from web.audit import finding

ROWS = 20_000
SHOWN = 31
MOST = 1000
"""Rows of all tables and indexes for one query: a join has four for each row shown; a rare length
and a rare word are looked up whole. One that grew with the archive would touch thousands."""


@pytest.fixture
async def full(postgres_server: str, postgres_template: str) -> AsyncIterator[Database]:
    url = await clone(postgres_server, postgres_template, f"many_{new_id()[:12]}")
    db = await many(url, ROWS)
    yield db
    await db.close()


async def test_no_way_of_searching_touches_more_than_its_page(full: Database) -> None:
    touched = {}
    async with full.read() as session:
        for way, asked in WAYS.items():
            for n, part in enumerate(await finding._parts(session, asked)):
                query = finding._page_of(part, asked, SHOWN, None, weighs=True)
                bound = query.compile(
                    dialect=session.get_bind().dialect, compile_kwargs={"literal_binds": True}
                )
                words = "EXPLAIN (ANALYZE, FORMAT JSON) " + str(bound).replace(":", "\\:")
                (plan,) = (await session.execute(text(words))).scalar_one()
                touched[way, n] = sum(_rows(plan["Plan"]))
    assert {way: rows for way, rows in touched.items() if rows > MOST} == {}


def _rows(node: dict[str, Any]) -> Iterator[float]:
    """Yield how many rows each scan below a plan's node has read."""
    if "Scan" in node["Node Type"]:
        read = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
        yield read * node["Actual Loops"]
    for below in node.get("Plans", []):
        yield from _rows(below)

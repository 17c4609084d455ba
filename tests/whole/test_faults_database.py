"""The database away: calls pop from memory, forms wait, and all is written afterwards.

SQLite locked by another process, and PostgreSQL cut off and hanging (DESIGN.md rule 4).
"""

import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from rig import postgres
from tests.asterisk.bridged import Line
from tests.support.people import Operator
from tests.support.town import FORM, Town, state_of
from tests.support.wait import until

pytestmark = [pytest.mark.asterisk, pytest.mark.slow]


async def test_a_locked_file_stops_no_call(tmp_path: Path) -> None:
    """Another process holds the write lock for longer than anybody waits for it."""
    async with Town.open(tmp_path) as town, town.operator() as operator:
        with _locked(tmp_path / "tongdai.db") as lock:
            await _day_without(town, operator)
            lock.rollback()
        await _written(town, operator)


@pytest.mark.parametrize("how", ["cut", "hangs"])
async def test_a_server_that_is_gone_stops_no_call(tmp_path: Path, how: str) -> None:
    async with (
        _line_to_postgres(tmp_path) as (line, url),
        Town.open(tmp_path / "town", database_url=url) as town,
        town.operator() as operator,
    ):
        (line.cut if how == "cut" else line.hold)()
        await _day_without(town, operator)
        line.mend()
        await _written(town, operator)


NUMBERS = ("0912000001", "0912000002")


async def _day_without(town: Town, operator: Operator) -> None:
    """Two calls are answered while nothing can be written; the form says that it has to wait."""
    first = await town.call(NUMBERS[0])
    card = await operator.card("answered", within=20)
    refused = await operator.browser.send("POST", f"/console/calls/{card['id']}/ticket")
    assert refused.status == 503
    assert (await refused.json())["code"] == "database_away"
    await town.unwell("database")
    assert (await town.service.health() or {})["status"] == "down"
    await town.world.carrier.hang_up(first)
    await operator.card("ended")
    await until(lambda: state_of(operator) == "ready", within=15)
    await town.call(NUMBERS[1])
    second = await operator.card("answered", within=20)
    assert second["id"] != card["id"]


async def _written(town: Town, operator: Operator) -> None:
    """Both calls are in the register with their drafts, and the ticket can be filed."""
    await town.well("database", within=40)

    async def both() -> list[dict[str, Any]] | None:
        rows = [row for number in NUMBERS for row in await town.rows("calls", number)]
        return rows if len(rows) == 2 and all(row["ticket"] for row in rows) else None

    first, second = await until(both, within=40, every=0.3)
    assert (first["state"], first["outcome"]) == ("ended", "answered")
    assert second["state"] == "answered"
    ticket = await operator.order("POST", f"/console/calls/{second['id']}/ticket")
    assert ticket["id"] == second["ticket"]
    focal = await town.unit(operator, "do hoang phuc")
    body = {"form": FORM | {"unit": focal["unit"]}, "event": "referred"}
    filed = await operator.order("POST", f"/console/tickets/{ticket['id']}/file", body)
    assert filed["number"] == "2026-000001"


@contextmanager
def _locked(path: Path) -> Iterator[sqlite3.Connection]:
    """Hold the write lock; POSIX locks are a process's, and the service is another one."""
    connection = sqlite3.connect(path, isolation_level=None, timeout=20)
    connection.execute("BEGIN EXCLUSIVE")
    try:
        yield connection
    finally:
        connection.close()


@asynccontextmanager
async def _line_to_postgres(folder: Path) -> AsyncIterator[tuple[Line, str]]:
    """A server of our own, reached through a line that can be cut or held."""
    with postgres.cluster(folder / "postgres") as url:
        port = int(url.rsplit(":", 1)[1].split("/")[0])
        line = Line(port)
        await line.start()
        try:
            yield line, url.replace(f":{port}/", f":{line.port}/")
        finally:
            line.mend()
            await line.stop()

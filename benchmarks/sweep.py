"""The sweep with many open tickets of which none, some and many are due.

    python -m benchmarks.sweep [--tickets N] [--due N,N,...] [--jobs N] [--full] [--only PART]

On SQLite and on PostgreSQL, in one process: deadlines a second, memory, the longest that the event
loop stood still meanwhile (a ticker that wants to run every 5 ms), and the longest that an act at
the same hotline had to wait for its turn to write. `look` is what a sweep costs that finds nothing
due. Everything is measured with a tenth of the tickets open and with all of them: no figure may
grow with what is open. `--full` is 1,000,000 open tickets of which 0, 1,000, 10,000 and 100,000
are due, and 100,000 jobs; the default is small enough for `make bench`. It prints JSON; what it is
doing goes to standard error.
"""

import argparse
import asyncio
import json
import logging
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import structlog

from benchmarks import job_store
from escalation import store
from escalation.acts import Acts
from escalation.lawbook import default_lawbook
from escalation.sweep import TOGETHER, Sweep
from rig import postgres
from tests.support.due_tickets import HOTLINE, Laid, lay_down
from tongdai import audit, migrate
from tongdai.clock import HandClock
from tongdai.collector import leave_alone_what_stays
from tongdai.db import Database

NOW = datetime(2026, 11, 30, 3, 0, tzinfo=UTC)
TICK_SECONDS = 0.005
ACT_SECONDS = 0.25
AIM_STALL_MILLISECONDS = 50
PARTS = ("sqlite", "postgresql", "jobs")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sweep")
    parser.add_argument("--tickets", type=int, default=10_000)
    parser.add_argument("--due", default="0,100,500")
    parser.add_argument("--jobs", type=int, default=2_000)
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--only", action="append", choices=PARTS, help="default: all of them")
    asked = parser.parse_args()
    due = [int(text) for text in asked.due.split(",")]
    if asked.full:
        asked.tickets, asked.jobs, due = 1_000_000, 100_000, [0, 1_000, 10_000, 100_000]
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with tempfile.TemporaryDirectory(prefix="bench-sweep-") as name:
        parts = asked.only or PARTS
        found = asyncio.run(measure(Path(name), parts, asked.tickets, due, asked.jobs))
        print(json.dumps(found, indent=1))


async def measure(
    folder: Path, parts: Sequence[str], tickets: int, due: list[int], jobs: int
) -> dict[str, Any]:
    """Return what was seen on the databases, and of the job store."""
    found: dict[str, Any] = {"tickets": tickets, "aim_stall_ms": AIM_STALL_MILLISECONDS}
    if "sqlite" in parts:
        found["sqlite"] = await _on(f"sqlite+aiosqlite:///{folder}/tongdai.db", tickets, due)
    if "postgresql" in parts:
        with postgres.cluster(folder / "data") as server:
            found["postgresql"] = await _on(server, tickets, due)
    if "jobs" in parts:
        seen = await asyncio.to_thread(job_store.measure, folder, jobs, NOW)
        found["apscheduler_job_store"] = seen
        _say("job store", seen)
    return found


async def _on(url: str, tickets: int, due: list[int]) -> dict[str, Any]:
    await migrate.upgrade(url)
    db = Database(url, HandClock(NOW))
    kind = "sqlite" if db.is_sqlite else "postgresql"
    try:
        sweep = Sweep(db, Acts(default_lawbook((HOTLINE,))))
        found: dict[str, Any] = {}
        leave_alone_what_stays()  # as `tongdai serve` does
        laid = await _laid(db, found, tickets // 10, None)
        found["a_tenth_open"], laid = await _measured(db, sweep, laid, due[:2])
        laid = await _laid(db, found, tickets - laid.tickets, laid)
        found["all_open"], laid = await _measured(db, sweep, laid, due)
        found["query"] = await _plan(db)
        _say(kind, found)
        return found
    finally:
        await db.close()


async def _laid(db: Database, found: dict[str, Any], count: int, after: Laid | None) -> Laid:
    begun = time.perf_counter()
    laid = await lay_down(db, NOW, due=0, waiting=count, after=after)
    found["laid_down_a_second"] = round(count / (time.perf_counter() - begun))
    _say("laid down", laid.tickets)
    return laid


async def _measured(
    db: Database, sweep: Sweep, laid: Laid, due: list[int]
) -> tuple[dict[str, Any], Laid]:
    found: dict[str, Any] = {"look_milliseconds": await _look(sweep)}
    for count in due:
        laid = await lay_down(db, NOW, due=count, after=laid)
        found[f"due_{count}"] = await _swept(db, sweep, count)
        _say(f"{laid.tickets} tickets, {count} due", found[f"due_{count}"])
    return found, laid


async def _look(sweep: Sweep) -> float:
    """Return the milliseconds of a sweep that finds nothing, the best of twenty."""
    took = []
    for _ in range(20):
        begun = time.perf_counter()
        assert await sweep.run_due() == 0
        took.append(time.perf_counter() - begun)
    return round(min(took) * 1000, 3)


async def _swept(db: Database, sweep: Sweep, count: int) -> dict[str, Any]:
    before, begun = psutil.Process().memory_info().rss, time.perf_counter()
    cpu = time.process_time()
    async with _watched(db) as seen:
        done = await sweep.run_due()
        took, cpu = time.perf_counter() - begun, time.process_time() - cpu
    assert done == count
    return {
        "seconds": round(took, 3),
        "a_second": round(count / took, 1) if count else None,
        "cpu_milliseconds_each": round(cpu * 1000 / count, 2) if count else None,
        "memory_grew_megabytes": round((seen.peak_bytes - before) / 1e6, 1),
        "memory_peak_megabytes": round(seen.peak_bytes / 1e6),
        "longest_stall_ms": round(max(seen.stalls, default=0.0) * 1000, 1),
        "longest_piece_ms": round(max(seen.pieces, default=0.0) * 1000, 1),
        "stalls_over_aim": sum(s * 1000 > AIM_STALL_MILLISECONDS for s in seen.stalls),
        "longest_wait_of_an_act_ms": round(max(seen.waits, default=0.0) * 1000, 1),
    }


@dataclass(slots=True)
class _Seen:
    """What went on beside a sweep."""

    stalls: list[float] = field(default_factory=list)
    pieces: list[float] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    peak_bytes: int = 0


@asynccontextmanager
async def _watched(db: Database) -> AsyncIterator[_Seen]:
    seen = _Seen()
    watching = [asyncio.create_task(_tick(seen)), asyncio.create_task(_act(db, seen))]
    await asyncio.sleep(0)
    try:
        yield seen
    finally:
        for task in watching:
            task.cancel()
        for task in watching:
            with suppress(asyncio.CancelledError):
                await task


async def _tick(seen: _Seen) -> None:
    process = psutil.Process()
    for tick in range(sys.maxsize):
        if tick % 20 == 0:
            seen.peak_bytes = max(seen.peak_bytes, process.memory_info().rss)
        begun, busy = time.perf_counter(), time.thread_time()
        await asyncio.sleep(TICK_SECONDS)
        seen.stalls.append(time.perf_counter() - begun - TICK_SECONDS)
        seen.pieces.append(time.thread_time() - busy)


async def _act(db: Database, seen: _Seen) -> None:
    """Now and then write a line into the history that the sweep writes into."""
    while True:
        await asyncio.sleep(ACT_SECONDS)
        begun = time.perf_counter()
        async with db.write() as tx:
            await audit.append(
                tx, chain=audit.ticket_chain(HOTLINE), subject="beside", kind="note", actor="bench"
            )
        seen.waits.append(time.perf_counter() - begun)


async def _plan(db: Database) -> list[str]:
    """Return how the database finds what is due."""
    query = store.due(NOW, TOGETHER, None)
    word = "EXPLAIN QUERY PLAN" if db.is_sqlite else "EXPLAIN"
    async with db.read() as session:
        text = query.compile(
            dialect=session.get_bind().dialect, compile_kwargs={"literal_binds": True}
        )
        connection = await session.connection()
        rows = (await connection.exec_driver_sql(f"{word} {text}")).all()
    return [str(row[-1]).strip() for row in rows]


def _say(what: str, found: object) -> None:
    print(f"{what}: {found}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()

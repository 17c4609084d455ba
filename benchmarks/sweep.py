"""The sweep with many open tickets of which none, some and many are due.

    python -m benchmarks.sweep [--tickets N] [--due N,N,...] [--jobs N] [--full]        prints JSON

On SQLite and on PostgreSQL, in one process: deadlines a second, memory, and the longest that the
event loop stood still meanwhile (a ticker that wants to run every 5 ms). `look` is what a sweep
costs that finds nothing due, with a tenth of the tickets and with all of them: it must not grow
with what is open. `--full` is 1,000,000 open tickets of which 0, 1,000, 10,000 and 100,000 are due,
and 100,000 jobs; the default is small enough for `make bench`.

APScheduler's SQLAlchemyJobStore, on SQLite, holds one job a deadline: what it costs to add them,
and to find those that are due. No work is done in a job; it drops what is later than its grace.
"""

import argparse
import asyncio
import json
import logging
import tempfile
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import structlog
from apscheduler.job import Job
from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.date import DateTrigger

from escalation.acts import Acts
from escalation.lawbook import default_lawbook
from escalation.sweep import Sweep
from rig import postgres
from tests.support.due_tickets import HOTLINE, Laid, lay_down
from tongdai import migrate
from tongdai.clock import HandClock
from tongdai.db import Database

NOW = datetime(2026, 11, 30, 3, 0, tzinfo=UTC)
TICK_SECONDS = 0.005
AIM_STALL_MILLISECONDS = 50


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sweep")
    parser.add_argument("--tickets", type=int, default=5_000)
    parser.add_argument("--due", default="0,20,200")
    parser.add_argument("--jobs", type=int, default=2_000)
    parser.add_argument("--full", action="store_true")
    asked = parser.parse_args()
    due = [int(text) for text in asked.due.split(",")]
    if asked.full:
        asked.tickets, asked.jobs, due = 1_000_000, 100_000, [0, 1_000, 10_000, 100_000]
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with tempfile.TemporaryDirectory(prefix="bench-sweep-") as name:
        print(
            json.dumps(asyncio.run(measure(Path(name), asked.tickets, due, asked.jobs)), indent=1)
        )


async def measure(folder: Path, tickets: int, due: list[int], jobs: int) -> dict[str, Any]:
    """Return what was seen on both databases, and of the job store."""
    found: dict[str, Any] = {"tickets": tickets, "aim_stall_ms": AIM_STALL_MILLISECONDS}
    found["sqlite"] = await _on(f"sqlite+aiosqlite:///{folder}/tongdai.db", tickets, due)
    with postgres.cluster(folder / "data") as server:
        found["postgresql"] = await _on(server, tickets, due)
    found["apscheduler_job_store"] = await asyncio.to_thread(_job_store, folder, jobs)
    return found


async def _on(url: str, tickets: int, due: list[int]) -> dict[str, Any]:
    await migrate.upgrade(url)
    db = Database(url, HandClock(NOW))
    try:
        sweep = Sweep(db, Acts(default_lawbook((HOTLINE,))))
        laid = await lay_down(db, NOW, due=0, waiting=tickets // 10)
        few = await _look(sweep)
        begun = time.perf_counter()
        laid = await lay_down(db, NOW, due=0, waiting=tickets - tickets // 10, after=laid)
        laying = time.perf_counter() - begun
        found: dict[str, Any] = {
            "laid_down_a_second": round(tickets * 0.9 / laying),
            "look_milliseconds": {"a_tenth_open": few, "all_open": await _look(sweep)},
        }
        for count in due:
            found[f"due_{count}"], laid = await _swept(db, sweep, laid, count)
        return found
    finally:
        await db.close()


async def _look(sweep: Sweep) -> float:
    """Return the milliseconds of a sweep that finds nothing, the best of twenty."""
    took = []
    for _ in range(20):
        begun = time.perf_counter()
        assert await sweep.run_due() == 0
        took.append(time.perf_counter() - begun)
    return round(min(took) * 1000, 3)


async def _swept(db: Database, sweep: Sweep, laid: Laid, count: int) -> tuple[dict[str, Any], Laid]:
    laid = await lay_down(db, NOW, due=count, after=laid)
    stalls: list[float] = []
    ticker = asyncio.create_task(_tick(stalls))
    await asyncio.sleep(0)
    before, begun = psutil.Process().memory_info().rss, time.perf_counter()
    done = await sweep.run_due()
    took, after = time.perf_counter() - begun, psutil.Process().memory_info().rss
    ticker.cancel()
    with suppress(asyncio.CancelledError):
        await ticker
    assert done == count
    return {
        "seconds": round(took, 3),
        "a_second": round(count / took, 1) if count else None,
        "memory_grew_megabytes": round((after - before) / 1e6, 1),
        "longest_stall_ms": round(max(stalls, default=0.0) * 1000, 1),
    }, laid


async def _tick(stalls: list[float]) -> None:
    while True:
        begun = time.perf_counter()
        await asyncio.sleep(TICK_SECONDS)
        stalls.append(time.perf_counter() - begun - TICK_SECONDS)


def nothing() -> None:
    """Be a job."""


def _job_store(folder: Path, jobs: int) -> dict[str, Any]:
    store = SQLAlchemyJobStore(url=f"sqlite:///{folder}/jobs.db")
    scheduler = BackgroundScheduler(timezone=UTC)
    store.start(scheduler, "default")
    begun = time.perf_counter()
    for number in range(jobs):
        store.add_job(_job(scheduler, str(number), NOW + timedelta(seconds=number)))
    adding = time.perf_counter() - begun
    due = jobs // 10
    begun = time.perf_counter()
    found = store.get_due_jobs(NOW + timedelta(seconds=due - 1))
    looking = time.perf_counter() - begun
    begun = time.perf_counter()
    store.get_next_run_time()
    next_one = time.perf_counter() - begun
    store.shutdown()
    assert len(found) == due
    return {
        "jobs": jobs,
        "added_a_second": round(jobs / adding),
        "due": due,
        "found_a_second": round(due / looking),
        "next_run_time_milliseconds": round(next_one * 1000, 3),
    }


def _job(scheduler: BackgroundScheduler, name: str, at: datetime) -> Job:
    return Job(
        scheduler,
        id=name,
        func=nothing,
        args=(),
        kwargs={},
        trigger=DateTrigger(at, UTC),
        executor="default",
        misfire_grace_time=1,
        coalesce=True,
        name=name,
        max_instances=1,
        next_run_time=at,
    )


if __name__ == "__main__":
    main()

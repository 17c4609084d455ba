"""APScheduler's own SQLAlchemyJobStore, on SQLite, with one job a deadline: beside the sweep.

No work is done in a job; what is measured is keeping it: adding, finding what is due, taking a job
that ran away again. By default it drops what is later than its grace.
"""

import pickle
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from apscheduler.job import Job
from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.date import DateTrigger
from sqlalchemy import insert

_ADDING_SECONDS = 60.0
_REMOVING_SECONDS = 30.0
_CHUNK = 5000


def nothing() -> None:
    """Be a job."""


def measure(folder: Path, jobs: int, now: datetime) -> dict[str, Any]:
    """Return what keeping `jobs` jobs costs, a tenth of them due at once.

    They are added one by one as its API does, for a minute at most; the rest is written straight
    into its table. Of the due ones as many are removed as half a minute is enough for.
    """
    store = SQLAlchemyJobStore(url=f"sqlite:///{folder}/jobs.db")
    scheduler = BackgroundScheduler(timezone=UTC)
    store.start(scheduler, "default")
    begun, added = time.perf_counter(), 0
    while added < jobs and time.perf_counter() - begun < _ADDING_SECONDS:
        store.add_job(_job(scheduler, added, now))
        added += 1
    adding = time.perf_counter() - begun
    _write(store, scheduler, range(added, jobs), now)
    due = jobs // 10
    begun = time.perf_counter()
    found = store.get_due_jobs(now + timedelta(seconds=due - 1))
    looking = time.perf_counter() - begun
    assert len(found) == due
    begun = time.perf_counter()
    store.get_next_run_time()
    next_one = time.perf_counter() - begun
    begun, removed = time.perf_counter(), 0
    for job in found:
        if time.perf_counter() - begun > _REMOVING_SECONDS:
            break
        store.remove_job(job.id)
        removed += 1
    removing = time.perf_counter() - begun
    store.shutdown()
    return {
        "jobs": jobs,
        "added_one_by_one": added,
        "added_a_second": round(added / adding),
        "due": due,
        "found_a_second": round(due / looking),
        "next_run_time_milliseconds": round(next_one * 1000, 3),
        "removed": removed,
        "removed_a_second": round(removed / removing),
    }


def _write(
    store: SQLAlchemyJobStore, scheduler: BackgroundScheduler, numbers: range, now: datetime
) -> None:
    for start in range(0, len(numbers), _CHUNK):
        print(f"job store: {numbers[start]}", file=sys.stderr, flush=True)
        made = [_job(scheduler, number, now) for number in numbers[start : start + _CHUNK]]
        rows = [
            {
                "id": job.id,
                "next_run_time": job.next_run_time.timestamp(),
                "job_state": pickle.dumps(job.__getstate__(), store.pickle_protocol),
            }
            for job in made
        ]
        with store.engine.begin() as connection:
            connection.execute(insert(store.jobs_t), rows)


def _job(scheduler: BackgroundScheduler, number: int, now: datetime) -> Job:
    at = now + timedelta(seconds=number)
    return Job(
        scheduler,
        id=str(number),
        func=nothing,
        args=(),
        kwargs={},
        trigger=DateTrigger(at, UTC),
        executor="default",
        misfire_grace_time=1,
        coalesce=True,
        name=str(number),
        max_instances=1,
        next_run_time=at,
    )

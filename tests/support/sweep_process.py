"""A sweep in a process of its own, to be killed: python -m tests.support.sweep_process URL NOW."""

import asyncio
import logging
import sys
from datetime import datetime

import structlog

from escalation.acts import Acts
from escalation.lawbook import default_lawbook
from escalation.sweep import Sweep
from tongdai.clock import HandClock
from tongdai.db import Database


async def main(url: str, now: str) -> None:
    """Carry out everything that is due; say `ready` before and `done` after."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    db = Database(url, HandClock(datetime.fromisoformat(now)))
    sweep = Sweep(db, Acts(default_lawbook(("can-tho",))))
    await sweep.next_due()
    print("ready", flush=True)  # noqa: T201
    while await sweep.run_due():
        pass
    print("done" if not sweep.failing else "failing", flush=True)  # noqa: T201
    await db.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))

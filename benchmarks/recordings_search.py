"""Finding one recording among millions: every way of the auditor's search, on both databases.

    python -m benchmarks.recordings_search [--rows N] [--only sqlite|postgresql]      prints JSON

Pages of 30 with their calls, first pages, each way by its own index (web/audit/finding.py); and the
newest page of the API. `make bench` runs it in benchmarks.recordings with 200,000 rows, `--full`
there with 5,000,000.
"""

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from rig import postgres
from telephony.recordings import store
from tests.support.many_recordings import HOTLINES, NOW, many
from tongdai import migrate
from tongdai.collector import leave_alone_what_stays
from web.audit.finding import Asked, find
from web.audit.meaning import meaning

PAGE = 30
ASKED = 200
DAY = timedelta(days=1)
WAYS = {
    "newest": Asked(hotlines=HOTLINES),
    "by_number": Asked(hotlines=HOTLINES, meaning=meaning("+84900000776")),
    "by_last_digits": Asked(hotlines=HOTLINES, meaning=meaning("0776")),
    "by_ticket": Asked(hotlines=HOTLINES, meaning=meaning("2026-000100")),
    "by_common_word": Asked(hotlines=HOTLINES, meaning=meaning("den")),
    "by_words": Asked(hotlines=HOTLINES, meaning=meaning("den nuoc")),
    "by_words_and_day": Asked(hotlines=HOTLINES, meaning=meaning("den"), since=NOW - DAY),
    "by_unit": Asked(hotlines=HOTLINES, unit="can-tho-50"),
    "by_operator": Asked(hotlines=HOTLINES, operator="operator-76"),
    "by_kind": Asked(hotlines=HOTLINES, kind="message"),
    "by_day": Asked(hotlines=HOTLINES, since=NOW - DAY, until=NOW - DAY / 2),
    "by_length": Asked(hotlines=HOTLINES, shortest=300, longest=360),
    "by_rare_length": Asked(hotlines=HOTLINES, shortest=3600),
    "by_operator_and_rare_length": Asked(hotlines=HOTLINES, operator="operator-50", shortest=3600),
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.recordings_search")
    parser.add_argument("--rows", type=int, default=200_000, help="at least 150,000")
    parser.add_argument("--only", choices=("sqlite", "postgresql"))
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-search-") as name:
        print(json.dumps(asyncio.run(measure(Path(name), asked.rows, asked.only))))


async def measure(folder: Path, rows: int, only: str | None = None) -> dict[str, Any]:
    """Return p50 and p99 of every way in milliseconds, by database."""
    found = {}
    if only != "postgresql":
        with tempfile.TemporaryDirectory(dir=folder) as own:
            found["sqlite"] = await searched(f"sqlite+aiosqlite:///{own}/search.db", rows)
    if only != "sqlite":
        with postgres.cluster(folder / "postgres") as server:
            found["postgresql"] = await searched(server, rows)
    return found


async def searched(url: str, rows: int) -> dict[str, Any]:
    """Fill a database and ask it every way."""
    await migrate.upgrade(url)
    started = time.perf_counter()
    db = await many(url, rows)
    found: dict[str, Any] = {"filled_in_seconds": round(time.perf_counter() - started, 1)}
    leave_alone_what_stays()  # as the service does
    try:
        for name, asked in WAYS.items():

            async def once(asked: Asked = asked) -> None:
                async with db.read() as session:
                    assert await find(session, asked, limit=PAGE + 1)

            found[name] = await timed(once, ASKED)

        async def listed() -> None:
            async with db.read() as session:
                wanted = store.Wanted(hotlines=HOTLINES, loose=True)
                assert await store.page(session, wanted, limit=PAGE + 1)

        found["api_newest"] = await timed(listed, ASKED)
    finally:
        await db.close()
    return found


async def timed(once: Callable[[], Awaitable[None]], times: int) -> dict[str, float]:
    """Return p50 and p99 of so many in milliseconds, after one that does not count."""
    await once()
    took = []
    for _ in range(times):
        started = time.perf_counter()
        await once()
        took.append((time.perf_counter() - started) * 1000)
    took.sort()
    return {
        "p50_ms": round(took[len(took) // 2], 2),
        "p99_ms": round(took[len(took) * 99 // 100], 2),
    }


if __name__ == "__main__":
    main()

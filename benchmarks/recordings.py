"""The archive of recordings: taking in, finding, hearing, proving.

    python -m benchmarks.recordings [--recordings N] [--rows N] [--full]        prints JSON

`ingest`: one-minute recordings (a spoken sentence, the other side answering) from the spool into
the archive: a second, processor share, memory at the tenth and at the end, size against the raw
file. `proof`: the verifier's walk, and `sha256sum` over the same files in the same run.
`first_byte`: from asking for a sound to its first block, plain and encrypted, without HTTP;
`first_byte_after_a_click`: see benchmarks.recordings_click.
`search`: see benchmarks.recordings_search. `--full` is 10,000 recordings and 5,000,000 rows; the
default is small enough for `make bench`.
"""

import argparse
import asyncio
import json
import logging
import os
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import structlog

from benchmarks import recordings_click, recordings_search
from benchmarks.recordings_sound import SECONDS, sound
from telephony.recordings.archive import keyring
from telephony.recordings.manifest.keys import Keys
from telephony.recordings.proof.verify import verify
from tests.support.recordings import Rig
from tongdai import migrate
from tongdai.clock import HandClock
from tongdai.db import Database

NOW = datetime(2026, 11, 30, 3, 0, tzinfo=UTC)
AT_ONCE = 20
ASKED, CLICKED = 60, 30


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.recordings")
    parser.add_argument("--recordings", type=int, default=60)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--full", action="store_true")
    asked = parser.parse_args()
    if asked.full:
        asked.recordings, asked.rows = 10_000, 5_000_000
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="bench-recordings-") as name:
        print(json.dumps({"load_before": load, **asyncio.run(measure(Path(name), asked))}))


async def measure(folder: Path, asked: argparse.Namespace) -> dict[str, Any]:
    url = f"sqlite+aiosqlite:///{folder}/archive.db"
    await migrate.upgrade(url)
    found = {"recordings": asked.recordings, "rows": asked.rows}
    db = Database(url, HandClock(NOW))
    try:
        rig = Rig(db, folder)
        found["ingest"] = await ingest(rig, asked.recordings)
        found["proof"] = await proof(rig, folder)
        found["first_byte"] = {"plain": await first_byte(rig)}
        rig.ring = keyring.add(folder / "ring.toml", None, "all-1")
        await take(rig, sound(folder), ["9000000000.1"])
        found["first_byte"]["encrypted"] = await first_byte(rig)
    finally:
        await db.close()
    found["first_byte_after_a_click"] = await recordings_click.measure(folder, CLICKED)
    found["search"] = await recordings_search.measure(folder, asked.rows)
    return found


async def ingest(rig: Rig, count: int) -> dict[str, Any]:
    raw, process = sound(rig.folder), psutil.Process()
    names = [f"{1_000_000_000 + i}.{i}" for i in range(count)]
    await take(rig, raw, names[: count // 10])
    early = process.memory_info().rss
    started, cpu = time.perf_counter(), time.process_time()
    await take(rig, raw, names[count // 10 :])
    seconds, worked = time.perf_counter() - started, time.process_time() - cpu
    done = count - count // 10
    stored = sum(f.stat().st_size for f in rig.archived_files())
    return {
        "per_second": round(done / seconds, 2),
        "hours_of_sound_per_hour": round(done * SECONDS / seconds, 1),
        "cpu_share": round(worked / seconds, 2),
        "rss_mb_at_a_tenth": round(early / 1e6, 1),
        "rss_mb_at_the_end": round(process.memory_info().rss / 1e6, 1),
        "size_against_raw": round(stored / (count * len(raw)), 3),
    }


async def take(rig: Rig, raw: bytes, names: list[str]) -> None:
    intake = rig.intake()
    for start in range(0, len(names), AT_ONCE):
        for name in names[start : start + AT_ONCE]:
            rig.record(f"call-{name}.raw", raw)
        await intake.round()
    intake.close()


async def proof(rig: Rig, folder: Path) -> dict[str, Any]:
    files = rig.archived_files()
    size = sum(f.stat().st_size for f in files)
    started = time.perf_counter()
    problems = [p async for p in verify(rig.db, rig.kept(), Keys(folder / "keys"))]
    ours = time.perf_counter() - started
    started = time.perf_counter()
    for at in range(0, len(files), 500):
        process = await asyncio.create_subprocess_exec(
            "sha256sum", *map(str, files[at : at + 500]), stdout=asyncio.subprocess.DEVNULL
        )
        await process.wait()
    theirs = time.perf_counter() - started
    odd = [p for p in problems if p.why != "line_missing"]  # nothing is written beside here
    assert not odd, odd
    return {
        "gigabytes": round(size / 1e9, 3),
        "gb_per_second": round(size / 1e9 / ours, 3),
        "sha256sum_gb_per_second": round(size / 1e9 / theirs, 3),
        "against_sha256sum": round(theirs / ours, 2),
    }


async def first_byte(rig: Rig) -> dict[str, float]:
    row, archive = (await rig.rows())[-1], rig.kept()

    async def once() -> None:
        assert await anext(archive.read(row))

    return await recordings_search.timed(once, ASKED)


if __name__ == "__main__":
    main()

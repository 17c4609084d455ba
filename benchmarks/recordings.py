"""The archive of recordings: taking in, finding, hearing, proving.

    python -m benchmarks.recordings [--recordings N] [--rows N] [--full]        prints JSON

`ingest`: one-minute recordings (a spoken sentence, the other side answering) from the spool into
the archive: a second, processor share, memory at the tenth and at the end, size against the raw
file. `proof`: the verifier's walk, and `sha256sum` over the same files in the same run.
`first_byte`: from asking for a sound to its first block, plain and encrypted, without HTTP.
`search`: pages of 30 among many rows, by number, by hotline and day, and unrestricted. `--full` is
10,000 recordings and 5,000,000 rows; the default is small enough for `make bench`.
"""

import argparse
import asyncio
import json
import logging
import os
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import structlog
from sqlalchemy import text

from rig import postgres
from telephony.recordings import store
from telephony.recordings.archive import keyring
from telephony.recordings.manifest.keys import Keys
from telephony.recordings.proof.verify import verify
from telephony.recordings.store import Wanted
from tests.support.recordings import RATE, Rig
from tongdai import migrate
from tongdai.clock import HandClock
from tongdai.db import Database

NOW = datetime(2026, 11, 30, 3, 0, tzinfo=UTC)
SECONDS = 60
AT_ONCE = 20
ASKED = 60
FILLED_AT_ONCE = 20_000
"""Rows: a statement of ours has twenty seconds."""


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
    found["search"] = {"sqlite": await search(f"sqlite+aiosqlite:///{folder}/s.db", asked.rows)}
    with postgres.cluster(folder / "postgres") as server:
        found["search"]["postgresql"] = await search(server, asked.rows)
    return found


def sound(folder: Path) -> bytes:
    """Return a minute of two people who speak in turns, as the PBX writes it."""
    wav, raw = folder / "voice.wav", folder / "voice.raw"
    words = "Xin chào, tổng đài một không hai hai nghe, anh chị cần phản ánh việc gì ạ? " * 4
    subprocess.run(["espeak-ng", "-v", "vi", "-w", str(wav), words], check=True)
    subprocess.run(
        [
            "sox",
            "-V1",
            str(wav),
            "-t",
            "raw",
            "-r",
            str(RATE),
            "-e",
            "signed",
            "-b",
            "16",
            str(raw),
        ],
        check=True,
    )
    voice = np.resize(np.frombuffer(raw.read_bytes(), dtype="<i2"), SECONDS * RATE)
    hiss = np.random.default_rng(1).normal(0, 12, (2, len(voice)))
    turn = (np.arange(len(voice)) // (5 * RATE)) % 2
    sides = np.stack([voice * (turn == 0), np.roll(voice, 3 * RATE) * (turn == 1)]) + hiss
    return sides.T.astype("<i2").tobytes()


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

    return await timed(once)


async def search(url: str, rows: int) -> dict[str, Any]:
    await migrate.upgrade(url)
    db = Database(url, HandClock(NOW))
    started = time.perf_counter()
    await fill(db, rows)
    found: dict[str, Any] = {"filled_in_seconds": round(time.perf_counter() - started, 1)}
    wanted = {
        "by_number": Wanted(hotlines=("can-tho",), number="+84900000776"),
        "by_day": Wanted(hotlines=("can-tho",), since=NOW - timedelta(days=2), until=NOW),
        "newest": Wanted(hotlines=("can-tho", "gia-lai")),
    }
    try:
        for name, one in wanted.items():

            async def once(one: Wanted = one) -> None:
                async with db.read() as session:
                    assert await store.page(session, one, limit=30)

            found[name] = await timed(once)
    finally:
        await db.close()
    return found


async def fill(db: Database, rows: int) -> None:
    """Lay down calls and their recordings, a minute apart, by the database itself."""
    if db.is_sqlite:
        numbers = (
            "WITH RECURSIVE n(i) AS (SELECT :first UNION ALL SELECT i + 1 FROM n WHERE i < :last)"
        )
        at, name = "datetime('2026-11-30 03:00:00', '-' || i || ' minutes')", "printf('%09d', i)"
    else:
        numbers = "WITH n AS (SELECT i FROM generate_series(CAST(:first AS int), CAST(:last AS int)) AS i)"  # noqa: E501
        at = "timestamptz '2026-11-30 03:00:00+00' - i * interval '1 minute'"
        name = "lpad(i::text, 9, '0')"
    hotline = "CASE i % 2 WHEN 0 THEN 'can-tho' ELSE 'gia-lai' END"
    number = "'+849' || substr('00000000' || (i % 100000), -8)"
    if not db.is_sqlite:
        number = "'+849' || lpad((i % 100000)::text, 8, '0')"
    calls = (
        "INSERT INTO call (id, pbx, linkedid, hotline, direction, caller_number, caller_raw,"  # noqa: S608
        " caller_name, caller_kind, called_number, started_at, state, version)"
        f" {numbers} SELECT {name}, 'main', {name}, {hotline}, 'inbound', {number}, 'x', 'x',"
        f" 'mobile', '02921022', {at}, 'ended', 1 FROM n"
    )
    recordings = (
        "INSERT INTO recording (id, kind, pbx, linkedid, n, call, hotline, started_at,"  # noqa: S608
        " seconds, bytes, sha256, stored_bytes, stored_sha256, source_bytes, source_sha256,"
        " pcm_sha256, format, channels, sample_rate, path, state, created_at)"
        f" {numbers} SELECT {name}, 'call', 'main', {name}, 0, {name}, {hotline}, {at}, 60,"
        f" 1, 'x', 1, 'x', 1, 'x', 'x', 'flac', 2, 8000, {name}, 'archived', {at} FROM n"
    )
    for first in range(1, rows + 1, FILLED_AT_ONCE):
        span = {"first": first, "last": min(rows, first + FILLED_AT_ONCE - 1)}
        async with db.write() as tx:
            for statement in (calls, recordings):
                await tx.session.execute(text(statement), span)
    async with db.write() as tx:
        await tx.session.execute(text("ANALYZE"))


async def timed(once: Callable[[], Awaitable[None]]) -> dict[str, float]:
    """Return p50 and p99 in milliseconds."""
    await once()
    took = []
    for _ in range(ASKED):
        started = time.perf_counter()
        await once()
        took.append((time.perf_counter() - started) * 1000)
    took.sort()
    return {"p50_ms": round(took[len(took) // 2], 2), "p99_ms": round(took[-1], 2)}


if __name__ == "__main__":
    main()

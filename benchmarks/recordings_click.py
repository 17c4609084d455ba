"""From an auditor's click to the first byte of the sound, over HTTP.

    python -m benchmarks.recordings_click [--recordings N]                              prints JSON

The click is what the page sends: the reason (written down and committed), then the sound from its
beginning, by the same session over loopback; the whole application answers. `cold` is the first
click on a recording, its file dropped from the system's cache before it; `warm` the second. By
store: a folder, a folder with encryption, and S3 (SeaweedFS) with encryption.
"""

import argparse
import asyncio
import json
import logging
import os
import tempfile
import time
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog

from benchmarks.recordings_sound import sound
from telephony.recordings.archive import keyring
from telephony.recordings.archive.s3 import S3Objects
from tests.support.objects import seaweed
from tests.support.pages import Browser, Pages, settings_for
from tests.support.recordings import Rig
from tongdai import migrate
from tongdai.accounts.model import Role
from tongdai.clock import HandClock
from tongdai.db import Database
from tongdai.settings import S3Table

NOW = datetime(2026, 11, 30, 3, 0, tzinfo=UTC)
PACKAGES = ("portal", "audit", "api")
STORES = ("folder", "folder_encrypted", "s3_encrypted")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.recordings_click")
    parser.add_argument("--recordings", type=int, default=30)
    asked = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with tempfile.TemporaryDirectory(prefix="bench-click-") as name:
        print(json.dumps(asyncio.run(measure(Path(name), asked.recordings))))


async def measure(folder: Path, count: int) -> dict[str, Any]:
    """Return p50 and the longest in milliseconds, cold and warm, by store."""
    found = {}
    for store in STORES:
        own = folder / store
        own.mkdir()
        async with AsyncExitStack() as stack:
            table = await stack.enter_async_context(seaweed(own)) if "s3" in store else None
            found[store] = await clicked(own, count, table, encrypted="encrypted" in store)
    return found


async def clicked(
    folder: Path, count: int, table: S3Table | None, *, encrypted: bool
) -> dict[str, dict[str, float]]:
    """Fill an archive and click on each of its recordings twice."""
    url, clock = f"sqlite+aiosqlite:///{folder}/archive.db", HandClock(NOW)
    await migrate.upgrade(url)
    db, kept = Database(url, clock), {}
    ring = keyring.add(folder / "ring.toml", None, "all-1") if encrypted else None
    rig = Rig(db, folder, ring=ring, objects=S3Objects(table) if table else None)
    if encrypted:
        kept["keyring"] = folder / "ring.toml"
    more = {"archive": rig.archive, "spool": rig.spool, "s3": table, **kept}
    raw = sound(folder)
    for i in range(count):
        await rig.call(f"{1_000_000_000 + i}.1", answered_at=NOW, ended_at=NOW)
        rig.record(f"call-{1_000_000_000 + i}.1.raw", raw)
    await rig.intake().round()
    rig.intake().close()
    paths = {row.id: rig.archive / row.path for row in await rig.rows()}
    settings = settings_for(folder, recordings=more)
    took: dict[str, list[float]] = {"cold": [], "warm": []}
    async with Pages.open(folder, clock, settings=settings, db=db, packages=PACKAGES) as pages:
        await pages.account("mai", Role.AUDITOR)
        mai = await pages.sign_in("mai")
        for recording, path in paths.items():
            await asyncio.to_thread(forget, path)
            for times in took.values():
                times.append(await click(mai, recording))
    await db.close()
    return {state: _figures(times) for state, times in took.items()}


async def click(who: Browser, recording: str) -> float:
    """Give the reason, ask for the sound; return the milliseconds until its first byte."""
    page = f"/audit/recordings/{recording}"
    started = time.perf_counter()
    answer = await who.send("POST", f"{page}/plays", {"reason": "đo"})
    assert answer.status == 201, await answer.text()
    play = (await answer.json())["play"]
    asked = {"Range": "bytes=0-"}
    async with who.session.get(f"{who.base}{page}/audio?play={play}", headers=asked) as heard:
        assert heard.status == 206, heard.status
        assert await heard.content.readany()
        took = (time.perf_counter() - started) * 1000
        await heard.read()
        return took


def forget(path: Path) -> None:
    """Drop a file from the system's cache."""
    if not path.exists():
        return  # in the S3 store
    handle = os.open(path, os.O_RDONLY)
    try:
        os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(handle)


def _figures(times: list[float]) -> dict[str, float]:
    times = sorted(times)
    return {"p50_ms": round(times[len(times) // 2], 2), "max_ms": round(times[-1], 2)}


if __name__ == "__main__":
    main()

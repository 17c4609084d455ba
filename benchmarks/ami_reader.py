"""One reader of benchmarks.ami_feed, in a process of its own: its CPU and memory are its own.

python -m benchmarks.ami_reader bare|bridge|slow EVENTS RATE        prints JSON
"""

import asyncio
import gc
import json
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

import psutil
from panoramisk import Manager
from pydantic import SecretStr
from sqlalchemy import func
from sqlmodel import select

from benchmarks.ami import NUMBERS
from telephony.ami.packets import Raw
from telephony.bridge import Bridge
from telephony.calls.events import CallRinging, PbxConnected
from telephony.calls.tables import CallRow
from tongdai.clock import SystemClock
from tongdai.db import Database
from tongdai.events import Bus
from tongdai.logs import configure
from tongdai.settings import (
    DatabaseTable,
    HotlineTable,
    JournalTable,
    PbxTable,
    SeatsTable,
    Settings,
)

SLOW_EVERY, SLOW_SECONDS = 100, 0.05


class Marks:
    """Notes CPU and memory between the feed's marks."""

    def __init__(self) -> None:
        self.done = asyncio.Event()
        self.cpu = 0.0
        self._start = 0.0

    def told(self, mark: str) -> None:
        """Take a mark of the feed."""
        if mark == "BenchStart":
            self._start = time.process_time()
        elif mark == "BenchEnd":
            self.cpu = time.process_time() - self._start
            self.done.set()


async def bare(port: int, marks: Marks) -> dict[str, Any]:
    manager = Manager(host="127.0.0.1", port=port, username="u", secret="s")  # noqa: S106

    def every(_manager: Any, event: Any) -> None:
        if event.event == "UserEvent":
            marks.told(event.userevent)

    manager.register_event("*", every)
    await manager.connect()
    manager.send_action({"Action": "UserEvent", "UserEvent": "go"})
    await marks.done.wait()
    manager.close()
    return {"cpu": round(marks.cpu, 3)}


class Peak:
    """Watches the process's memory."""

    def __init__(self) -> None:
        self._process = psutil.Process()
        self.before = self.peak = self._process.memory_info().rss
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        while True:
            self.peak = max(self.peak, self._process.memory_info().rss)
            time.sleep(0.01)


def settings_of(folder: Path, port: int) -> Settings:
    return Settings(
        database=DatabaseTable(url=f"sqlite+aiosqlite:///{folder}/bench.db"),
        pbx=(PbxTable(port=port, secret=SecretStr("s")),),
        journal=JournalTable(folder=folder / "journal"),
        seats=SeatsTable(key=SecretStr("k")),
        hotline=tuple(
            HotlineTable(id=h, name=h, title=h, number=number, sender_name="x", brandname="TD1022")
            for number, h in NUMBERS.items()
        ),
    )


async def bridge(port: int, marks: Marks, sent: Callable[[], dict[str, int]], *, slow: bool) -> Any:
    clock, bus = SystemClock(), Bus()
    pushed: dict[str, int] = {}
    folder = Path(tempfile.mkdtemp())
    settings = settings_of(folder, port)
    db = Database(settings.database.url, clock, bus)
    await db.create_all()
    made = Bridge(settings, db, bus, clock)

    seen = count(1)

    def slowly(_pbx: str, _packet: Raw) -> None:
        if next(seen) % SLOW_EVERY == 0:
            time.sleep(SLOW_SECONDS)

    def ringing(event: CallRinging) -> None:
        pushed.setdefault(f"{event.call.linkedid}/{event.seat}", time.monotonic_ns())

    made.on_packet(("UserEvent",), lambda _pbx, packet: marks.told(packet["UserEvent"]))
    if slow:
        made.on_packet(("Newstate", "Hangup"), slowly)
    bus.on(CallRinging, ringing)
    connected = asyncio.Event()
    bus.on(PbxConnected, lambda _: connected.set())
    task = asyncio.create_task(made.run())
    await connected.wait()
    peak = Peak()
    await made.ami("main").action("UserEvent", UserEvent="go")
    await marks.done.wait()
    await made.settled()
    more = (peak.peak - peak.before) / 1e6
    async with db.read() as session:
        rows = (await session.execute(select(func.count()).select_from(CallRow))).scalar_one()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    await db.close()
    times = sorted((pushed[k] - at) / 1e6 for k, at in sent().items() if k in pushed)
    place = int(len(times) * 0.99)
    return {
        "cpu": round(marks.cpu, 3),
        "pushed": len(pushed),
        "rows": rows,
        "p50_ms": round(times[len(times) // 2], 2) if times else None,
        "p99_ms": round(times[min(place, len(times) - 1)], 2) if times else None,
        "more_megabytes": round(more, 1),
        "handled": made.handled,
    }


def sent_in(log: Path) -> dict[str, int]:
    """Return when each ring was sent."""
    return {key: int(at) for key, at in (line.split(" ") for line in log.read_text().splitlines())}


async def main(kind: str, events: int, rate: int) -> None:
    log = Path(tempfile.mkdtemp(), "sent")
    feed = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "benchmarks.ami_feed", str(events), str(rate), str(log)),
        stdout=asyncio.subprocess.PIPE,
    )
    assert feed.stdout is not None
    port = int(await feed.stdout.readline())
    marks = Marks()
    gc.collect()
    gc.freeze()  # as tongdai.serve does
    if kind == "bare":
        found = await bare(port, marks)
    else:
        found = await bridge(port, marks, lambda: sent_in(log), slow=kind == "slow")
    feed.terminate()
    await feed.wait()
    print(json.dumps(found))


if __name__ == "__main__":
    configure("error")
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))

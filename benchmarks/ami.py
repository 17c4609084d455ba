"""What reading Asterisk's events costs, against bare panoramisk 1.4 with an empty callback.

    python -m benchmarks.ami [--quick]        prints JSON

Everything is measured in this run on the same bytes; compare the ratios, not the seconds.
"""

import argparse
import asyncio
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from panoramisk import Manager
from panoramisk.ami_protocol import AMIProtocol as BareProtocol

from benchmarks.capture import packets, stream
from telephony.ami.parsers import PARSERS, moment_of
from telephony.ami.protocol import AmiProtocol
from telephony.ami.wire import Splitter, name_of
from telephony.calls.correlate import Rules
from telephony.calls.registry import Registry
from tongdai.ids import HotlineId
from tongdai.logs import configure

NUMBERS = {
    "02921022": "can-tho",
    "02691022": "gia-lai",
    "02761022": "tay-ninh",
    "021831022": "hoa-binh",
    "0241022": "ha-noi",
}
RULES = Rules(
    numbers={number: HotlineId(h) for number, h in NUMBERS.items()},
    shown={HotlineId(h): number for number, h in NUMBERS.items()},
)
CHUNK = 4096
BLOCK = 16 * CHUNK
WARM, COUNTED = 500, 2000
"""Events under callgrind: read before it counts, and counted (callgrind is fifty times slower)."""
NOW = datetime.fromtimestamp(0, UTC)
HERE = Path(__file__).parent.parent


def bare() -> Callable[[bytes], None]:
    """Return what reads with panoramisk alone."""
    manager = Manager()
    manager.loop = asyncio.get_running_loop()
    manager.register_event("*", lambda _manager, _event: None)
    protocol = BareProtocol()
    protocol.connection_made(None)
    protocol.factory, protocol.encoding = manager, "utf8"
    read: Callable[[bytes], None] = protocol.data_received
    return read


def dispatch() -> Callable[[bytes], None]:
    """Return what reads and dispatches, and does nothing with it."""
    return AmiProtocol(lambda _raw, _batch: None, set(PARSERS)).data_received


def state() -> Callable[[bytes], None]:
    """Return what reads and keeps the calls' state."""
    registry = Registry("main", RULES)

    def sink(_raw: bytes, batch: list[tuple[bytes, bytes]]) -> None:
        for name, packet in batch:
            typed = PARSERS[name](packet, moment_of(packet) or NOW)
            if typed is not None:
                registry.feed(typed)

    return AmiProtocol(sink, set(PARSERS)).data_received


READERS = {"bare": bare, "dispatch": dispatch, "state": state}


def feed(read: Callable[[bytes], None], data: bytes) -> list[float]:
    """Let it be read in chunks as a socket gives them; return the CPU seconds of each block."""
    found, clock = [], time.process_time
    for block in range(0, len(data), BLOCK):
        start = clock()
        for place in range(block, min(block + BLOCK, len(data)), CHUNK):
            read(data[place : place + CHUNK])
        found.append(clock() - start)
    return found


async def cpu(data: bytes, rounds: int) -> dict[str, Any]:
    """CPU an event of each reader: of every block the least of `rounds`, taken in turns.

    Block by block, because a round as a whole is never undisturbed on a machine with other work.
    """
    events = data.count(b"\r\n\r\n")
    best: dict[str, list[float]] = {}
    for _ in range(rounds):
        for name, make in READERS.items():
            now = feed(make(), data)
            best[name] = [min(pair) for pair in zip(now, best.get(name, now), strict=True)]
    seconds = {name: sum(blocks) for name, blocks in best.items()}
    return {
        "events": events,
        "microseconds_an_event": {k: round(v / events * 1e6, 2) for k, v in seconds.items()},
        "dispatch_of_bare": round(seconds["dispatch"] / seconds["bare"], 3),
        "state_of_bare": round(seconds["state"] / seconds["bare"], 3),
    }


def cuts(data: bytes, seed: int) -> dict[str, Any]:
    """Cut the bytes anywhere: the packets, and the calls, must be those of the whole."""
    chance = random.Random(seed)
    whole = [p for p in Splitter().feed(data)[1] if name_of(p)]
    splitter, got, place = Splitter(), [], 0
    while place < len(data):
        size = chance.choice((1, 2, 3, 7, 100, 1460, 9000))
        got += [p for p in splitter.feed(data[place : place + size])[1] if name_of(p)]
        place += size
    return {
        "seed": seed,
        "packets": len(whole),
        "lost": max(0, len(whole) - len(got)),
        "changed_or_out_of_order": sum(a != b for a, b in zip(whole, got, strict=False)),
    }


def instructions() -> dict[str, Any]:
    """Instructions an event of each reader, counted by callgrind; all at once."""
    try:
        with ThreadPoolExecutor() as at_once:
            found = dict(zip(READERS, at_once.map(_callgrind, READERS), strict=True))
    except subprocess.CalledProcessError as failed:
        return {"error": failed.stderr.decode(errors="replace")[-1000:]}
    return {
        "events": COUNTED,
        "instructions_an_event": found,
        "dispatch_of_bare": round(found["dispatch"] / found["bare"], 3),
        "state_of_bare": round(found["state"] / found["bare"], 3),
    }


def _callgrind(reader: str) -> int:
    with TemporaryDirectory() as folder:
        command = ["valgrind", "--tool=callgrind", "--instr-atstart=no"]
        command += [f"--callgrind-out-file={folder}/out", "--vgdb-poll=1000000"]
        command += [sys.executable, "-m", "benchmarks.ami", "--counted", reader]
        subprocess.run(command, check=True, capture_output=True, cwd=HERE)
        lines = Path(folder, "out").read_text(encoding="utf-8").splitlines()
    total = next(line for line in lines if line.startswith("totals:"))
    return round(int(total.split()[1]) / COUNTED)


def counted(reader: str) -> None:
    """Under callgrind: read some to be warm, then let it count the instructions of the next."""
    chosen = packets(WARM + COUNTED)
    read = READERS[reader]()
    for part, switch in ((chosen[:WARM], "on"), (chosen[WARM:], "off")):
        feed(read, b"\r\n\r\n".join(part) + b"\r\n\r\n")
        order = ["callgrind_control", "-i", switch, str(os.getpid())]
        subprocess.run(order, check=True, capture_output=True)


def whole(events: int, rate: int) -> dict[str, Any]:
    """The whole bridge, journal and database, at `rate` events a second, beside bare panoramisk."""
    found = {kind: _reader(kind, events, rate) for kind in ("bare", "bridge")}
    return {
        "events": events,
        "events_a_second": rate,
        "cpu_seconds": {kind: one["cpu"] for kind, one in found.items()},
        "bridge_of_bare": round(found["bridge"]["cpu"] / found["bare"]["cpu"], 2),
        "pushed": found["bridge"]["pushed"],
        "push_p50_ms": found["bridge"]["p50_ms"],
        "push_p99_ms": found["bridge"]["p99_ms"],
        "rows": found["bridge"]["rows"],
    }


def burst(events: int) -> dict[str, Any]:
    """Memory of a burst as fast as it is read, with a slow consumer."""
    one = _reader("slow", events, 0)
    return {"events": events, "more_megabytes": one["more_megabytes"], "handled": one["handled"]}


def _reader(kind: str, events: int, rate: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.ami_reader", kind, str(events), str(rate)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=HERE)
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a small part of everything")
    parser.add_argument("--counted", choices=READERS, metavar="READER", help="under callgrind")
    given = parser.parse_args()
    if given.counted:
        counted(given.counted)
        return
    data = stream()
    few = b"\r\n\r\n".join(data.split(b"\r\n\r\n", 5000)[:5000]) + b"\r\n\r\n"
    result = {
        "cpu": await cpu(few if given.quick else data, 2 if given.quick else 4),
        "callgrind": instructions(),
        "cut_anywhere": cuts(few if given.quick else data, 1022),
        "whole_bridge": whole(3000 if given.quick else 12000, 600),
        "burst": burst(20_000 if given.quick else 100_000),
    }
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    configure("error")
    asyncio.run(main())

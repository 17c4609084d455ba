"""`make bench`: every benchmark, one after the other; one JSON document on standard output.

    python -m benchmarks [--only NAME]...        docs/benchmarks.md says what each measures

Each runs in a process of its own with a time limit; one that fails is {"error": ...} in the
document, the others go on, and the exit status is 1.
"""

import argparse
import importlib.metadata
import json
import os
import platform
import re
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from rig.asterisk import Installation, NoAsteriskError
from tests.support.chromium import EXECUTABLE

HERE = Path(__file__).parents[1]
PACKAGES = (
    "panoramisk",
    "aiohttp",
    "sqlalchemy",
    "aiosqlite",
    "uvloop",
    "pandas",
    "officehours",
    "apscheduler",
)
ERROR_CHARACTERS = 1500


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A module that prints JSON, and the seconds after which it is ended."""

    command: tuple[str, ...]
    limit_seconds: float


BENCHMARKS = {
    "idle": Benchmark(("benchmarks.idle",), 80),
    "pops": Benchmark(("benchmarks.pops",), 240),
    "calls": Benchmark(("benchmarks.calls",), 270),
    "ami": Benchmark(("benchmarks.ami",), 240),
    "menus": Benchmark(("benchmarks.menus",), 300),
    "working_time": Benchmark(("benchmarks.working_time",), 150),
    "sweep": Benchmark(("benchmarks.sweep",), 120),
    "messages": Benchmark(("benchmarks.messages",), 240),
    "recordings": Benchmark(("benchmarks.recordings",), 300),
}


def run(benchmark: Benchmark) -> dict[str, Any]:
    """Return what a benchmark printed, or its error."""
    process = subprocess.Popen(
        [sys.executable, "-m", *benchmark.command],
        cwd=HERE,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        out, err = process.communicate(timeout=benchmark.limit_seconds)
    except BaseException as stopped:
        _end(process)
        if not isinstance(stopped, subprocess.TimeoutExpired):
            raise
        return {"error": f"not done within {benchmark.limit_seconds:.0f} s"}
    if process.returncode:
        return {"error": err.strip()[-ERROR_CHARACTERS:] or f"status {process.returncode}"}
    try:
        return dict(json.loads(out))
    except ValueError:
        return {"error": f"printed no JSON: {out[-ERROR_CHARACTERS:]}"}


def _end(process: subprocess.Popen[str]) -> None:
    """Ask it to end, so that it frees what it started; then kill what is left of it."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def machine() -> dict[str, Any]:
    """Return what the figures were measured on."""
    versions = {}
    for package in PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return {
        "cpu": _processor(),
        "cpus": os.cpu_count(),
        "memory_megabytes": round(psutil.virtual_memory().total / 1e6),
        "system": platform.platform(),
        "python": platform.python_version(),
        "asterisk": _asterisk(),
        "chromium": _version([EXECUTABLE, "--version"]),
        "packages": versions,
    }


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor()
    found = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return found[1] if found else platform.processor()


def _asterisk() -> str | None:
    try:
        root = str(Installation.find().root)
    except NoAsteriskError:
        return None
    inside = [] if root == "/" else ["chroot", root]
    return _version([*inside, "/usr/sbin/asterisk", "-V"])


def _version(command: list[str]) -> str | None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip().split("\n")[0] or None


def main() -> int:
    """Run what was asked for; 0 when every benchmark has its figures."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--only", action="append", choices=sorted(BENCHMARKS), metavar="NAME")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    found: dict[str, Any] = {"machine": machine()}
    for name, benchmark in BENCHMARKS.items():
        if given.only and name not in given.only:
            continue
        print(f"{name} ...", file=sys.stderr, flush=True)
        load = os.getloadavg()[0]
        found[name] = {"load_before": round(load, 2), **run(benchmark)}
    print(json.dumps(found, indent=2, ensure_ascii=False))
    return 1 if '"error": ' in json.dumps(found) else 0


if __name__ == "__main__":
    sys.exit(main())

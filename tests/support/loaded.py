"""`tongdai` loaded once, each run of it a fork of that: a start costs nothing but the start.

To load the program takes some seconds of a processor, more than all the rest of most commands,
and a test run starts it more than a hundred times. `python -m tests.support.loaded` loads all of it
and waits for orders, JSON lines on its standard input: `run` forks a process that does what
`tongdai ARGUMENTS` does, in the environment and folder that are named; `status` asks how it ended.
From the fork on it is a process of its own, to be stopped and killed as any other.

The program as it lies on the disk is what tests/unit/test_command_line.py, the whole stories and
the benchmarks start.
"""

import contextlib
import ctypes
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from rig.child import Child

CHECKOUT = Path(__file__).parents[2]
_PR_SET_PDEATHSIG = 1


class Loaded:
    """The process that has the program loaded, and what it is asked for."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            ["setpriv", "--pdeathsig=KILL", "--", sys.executable, "-m", "tests.support.loaded"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=CHECKOUT,
        )
        self._asking = threading.Lock()

    def run(
        self, arguments: Sequence[str], environment: Mapping[str, str], out: Path, errors: Path
    ) -> int:
        """Begin `tongdai ARGUMENTS`, here and with more environment; return its process id.

        Args:
            arguments: Of the command line.
            environment: Added to this process's own.
            out: Where its standard output is appended.
            errors: The same for standard error; may be the same file.
        """
        order = {
            "arguments": list(arguments),
            "environment": {**os.environ, **environment},
            "folder": str(Path.cwd()),
            "out": str(out),
            "errors": str(errors),
        }
        return int(self._ask({"run": order}))

    def status(self, pid: int) -> int | None:
        """Return how a process ended (negative is a signal), None while it runs; asked once."""
        told = self._ask({"status": pid})
        return None if told is None else int(told)

    def _ask(self, order: dict[str, Any]) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._asking:
            self._process.stdin.write(json.dumps(order).encode() + b"\n")
            self._process.stdin.flush()
            return json.loads(self._process.stdout.readline())


@cache
def loaded() -> Loaded:
    """Return the loaded program of this test process; call it from the main thread (Child)."""
    return Loaded()


@dataclass(slots=True)
class Forked(Child):
    """A run of the loaded program; `command` is the arguments. See Child."""

    _pid: int = 0
    _ended: int | None = None

    @property
    def pid(self) -> int:
        """The process id.

        Raises:
            ProcessLookupError: It was never started.
        """
        if not self._pid:
            raise ProcessLookupError(self.name)
        return self._pid

    @property
    def status(self) -> int | None:
        """Its exit status; negative is a signal; None while it runs or before it was started."""
        if self._pid and self._ended is None:
            self._ended = loaded().status(self._pid)
        return self._ended

    @property
    def running(self) -> bool:
        """Whether it was started and has not ended."""
        return bool(self._pid) and self.status is None

    def start(self) -> None:
        """Start it; a running one is left alone."""
        if self.running:
            return
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self._pid = loaded().run(self.command, self.environment, self.log, self.log)
        self._ended = None

    def stop(self, within: float = 10) -> None:
        """Ask it to end; kill its whole group after `within` seconds."""
        if self.running:
            os.kill(self._pid, self.stop_signal)
            self._wait(within)
        self.kill()

    def kill(self) -> None:
        """`kill -9` it and everything in its group."""
        if self._pid:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._pid, signal.SIGKILL)
            self._wait(10)

    def _wait(self, within: float) -> None:
        end = time.monotonic() + within
        while self.running and time.monotonic() < end:
            time.sleep(0.01)


def main() -> None:
    """Load the program, then fork runs of it and tell how they ended, as standard input says."""
    from tongdai import cli, collector, commands  # noqa: PLC0415 - not for those who only ask

    for command in commands.names():
        getattr(commands, command)
    collector.leave_alone_what_stays()
    for line in sys.stdin:
        match json.loads(line):
            case {"run": order}:
                told: int | None = os.fork()
                if told == 0:
                    _run(cli.main, order)
                os.setpgid(told or 0, told or 0)
            case {"status": pid}:
                told = _status(pid)
        print(json.dumps(told), flush=True)  # noqa: T201 - the answer


def _status(pid: int) -> int | None:
    ended, how = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(how) if ended else None


def _run(program: Any, order: dict[str, Any]) -> None:
    """Be `tongdai`: what a fresh process would have is put in place, then it runs."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    os.setpgid(0, 0)
    for target, path, how in (
        (0, os.devnull, os.O_RDONLY),
        (1, order["out"], os.O_WRONLY | os.O_CREAT | os.O_APPEND),
        (2, order["errors"], os.O_WRONLY | os.O_CREAT | os.O_APPEND),
    ):
        os.dup2(os.open(path, how, 0o644), target)
    os.environ.clear()
    os.environ.update(order["environment"])
    os.chdir(order["folder"])
    random.seed()
    status = 1
    try:
        program(order["arguments"])
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 0
    except BaseException:  # noqa: BLE001 - as the interpreter does
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    main()

"""The service that is killed often: its program is loaded once, and each life is a fork of that.

`python -m tests.torture.reborn` loads what `tongdai serve` loads and waits. A line `born` forks a
process that serves, as the command does; `kill` is its `kill -9`. Loading takes longer than all
the rest of a start, and nothing of a message hangs on it.
"""

import ctypes
import os
import signal
import subprocess
import sys
from dataclasses import dataclass

from rig.child import Child

_PR_SET_PDEATHSIG = 1


@dataclass(slots=True)
class Reborn(Child):
    """`tongdai serve`, forked from a process that has it loaded; see Child."""

    _alive: bool = False

    @property
    def running(self) -> bool:
        """Whether a life has begun and was not ended."""
        return self._alive and self._ask("alive") == "yes"

    def start(self) -> None:
        """Begin a life; a running one is left alone."""
        if self.running:
            return
        if self._process is None:
            self._process = self._load()
        self._ask("born")
        self._alive = True

    def kill(self) -> None:
        """`kill -9` it."""
        if self._alive:
            self._alive = False
            self._ask("kill")

    def stop(self, within: float = 10) -> None:
        """End it, and the process that it comes from."""
        self.kill()
        if self._process is not None:
            self._process.communicate(timeout=within)  # closes its input, which ends it
            self._process = None

    def _load(self) -> subprocess.Popen[bytes]:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as errors:
            return subprocess.Popen(
                ["setpriv", "--pdeathsig=KILL", "--", *self.command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env={**os.environ, **self.environment},
            )

    def _ask(self, what: str) -> str:
        process = self._process
        assert process is not None
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(f"{what}\n".encode())
        process.stdin.flush()
        return process.stdout.readline().decode().strip()


COMMAND = (sys.executable, "-m", "tests.torture.reborn")


def main() -> None:
    """Fork lives and end them, as standard input says."""
    from tongdai.commands import running  # noqa: PLC0415 - not for those who import Reborn

    life = 0
    for line in sys.stdin:
        match line.strip():
            case "born":
                life = os.fork()
                if life == 0:
                    _live(running.serve)
            case "kill" if life:
                os.kill(life, signal.SIGKILL)
                os.waitpid(life, 0)
                life = 0
            case "alive" if life and os.waitpid(life, os.WNOHANG) != (0, 0):
                life = 0
        print("yes" if life else "no", flush=True)  # noqa: T201


def _live(serve: object) -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    with open(os.devnull, "rb") as nothing:  # noqa: PTH123 - its descriptor is wanted
        os.dup2(nothing.fileno(), 0)
    os.dup2(2, 1)
    status = 1
    try:
        serve("")  # type: ignore[operator]
        status = 0
    finally:
        os._exit(status)


if __name__ == "__main__":
    main()

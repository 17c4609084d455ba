"""A program that the rig runs: in a group of its own, its output in a file, stopped for sure."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(slots=True)
class Child:
    """One program.

    Start it from the main thread: the kernel kills it when the thread that started it ends
    (`setpriv --pdeathsig`), so that a killed supervisor or test leaves nothing behind.

    Attributes:
        name: For people.
        command: Program and arguments.
        log: Where its output goes (appended).
        environment: Added to this process's own.
        folder: Its working directory.
        own_death_signal: The command sets the death signal itself (it changes its user later).
        stop_signal: What asks it to end.
    """

    name: str
    command: Sequence[str]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None
    own_death_signal: bool = False
    stop_signal: signal.Signals = signal.SIGTERM
    _process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process id.

        Raises:
            ProcessLookupError: It was never started.
        """
        if self._process is None:
            raise ProcessLookupError(self.name)
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    @property
    def status(self) -> int | None:
        """Its exit status; negative is a signal; None while it runs or before it was started."""
        return None if self._process is None else self._process.poll()

    def start(self) -> None:
        """Start it; a running one is left alone."""
        if self.running:
            return
        guard = [] if self.own_death_signal else ["setpriv", "--pdeathsig=KILL", "--"]
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                [*guard, *self.command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                env={**os.environ, **self.environment},
                start_new_session=True,
            )

    def stop(self, within: float = 10) -> None:
        """Ask it to end; kill its whole group after `within` seconds."""
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.send_signal(self.stop_signal)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(within)
        self.kill()

    def kill(self) -> None:
        """`kill -9` it and everything in its group."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def tail(self, lines: int = 20) -> str:
        """Return the end of its log, for an error message."""
        try:
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])
        except OSError:
            return ""

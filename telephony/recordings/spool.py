"""One PBX's spool folder: what lies there, since when, and who writes it. Blocking."""

import fcntl
import os
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from telephony.recordings.errors import SpoolFileChanged
from telephony.recordings.model import (
    Growth,
    Hole,
    Seen,
    SpoolName,
    grown,
    parse_spool_name,
)

LOCK = ".intake"


@dataclass(frozen=True, slots=True, kw_only=True)
class SpoolFile:
    """One of our files in a spool, as it was at a look."""

    path: Path
    name: SpoolName
    seen: Seen
    inode: tuple[int, int]
    holes: tuple[Hole, ...] = ()
    """Where it stood still while its call went on, as far as it was looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one look into the spool found: our files by age, and names that are not ours."""

    files: tuple[SpoolFile, ...]
    strange: tuple[str, ...]


@dataclass(slots=True)
class Spool:
    """The folder into which one PBX records."""

    pbx: str
    folder: Path
    now: Callable[[], float] = time.monotonic
    """Seconds of any clock that only goes forward."""
    _first_seen: dict[str, tuple[int, int, float]] = field(default_factory=dict)
    _growth: dict[str, Growth] = field(default_factory=dict)
    _lock: int | None = None

    def lock(self) -> bool:
        """Become the one intake of this spool; False while another process is."""
        if self._lock is not None:
            return True
        handle = os.open(self.folder / LOCK, os.O_RDWR | os.O_CREAT, 0o640)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return False
        self._lock = handle
        return True

    def unlock(self) -> None:
        """Let another process be the intake."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def look(self) -> Look:
        """List the spool, remembering since when each file has been as it is.

        Raises:
            OSError: The folder cannot be read.
        """
        files, strange, now = [], [], self.now()
        before, self._first_seen = self._first_seen, {}
        growth, self._growth = self._growth, {}
        with os.scandir(self.folder) as entries:
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                name = parse_spool_name(entry.name)
                if name is None or not entry.is_file(follow_symlinks=False):
                    strange.append(shown(entry.name))
                    continue
                try:
                    stat = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue
                state = (stat.st_size, stat.st_mtime_ns)
                size, mtime, since = before.get(entry.name, (*state, now))
                since = since if (size, mtime) == state else now
                self._first_seen[entry.name] = (*state, since)
                grew = grown(growth.get(entry.name, Growth(size=size, at=now)), state[0], now)
                self._growth[entry.name] = grew
                files.append(
                    SpoolFile(
                        path=Path(entry.path),
                        name=name,
                        seen=Seen(size=state[0], mtime_ns=state[1], unchanged_seconds=now - since),
                        inode=(stat.st_dev, stat.st_ino),
                        holes=grew.holes if entry.name.endswith(".raw") else (),
                    )
                )
        files.sort(key=lambda f: f.seen.mtime_ns)
        return Look(files=tuple(files), strange=tuple(sorted(strange)))

    def room(self) -> tuple[int, int]:
        """Return the free and the total bytes of the spool's disk."""
        usage = shutil.disk_usage(self.folder)
        return usage.free, usage.total


def remove_unchanged(file: SpoolFile) -> None:
    """Remove a spool file.

    Raises:
        SpoolFileChanged: It is no longer what was archived.
    """
    stat = file.path.stat()
    if (stat.st_size, stat.st_mtime_ns) != (file.seen.size, file.seen.mtime_ns):
        raise SpoolFileChanged(file=file.path.name)
    file.path.unlink()


def shown(name: str) -> str:
    """Return a file's name as it can be written down and shown: whatever it holds.

    A name is bytes to the system. What is no UTF-8, or cannot be printed, becomes an escape.
    """
    text = os.fsencode(name).decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def open_inodes() -> frozenset[tuple[int, int]]:
    """Return the files (device, inode) that processes of this machine have open.

    Processes that we may not look into are left out: it is a second belt, not the first.
    """
    found = set()
    for process in Path("/proc").iterdir():
        if not process.name.isdigit():
            continue
        with suppress(OSError):
            for handle in (process / "fd").iterdir():
                with suppress(OSError):
                    stat = handle.stat()  # follows the magic link, out of a chroot too
                    found.add((stat.st_dev, stat.st_ino))
    return frozenset(found)

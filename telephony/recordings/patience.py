"""How long files wait in a spool that could not be archived: ever longer, until something changes.

A file that fails costs its whole encoding at each try. It is tried again after `first` seconds,
then after twice as long, to `longest` at most; the alarm stands meanwhile. It is tried at once when
it changed, when another file that failed for the same reason was taken since, and when an
administrator asks (`tongdai recordings retry`). A restart forgets everything.
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from telephony.recordings.errors import RecordingKeyMissing, SpoolFileChanged
from telephony.recordings.spool import Spool, SpoolFile

RETRY = ".retry"
"""The file in a spool that is touched to have everything tried at once."""
CHEAP = (RecordingKeyMissing, SpoolFileChanged)
"""Failures that are known before anything is read: they are looked at each time."""
MOST_DOUBLINGS = 32
"""Of a second to more than a century: beyond it only `longest` counts."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    seen: tuple[int, int]
    """The file's size and time when it failed."""
    failures: int
    until: float
    reason: str


@dataclass(slots=True)
class Patience:
    """What failed in the spools, and until when it waits."""

    first: float
    """Seconds until the second try."""
    longest: float
    """Seconds at most between two tries."""
    _waiting: dict[tuple[str, str], _Waiting] = field(default_factory=dict)
    _asked: dict[str, int] = field(default_factory=dict)

    def looked(self, spool: Spool, files: Iterable[SpoolFile]) -> None:
        """Forget files that are gone, and all of a spool that an administrator asked for. Blocking.

        Args:
            spool: Whose folder was looked into.
            files: What lies there.
        """
        there = {(spool.pbx, f.path.name) for f in files}
        asked = 0
        with suppress(FileNotFoundError):
            asked = (spool.folder / RETRY).stat().st_mtime_ns
        if self._asked.setdefault(spool.pbx, asked) != asked:
            self._asked[spool.pbx] = asked
            there = set()
        self._waiting = {k: v for k, v in self._waiting.items() if k[0] != spool.pbx or k in there}

    def lets(self, spool: Spool, file: SpoolFile) -> bool:
        """Say whether a file may be tried now."""
        waiting = self._waiting.get((spool.pbx, file.path.name))
        return waiting is None or waiting.seen != _seen(file) or spool.now() >= waiting.until

    def failed(self, spool: Spool, file: SpoolFile, error: Exception) -> None:
        """Note that a file could not be archived."""
        key = (spool.pbx, file.path.name)
        if isinstance(error, CHEAP):
            self._waiting.pop(key, None)
            return
        before = self._waiting.get(key)
        again = before is not None and before.seen == _seen(file)
        failures = before.failures + 1 if before and again else 1
        until = spool.now() + self._pause(failures)
        self._waiting[key] = _Waiting(_seen(file), failures, until, _reason(error))

    def taken(self, spool: Spool, file: SpoolFile) -> None:
        """Note that a file is archived: what failed for the reason that it had is tried at once."""
        gone = self._waiting.pop((spool.pbx, file.path.name), None)
        if gone is not None:
            self._waiting = {k: v for k, v in self._waiting.items() if v.reason != gone.reason}

    def _pause(self, failures: int) -> float:
        doublings = min(failures - 1, MOST_DOUBLINGS)
        return min(self.first * 2.0**doublings, self.longest)


def ask(folder: Path) -> None:
    """Have everything in a spool tried at once. Blocking.

    Raises:
        OSError: The spool cannot be written to.
    """
    (folder / RETRY).touch()


def _seen(file: SpoolFile) -> tuple[int, int]:
    return file.seen.size, file.seen.mtime_ns


def _reason(error: Exception) -> str:
    """Return what kind of failure it is, whichever file had it."""
    return f"{type(error).__name__} {getattr(error, 'errno', None) or ''}"

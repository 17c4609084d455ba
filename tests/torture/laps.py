"""How long each part of a torture took: said as it goes on, and kept for what it found."""

import sys
import time


class Laps:
    """A stop-watch; the first lap begins now."""

    def __init__(self) -> None:
        self._begun = self._last = time.monotonic()
        self.seconds: dict[str, float] = {}

    def done(self, what: str) -> None:
        """Say and keep how many seconds it took since the last lap ended."""
        now = time.monotonic()
        self.seconds[what] = round(now - self._last, 1)
        self._last = now
        print(  # noqa: T201 - a torture takes minutes
            f"{now - self._begun:6.1f} s: {what} ({self.seconds[what]} s)",
            file=sys.stderr,
            flush=True,
        )

"""How fast and how often: the gateway's rate, and the growing pause between tries."""

import asyncio
from datetime import timedelta


class Pace:
    """Lets through so many a second on average, and no more than one second's worth at once.

    Runs on the machine's time: a gateway's limit does not move with the service's clock.
    """

    def __init__(self, per_second: float) -> None:
        self._rate = per_second
        self._room = max(per_second, 1.0)
        self._at: float | None = None

    def available(self) -> int:
        """Return how many may go now."""
        self._refill()
        return int(self._room)

    def take(self, count: int) -> None:
        """Note that `count` go."""
        self._room -= count

    def wait_seconds(self) -> float:
        """Return the seconds until the next one may go, 0 when one may."""
        self._refill()
        return max(0.0, (1.0 - self._room) / self._rate)

    def _refill(self) -> None:
        now = asyncio.get_running_loop().time()
        if self._at is not None:
            self._room = min(max(self._rate, 1.0), self._room + (now - self._at) * self._rate)
        self._at = now


def pause(failures: int, *, first: float, longest: float, roll: float) -> timedelta:
    """Return the pause after a failed try: doubled each time, up to a quarter longer by chance.

    Args:
        failures: Tries that failed before this one.
        first: Seconds after the first failure.
        longest: Seconds at most, chance left aside.
        roll: 0 to 1: a gateway that comes back is not met by everything at once.
    """
    seconds = min(first * 2.0 ** min(failures, 30), longest)
    return timedelta(seconds=seconds * (1 + roll / 4))

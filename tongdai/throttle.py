"""How often one address may guess: counted in memory, on real time."""

from collections import defaultdict, deque
from datetime import datetime, timedelta

from tongdai.clock import Clock

ADDRESSES = 10_000
"""When more are remembered than this, those that are no longer needed are forgotten."""


class Tries:
    """Counts what an address got wrong within a span of time."""

    def __init__(self, clock: Clock, most: int, within: timedelta) -> None:
        self._clock, self._most, self._within = clock, most, within
        self._wrong: defaultdict[str, deque[datetime]] = defaultdict(deque)

    def exhausted(self, address: str) -> bool:
        """Say whether the address has to wait."""
        return len(self._recent(address)) >= self._most

    def wrong(self, address: str) -> None:
        """Count a wrong guess."""
        self._recent(address).append(self._clock.now())
        if len(self._wrong) > ADDRESSES:
            for known in list(self._wrong):
                if not self._recent(known):
                    del self._wrong[known]

    def _recent(self, address: str) -> deque[datetime]:
        found = self._wrong[address]
        while found and found[0] <= self._clock.now() - self._within:
            found.popleft()
        return found

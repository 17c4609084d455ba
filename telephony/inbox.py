"""What one PBX has sent and nobody has handled yet: bounded by making the PBX wait."""

import asyncio
from collections import deque
from collections.abc import Callable

from telephony.ami.client import Ami

HIGH_BYTES, LOW_BYTES = 4_000_000, 1_000_000
"""Unread bytes at which reading stops (TCP then slows the PBX down), and begins again."""

Batch = list[tuple[bytes, bytes]]


class Inbox:
    """A queue of reads, in their order; nothing is ever dropped from it while the line stands."""

    def __init__(self, time: Callable[[], float]) -> None:
        self._time = time
        self._reads: deque[tuple[float, bytes, Batch]] = deque()
        self._bytes = 0
        self.wake = asyncio.Event()
        self.bounded = False
        """Whether reading may be stopped: not before somebody consumes."""

    def __bool__(self) -> bool:
        return bool(self._reads)

    @property
    def waits_seconds(self) -> float:
        """How long the oldest read waits."""
        return self._time() - self._reads[0][0] if self._reads else 0.0

    def put(self, ami: Ami, raw: bytes, batch: Batch) -> None:
        """Take what one read brought."""
        self._reads.append((self._time(), raw, batch))
        self._bytes += len(raw)
        if self._bytes > HIGH_BYTES and self.bounded:
            ami.protocol.pause()
        self.wake.set()

    def take(self, ami: Ami) -> tuple[bytes, Batch]:
        """Give the oldest read."""
        _, raw, batch = self._reads.popleft()
        self._bytes -= len(raw)
        if self._bytes < LOW_BYTES and ami.connected:
            ami.protocol.resume()
        return raw, batch

    def clear(self) -> None:
        """Forget all: the line is gone, and what it said last is found again by asking."""
        self._reads.clear()
        self._bytes, self.bounded = 0, False

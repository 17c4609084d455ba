"""A gateway's circuit: open after failures in a row, tried again by one message after a while."""

from datetime import datetime, timedelta

import pybreaker

from tongdai.clock import Clock


class _FailedError(Exception):
    pass


class Circuit:
    """pybreaker's circuit, asked before a message is claimed and told how the message fared.

    Runs on the machine's time, in this process: every node finds out by itself.
    """

    def __init__(self, name: str, *, failures: int, seconds: float, real: Clock) -> None:
        self._real = real
        self._pause = timedelta(seconds=seconds)
        self._kept = pybreaker.CircuitMemoryStorage(pybreaker.STATE_CLOSED)
        self._breaker = pybreaker.CircuitBreaker(
            fail_max=failures, reset_timeout=seconds, state_storage=self._kept, name=name
        )
        self._tried_at: datetime | None = None

    @property
    def open(self) -> bool:
        """Whether others shall take over."""
        return self._breaker.current_state != pybreaker.STATE_CLOSED

    def lets_through(self) -> bool:
        """Say whether a message may go: always when closed, one at a time after the pause."""
        if not self.open:
            return True
        since = self._tried_at or self._kept.opened_at
        return since is None or self._real.now() - since >= self._pause

    def begin(self) -> None:
        """Note that a message goes; when the circuit is open it is the one that tries."""
        if self.open:
            self._tried_at = self._real.now()
            self._breaker.half_open()

    def note(self, *, well: bool) -> None:
        """Note how a message fared; one that began before the circuit opened changes nothing."""
        self._tried_at = None
        try:
            self._breaker.call(_succeed if well else _fail)
        except (pybreaker.CircuitBreakerError, _FailedError):
            return

    def close(self) -> None:
        """Let everything through again: the gateway answers."""
        self._tried_at = None
        self._breaker.close()


def _succeed() -> None:
    return None


def _fail() -> None:
    raise _FailedError

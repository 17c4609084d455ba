"""The time: aware, UTC, and from an object that was handed in."""

from datetime import UTC, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

HCM = ZoneInfo("Asia/Ho_Chi_Minh")
"""What people see; there is no daylight saving time in it."""


class Clock(Protocol):
    """Tells the moment."""

    def now(self) -> datetime:
        """Return the moment, aware, in UTC."""
        ...


class SystemClock:
    """The machine's own time."""

    def now(self) -> datetime:
        """Return the machine's moment."""
        return datetime.now(UTC)  # noqa: TID251 - the one place that asks the machine


class OffsetClock:
    """The machine's time and an offset: the one clock of a development service."""

    def __init__(self, offset: timedelta = timedelta(0)) -> None:
        self.offset = offset
        self._real = SystemClock()

    def now(self) -> datetime:
        """Return the machine's moment with the offset added."""
        return self._real.now() + self.offset

    def set(self, moment: datetime) -> None:
        """Make it `moment` (aware) now; the clock goes on from there."""
        self.offset = check_aware(moment) - self._real.now()

    def advance(self, step: timedelta) -> None:
        """Go forward by `step`."""
        self.offset += step


class HandClock:
    """A clock that stands until a test moves it."""

    def __init__(self, start: datetime) -> None:
        self._now = check_aware(start).astimezone(UTC)

    def now(self) -> datetime:
        """Return the moment the hand points to."""
        return self._now

    def set(self, moment: datetime) -> None:
        """Point to `moment` (aware)."""
        self._now = check_aware(moment).astimezone(UTC)

    def advance(self, step: timedelta) -> None:
        """Go forward by `step`."""
        self._now += step


def check_aware(moment: datetime) -> datetime:
    """Return `moment`.

    Raises:
        ValueError: `moment` has no offset.
    """
    if moment.utcoffset() is None:
        message = f"a moment without an offset: {moment.isoformat()}"
        raise ValueError(message)
    return moment

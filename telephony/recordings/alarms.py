"""What is wrong with spool and archive, in one line of /healthz."""

import time
from dataclasses import dataclass
from pathlib import Path

import structlog

from telephony.recordings.archive import Archive
from telephony.recordings.spool import Look, Spool
from tongdai.clock import Clock
from tongdai.health import Condition, Part, State

log = structlog.get_logger()

STANDSTILL_SECONDS = 30.0
_FULL_BYTES = 20_000_000
_FULL_SHARE = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Low:
    """From when on a spool's disk is nearly full: both must be undercut.

    Attributes:
        bytes: Free bytes ([recordings] spool_low_bytes).
        share: Free share of the disk, 0 to 1 ([recordings] spool_low_share).
    """

    bytes: int = 500_000_000
    share: float = 0.1


LOW = Low()


class Alarms:
    """Collects what each look and each taking found; the worst of it is the part's state."""

    def __init__(self, clock: Clock, floor_bytes: int, low: Low = LOW) -> None:
        self._condition = Condition(clock, State.DOWN, "recordings have not been looked at yet")
        self._floor = floor_bytes
        self._low = low
        self._folders: dict[str, tuple[State, str] | None] = {}
        self._refused: dict[tuple[str, str], str] = {}
        self._archive_full: set[str] = set()
        self._beat = time.monotonic()

    def beat(self) -> None:
        """Note that the intake is moving."""
        self._beat = time.monotonic()

    def looked(self, spool: Spool, look: Look, archive: Archive) -> None:
        """Note what a look found: room, names that are not ours."""
        self._archive_full.discard(spool.pbx)
        present = {f.path.name for f in look.files}
        self._refused = {
            k: v for k, v in self._refused.items() if k[0] != spool.pbx or k[1] in present
        }
        room = _room(spool, self._low) or _archive_room(archive, self._floor)
        self._set(spool, room or _strange(look))

    def unreadable(self, spool: Spool, error: OSError) -> None:
        """Note that spool or archive cannot be used."""
        self._set(spool, (State.DOWN, f"{spool.folder} or the archive: {error.strerror or error}"))

    def elsewhere(self, spool: Spool) -> None:
        """Note that another process takes this spool's files: that one will tell of its health."""
        self._set(spool, None)

    def archive_full(self, spool: Spool) -> None:
        """Note that the archive's disk is at its floor: recordings wait in the spool."""
        self._archive_full.add(spool.pbx)
        self._settle()

    def refused(self, spool: Spool, name: str, why: str) -> bool:
        """Note a file that cannot be archived as it is; say whether that is news."""
        news = self._refused.get((spool.pbx, name)) != why
        self._refused[spool.pbx, name] = why
        self._settle()
        return news

    def taken(self, spool: Spool, name: str) -> None:
        """Note that a file is archived."""
        self._refused.pop((spool.pbx, name), None)
        self._settle()

    def part(self) -> Part:
        """Return the condition; an intake that stands still is down."""
        still = time.monotonic() - self._beat
        if still > STANDSTILL_SECONDS:
            self._condition.set(State.DOWN, f"no look into the spool for {still:.0f} s")
        return self._condition.part

    def _set(self, spool: Spool, problem: tuple[State, str] | None) -> None:
        self._folders[spool.pbx] = problem
        self.beat()
        self._settle()

    def _settle(self) -> None:
        before = self._condition.part.state
        problems = [p for p in self._folders.values() if p]
        if self._archive_full:
            problems.append(
                (
                    State.DEGRADED,
                    f"recordings wait in the spool: the archive must keep {self._floor} bytes free",
                )
            )
        problems += [
            (State.DEGRADED, f"{name} cannot be archived: {why}")
            for (_, name), why in self._refused.items()
        ]
        worst = State.DOWN if any(s is State.DOWN for s, _ in problems) else State.DEGRADED
        state = worst if problems else State.OK
        self._condition.set(state, "; ".join(dict.fromkeys(text for _, text in problems[:5])))
        if state is not before:
            log.warning(
                "recording.spool_condition", state=state, detail=self._condition.part.detail
            )


def _room(spool: Spool, low: Low) -> tuple[State, str] | None:
    free, total = spool.room()
    if free < min(_FULL_BYTES, total * _FULL_SHARE):
        return (
            State.DOWN,
            f"the disk of {spool.folder} is full: calls go on but are not recorded; make room",
        )
    if free < min(low.bytes, total * low.share):
        return State.DEGRADED, f"the disk of {spool.folder} has only {free} bytes left; make room"
    return None


def _archive_room(archive: Archive, floor: int) -> tuple[State, str] | None:
    free = archive.free_bytes()
    if free < floor * 1.2:
        return (
            State.DEGRADED,
            f"the archive's disk has {free} bytes left and takes nothing below {floor}; make room",
        )
    return None


def _strange(look: Look) -> tuple[State, str] | None:
    if not look.strange:
        return None
    some = ", ".join(Path(n).name for n in look.strange[:3])
    return State.DEGRADED, f"{len(look.strange)} files in the spool are no recordings: {some}"

"""What browsers are told while it happens: per account, numbered, with a snapshot for every gap.

An account's messages are numbered from 1 (per start of the service: `epoch`). A browser that
connects gets a snapshot with the number of the last message; each later one carries the next
number. One that finds a number missing, or that fell behind here, gets a snapshot again. Nothing
is kept for browsers that are not there: the snapshot is made of what is true now.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import structlog

from tongdai.accounts.model import Viewer
from tongdai.clock import Clock
from tongdai.ids import AccountId, new_id

log = structlog.get_logger()
QUEUE = 200
Snapshot = Callable[[Viewer], dict[str, Any]]
Presence = Callable[[AccountId, bool], None]


class Line:
    """One browser's queue of messages."""

    def __init__(self, viewer: Viewer) -> None:
        self.viewer = viewer
        self._queue: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue(QUEUE)

    def put(self, message: dict[str, Any]) -> None:
        """Queue a message; a browser that fell behind loses its queue and gets a snapshot."""
        try:
            self._queue.put_nowait(message)
        except asyncio.QueueFull:
            while not self._queue.empty():
                self._queue.get_nowait()
            self._queue.put_nowait(None)
            log.info("push.fell_behind", account=self.viewer.id)

    def again(self) -> None:
        """Queue a snapshot; the browser asked for one."""
        if not self._queue.full():
            self._queue.put_nowait(None)

    async def get(self) -> dict[str, Any] | None:
        """Return the next message, or None when a snapshot is due instead."""
        return await self._queue.get()


class Push:
    """Carries messages to the browsers of the accounts concerned, and to nobody else."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.epoch = new_id()[:12]
        self._numbers: defaultdict[AccountId, int] = defaultdict(int)
        self._lines: defaultdict[AccountId, set[Line]] = defaultdict(set)
        self._snapshots: dict[str, Snapshot] = {}
        self._presence: list[Presence] = []

    def snapshot_from(self, name: str, make: Snapshot) -> None:
        """Let `make(viewer)` fill the part `name` of every snapshot; memory only, no database."""
        self._snapshots[name] = make

    def on_presence(self, listener: Presence) -> None:
        """Call `listener(account, there)` when an account's first browser comes, its last goes."""
        self._presence.append(listener)

    def send(self, account: AccountId, kind: str, data: dict[str, Any]) -> None:
        """Tell every browser of `account` that `kind` happened; `data` is JSON."""
        self._numbers[account] += 1
        message = {"seq": self._numbers[account], "kind": kind, "data": data}
        for line in self._lines.get(account, ()):
            line.put(message)

    def send_all(self, accounts: Iterable[AccountId], kind: str, data: dict[str, Any]) -> None:
        """Tell every browser of several accounts."""
        for account in set(accounts):
            self.send(account, kind, data)

    def there(self) -> frozenset[AccountId]:
        """Return the accounts that have a browser open now."""
        return frozenset(account for account, lines in self._lines.items() if lines)

    def viewers(self) -> tuple[Viewer, ...]:
        """Return who has a browser open now, each once."""
        return tuple(next(iter(lines)).viewer for lines in self._lines.values() if lines)

    def join(self, viewer: Viewer) -> Line:
        """Open a line for one more browser of `viewer`."""
        line = Line(viewer)
        first = not self._lines[viewer.id]
        self._lines[viewer.id].add(line)
        if first:
            self._tell(viewer.id, there=True)
        return line

    def leave(self, line: Line) -> None:
        """Close a browser's line."""
        lines = self._lines[line.viewer.id]
        lines.discard(line)
        if not lines:
            self._tell(line.viewer.id, there=False)

    def refresh(self) -> None:
        """Give every browser a snapshot: what it was told may not be what is true."""
        for lines in self._lines.values():
            for line in lines:
                line.again()

    def snapshot(self, viewer: Viewer) -> dict[str, Any]:
        """Return the snapshot message: what is true now, and the number it stands for."""
        parts = {name: make(viewer) for name, make in self._snapshots.items()}
        return {
            "seq": self._numbers[viewer.id],
            "kind": "snapshot",
            "epoch": self.epoch,
            "now": self._clock.now().isoformat(),
            "data": parts,
        }

    def beat(self, viewer: Viewer) -> dict[str, Any]:
        """Return the sign of life; its number shows a browser what it missed."""
        return {
            "seq": self._numbers[viewer.id],
            "kind": "beat",
            "epoch": self.epoch,
            "now": self._clock.now().isoformat(),
        }

    def _tell(self, account: AccountId, *, there: bool) -> None:
        for listener in self._presence:
            try:
                listener(account, there)
            except Exception:
                log.exception("push.presence_failed", account=account)

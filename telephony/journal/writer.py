"""Writes a PBX's journal: append-only compressed segments, readable by the service's account alone.

What is written is with the operating system before anybody interprets it: a killed process loses
nothing. A full disk stops the journal, never the calls; it is said on /healthz.
"""

import os
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

from telephony.journal.records import Kind, dump, frame

log = structlog.get_logger()

_LEVEL = 1
_GZIP = 31
SUFFIX = ".journal.gz"


class JournalWriter:
    """One PBX's journal in `folder`."""

    def __init__(
        self,
        folder: Path,
        checkpoint: Callable[[], bytes],
        *,
        segment_bytes: int,
        days: int,
    ) -> None:
        """Keep what is needed; nothing is written yet.

        Args:
            folder: This PBX's own folder.
            checkpoint: The state that the next segment begins with.
            segment_bytes: Uncompressed bytes after which a new segment begins.
            days: How long a segment is kept.
        """
        self._folder, self._checkpoint = folder, checkpoint
        self._segment_bytes, self._days = segment_bytes, days
        self._file: int | None = None
        self._zip = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
        self._written = 0
        self._retry_at: datetime | None = None
        self.trouble = ""

    def write(self, kind: Kind, data: bytes, now: datetime) -> None:
        """Append a record of the moment `now` (aware, the machine's real time).

        In trouble (disk full) it is left out and `trouble` says so; the segment after a hole
        begins with a NOTE that says `hole`, so that nobody goes on from the state before it.
        """
        if self._retry_at is not None and now < self._retry_at:
            return
        try:
            if self._file is None or self._written >= self._segment_bytes:
                self._turn(now)
            self._append(frame(kind, now.timestamp(), data))
        except OSError as error:
            self._in_trouble(error, now)
        else:
            if self.trouble:
                log.info("journal.well_again", folder=str(self._folder))
            self.trouble, self._retry_at = "", None

    def close(self) -> None:
        """End the segment."""
        if self._file is None:
            return
        try:
            os.write(self._file, self._zip.flush(zlib.Z_FINISH))
        except OSError as error:
            log.warning("journal.close_failed", error=str(error))
        finally:
            os.close(self._file)
            self._file = None

    def _append(self, record: bytes) -> None:
        if self._file is None:
            return
        self._written += len(record)
        data = self._zip.compress(record) + self._zip.flush(zlib.Z_SYNC_FLUSH)
        while data:
            data = data[os.write(self._file, data) :]

    def _turn(self, now: datetime) -> None:
        """Begin a new segment with a checkpoint, and delete those that are too old."""
        self.close()
        self._folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder.mkdir(mode=0o700, exist_ok=True)
        path = self._folder / f"{now.astimezone(UTC):%Y%m%dT%H%M%S.%fZ}{SUFFIX}"
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        self._zip = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
        self._written = 0
        self._append(frame(Kind.CHECKPOINT, now.timestamp(), self._checkpoint()))
        if self.trouble:
            self._append(frame(Kind.NOTE, now.timestamp(), dump({"hole": True})))
        oldest = f"{now.astimezone(UTC) - timedelta(days=self._days):%Y%m%dT%H%M%S}"
        for old in self._folder.glob(f"*{SUFFIX}"):
            if old.name < oldest:
                old.unlink(missing_ok=True)
                log.info("journal.segment_deleted", segment=old.name)

    def _in_trouble(self, error: OSError, now: datetime) -> None:
        if not self.trouble:
            log.error("journal.stopped", folder=str(self._folder), error=str(error))
        self.trouble = f"the journal cannot be written: {error.strerror or error}"
        self._retry_at = now + timedelta(seconds=5)
        if self._file is not None:
            os.close(self._file)
            self._file = None

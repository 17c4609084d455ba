"""Real spool files, calls that are said to be alive, and an intake over them."""

import io
import shutil
import time
import wave
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from sqlmodel import col, select

from telephony.calls.tables import CallRow
from telephony.recordings.archive import Archive
from telephony.recordings.archive.keyring import KeyRing
from telephony.recordings.archive.objects import Objects
from telephony.recordings.intake import Intake, Pace
from telephony.recordings.model import Format
from telephony.recordings.spool import Spool
from telephony.recordings.tables import Recording
from tongdai.db import Database
from tongdai.ids import call_id_of

RATE = 8000
_CALL: dict[str, object] = {
    "hotline": "can-tho",
    "direction": "inbound",
    "caller_raw": "0912345678",
    "caller_name": "Nguyễn Văn A",
    "caller_kind": "mobile",
    "called_number": "02921022",
    "state": "ended",
    "version": 1,
}
QUICK = Pace(rescan=0.05, settle=0, unknown=600)


def tones(seconds: float, left: float = 440, right: float = 1000) -> bytes:
    """Return interleaved 16-bit samples at 8 kHz: a tone (Hz) on each side."""
    t = np.arange(int(seconds * RATE)) / RATE
    sides = np.stack([np.sin(2 * np.pi * f * t) for f in (left, right)], axis=1)
    return (sides * 12000).astype("<i2").tobytes()


def wav(stereo: bytes) -> bytes:
    """Return the left side as Asterisk's RECORD FILE writes it: one channel of 16 bits."""
    left = np.frombuffer(stereo, "<i2")[::2]
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(left.tobytes())
    return file.getvalue()


@dataclass
class LiveCalls:
    """Says which calls are in progress; None for a PBX that cannot be asked."""

    live: frozenset[str] | None = frozenset()

    def live_linkedids(self, pbx: str) -> frozenset[str] | None:
        """See telephony.recordings.intake.Calls."""
        del pbx
        return self.live


@dataclass
class Rig:
    """A spool, an archive and an intake on a test's folder."""

    db: Database
    folder: Path
    calls: LiveCalls = field(default_factory=LiveCalls)
    pbx: str = "main"
    ring: KeyRing | None = None
    objects: Objects | None = None
    format: Format = "flac"
    now: Callable[[], float] = time.monotonic
    _running: list[Intake] = field(default_factory=list)

    def __post_init__(self) -> None:
        for path in (self.spool, self.archive):
            path.mkdir(parents=True, exist_ok=True)

    @property
    def spool(self) -> Path:
        return self.folder / "spool" / self.pbx

    @property
    def archive(self) -> Path:
        return self.folder / "archive"

    def intake(self, *, floor_bytes: int = 0, pace: Pace = QUICK, beside: bool = False) -> Intake:
        """Return a fresh intake, as after a restart of the service, or beside the running one."""
        while self._running and not beside:
            self._running.pop().close()
        self._running.append(self._make(floor_bytes, pace))
        return self._running[-1]

    def _make(self, floor_bytes: int, pace: Pace) -> Intake:
        return Intake(
            self.db,
            self.db.clock,
            [Spool(self.pbx, self.spool, self.now)],
            self.kept(),
            self.calls,
            floor_bytes=floor_bytes,
            pace=pace,
        )

    def kept(self) -> Archive:
        """Return the archive as the service has it."""
        return Archive(self.archive, self.objects, self.ring, self.format)

    def record(self, name: str, samples: bytes | None = None) -> Path:
        """Put a file into the spool, as the PBX does."""
        path = self.spool / name
        path.write_bytes(tones(1) if samples is None else samples)
        return path

    def archived_files(self) -> list[Path]:
        """Return every file of the archive, work in progress too."""
        return sorted(p for p in self.archive.rglob("*") if p.is_file())

    def free(self) -> int:
        """Return the free bytes of the archive's disk."""
        return shutil.disk_usage(self.archive).free

    async def call(self, linkedid: str, **values: object) -> CallRow:
        """Write a call's row, as the bridge does."""
        facts = {
            "id": call_id_of(self.pbx, linkedid),
            "pbx": self.pbx,
            "linkedid": linkedid,
            "started_at": self.db.clock.now(),
        }
        row = CallRow(**(_CALL | facts | values))
        async with self.db.write() as tx:
            tx.session.add(row)
        return row

    async def rows(self) -> list[Recording]:
        """Return every recording, oldest first."""
        async with self.db.read() as session:
            order = (col(Recording.created_at), col(Recording.linkedid))
            found = await session.execute(select(Recording).order_by(*order))
            return list(found.scalars())

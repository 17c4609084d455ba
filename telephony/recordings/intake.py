"""From the spool into the archive: found, sealed, written down, and only then removed."""

import asyncio
import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

import structlog

from telephony.recordings import audio
from telephony.recordings.alarms import LOW, Alarms, Low
from telephony.recordings.archive import Archive
from telephony.recordings.errors import SpoolFileChanged
from telephony.recordings.model import is_finished
from telephony.recordings.patience import Patience
from telephony.recordings.register import Register
from telephony.recordings.spool import (
    Look,
    Spool,
    SpoolFile,
    open_inodes,
    remove_unchanged,
)
from tongdai.clock import Clock
from tongdai.db import Database, DatabaseAway
from tongdai.errors import Refusal
from tongdai.health import Part
from tongdai.settings import Settings

log = structlog.get_logger()

MARGIN_BYTES = 1_000_000
AT_ONCE = (os.cpu_count() or 1) + 1
"""Files in work: a processor each, and one that waits for the disk or the database."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How patient the intake is, in real seconds.

    Attributes:
        rescan: Pause between two looks when nothing happens.
        settle: How long a file must be unchanged once its call has ended.
        unknown: How long, while the PBX cannot be asked.
        longest: The longest between two tries of a file that cannot be archived.
    """

    rescan: float = 3.0
    settle: float = 1.5
    unknown: float = 600.0
    longest: float = 600.0


PACE = Pace()


class Calls(Protocol):
    """Whoever knows which calls a PBX has now."""

    def live_linkedids(self, pbx: str) -> frozenset[str] | None:
        """Return the linkedids of the calls in progress; None while the PBX cannot be asked."""
        ...


class ArchiveFullError(Exception):
    """The archive's disk has less room than its floor; recordings wait in the spool."""


class Intake:
    """Takes finished recordings out of every spool, a few at a time, restartable anywhere.

    The order of one taking: write the sealed file into the archive's work folder, prove it, commit
    the row, rename the file to its place, remove the spool file. A stop between any two of these is
    put right by the next round: a work file without a row goes, one with a row is placed, a spool
    file that is archived already is removed.
    """

    def __init__(
        self,
        db: Database,
        clock: Clock,
        spools: Iterable[Spool],
        archive: Archive,
        calls: Calls,
        *,
        floor_bytes: int,
        low: Low = LOW,
        pace: Pace = PACE,
    ) -> None:
        """Wire it up; nothing is touched before `run`.

        Args:
            db: Where recordings are written down.
            clock: The service's clock.
            spools: One a PBX.
            archive: Where sealed files lie.
            calls: Tells which calls are in progress.
            floor_bytes: What must stay free on the archive's disk.
            low: From when on a spool's disk is nearly full.
            pace: How patient to be.
        """
        self._db = db
        self._spools = tuple(spools)
        self._archive = archive
        self._calls = calls
        self._floor = floor_bytes
        self._pace = pace
        self._register = Register(db, clock, archive)
        self._alarms = Alarms(clock, floor_bytes, low)
        self._patience = Patience(2 * pace.rescan, pace.longest)
        self._wake = asyncio.Event()
        self.archived = 0
        """Recordings archived since the start."""
        self.pending: dict[str, int] = {spool.pbx: 0 for spool in self._spools}
        """Files in each spool at the last look."""

    def call_ended(self, pbx: str, linkedid: str) -> None:
        """Look at once: a call has ended."""
        del pbx, linkedid
        self._wake.set()

    async def run(self) -> None:
        """Look, take, wait; until cancelled."""
        try:
            while True:
                soon = await self.round()
                with suppress(TimeoutError):
                    await asyncio.wait_for(
                        self._wake.wait(), self._pace.settle if soon else self._pace.rescan
                    )
                self._wake.clear()
        finally:
            self.close()

    def close(self) -> None:
        """Let another process take the spools' files."""
        for spool in self._spools:
            spool.unlock()

    async def round(self) -> bool:
        """Look into every spool once; say whether something is about to be finished."""
        soon = False
        for spool in self._spools:
            try:
                soon |= await self._round_of(spool)
            except DatabaseAway:
                log.warning("recording.database_away", pbx=spool.pbx)
            except OSError as error:
                self._alarms.unreadable(spool, error)
                log.warning("recording.spool_failed", pbx=spool.pbx, error=str(error))
            except Exception:
                log.exception("recording.round_failed", pbx=spool.pbx)
        return soon

    async def health(self) -> dict[str, Part]:
        """Return the part `spool`; see HasHealth."""
        return {"spool": self._alarms.part()}

    async def _round_of(self, spool: Spool) -> bool:
        if not await asyncio.to_thread(spool.lock):
            self._alarms.elsewhere(spool)
            return False
        await asyncio.to_thread(self._archive.prepare, spool.pbx)
        look = await asyncio.to_thread(spool.look)
        self.pending[spool.pbx] = len(look.files)
        self._alarms.looked(spool, look, self._archive)
        await asyncio.to_thread(self._patience.looked, spool, look.files)
        await self._register.recover(spool.pbx)
        await self._register.adopt(spool.pbx)
        ready = await self._ready(spool, look)
        await self._take_all(spool, [f for f in ready if self._patience.lets(spool, f)])
        alive = self._calls.live_linkedids(spool.pbx)
        return alive is not None and any(
            f not in ready and f.name.linkedid not in alive for f in look.files
        )

    async def _ready(self, spool: Spool, look: Look) -> list[SpoolFile]:
        alive = self._calls.live_linkedids(spool.pbx)

        def finished(file: SpoolFile, *, being_written: bool) -> bool:
            return is_finished(
                file.seen,
                alive=None if alive is None else file.name.linkedid in alive,
                being_written=being_written,
                settle_seconds=self._pace.settle,
                unknown_seconds=self._pace.unknown,
            )

        likely = [f for f in look.files if finished(f, being_written=False)]
        if not likely:
            return []
        written = await asyncio.to_thread(open_inodes)
        return [f for f in likely if finished(f, being_written=f.inode in written)]

    async def _take_all(self, spool: Spool, ready: list[SpoolFile]) -> None:
        """Take files, oldest first, AT_ONCE at a time; those of one call one after the other.

        Raises:
            DatabaseAway: What was taken until then is taken.
        """
        calls: dict[str, list[SpoolFile]] = {}
        for file in ready:
            calls.setdefault(file.name.linkedid, []).append(file)
        waiting = iter(calls.values())

        async def work() -> None:
            for files in waiting:
                for file in files:
                    await self._take_safely(spool, file)
                    self._alarms.beat()

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(AT_ONCE, len(calls))):
                    group.create_task(work())
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from failed

    async def _take_safely(self, spool: Spool, file: SpoolFile) -> None:
        try:
            await self._take(spool, file)
            self._alarms.taken(spool, file.path.name)
            self._patience.taken(spool, file)
        except ArchiveFullError:
            self._alarms.archive_full(spool)
        except SpoolFileChanged:
            log.info("recording.still_written", file=file.path.name)
        except DatabaseAway:
            raise
        except Exception as error:
            self._patience.failed(spool, file, error)
            if self._alarms.refused(spool, file.path.name, str(error) or type(error).__name__):
                known = isinstance(error, Refusal | OSError)
                log.warning(
                    "recording.not_taken",
                    file=file.path.name,
                    error=str(error),
                    exc_info=None if known else error,
                )

    async def _take(self, spool: Spool, file: SpoolFile) -> None:
        source = await asyncio.to_thread(audio.open_source, file.path)
        if source.length == 0:
            await asyncio.to_thread(remove_unchanged, file)
            log.info("recording.empty", file=file.path.name)
            return
        free = await asyncio.to_thread(self._archive.free_bytes)
        if free - source.length - MARGIN_BYTES < self._floor:
            raise ArchiveFullError
        if not await self._register.holds(spool.pbx, file):
            await self._register.archive(spool.pbx, file, source)
            self.archived += 1
        await asyncio.to_thread(remove_unchanged, file)
        self.pending[spool.pbx] = max(0, self.pending[spool.pbx] - 1)


def make_intake(
    settings: Settings,
    db: Database,
    clock: Clock,
    spools: Iterable[Spool],
    archive: Archive,
    calls: Calls,
) -> Intake:
    """Return the intake of an installation."""
    kept = settings.recordings
    return Intake(
        db,
        clock,
        spools,
        archive,
        calls,
        floor_bytes=kept.floor_bytes,
        low=Low(bytes=kept.spool_low_bytes, share=kept.spool_low_share),
    )


def make_spools(settings: Settings) -> tuple[Spool, ...]:
    """Return one spool a PBX.

    Raises:
        ValueError: Two PBXs have the same folder: whose file is it?
    """
    spools = tuple(
        Spool(pbx.name, (pbx.spool or settings.recordings.spool).resolve()) for pbx in settings.pbx
    )
    folders = [s.folder for s in spools]
    if len(set(folders)) < len(folders):
        message = "two PBXs record into one folder: give each [[pbx]] a spool of its own"
        raise ValueError(message)
    return spools

"""Takes finished recordings from a PBX on another host; see docs/recordings-spool.md."""

import asyncio
import time
from collections.abc import Iterable
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

import structlog

from telephony.capture.errors import FarFileRefused, FarSpoolAway
from telephony.capture.far import FarFile, FarSpool, far_spool
from telephony.capture.pushed import Arrived, SpoolDigestWrong, SpoolFull, receive
from telephony.recordings.errors import SealMismatch, SpoolFileChanged
from telephony.recordings.intake import PACE, Calls, Pace
from telephony.recordings.model import Seen, is_finished
from telephony.recordings.register import Register
from telephony.recordings.spool import Spool
from tongdai.db import Database, DatabaseAway
from tongdai.settings import Settings, SftpTable

log = structlog.get_logger()

LONGEST_SECONDS = 60.0
"""The longest pause between two tries to connect."""
_NEVER = (-1, -1, 0.0)


@dataclass(frozen=True, slots=True)
class _Digest:
    size: int
    mtime: int
    sha256: str


class Pull:
    """Brings one PBX's finished files into its spool here, and removes them there at the last.

    The order: the file's SHA-256 is asked of the other host, the bytes come under a hidden name,
    are synced, compared, and given their name in one step (pushed.receive). The intake archives
    them. Only when the register says that this very content is archived, and the archived file is
    proven, the far file goes, if it still is what it was. A stop between any two of these is put
    right by the next look; nothing but the far folder remembers what is still to be done.
    """

    def __init__(
        self,
        db: Database,
        spool: Spool,
        table: SftpTable,
        register: Register,
        calls: Calls,
        *,
        pace: Pace = PACE,
    ) -> None:
        """Wire it up; nothing is reached before `run`."""
        self._db, self._spool, self._table = db, spool, table
        self._register, self._calls, self._pace = register, calls, pace
        self._seen: dict[str, tuple[int, int, float]] = {}
        self._digests: dict[str, _Digest] = {}
        self.trouble = ""
        """What is wrong, in a sentence; empty when all is well."""

    async def run(self) -> None:
        """Look and take until cancelled; a lost connection is made anew, ever more patiently."""
        failures = 0
        while True:
            try:
                await asyncio.to_thread(self._spool.folder.mkdir, parents=True, exist_ok=True)
                async with far_spool(self._table) as far:
                    while True:
                        await self.round(far)
                        failures = 0
                        await asyncio.sleep(self._table.look_seconds)
            except FarSpoolAway as away:
                self._tell(str(away.ids["why"]))
            except OSError as error:
                self._tell(f"{self._spool.folder}: {error.strerror or error}")
            except Exception:
                log.exception("recording.pull_failed", pbx=self._spool.pbx)
            failures += 1
            await asyncio.sleep(
                min(LONGEST_SECONDS, self._table.look_seconds * 2 ** min(failures - 1, 10))
            )

    async def round(self, far: FarSpool) -> None:
        """Bring what is finished, then remove there what is archived here.

        Raises:
            FarSpoolAway: The connection is lost, or the far folder cannot be read.
        """
        files, strange = await far.look()
        finished = self._finished(files)
        try:
            said = [why for file in finished if (why := await self._bring(far, file))]
            said += await self._remove(far, finished)
        except DatabaseAway:
            return  # everything waits; /healthz says that the database is away
        except OSError as error:
            said = [f"{self._spool.folder}: {error.strerror or error}"]
        said = said[:3]
        if strange:
            some = ", ".join(strange[:3])
            said.append(f"{len(strange)} files there are no recordings: {some}")
        self._tell("; ".join(said))

    def _finished(self, files: list[FarFile]) -> list[FarFile]:
        """Return the files that were the same at an earlier look, long enough, of ended calls."""
        now, alive = time.monotonic(), self._calls.live_linkedids(self._spool.pbx)
        before, self._seen = self._seen, {}
        finished = []
        for file in files:
            size, mtime, since = before.get(file.name, _NEVER)
            known = (size, mtime) == (file.size, file.mtime)
            self._seen[file.name] = (file.size, file.mtime, since if known else now)
            if known and is_finished(
                Seen(size=size, mtime_ns=mtime * 10**9, unchanged_seconds=now - since),
                alive=None if alive is None else file.parsed.linkedid in alive,
                being_written=False,
                settle_seconds=self._pace.settle,
                unknown_seconds=self._pace.unknown,
            ):
                finished.append(file)
        self._digests = {n: d for n, d in self._digests.items() if n in self._seen}
        return finished

    async def _bring(self, far: FarSpool, file: FarFile) -> str:
        """Bring one file unless it is here; return what is wrong with it, or nothing."""
        if file.size == 0 or await asyncio.to_thread(_lies, self._spool.folder / file.name, file):
            return ""
        try:
            sha256 = await self._digest(far, file)
            async with aclosing(far.read(file.name)) as chunks:
                arrived = await receive(self._db, self._spool, file.name, sha256, file.size, chunks)
        except (SpoolDigestWrong, SpoolFileChanged) as changed:
            self._digests.pop(file.name, None)
            log.info("recording.pulled_later", file=file.name, why=changed.reason)
            return ""
        except SpoolFull:
            return f"the disk of {self._spool.folder} has no room for {file.name}"
        except FarFileRefused as refused:
            return str(refused.ids["why"])
        if arrived is Arrived.TAKEN:
            log.info("recording.pulled", pbx=self._spool.pbx, file=file.name, bytes=file.size)
        return ""

    async def _remove(self, far: FarSpool, files: list[FarFile]) -> list[str]:
        """Remove what is archived, or empty (a call that nobody answered); stop at a refusal."""
        for file in files:
            try:
                if await asyncio.to_thread((self._spool.folder / file.name).exists):
                    continue  # the intake is not through with it
                if file.size > 0 and not await self._archived(far, file):
                    continue
                if await far.remove_unchanged(file):
                    log.info("recording.far_removed", pbx=self._spool.pbx, file=file.name)
            except SealMismatch:
                return [f"{file.name} is archived, but damaged there: the far copy is kept"]
            except FarFileRefused as refused:
                return [f"an archived file cannot be removed: {refused.ids['why']}"]
        return []

    async def _archived(self, far: FarSpool, file: FarFile) -> bool:
        sha256 = await self._digest(far, file)
        return await self._register.holds_digest(self._spool.pbx, file.parsed, sha256)

    async def _digest(self, far: FarSpool, file: FarFile) -> str:
        known = self._digests.get(file.name)
        if known is None or (known.size, known.mtime) != (file.size, file.mtime):
            known = _Digest(file.size, file.mtime, await far.digest(file))
            self._digests[file.name] = known
        return known.sha256

    def _tell(self, trouble: str) -> None:
        told = f"PBX {self._spool.pbx}: {trouble}" if trouble else ""
        if told != self.trouble:
            tell = log.warning if told else log.info
            tell("recording.pull_condition", pbx=self._spool.pbx, why=trouble)
        self.trouble = told


def make_pulls(
    settings: Settings, db: Database, spools: Iterable[Spool], register: Register, calls: Calls
) -> tuple[Pull, ...]:
    """Return one pull for each PBX with `spool_sftp`."""
    tables = {pbx.name: pbx.spool_sftp for pbx in settings.pbx}
    return tuple(
        Pull(db, Spool(spool.pbx, spool.folder), table, register, calls)
        for spool in spools
        if (table := tables[spool.pbx]) is not None
    )


def _lies(path: Path, file: FarFile) -> bool:
    try:
        return path.stat().st_size == file.size
    except FileNotFoundError:
        return False

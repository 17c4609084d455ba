"""What a rekey that was killed leaves behind: it notes its objects first, and the next clears up.

One note a recording, in `ARCHIVE/.rekey/` of the machine that works, written before the new object
is placed and removed when the old one is gone. Of the two names in it whatever no row has is
nobody's: the new object was not entered yet, or the old one is replaced. Objects that no note names
are never touched; `verify` names them (`no_row`).
"""

import asyncio
import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlmodel import col, select

from telephony.recordings.archive import INCOMING, Archive
from telephony.recordings.errors import RekeyRunning
from telephony.recordings.tables import Recording
from tongdai.db import Database

WORK = ".rekey-"
"""How the folders begin, inside `.incoming`, in which a rekey writes."""


@dataclass(frozen=True, slots=True)
class Leftovers:
    """The notes of one archive. Blocking, but for `clear`."""

    archive: Archive

    @property
    def folder(self) -> Path:
        """Where the notes lie; it begins with a full stop, so that nothing in it is an object."""
        return self.archive.root / ".rekey"

    @contextmanager
    def held(self) -> Iterator[None]:
        """Be the only rekey of this archive on this machine.

        Raises:
            RekeyRunning: Another one works: what it is about to enter is no leftover.
        """
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o750)
        with (self.folder / ".lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise RekeyRunning(archive=str(self.archive.root)) from error
            yield

    def note(self, recording: str, old: str, new: str) -> None:
        """Write down, durably, that a recording's object is about to be replaced."""
        fresh = self.folder / f".{recording}.new"
        with fresh.open("w", encoding="utf-8") as file:
            json.dump([old, new], file)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self.folder / f"{recording}.json")

    def forget(self, recording: str) -> None:
        """Remove a note: its recording is done."""
        (self.folder / f"{recording}.json").unlink(missing_ok=True)

    async def clear(self, db: Database) -> int:
        """Remove what a rekey that was killed has left; return how many objects went.

        Raises:
            DatabaseAway, OSError: Database or store do not answer; the next time goes on.
        """
        gone = 0
        for file in await asyncio.to_thread(lambda: sorted(self.folder.glob("[!.]*.json"))):
            names = json.loads(await asyncio.to_thread(file.read_text, "utf-8"))
            async with db.read() as session:
                query = select(Recording.path).where(col(Recording.path).in_(names))
                known = set((await session.execute(query)).scalars())
            for name in [one for one in names if one not in known]:
                gone += await self.archive.objects.size(name) is not None
                await self.archive.objects.delete(name)
            await asyncio.to_thread(self.forget, file.stem)
        await asyncio.to_thread(self._sweep)
        return gone

    def _sweep(self) -> None:
        for folder in (self.archive.root / INCOMING).glob(f"{WORK}*"):
            shutil.rmtree(folder)

"""A rekey in a process of its own that kills itself: python -m ... URL ARCHIVE RING put|delete."""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import ClassVar

from telephony.recordings.archive import Archive, keyring
from telephony.recordings.archive.folder import FolderObjects
from telephony.recordings.rekey import rekey
from tongdai.clock import SystemClock
from tongdai.db import Database


class Dying(FolderObjects):
    """Dies when the new object has its place, or before the old one goes."""

    doing = ""
    cleared: ClassVar[list[str]] = []
    """What an earlier one had left goes first, and is not what this one dies of."""

    async def put(self, source: Path, name: str) -> None:
        """See Objects.put."""
        await super().put(source, name)
        if self.doing == "put":
            os.kill(os.getpid(), signal.SIGKILL)

    async def delete(self, name: str) -> None:
        """See Objects.delete."""
        if self.doing == "delete" and self.cleared:
            os.kill(os.getpid(), signal.SIGKILL)
        self.cleared.append(name)
        await super().delete(name)


async def main(url: str, root: str, ring: str, doing: str) -> None:
    """Rekey until death."""
    Dying.doing = doing
    archive = Archive(Path(root), Dying(Path(root)), keyring.read(Path(ring)))
    async for _ in rekey(Database(url, SystemClock()), archive):
        pass


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))

"""A folder that keeps the archive's objects: one rename each, read-only afterwards."""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

from telephony.recordings.archive.objects import Kept

_BLOCK = 1 << 18


@dataclass(frozen=True, slots=True)
class FolderObjects:
    """See objects.Objects. What begins with a full stop in it is work, not an object."""

    root: Path

    def place(self, name: str) -> Path:
        """Return where an object lies.

        Raises:
            ValueError: The name leads out of the folder.
        """
        if ".." in Path(name).parts or Path(name).is_absolute():
            message = f"not below the archive: {name}"
            raise ValueError(message)
        return self.root / name

    async def put(self, source: Path, name: str) -> None:
        """See Objects.put; the source must be on the folder's own disk."""
        await asyncio.to_thread(self._put, source, name)

    async def size(self, name: str) -> int | None:
        """See Objects.size."""
        return await asyncio.to_thread(self._size, name)

    async def read(
        self, name: str, start: int = 0, length: int | None = None
    ) -> AsyncIterator[bytes]:
        """See Objects.read."""
        file = await asyncio.to_thread(self.place(name).open, "rb")
        try:
            await asyncio.to_thread(file.seek, start)
            left = length
            while left is None or left > 0:
                wanted = _BLOCK if left is None else min(_BLOCK, left)
                block = await asyncio.to_thread(file.read, wanted)
                if not block:
                    return
                left = None if left is None else left - len(block)
                yield block
        finally:
            file.close()

    async def sha256(self, name: str) -> str:
        """See Objects.sha256."""
        return await asyncio.to_thread(self._sha256, name)

    async def delete(self, name: str) -> None:
        """See Objects.delete."""
        await asyncio.to_thread(self._delete, name)

    async def walk(self, prefix: str = "") -> AsyncIterator[Kept]:
        """See Objects.walk; one folder at a time is held in memory."""
        folders = [self.place(prefix) if prefix else self.root]
        while folders:
            files, below = await asyncio.to_thread(self._look, folders.pop())
            folders += below
            for kept in files:
                yield kept

    def _put(self, source: Path, name: str) -> None:
        target = self.place(name)
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
        source.chmod(0o440)
        source.rename(target)
        for folder in (target.parent, source.parent):
            _sync_folder(folder)

    def _size(self, name: str) -> int | None:
        place = self.place(name)
        return place.stat().st_size if place.is_file() else None

    def _sha256(self, name: str) -> str:
        with self.place(name).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def _delete(self, name: str) -> None:
        place = self.place(name)
        place.unlink(missing_ok=True)
        for folder in list(self._emptied(place.parent)):
            folder.rmdir()
        if place.parent.is_dir():
            _sync_folder(place.parent)

    def _emptied(self, folder: Path) -> Iterator[Path]:
        while folder not in (self.root, folder.parent) and folder.is_dir():
            if any(folder.iterdir()):
                return
            yield folder
            folder = folder.parent

    def _look(self, folder: Path) -> tuple[list[Kept], list[Path]]:
        files, below = [], []
        if not folder.is_dir():
            return [], []
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    below.append(Path(entry.path))
                else:
                    name = str(Path(entry.path).relative_to(self.root))
                    files.append(Kept(name=name, bytes=entry.stat(follow_symlinks=False).st_size))
        return files, sorted(below, reverse=True)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

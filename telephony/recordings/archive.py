"""The archive's folder: work in `.incoming`, then one rename. Blocking: called in a thread."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

INCOMING = ".incoming"


@dataclass(frozen=True, slots=True)
class Archive:
    """Sealed files by date; nothing in it is ever written a second time."""

    root: Path

    def prepare(self, pbx: str) -> None:
        """Make the folders that an intake works in."""
        self._incoming(pbx).mkdir(parents=True, exist_ok=True, mode=0o750)

    def incoming(self, pbx: str, recording_id: str, extension: str) -> Path:
        """Return where a recording of `pbx` is worked on before it is sealed."""
        return self._incoming(pbx) / f"{recording_id}.{extension}"

    def left_behind(self, pbx: str) -> list[Path]:
        """Return the files that an interrupted intake of `pbx` left in its work folder."""
        return sorted(p for p in self._incoming(pbx).iterdir() if p.is_file())

    def full(self, path: str) -> Path:
        """Return the place of an archived file.

        Raises:
            ValueError: The path leads out of the archive.
        """
        place = self.root / path
        if ".." in Path(path).parts or Path(path).is_absolute():
            message = f"not below the archive: {path}"
            raise ValueError(message)
        return place

    def place(self, work: Path, path: str) -> None:
        """Move a finished file to its place, durably, in one step.

        Raises:
            OSError: The disk refuses; the work file is still there.
        """
        target = self.full(path)
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
        work.chmod(0o440)
        work.rename(target)
        for folder in (target.parent, work.parent):
            _sync_folder(folder)

    def free_bytes(self) -> int:
        """Return how much room is left on the archive's disk."""
        return shutil.disk_usage(self.root).free

    def _incoming(self, pbx: str) -> Path:
        return self.root / INCOMING / pbx


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

"""The manifest beside the archive: what anybody can read and copy without the database. Blocking.

`open.jsonl` has the lines since the last head; when a head is signed they become `000012.jsonl`
with `000012.head.json` and `000012.head.sig` (64 bytes), and the public keys lie in `keys/`.
"""

import base64
import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

FOLDER = "manifest"


@dataclass(frozen=True, slots=True)
class ManifestFiles:
    """The files of one installation, in `ARCHIVE/manifest`; nodes that share it take turns."""

    folder: Path

    @property
    def open(self) -> Path:
        """The lines that no head is signed over yet."""
        return self.folder / "open.jsonl"

    def segment(self, no: int) -> Path:
        """Return the file of a head's lines."""
        return self.folder / f"{no:06d}.jsonl"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Be the only writer of the folder on every node that sees it."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o750)
        handle = os.open(self.folder / ".lock", os.O_RDWR | os.O_CREAT, 0o640)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def read(self, file: Path) -> list[str] | None:
        """Return a file's lines, or None when it is not there."""
        try:
            return file.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return None

    def last_open(self) -> int:
        """Return the number of the last entry in `open.jsonl`, 0 when there is none."""
        lines = self.read(self.open)
        return int(json.loads(lines[-1])["seq"]) if lines else 0

    def append(self, lines: Sequence[str]) -> None:
        """Add lines to `open.jsonl`, durably."""
        with self.open.open("a", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in lines)
            file.flush()
            os.fsync(file.fileno())

    def sealed(self, no: int) -> bool:
        """Say whether a head's files are there."""
        return self._head(no, "sig").exists()

    def seal(self, no: int, lines: Sequence[str], head: str, signature: str) -> None:
        """Write a head and its lines; its signature last."""
        _write(self.segment(no), "".join(f"{line}\n" for line in lines).encode())
        _write(self._head(no, "json"), f"{head}\n".encode())
        _write(self._head(no, "sig"), base64.b64decode(signature))

    def reopen(self, lines: Sequence[str]) -> None:
        """Let `open.jsonl` hold only these lines."""
        _write(self.open, "".join(f"{line}\n" for line in lines).encode())

    def publish(self, keys: dict[str, str]) -> None:
        """Put the public keys beside the heads."""
        (self.folder / "keys").mkdir(exist_ok=True, mode=0o750)
        for key, pem in keys.items():
            place = self.folder / "keys" / f"{key}.pub.pem"
            if not place.exists():
                _write(place, pem.encode())

    def read_head(self, no: int) -> tuple[str, str] | None:
        """Return a head's line and its signature (base64), or None when a file is missing."""
        try:
            line = self._head(no, "json").read_text(encoding="utf-8").removesuffix("\n")
            return line, base64.b64encode(self._head(no, "sig").read_bytes()).decode()
        except FileNotFoundError:
            return None

    def _head(self, no: int, kind: str) -> Path:
        return self.folder / f"{no:06d}.head.{kind}"


def _write(place: Path, what: bytes) -> None:
    fresh = place.with_name(f".{place.name}.new")
    with fresh.open("wb") as file:
        file.write(what)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(place)

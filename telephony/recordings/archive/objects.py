"""What the archive asks of a place that keeps objects; a folder and an S3 store answer it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An object that is there: its name (with slashes) and its size in bytes."""

    name: str
    bytes: int


class Objects(Protocol):
    """Keeps objects by name; none is ever written a second time with other bytes."""

    async def put(self, source: Path, name: str) -> None:
        """Keep a local file as `name`, durably; the local file is gone afterwards.

        Raises:
            OSError: It cannot be kept; the local file is still there.
        """
        ...

    async def size(self, name: str) -> int | None:
        """Return an object's size in bytes, or None when there is no such object.

        Raises:
            OSError: The store does not answer.
        """
        ...

    def read(self, name: str, start: int = 0, length: int | None = None) -> AsyncIterator[bytes]:
        """Yield an object's bytes from `start`, `length` of them or all that follow.

        Raises:
            FileNotFoundError: There is no such object.
            OSError: The store does not answer.
        """
        ...

    async def sha256(self, name: str) -> str:
        """Return the SHA-256 of an object's bytes.

        Raises:
            FileNotFoundError: There is no such object.
            OSError: The store does not answer.
        """
        ...

    async def delete(self, name: str) -> None:
        """Remove an object; harmless when it is gone already.

        Raises:
            OSError: The store does not answer, or refuses.
        """
        ...

    def walk(self, prefix: str = "") -> AsyncIterator[Kept]:
        """Yield the objects whose names begin with a folder's name and a slash, in any order.

        Raises:
            OSError: The store does not answer.
        """
        ...

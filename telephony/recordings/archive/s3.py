"""An S3-compatible store that keeps the archive's objects, through obstore (object_store)."""

import asyncio
import errno
import hashlib
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import S3Store

from telephony.recordings.archive.objects import Kept
from tongdai.settings import S3Table


class S3Objects:
    """See objects.Objects. An object is read back before the local file goes."""

    def __init__(self, table: S3Table) -> None:
        """Make the client; nothing connects yet.

        Args:
            table: `[recordings.s3]`.
        """
        self._where = f"{table.endpoint}/{table.bucket}"
        self._prefix = table.prefix.strip("/")
        self._store = S3Store(
            table.bucket,
            endpoint=table.endpoint,
            region=table.region,
            access_key_id=table.access_key,
            secret_access_key=table.secret_key.get_secret_value(),
            virtual_hosted_style_request=False,
            client_options={
                "allow_http": table.endpoint.startswith("http://"),
                "timeout": timedelta(seconds=table.timeout_seconds),
                "connect_timeout": timedelta(seconds=min(10, table.timeout_seconds)),
            },
            retry_config={
                "max_retries": 3,
                "retry_timeout": timedelta(seconds=table.timeout_seconds),
            },
        )

    async def put(self, source: Path, name: str) -> None:
        """See Objects.put.

        Raises:
            OSError: It cannot be kept, or does not read back as it was.
        """
        with self._told():
            await obstore.put_async(self._store, self._full(name), source)
        if await self.sha256(name) != await asyncio.to_thread(_sha256, source):
            message = f"{self._where}: {name} does not read back as it was sent"
            raise OSError(errno.EIO, message)
        await asyncio.to_thread(source.unlink)

    async def size(self, name: str) -> int | None:
        """See Objects.size."""
        try:
            with self._told():
                return int((await obstore.head_async(self._store, self._full(name)))["size"])
        except FileNotFoundError:
            return None

    async def read(
        self, name: str, start: int = 0, length: int | None = None
    ) -> AsyncIterator[bytes]:
        """See Objects.read."""
        if length == 0:
            return
        with self._told():
            if length is not None:
                full = self._full(name)
                yield bytes(
                    await obstore.get_range_async(self._store, full, start=start, length=length)
                )
                return
            answer = await obstore.get_async(
                self._store, self._full(name), options={"range": {"offset": start}}
            )
            async for block in answer.stream():
                yield bytes(block)

    async def sha256(self, name: str) -> str:
        """See Objects.sha256; it is worked out here, not believed."""
        digest = hashlib.sha256()
        async for block in self.read(name):
            digest.update(block)
        return digest.hexdigest()

    async def delete(self, name: str) -> None:
        """See Objects.delete."""
        try:
            with self._told():
                await obstore.delete_async(self._store, self._full(name))
        except FileNotFoundError:
            return

    async def walk(self, prefix: str = "") -> AsyncIterator[Kept]:
        """See Objects.walk."""
        below = len(self._prefix) + 1 if self._prefix else 0
        with self._told():
            async for some in obstore.list(self._store, self._full(prefix) or None):
                for found in some:
                    yield Kept(name=found["path"][below:], bytes=found["size"])

    def _full(self, name: str) -> str:
        return f"{self._prefix}/{name}".strip("/")

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (NotFoundError, FileNotFoundError) as error:
            raise FileNotFoundError(errno.ENOENT, _first_line(error)) from error
        except BaseError as error:
            raise OSError(errno.EIO, f"{self._where}: {_first_line(error)}") from error


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]

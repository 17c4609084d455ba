"""A spool on another host, reached by SFTP. No host is believed but the one with the known key."""

import asyncio
import hashlib
import re
import shlex
import stat
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import cast

import asyncssh

from telephony.capture.errors import FarFileRefused, FarSpoolAway
from telephony.recordings.model import SpoolName, parse_spool_name
from tongdai.settings import SftpTable

PATIENCE_SECONDS = 10.0
"""For a connection, and for every single answer after it."""
_ALIVE_SECONDS, _ALIVE_MOST = 5, 3
_SLOWEST = 1_000_000
"""Bytes a second that sha256sum works out at least."""
_CHUNK = 1 << 18
_DIGEST = re.compile(r"([0-9a-f]{64}) ")
_GONE = (asyncssh.SFTPConnectionLost, asyncssh.SFTPNoConnection)


@dataclass(frozen=True, slots=True, kw_only=True)
class FarFile:
    """One of our files on the other host, as it was at a look.

    Attributes:
        name: In the far folder.
        parsed: What the name says.
        size: Bytes.
        mtime: When it was last written, whole seconds by that host's clock.
    """

    name: str
    parsed: SpoolName
    size: int
    mtime: int


class FarSpool:
    """An open connection; its methods raise FarSpoolAway, FarFileRefused, or what asyncssh does."""

    def __init__(
        self,
        table: SftpTable,
        connection: asyncssh.SSHClientConnection,
        sftp: asyncssh.SFTPClient,
    ) -> None:
        self._table, self._connection, self._sftp = table, connection, sftp
        self._runs_commands = True

    async def look(self) -> tuple[list[FarFile], list[str]]:
        """Return our files, oldest first, and the names that are none of ours."""
        files, strange = [], []
        async with self._asking():
            async for entry in self._sftp.scandir(self._table.folder):
                name, about = str(entry.filename), entry.attrs
                if name.startswith("."):
                    continue
                parsed, regular = parse_spool_name(name), stat.S_ISREG(about.permissions or 0)
                if parsed is None or not regular or about.size is None or about.mtime is None:
                    strange.append(name)
                    continue
                files.append(
                    FarFile(name=name, parsed=parsed, size=about.size, mtime=int(about.mtime))
                )
        return sorted(files, key=lambda f: (f.mtime, f.name)), sorted(strange)

    async def digest(self, file: FarFile) -> str:
        """Return a file's SHA-256: worked out there where that is allowed, else read from there."""
        told = await self._told(file) if self._runs_commands else None
        if told is not None:
            return told
        self._runs_commands = False
        digest = hashlib.sha256()
        async with aclosing(self.read(file.name)) as chunks:
            async for chunk in chunks:
                digest.update(chunk)
        return digest.hexdigest()

    async def read(self, name: str) -> AsyncGenerator[bytes, None]:
        """Yield a file's bytes."""
        async with self._asking(name):
            file = await self._sftp.open(self._path(name), "rb")
        async with file:
            while True:
                async with self._asking(name):
                    chunk = await file.read(_CHUNK)
                if not chunk:
                    return
                yield cast("bytes", chunk)  # it was opened with "b"; its type does not know

    async def remove_unchanged(self, file: FarFile) -> bool:
        """Remove a file that still is what it was; False when it is not, or not there."""
        async with self._asking(file.name):
            try:
                now = await self._sftp.lstat(self._path(file.name))
                if (now.size, int(now.mtime or 0)) != (file.size, file.mtime):
                    return False
                await self._sftp.remove(self._path(file.name))
            except asyncssh.SFTPNoSuchFile:
                return False
        return True

    async def _told(self, file: FarFile) -> str | None:
        command = f"sha256sum -- {shlex.quote(self._path(file.name))}"
        try:
            async with asyncio.timeout(PATIENCE_SECONDS + file.size / _SLOWEST):
                done = await self._connection.run(command, stdin=asyncssh.DEVNULL)
        except (asyncssh.ChannelOpenError, TimeoutError):
            return None
        found = _DIGEST.match(str(done.stdout or ""))
        return found[1] if found and done.exit_status == 0 else None

    def _path(self, name: str) -> str:
        return f"{self._table.folder.rstrip('/')}/{name}"

    @asynccontextmanager
    async def _asking(self, name: str = "") -> AsyncIterator[None]:
        """Wait no longer than PATIENCE_SECONDS; tell a file's own refusal from the host's."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                yield
        except TimeoutError as error:
            raise FarSpoolAway(why=_sentence(self._table, error)) from error
        except _GONE:
            raise
        except asyncssh.SFTPError as error:
            if not name:
                raise
            where = f"{self._path(name)} on {self._table.host}"
            raise FarFileRefused(file=name, why=f"{where}: {error.reason}") from error


@asynccontextmanager
async def far_spool(table: SftpTable) -> AsyncIterator[FarSpool]:
    """Open a spool on another host.

    Raises:
        FarSpoolAway: It cannot be reached, is not the host that it should be, lets us not in, or
            the connection was lost meanwhile.
    """
    try:
        connection = await _connect(table)
        async with connection:
            async with asyncio.timeout(PATIENCE_SECONDS):
                sftp = await connection.start_sftp_client()
            async with sftp:
                yield FarSpool(table, connection, sftp)
    except (asyncssh.Error, OSError) as error:
        raise FarSpoolAway(why=_sentence(table, error)) from error


async def _connect(table: SftpTable) -> asyncssh.SSHClientConnection:
    """Connect; nothing of this account's own ssh set-up (agent, config, known hosts) is asked."""
    try:
        key = await asyncio.to_thread(asyncssh.read_private_key, table.key)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise FarSpoolAway(why=f"the key {table.key} cannot be read: {why}") from error
    try:
        known = asyncssh.import_public_key(table.host_key)
    except ValueError as error:
        raise FarSpoolAway(why=f"host_key of {table.host} is no key: {error}") from error
    return await asyncssh.connect(
        table.host,
        table.port,
        username=table.username,
        client_keys=[key],
        known_hosts=([known], [], []),
        config=[],
        agent_path=None,
        preferred_auth="publickey",
        connect_timeout=PATIENCE_SECONDS,
        login_timeout=PATIENCE_SECONDS,
        keepalive_interval=_ALIVE_SECONDS,
        keepalive_count_max=_ALIVE_MOST,
    )


def _sentence(table: SftpTable, error: Exception) -> str:
    """Say what is wrong with another host, and that nothing is lost meanwhile."""
    where = f"{table.host}:{table.port}"
    match error:
        case asyncssh.HostKeyNotVerifiable():
            why = f"{where} shows another key than host_key: nothing is taken from it"
        case asyncssh.KeyExchangeFailed():
            why = f"{where} has no key of host_key's kind, or agrees on no cipher: {error.reason}"
        case asyncssh.PermissionDenied():
            why = f"{where} lets {table.username} not in with the key {table.key}"
        case asyncssh.SFTPConnectionLost() | asyncssh.SFTPNoConnection():
            why = f"the connection to {where} is lost"
        case asyncssh.SFTPError():
            why = f"{table.folder} on {where} cannot be read: {error.reason}"
        case TimeoutError():
            why = f"{where} does not answer"
        case _:
            why = f"{where} cannot be reached: {getattr(error, 'strerror', None) or error}"
    return f"{why}; its recordings wait there"

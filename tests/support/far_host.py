"""Another host with an SFTP server (asyncssh's own): it can be cut, stopped and started again."""

import asyncio
import shlex
from dataclasses import dataclass, field
from pathlib import Path

import asyncssh

from tongdai.settings import SftpTable


def public(key: asyncssh.SSHKey) -> str:
    return key.export_public_key().decode().strip()


@dataclass
class FarHost:
    """A PBX's host: a folder of recordings, an account with a key.

    Attributes:
        folder: Where its Asterisk records.
        key: The file of the account's private key.
        runs_commands: Whether the account may run sha256sum, or has SFTP alone.
        cut_at: From which byte of a file on the connection is cut; None: never.
        commands: What was run.
    """

    folder: Path
    key: Path
    runs_commands: bool = True
    cut_at: int | None = None
    commands: list[str] = field(default_factory=list)
    host_key: asyncssh.SSHKey = field(
        default_factory=lambda: asyncssh.generate_private_key("ssh-ed25519")
    )
    port: int = 0
    _listening: asyncssh.SSHAcceptor | None = None
    _allowed: str = ""
    _connections: list[asyncssh.SSHServerConnection] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder.mkdir()
        account = asyncssh.generate_private_key("ssh-ed25519")
        account.write_private_key(str(self.key))
        self._allowed = public(account)

    async def start(self) -> None:
        """Listen, on the same port as before."""
        self._listening = await asyncssh.listen(
            "127.0.0.1",
            self.port,
            server_factory=lambda: _Door(self._connections),
            server_host_keys=[self.host_key],
            authorized_client_keys=asyncssh.import_authorized_keys(self._allowed),
            sftp_factory=lambda channel: _Sftp(channel, self),
            process_factory=self._run if self.runs_commands else None,
            reuse_address=True,
        )
        self.port = self._listening.get_port()

    async def stop(self) -> None:
        """Hang up on everybody and listen no more."""
        if self._listening is not None:
            self._listening.close()
            while self._connections:
                self._connections.pop().abort()
            await self._listening.wait_closed()
            self._listening = None

    def table(self, **changes: object) -> SftpTable:
        """Return the settings that lead here."""
        known: dict[str, object] = {
            "host": "127.0.0.1",
            "port": self.port,
            "username": "tongdai",
            "key": self.key,
            "host_key": public(self.host_key),
            "folder": str(self.folder),
            "look_seconds": 0.05,
        }
        return SftpTable.model_validate(known | changes)

    def names(self) -> list[str]:
        """Return what lies there."""
        return sorted(path.name for path in self.folder.iterdir())

    async def _run(self, process: "asyncssh.SSHServerProcess[str]") -> None:
        command = process.command or ""
        self.commands.append(command)
        program = await asyncio.create_subprocess_exec(
            *shlex.split(command), stdout=asyncio.subprocess.PIPE
        )
        said, _ = await program.communicate()
        process.stdout.write(said.decode())
        process.exit(program.returncode or 0)


class _Door(asyncssh.SSHServer):
    def __init__(self, connections: list[asyncssh.SSHServerConnection]) -> None:
        self._connections = connections

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connections.append(conn)


class _Sftp(asyncssh.SFTPServer):
    def __init__(self, channel: "asyncssh.SSHServerChannel[bytes]", host: FarHost) -> None:
        super().__init__(channel)
        self._far, self._wire = host, channel

    def read(self, file_obj: object, offset: int, size: int) -> bytes:
        if self._far.cut_at is not None and offset >= self._far.cut_at:
            self._wire.get_connection().abort()
        read: bytes = super().read(file_obj, offset, size)
        return read

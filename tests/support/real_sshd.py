"""A PBX's host with Debian's own sshd: an unprivileged process, its own keys, a free port."""

import asyncio
import os
import pwd
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncssh
import psutil

from rig.ports import free_ports
from tests.support.far_host import public
from tests.support.wait import until
from tongdai.settings import SftpTable

SSHD = Path("/usr/sbin/sshd")
_CONFIG = """
ListenAddress 127.0.0.1
Port {port}
HostKey {home}/host_key
AuthorizedKeysFile {home}/authorized_keys
PidFile {home}/pid
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
Subsystem sftp internal-sftp
{more}
"""


@dataclass
class RealHost:
    """As tests.support.far_host.FarHost; `home` is a folder of nobody else's.

    An sshd that is not root lets in only the account that it runs as: us, or, where we are root,
    the one that PostgreSQL's package has made.
    """

    home: Path

    def __post_init__(self) -> None:
        self.account = pwd.getpwnam("postgres") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
        self.folder, self.key = self.home / "spool", self.home / "key"
        self.folder.mkdir()
        host, account = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(2))
        host.write_private_key(str(self.home / "host_key"))
        account.write_private_key(str(self.key))
        (self.home / "host_key").chmod(0o600)
        (self.home / "authorized_keys").write_text(public(account))
        self.host_key, self.port = public(host), free_ports(1)[0]
        for path in (self.home, *self.home.iterdir()):
            os.chown(path, self.account.pw_uid, self.account.pw_gid)

    async def start(self, *more: str) -> None:
        """Listen; `more` are lines of its configuration."""
        config = self.home / "config"
        config.write_text(_CONFIG.format(home=self.home, port=self.port, more="\n".join(more)))
        as_whom: dict[str, Any] = {}
        if os.geteuid() == 0:
            as_whom = {"user": self.account.pw_uid, "group": self.account.pw_gid}
            as_whom["extra_groups"] = []
        with (self.home / "log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                str(SSHD), "-D", "-e", "-f", str(config), stderr=log, **as_whom
            )
        await until(self._listens, within=20)

    async def stop(self) -> None:
        """Kill it with all its connections, at once."""
        with suppress(psutil.NoSuchProcess):  # it was stopped already
            me = psutil.Process(self._process.pid)
            for one in (*me.children(recursive=True), me):  # a connection is a child
                one.kill()
        await self._process.wait()

    def table(self) -> SftpTable:
        """Return the settings that lead here."""
        return SftpTable.model_validate(
            {
                "host": "127.0.0.1",
                "port": self.port,
                "username": self.account.pw_name,
                "key": self.key,
                "host_key": self.host_key,
                "folder": str(self.folder),
            }
        )

    def record(self, name: str, samples: bytes) -> None:
        """Put a recording there."""
        (self.folder / name).write_bytes(samples)
        os.chown(self.folder / name, self.account.pw_uid, self.account.pw_gid)

    def names(self) -> list[str]:
        """Return what lies there."""
        return sorted(path.name for path in self.folder.iterdir())

    async def _listens(self) -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            return False
        writer.close()
        return True

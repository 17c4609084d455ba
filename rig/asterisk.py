"""Asterisk processes: where the program is, and one instance of it.

The program lies in the machine itself (its apt had version 22 or later) or in the chroot
`.asterisk/` (rig/install.sh). Any number of instances run from either, each with its own folders.
"""

import contextlib
import os
import re
import shutil
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

from rig.ami import Ami, until_booted
from rig.child import Child
from rig.waiting import until
from telephony.pbx_config import Layout

CHECKOUT = Path(__file__).resolve().parents[1]
CHROOT = CHECKOUT / ".asterisk"
ENTER = Path(__file__).resolve().parent / "enter.sh"
LEAST_VERSION = 22
LONGEST_SOCKET = 107
"""Bytes of a Unix socket's path (unix(7): sun_path, less its end)."""


class NoAsteriskError(RuntimeError):
    """There is no Asterisk here; the text says how to get one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """Where Asterisk is installed: `root` is the chroot, or `/`."""

    root: Path
    modules: Path
    uid: int
    gid: int

    @classmethod
    def find(cls) -> "Installation":
        """Return the machine's Asterisk when it is new enough, else the chroot's.

        Raises:
            NoAsteriskError: There is neither.
        """
        root = Path("/") if _native_version() >= LEAST_VERSION else CHROOT
        if not (root / "usr/sbin/asterisk").exists():
            message = "there is no Asterisk 22 here: run `make asterisk` first"
            raise NoAsteriskError(message)
        modules = next(iter(sorted((root / "usr/lib").glob("**/asterisk/modules"))))
        uid, gid = _user(root)
        inside = Path("/") / modules.relative_to(root)
        return cls(root=root, modules=inside, uid=uid, gid=gid)


class Asterisk:
    """One instance, in `home`: etc/ (rendered by the caller), state/, run/, log/."""

    def __init__(
        self, name: str, home: Path, *, spool: tuple[Path, ...] = (), shown: tuple[Path, ...] = ()
    ) -> None:
        """Name the folders.

        Args:
            name: For people and for the log's name.
            home: The instance's folder.
            spool: Folders that it writes to, under their own names.
            shown: Folders that it reads under their own names (prompts).

        Raises:
            NoAsteriskError: There is none, or `home` lies too deep for its control socket.
        """
        self.home = home.resolve()
        self.installation = Installation.find()
        self.layout = Layout.beside(self.home / "etc", self.installation.modules)
        socket = self.layout.run / "asterisk.ctl"
        if len(os.fsencode(socket)) > LONGEST_SOCKET:
            message = f"{socket}: longer than {LONGEST_SOCKET} bytes, take a folder less deep"
            raise NoAsteriskError(message)
        self.spools = tuple(path.resolve() for path in spool)
        self.shown = tuple(path.resolve() for path in shown)
        self.child = Child(
            name=name,
            command=self._command("asterisk", "-f", "-C", str(self.layout.etc / "asterisk.conf")),
            log=self.layout.log / "console.log",
            own_death_signal=True,
        )

    def start(self) -> None:
        """Start it; the configuration must have been rendered into `layout.etc`."""
        for folder in (self.layout.etc, *self.layout.folders(), *self.spools, *self.shown):
            folder.mkdir(parents=True, exist_ok=True)
        for folder in (self.home, *self.spools):
            self._own(folder)
        # A socket or pid file of a killed run would only confuse.
        for stale in self.layout.run.glob("asterisk.*"):
            stale.unlink()
        self.child.start()

    async def booted(
        self, address: tuple[str, int], username: str, secret: str, within: float
    ) -> None:
        """Return when it has finished starting, asked over its manager interface.

        Raises:
            RuntimeError: It ended instead; the text has the end of its log.
            TimeoutError: It has not started within so many seconds.
            AmiError: The login is refused.
        """

        def alive() -> None:
            if not self.child.running:
                message = f"{self.child.name} ended at its start:\n{self.child.tail()}"
                raise RuntimeError(message)

        await until_booted(Ami(*address, username, secret), alive, within)

    def stop(self) -> None:
        """End it as an operator of the PBX would: at once, all channels hung up."""
        self.child.stop(within=8)

    def command(self, line: str, within: float = 60) -> str:
        """Run one command of Asterisk's own command line; return its output, "" when it is away.

        As `asterisk -rx` does it (main/asterisk.c, ast_remotecontrol), without the process.

        Raises:
            TimeoutError: It said nothing for so many seconds.
        """
        told = bytearray()
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as control:
            control.settimeout(within)
            try:
                control.connect(os.fspath(self.layout.run / "asterisk.ctl"))
                control.sendall(f"cli quit after {line}\0".encode())
                while part := control.recv(65_536):
                    told += part
            except (FileNotFoundError, ConnectionError):
                return ""
        _who_answers, _, output = told.partition(b"\n")
        return output.decode(errors="replace")

    async def reaches_the_carrier(self, within: float = 60) -> None:
        """Ask the trunk again until it answers; a first question before it was there counts long.

        Raises:
            TimeoutError: It does not within so many seconds.
        """

        async def answers() -> bool:
            self.command("pjsip qualify carrier")
            return "Avail" in self.command("pjsip show aor carrier")

        await until(answers, within, every=0.2)

    def messages(self) -> str:
        """Return what it logged (notices, warnings, errors)."""
        try:
            return (self.layout.log / "messages.log").read_text(errors="replace")
        except FileNotFoundError:
            return ""

    def _command(self, *inside: str) -> list[str]:
        folders = [str(self.home), *map(str, self.spools + self.shown)]
        return [str(ENTER), str(self.installation.root), *folders, "--", *inside]

    def _own(self, folder: Path) -> None:
        """Give a folder and what is in it to the PBX's user."""
        uid, gid = self.installation.uid, self.installation.gid
        for path in (folder, *folder.rglob("*")):
            with contextlib.suppress(FileNotFoundError):
                os.chown(path, uid, gid, follow_symlinks=False)


def _native_version() -> int:
    program = shutil.which("asterisk")
    if program is None:
        return 0
    done = subprocess.run([program, "-V"], capture_output=True, text=True, check=False)
    found = re.search(r"Asterisk (\d+)", done.stdout)
    return int(found[1]) if found else 0


def _user(root: Path) -> tuple[int, int]:
    for line in (root / "etc/passwd").read_text().splitlines():
        name, _, uid, gid, *_ = line.split(":")
        if name == "asterisk":
            return int(uid), int(gid)
    message = f"{root}: has no user asterisk"
    raise NoAsteriskError(message)

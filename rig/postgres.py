"""A private PostgreSQL cluster for tests and benchmarks: a folder, a free port, gone afterwards."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ENVIRONMENT = "TONGDAI_TEST_POSTGRES"
"""Names a server that answers already: postgresql+asyncpg://USER@HOST:PORT/postgres."""

_FAST = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "max_connections=200",
    "autovacuum=off",  # it would only look through databases that live a second
)
_START_SECONDS = 60.0


@contextmanager
def cluster(folder: Path) -> Iterator[str]:
    """Run a cluster in `folder` (made, and emptied first) and give its URL.

    The server runs as user postgres when we are root, which it refuses to be.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    as_postgres = _as_postgres(folder)
    port = _free_port()
    subprocess.run(
        [
            *as_postgres,
            str(_program("initdb")),
            "-D",
            str(folder),
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--no-sync",
        ],
        check=True,
        capture_output=True,
        cwd=folder,
    )
    options = [word for setting in _FAST for word in ("-c", setting)]
    command = [
        str(_program("postgres")),
        "-D",
        str(folder),
        "-k",
        "",  # no socket file: its path may be 107 bytes long, and a test's folder is longer
        "-h",
        "127.0.0.1",
        "-p",
        str(port),
    ]
    log = (folder / "server.log").open("wb")
    server = subprocess.Popen(
        [*as_postgres, *command, *options], stdout=log, stderr=log, cwd=folder
    )
    try:
        _wait(server, port)
        yield f"postgresql+asyncpg://postgres@127.0.0.1:{port}/postgres"
    finally:
        server.send_signal(signal.SIGINT)  # fast shutdown: connections are cut
        server.wait(timeout=30)
        log.close()
        shutil.rmtree(folder, ignore_errors=True)


def _as_postgres(folder: Path) -> list[str]:
    if os.geteuid() != 0:
        return []
    user = pwd.getpwnam("postgres")
    os.chown(folder, user.pw_uid, user.pw_gid)
    for parent in folder.resolve().parents:
        if not parent.stat().st_mode & 0o001:
            parent.chmod(
                parent.stat().st_mode | 0o011
            )  # postgres must be able to walk down to its folder
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]


def _program(name: str) -> Path:
    found = sorted(
        Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda p: int(p.parts[-3])
    )
    if found:
        return found[-1]
    on_path = shutil.which(name)
    if on_path is None:
        message = f"{name} is not installed (apt-get install postgresql)"
        raise FileNotFoundError(message)
    return Path(on_path)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(server: subprocess.Popen[bytes], port: int) -> None:
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end:
        if server.poll() is not None:
            break
        ready = subprocess.run(
            [str(_program("pg_isready")), "-q", "-h", "127.0.0.1", "-p", str(port)], check=False
        )
        if ready.returncode == 0:
            return
        time.sleep(0.05)
    message = "PostgreSQL did not start; see server.log in its folder"
    raise RuntimeError(message)

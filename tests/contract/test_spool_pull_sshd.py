"""The pull from a host with Debian's own sshd: commands, SFTP alone, killed in between."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from telephony.capture.errors import FarSpoolAway
from telephony.capture.far import FarSpool, far_spool
from telephony.capture.pull import Pull
from telephony.recordings.register import Register
from telephony.recordings.spool import Spool
from tests.support.real_sshd import RealHost
from tests.support.recordings import QUICK, Rig, tones
from tongdai.clock import HandClock
from tongdai.db import Database

FIRST, SECOND = "call-1764464400.17.raw", "call-1764464400.18.raw"


@pytest.fixture
async def host() -> AsyncIterator[RealHost]:
    with TemporaryDirectory(prefix="tongdai-sshd-") as folder:
        made = RealHost(Path(folder))
        await made.start()
        yield made
        await made.stop()


async def brought(rig: Rig, pull: Pull, far: FarSpool) -> None:
    """Look until it is finished, archive it, look again."""
    for _ in range(2):
        await pull.round(far)
    await rig.intake().round()
    for _ in range(2):
        await pull.round(far)


async def test_recordings_come_from_a_real_sshd_whatever_it_allows(
    host: RealHost, sqlite_template: Path, clock: HandClock, tmp_path: Path
) -> None:
    copy = shutil.copy(sqlite_template, tmp_path / "test.db")
    rig = Rig(Database(f"sqlite+aiosqlite:///{copy}", clock), tmp_path)
    spool, table = Spool("main", rig.spool), host.table()
    pull = Pull(rig.db, spool, table, Register(rig.db, clock, rig.kept()), rig.calls, pace=QUICK)

    host.record(FIRST, tones(3))
    async with far_spool(table) as far:
        await brought(rig, pull, far)
        assert far._runs_commands
        assert host.names() == []
        host.record(SECOND, tones(30))
        await pull.round(far)
        await host.stop()
        with pytest.raises(FarSpoolAway):
            async with far_spool(table):
                pass
    assert host.names() == [SECOND]

    await host.start("ForceCommand internal-sftp")  # SFTP and nothing else
    async with far_spool(table) as far:
        await brought(rig, pull, far)
        assert not far._runs_commands
    assert host.names() == []
    assert [row.linkedid for row in await rig.rows()] == ["1764464400.17", "1764464400.18"]
    assert not pull.trouble
    await rig.db.close()

"""The service takes the recordings of a PBX on another host: proven, once; the far copy goes last.

The other host is asyncssh's own SFTP server on loopback.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import asyncssh
import pytest
from pydantic import SecretStr, ValidationError

from telephony.capture.checker import Checker
from telephony.capture.daily import Daily, Watch
from telephony.capture.errors import FarSpoolAway
from telephony.capture.far import far_spool
from telephony.capture.pull import Pull
from telephony.recordings.intake import Pace
from telephony.recordings.register import Register
from telephony.recordings.spool import Spool
from tests.support.far_host import FarHost, public
from tests.support.recordings import QUICK, Rig, tones
from tests.support.small_settings import small_settings
from tests.support.wait import until
from tongdai.db import Database
from tongdai.doctor import Ill, _far_spool
from tongdai.health import State
from tongdai.settings import PbxTable, SftpTable

NAME = "call-1764464400.17.raw"


@dataclass
class Pulled:
    """A far host, and the service's spool, archive and register."""

    host: FarHost
    rig: Rig

    def pull(self, table: SftpTable | None = None, pace: Pace = QUICK) -> Pull:
        """Return a fresh one, as after a restart of the service."""
        register = Register(self.rig.db, self.rig.db.clock, self.rig.kept())
        spool = Spool("main", self.rig.spool)
        table = table or self.host.table()
        return Pull(self.rig.db, spool, table, register, self.rig.calls, pace=pace)

    async def look(self, pull: Pull, times: int = 2) -> None:
        async with far_spool(self.host.table()) as far:
            for _ in range(times):
                await pull.round(far)

    def here(self) -> list[str]:
        return sorted(p.name for p in self.rig.spool.iterdir() if p.name != ".intake")

    def record(self, name: str = NAME, seconds: float = 1) -> bytes:
        samples = tones(seconds)
        (self.host.folder / name).write_bytes(samples)
        return samples


@asynccontextmanager
async def running(pull: Pull) -> AsyncIterator[None]:
    task = asyncio.create_task(pull.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@pytest.fixture
async def pulled(database: Database, tmp_path: Path) -> AsyncIterator[Pulled]:
    host = FarHost(tmp_path / "far", tmp_path / "key")
    await host.start()
    yield Pulled(host, Rig(database, tmp_path))
    await host.stop()


@pytest.mark.parametrize("runs_commands", [True, False])
async def test_a_finished_recording_is_brought_archived_and_then_removed_there(
    pulled: Pulled, *, runs_commands: bool
) -> None:
    if not runs_commands:
        await pulled.host.stop()
        pulled.host.runs_commands = False
        await pulled.host.start()
    sound, pull = pulled.record(), pulled.pull()
    pulled.record("call-1764464400.18.raw")
    pulled.rig.calls.live = frozenset({"1764464400.18"})
    (pulled.host.folder / "call-1764464400.19.raw").touch()
    (pulled.host.folder / "note.txt").write_text("x")
    await pulled.look(pull, times=1)
    assert pulled.here() == []
    await pulled.look(pull)
    assert (pulled.rig.spool / NAME).read_bytes() == sound
    assert pulled.host.names() == [NAME, "call-1764464400.18.raw", "note.txt"]
    await pulled.rig.intake().round()
    await pulled.look(pull)
    await pulled.look(pull)
    assert pulled.host.names() == ["call-1764464400.18.raw", "note.txt"]
    assert pulled.here() == []
    assert [row.linkedid for row in await pulled.rig.rows()] == ["1764464400.17"]
    assert "1 files there are no recordings: note.txt" in pull.trouble
    assert len(pulled.host.commands) == int(runs_commands)


async def test_a_transfer_that_is_cut_leaves_nothing_and_is_made_anew(pulled: Pulled) -> None:
    sound, pull = pulled.record(seconds=60), pulled.pull()
    pulled.host.cut_at = 1_000_000
    with pytest.raises(FarSpoolAway) as away:
        await pulled.look(pull)
    assert "its recordings wait there" in str(away.value.ids["why"])
    assert (pulled.here(), pulled.host.names()) == ([], [NAME])
    pulled.host.cut_at = None
    await pulled.look(pull)
    assert pulled.here() == [NAME]
    assert (pulled.rig.spool / NAME).read_bytes() == sound


async def test_a_host_with_another_key_is_not_believed(pulled: Pulled) -> None:
    pulled.record()
    other = public(asyncssh.generate_private_key("ssh-ed25519"))
    pull = pulled.pull(pulled.host.table(host_key=other))
    async with running(pull):
        await until(lambda: "shows another key than host_key" in pull.trouble)
    assert (pulled.here(), pulled.host.names()) == ([], [NAME])
    settings, db = small_settings(), pulled.rig.db
    daily = Daily(settings, db, db.clock, [])
    watch = Watch(db.clock, pulled.rig.intake(), Checker(settings, db, db.clock), daily, [pull])
    part = (await watch.health())["spool"]
    assert part.state is not State.OK
    assert pull.trouble in part.detail


async def test_the_account_is_let_in_by_its_key_alone(pulled: Pulled, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong"
    asyncssh.generate_private_key("ssh-ed25519").write_private_key(str(wrong))
    for key, words in ((wrong, "lets tongdai not in"), (tmp_path / "none", "cannot be read")):
        with pytest.raises(Ill, match=words):
            await _far_spool(pulled.host.table(key=key))
    pulled.record()
    assert (
        await _far_spool(pulled.host.table()) == f"1 files lie in {pulled.host.folder} on 127.0.0.1"
    )


async def test_killed_between_archive_and_removal_the_far_copy_goes_later_and_once(
    pulled: Pulled,
) -> None:
    pulled.record()
    await pulled.look(pulled.pull())
    await pulled.rig.intake().round()
    assert (pulled.here(), pulled.host.names()) == ([], [NAME])
    await pulled.look(pulled.pull())
    assert (pulled.here(), pulled.host.names()) == ([], [])
    assert len(await pulled.rig.rows()) == 1


async def test_while_the_archived_file_is_damaged_the_far_copy_stays(pulled: Pulled) -> None:
    pulled.record()
    await pulled.look(pulled.pull())
    await pulled.rig.intake().round()
    [archived] = [p for p in pulled.rig.archived_files() if p.suffix == ".flac"]
    archived.chmod(0o600)
    archived.write_bytes(b"x" * archived.stat().st_size)
    pull = pulled.pull()
    await pulled.look(pull)
    assert pulled.host.names() == [NAME]
    assert "the far copy is kept" in pull.trouble


async def test_what_grows_or_whose_call_may_live_is_left_alone(pulled: Pulled) -> None:
    pull = pulled.pull()
    for seconds in (1, 2):
        pulled.record(seconds=seconds)
        await pulled.look(pull, times=1)
    assert pulled.here() == []
    pulled.rig.calls.live = None
    await pulled.look(pull)
    assert pulled.here() == []
    pulled.rig.calls.live = frozenset()
    await pulled.look(pull)
    assert pulled.here() == [NAME]


async def test_a_host_that_was_away_is_an_alarm_until_it_is_back(pulled: Pulled) -> None:
    pulled.record()
    pull = pulled.pull()
    async with running(pull):
        await until(lambda: pulled.here() == [NAME], within=20)
        await pulled.host.stop()
        await until(lambda: pull.trouble.startswith("PBX main: "))
        pulled.record("call-1764464400.18.raw")
        await pulled.host.start()
        await until(lambda: len(pulled.here()) == 2, within=20)
        await until(lambda: pull.trouble == "")


def test_without_a_known_host_key_and_a_place_here_the_settings_are_refused(
    tmp_path: Path,
) -> None:
    known = FarHost(tmp_path / "far", tmp_path / "key", port=22).table()
    for wrong in ("", "ssh-ed25519", "ssh-ed25519 AAAA", "ssh-rsa " + known.host_key[12:]):
        with pytest.raises(ValidationError, match="host's public key"):
            SftpTable.model_validate(known.model_dump() | {"host_key": wrong})
    with pytest.raises(ValidationError, match="spool_sftp needs spool"):
        PbxTable(secret=SecretStr("x"), spool_sftp=known)
    assert PbxTable(secret=SecretStr("x"), spool=tmp_path, spool_sftp=known).spool == tmp_path

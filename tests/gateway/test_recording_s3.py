"""The archive in an S3 store: SeaweedFS, the real program."""

import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from telephony.recordings.archive import keyring
from telephony.recordings.archive.s3 import S3Objects
from tests.support.objects import keeps_objects, seaweed
from tests.support.recordings import Rig, tones
from tongdai.db import Database
from tongdai.settings import S3Table

pytestmark = pytest.mark.gateway


@pytest.fixture
async def table(tmp_path: Path) -> AsyncIterator[S3Table]:
    async with seaweed(tmp_path) as found:
        yield found


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_an_s3_store_keeps_recordings_encrypted_and_gives_any_part_of_them(
    table: S3Table, database: Database, tmp_path: Path
) -> None:
    await keeps_objects(S3Objects(table), tmp_path)
    with pytest.raises(OSError, match=r"recordings: .*privileges"):
        await S3Objects(table.model_copy(update={"access_key": "nobody"})).size("x")

    ring = keyring.add(tmp_path / "ring.toml", None, "all-1")
    rig = Rig(database, tmp_path / "rig", ring=ring, objects=S3Objects(table))
    raw = tones(30)
    spooled = rig.record("call-1764464400.1.raw", raw)
    await rig.intake().round()
    (row,) = await rig.rows()
    archive = rig.kept()
    assert not spooled.exists()
    assert rig.archived_files() == []  # nothing stays on the local disk
    assert await archive.proves(row)
    async with archive.sound_file(row) as sound:
        whole = sound.read_bytes()
    assert len(whole) == row.bytes
    part = b"".join([b async for b in archive.read(row, 70_000, 100_000)])
    assert part == whole[70_000:170_000]

    away = table.model_copy(update={"endpoint": "http://127.0.0.1:9", "timeout_seconds": 1})
    without = dataclasses.replace(rig, objects=S3Objects(away))
    rig.record("call-1764464401.1.raw", raw)
    intake = without.intake()
    await intake.round()
    detail = (await intake.health())["spool"].detail
    assert "127.0.0.1:9/recordings" in detail  # it is said where, and the spool file stays
    assert (rig.spool / "call-1764464401.1.raw").exists()
    intake.close()
    await rig.intake().round()
    assert not (rig.spool / "call-1764464401.1.raw").exists()
    assert all([await archive.proves(row) for row in await rig.rows()])

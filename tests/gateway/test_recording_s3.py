"""The archive in an S3 store: SeaweedFS, the real program."""

import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import text

from telephony.recordings.archive import keyring
from telephony.recordings.archive.s3 import S3Objects
from telephony.recordings.keeper import Keeper
from telephony.recordings.manifest.keys import Keys
from telephony.recordings.proof.verify import verify
from telephony.recordings.tables import Recording
from tests.support.objects import keeps_objects, seaweed
from tests.support.recordings import Rig, tones
from tongdai.db import Database
from tongdai.settings import S3Table

pytestmark = pytest.mark.gateway


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def store(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[S3Table]:
    async with seaweed(tmp_path_factory.mktemp("weed")) as found:
        yield found


@pytest.fixture
def table(store: S3Table, request: pytest.FixtureRequest) -> S3Table:
    """The store's one bucket, with a prefix for each test."""
    return store.model_copy(update={"prefix": f"{request.node.name}-tongdai"})


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


async def test_whatever_is_done_to_an_encrypted_archive_in_the_store_is_named(
    table: S3Table, database: Database, tmp_path: Path
) -> None:
    """Issue 5, done when 2: all six, on each database, where the folder is a real S3 store."""
    ring, objects = keyring.add(tmp_path / "ring.toml", None, "all-1"), S3Objects(table)
    rig = Rig(database, tmp_path / "rig", ring=ring, objects=objects)
    keys = Keys(tmp_path / "keys")
    keeper = Keeper(database, database.clock, rig.kept(), keys, makes_key=True)
    for n in range(6):
        await rig.call(f"176446440{n}.1")
        rig.record(f"call-176446440{n}.1.raw", tones(0.2 + n / 100))
        await rig.intake().round()
    await keeper.round()
    rows = await rig.rows()
    assert await _named(rig, keys) == set()
    bit, cut, gone, one, other, edited = rows
    stored = {row.id: await _bytes(objects, row.path) for row in rows}
    flipped = bytearray(stored[bit.id])
    flipped[len(flipped) // 2] ^= 1
    for path, put in (
        (bit.path, bytes(flipped)),
        (cut.path, stored[cut.id][:-1]),
        (one.path, stored[other.id]),
        (other.path, stored[one.id]),
    ):
        source = tmp_path / "tampered"
        source.write_bytes(put)
        await objects.put(source, path)
    await objects.delete(gone.path)
    async with database.write() as tx:
        (await tx.session.get_one(Recording, edited.id)).seconds = 99.0
        last = text("DELETE FROM manifest_entry WHERE seq = 6")
        await tx.session.execute(last)
    found = await _named(rig, keys)
    assert found >= {
        (bit.path, "changed"),
        (cut.path, "changed"),
        (gone.path, "missing"),
        (one.path, "swapped"),
        (other.path, "swapped"),
        ("manifest entry 6", "entry_missing"),
    }
    assert edited.path in {path for path, _why in found}


async def _named(rig: Rig, keys: Keys) -> set[tuple[str, str]]:
    return {(p.path, str(p.why)) async for p in verify(rig.db, rig.kept(), keys)}


async def _bytes(objects: S3Objects, name: str) -> bytes:
    return b"".join([block async for block in objects.read(name)])

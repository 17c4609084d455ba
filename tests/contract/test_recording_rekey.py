"""Keys change: wrapped anew, or encrypted for the first time; stopped and gone on with."""

from pathlib import Path

import pytest

from telephony.recordings.archive import keyring
from telephony.recordings.checkup import trouble
from telephony.recordings.errors import RecordingKeyMissing
from telephony.recordings.manifest.keys import Keys
from telephony.recordings.proof.verify import verify
from telephony.recordings.rekey import rekey, to_rekey
from tests.support.pages import settings_for
from tests.support.recordings import Rig, tones
from tongdai.db import Database


async def test_every_recording_gets_its_hotlines_present_key(
    database: Database, tmp_path: Path
) -> None:
    rig = Rig(database, tmp_path)
    ring_file = tmp_path / "ring.toml"
    for i, make in enumerate((None, "first", "first")):
        if make:
            rig.ring = keyring.read(ring_file) if ring_file.exists() else None
            rig.ring = rig.ring or keyring.add(ring_file, None, make)
        await rig.call(f"176446440{i}.{i}")
        rig.record(f"call-176446440{i}.{i}.raw", tones(9 + i))
        await rig.intake().round()
    sounds = {row.id: await sound(rig, row.id) for row in await rig.rows()}

    rig.ring = keyring.add(ring_file, "can-tho", "second")
    size = await to_rekey(rig.db, rig.kept())
    steps = rekey(rig.db, rig.kept())
    done = await anext(steps)
    await steps.aclose()  # stopped after the first
    done += sum([step async for step in rekey(rig.db, rig.kept())])
    assert done == size
    assert await to_rekey(rig.db, rig.kept()) == 0
    assert [step async for step in rekey(rig.db, rig.kept())] == []

    rows = await rig.rows()
    assert {row.key for row in rows} == {"second"}
    assert {row.id: await sound(rig, row.id) for row in rows} == sounds
    files = [path for path in rig.archived_files() if path.parent.name != ".rekey"]
    assert files == sorted(rig.archive / row.path for row in rows)
    assert [p async for p in verify(rig.db, rig.kept())] == []

    rig.ring = keyring.KeyRing(
        {k: v for k, v in rig.ring.keys.items() if k != "second"}, {"default": "first"}
    )
    with pytest.raises(RecordingKeyMissing):  # a lost key is said, and nothing is touched
        _ = [step async for step in rekey(rig.db, rig.kept())]
    assert [p async for p in verify(rig.db, rig.kept())] == []


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_the_doctor_names_a_lost_key_a_bad_ring_and_no_signing_key(
    database: Database, tmp_path: Path
) -> None:
    ring_file = tmp_path / "ring.toml"
    rig = Rig(database, tmp_path, ring=keyring.add(ring_file, None, "lost-one"))
    rig.record("call-1764464400.1.raw", tones(1))
    await rig.intake().round()

    async def said(**more: object) -> str:
        table = {"archive": rig.archive, **more}
        found = await trouble(settings_for(tmp_path, recordings=table), rig.db)
        return " -> ".join(found) if found else ""

    assert "recordings keygen" in await said()
    Keys(tmp_path / "keys").generate()
    assert "lost-one, which is not in the key ring" in await said()
    assert await said(keyring=ring_file) == ""
    ring_file.chmod(0o644)
    assert "chmod 600" in await said(keyring=ring_file)
    away = {"endpoint": "http://127.0.0.1:9", "bucket": "abc", "access_key": "a"}
    ring_file.chmod(0o600)
    s3 = {**away, "secret_key": "b", "timeout_seconds": 1}
    assert "127.0.0.1:9/abc" in await said(keyring=ring_file, s3=s3)


async def sound(rig: Rig, recording: str) -> bytes:
    row = next(row for row in await rig.rows() if row.id == recording)
    return b"".join([block async for block in rig.kept().read(row)])

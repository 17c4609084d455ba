"""Objects under their own hash, encrypted, read in parts; what was touched is refused."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.recordings.archive import Archive, cipher, keyring
from telephony.recordings.archive.folder import FolderObjects
from telephony.recordings.archive.sealing import finish
from telephony.recordings.audio import file_sha256
from telephony.recordings.errors import (
    AudioMissing,
    KeyRingUnusable,
    RecordingKeyMissing,
    RecordingKeyWrong,
    StoredDamaged,
)
from telephony.recordings.tables import Recording
from tests.support.objects import keeps_objects
from tests.support.recordings import Rig, tones
from tongdai.db import Database

LENGTH = 3 * cipher.CHUNK_BYTES + 1234
SOUND = os.urandom(LENGTH)


@pytest.fixture
def rig(database: Database, tmp_path: Path) -> Rig:
    return Rig(database, tmp_path)


@pytest.fixture(scope="module")
def ring(tmp_path_factory: pytest.TempPathFactory) -> keyring.KeyRing:
    file = tmp_path_factory.mktemp("ring") / "ring.toml"
    keyring.add(file, None, "all-1")
    keyring.add(file, "can-tho", "can-tho-1")
    return keyring.read(file)


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory, ring: keyring.KeyRing) -> Path:
    folder = tmp_path_factory.mktemp("sealed")
    (folder / "x.flac").write_bytes(SOUND)
    return finish(folder / "x.flac", ring, "can-tho").work


def row_of(file: Path, length: int = LENGTH, key: str | None = "can-tho-1") -> Recording:
    return Recording(id="r1", path=file.name, bytes=length, key=key, format="flac")


async def heard(
    archive: Archive, row: Recording, start: int = 0, length: int | None = None
) -> bytes:
    return b"".join([block async for block in archive.read(row, start, length)])


async def test_a_folder_keeps_objects(tmp_path: Path) -> None:
    await keeps_objects(FolderObjects(tmp_path / "archive"), tmp_path)
    assert not (tmp_path / "archive" / "2026" / "11" / "30" / "can-tho" / "c1").exists()
    with pytest.raises(ValueError, match="not below"):
        await FolderObjects(tmp_path).size("../passwd")


@given(start=st.integers(0, LENGTH), length=st.integers(0, LENGTH))
async def test_any_part_is_read_without_the_rest(
    sealed: Path, ring: keyring.KeyRing, start: int, length: int
) -> None:
    archive = Archive(sealed.parent, ring=ring)
    assert await heard(archive, row_of(sealed), start, length) == SOUND[start : start + length]


@pytest.mark.parametrize("length", [0, 1, cipher.CHUNK_BYTES, 2 * cipher.CHUNK_BYTES])
async def test_whole_chunks_and_nothing_are_sealed_too(
    tmp_path: Path, ring: keyring.KeyRing, length: int
) -> None:
    (tmp_path / "x.flac").write_bytes(SOUND[:length])
    stored = finish(tmp_path / "x.flac", ring, None)
    assert (stored.key, stored.bytes) == ("all-1", cipher.stored_bytes(length))
    archive = Archive(tmp_path, ring=ring)
    assert await heard(archive, row_of(stored.work, length, "all-1")) == SOUND[:length]


STEP = cipher.CHUNK_BYTES + cipher.TAG_BYTES
BODY = cipher.HEAD_BYTES


def flipped(stored: bytes, at: int) -> bytes:
    return stored[:at] + bytes([stored[at] ^ 1]) + stored[at + 1 :]


CHANGES: dict[str, tuple[Callable[[bytes], bytes], type[Exception]]] = {
    "key id": (lambda b: b[:20] + b"!" + b[21:], RecordingKeyMissing),
    "magic": (lambda b: b"RIFF" + b[4:], StoredDamaged),
    "length": (lambda b: flipped(b, 45), RecordingKeyWrong),
    "wrapped key": (lambda b: flipped(b, 80), RecordingKeyWrong),
    "a bit": (lambda b: flipped(b, 5000), StoredDamaged),
    "last bit": (lambda b: flipped(b, -1 + len(b)), StoredDamaged),
    "last byte cut": (lambda b: b[:-1], StoredDamaged),
    "last chunk cut": (lambda b: b[: BODY + 3 * STEP], StoredDamaged),
    "two chunks swapped": (
        lambda b: (
            b[:BODY]
            + b[BODY + STEP : BODY + 2 * STEP]
            + b[BODY : BODY + STEP]
            + b[BODY + 2 * STEP :]
        ),
        StoredDamaged,
    ),
}


@pytest.mark.parametrize("change", CHANGES)
async def test_what_was_changed_cut_or_swapped_is_refused(
    tmp_path: Path, sealed: Path, ring: keyring.KeyRing, change: str
) -> None:
    work, error = CHANGES[change]
    stored = tmp_path / "x.flac.enc"
    stored.write_bytes(work(await asyncio.to_thread(sealed.read_bytes)))
    with pytest.raises(error):
        await heard(Archive(tmp_path, ring=ring), row_of(stored))


async def test_a_lost_key_a_wrong_key_and_a_lost_object_are_told_apart(
    tmp_path: Path, sealed: Path
) -> None:
    keyring.add(tmp_path / "ring.toml", None, "can-tho-1")
    other = keyring.read(tmp_path / "ring.toml")
    with pytest.raises(RecordingKeyWrong) as wrong:
        await heard(Archive(sealed.parent, ring=other), row_of(sealed))
    assert wrong.value.ids == {"key": "can-tho-1"}
    with pytest.raises(RecordingKeyMissing):
        await heard(Archive(sealed.parent, ring=keyring.KeyRing({}, {})), row_of(sealed))
    with pytest.raises(RecordingKeyMissing):
        await heard(Archive(sealed.parent), row_of(sealed))
    with pytest.raises(AudioMissing):
        await heard(Archive(tmp_path), row_of(sealed, key=None))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[keys", "not as it should be"),
        ("[keys]\na = 'AAAA'\n[use]\ndefault = 'a'", "3 bytes"),
        ("[keys]\n[use]\ndefault = 'a'", "not in"),
        ("[keys]\n[use]\n", "no default"),
        ("[keys]\nÄ = 'AAAA'\n[use]", "not as it should be|no id"),
    ],
)
def test_a_ring_that_cannot_be_used_says_why(tmp_path: Path, text: str, why: str) -> None:
    file = tmp_path / "ring.toml"
    file.write_text(text)
    file.chmod(0o600)
    with pytest.raises(KeyRingUnusable, match=why):
        keyring.read(file)
    file.chmod(0o640)
    with pytest.raises(KeyRingUnusable, match="chmod 600"):
        keyring.read(file)


async def test_what_is_taken_in_is_encrypted_under_its_own_hash(
    rig: Rig, ring: keyring.KeyRing
) -> None:
    rig.ring = ring
    raw = tones(2)
    await rig.call("1764464400.1")
    rig.record("call-1764464400.1.raw", raw)
    rig.record("call-1764464401.1.raw", raw)
    await rig.intake().round()
    rows = await rig.rows()
    assert {(row.hotline, row.key) for row in rows} == {(None, "all-1"), ("can-tho", "can-tho-1")}
    for row in rows:
        stored = rig.archive / row.path
        assert row.path.startswith(f"2026/11/30/{row.hotline or 'no-hotline'}/{row.call}/call-0-")
        assert file_sha256(stored) == row.stored_sha256 == stored.name[7:].partition(".")[0]
        assert stored.read_bytes()[:4] == b"TDE1"
        async with rig.kept().sound_file(row) as sound:
            assert file_sha256(sound) == row.sha256
            assert sound.read_bytes()[:4] == b"fLaC"
        assert await heard(rig.kept(), row, 0, 4) == b"fLaC"
    assert rig.archived_files() == sorted(rig.archive / row.path for row in rows)


@pytest.mark.parametrize(("sound_format", "head"), [("wav", b"RIFF"), ("opus", b"OggS")])
async def test_the_format_is_a_setting_and_the_original_s_hash_is_kept(
    rig: Rig, sound_format: str, head: bytes
) -> None:
    rig.format = sound_format  # type: ignore[assignment]
    path = rig.record("call-1764464400.1.raw", tones(2))
    original = file_sha256(path)
    await rig.intake().round()
    (row,) = await rig.rows()
    assert (row.format, row.source_sha256, row.seconds) == (sound_format, original, 2)
    assert await heard(rig.kept(), row, 0, 4) == head
    assert row.path.endswith(f".{sound_format}")

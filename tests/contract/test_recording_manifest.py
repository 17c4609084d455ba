"""The manifest: chained, hashed as a tree, signed; and what is cut out of it proves by itself."""

import asyncio
import base64
import hashlib
import json
from asyncio.subprocess import DEVNULL, PIPE
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from alembic import command
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from telephony.recordings.errors import ManifestUnsigned, SigningKeyMissing
from telephony.recordings.manifest import chain, heads, merkle
from telephony.recordings.manifest.excerpt import Excerpt, excerpt, faults
from telephony.recordings.manifest.keys import Keys
from telephony.recordings.manifest.lines import EntryKind, canonical, digest
from telephony.recordings.manifest.tables import ManifestEntry
from tests.conftest import clone
from tests.support.recordings import Rig, tones
from tongdai import migrate
from tongdai.clock import HandClock
from tongdai.db import Database
from tongdai.ids import new_id


@pytest.fixture
def rig(database: Database, tmp_path: Path) -> Rig:
    return Rig(database, tmp_path)


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    keys = Keys(tmp_path / "keys")
    keys.generate()
    return keys


async def archive(rig: Rig, count: int) -> list[str]:
    for i in range(count):
        await rig.call(f"17644644{i:02}.{i}", caller_number="+84912345678", ticket="t1")
        rig.record(f"call-17644644{i:02}.{i}.raw", tones(0.1 + i / 100))
    await rig.intake().round()
    async with rig.db.read() as session:
        rows = await session.execute(text("SELECT recording FROM manifest_entry ORDER BY seq"))
        return [recording for (recording,) in rows]


async def test_each_recording_is_a_line_that_says_what_it_is_and_hides_the_number(rig: Rig) -> None:
    first, second = await archive(rig, 2)
    async with rig.db.read() as session:
        (one,) = await chain.of_recording(session, first)
        (two,) = await chain.of_recording(session, second)
    said = json.loads(two.line)
    assert said["previous"] == one.hash == hashlib.sha256(one.line.encode() + b"\n").hexdigest()
    assert (said["seq"], said["event"], said["recording"]) == (2, "archived", second)
    assert (said["ticket"], said["hotline"]) == ("t1", "can-tho")
    assert said["parties"]["caller"] == "+84912***78"
    assert "345678" not in two.line
    assert canonical(said) == two.line


async def test_writers_at_once_leave_one_chain_without_a_gap(rig: Rig) -> None:
    async def write(name: str) -> None:
        async with rig.db.write() as tx:
            await chain.append(tx, EntryKind.HELD, name)

    await write("first")
    await asyncio.gather(*(write(f"r{i}") for i in range(8)))
    async with rig.db.read() as session:
        entries = [await session.get(ManifestEntry, seq) for seq in range(1, 10)]
    for before, after in pairwise(entries):
        assert before is not None
        assert after is not None
        assert json.loads(after.line)["previous"] == before.hash == digest(before.line)


async def test_yesterdays_head_is_signed_once_however_long_the_service_stood(
    rig: Rig, keys: Keys, clock: HandClock
) -> None:
    await archive(rig, 3)
    signer = keys.signer()

    async def sweep() -> int | None:
        async with rig.db.write() as tx:
            head = await heads.sign_if_due(tx, signer)
            return head.last if head else None

    assert await sweep() == 0  # today's recordings are not yesterday's
    assert await sweep() is None
    clock.advance(timedelta(days=5))
    assert await sweep() == 3
    assert await sweep() is None
    async with rig.db.read() as session:
        head = await heads.latest(session)
    assert head is not None
    said = json.loads(head.line)
    assert (said["no"], said["first"], said["last"], said["count"]) == (2, 1, 3, 3)


async def test_an_excerpt_proves_and_nothing_in_it_can_be_changed(rig: Rig, keys: Keys) -> None:
    recordings = await archive(rig, 5)
    wanted = recordings[3]
    async with rig.db.read() as session:
        with pytest.raises(ManifestUnsigned):
            await excerpt(session, wanted, keys.public())
    async with rig.db.write() as tx:
        await chain.append(tx, EntryKind.HELD, wanted, {"reason": "đơn khiếu nại"})
        await heads.sign(tx, keys.signer())
    async with rig.db.read() as session:
        found = await excerpt(session, wanted, keys.public())
    assert [json.loads(e.line)["event"] for e in found.entries] == ["archived", "held"]
    assert faults(found) == []
    assert faults(found, {}) == [f"head 1: the key {found.heads[0].key} is not known"]
    told = found.model_dump_json()
    for old, new in (
        ("khiếu nại", "khiếu nai"),
        ('"root\\":\\"', '"root\\":\\"0'),
        (wanted, "0" * 32),
        (found.entries[0].path[0].hash, "0" * 64),
        (found.heads[0].signature[:20], "A" * 20),
    ):
        assert old in told
        assert faults(Excerpt.model_validate_json(told.replace(old, new)))


async def test_an_excerpt_is_checked_by_sha256sum_and_openssl_alone(
    rig: Rig, keys: Keys, tmp_path: Path
) -> None:
    wanted = (await archive(rig, 4))[2]
    async with rig.db.write() as tx:
        await heads.sign(tx, keys.signer())
    async with rig.db.read() as session:
        found = await excerpt(session, wanted, keys.public())
    (entry,), (head,) = found.entries, found.heads
    here = tmp_path / "package"
    here.mkdir()
    (here / "entry.json").write_text(entry.line + "\n")
    (here / "head.json").write_text(head.line + "\n")
    (here / "head.sig").write_bytes(base64.b64decode(head.signature))
    (here / "key.pem").write_text(found.keys[head.key])
    climb = "h=$(sha256sum <entry.json | cut -c1-64)\n" + "".join(
        "h=$(printf 'node %s %s\\n' "
        + (f"{step.hash} $h" if step.side == "left" else f"$h {step.hash}")
        + " | sha256sum | cut -c1-64)\n"
        for step in entry.path
    )
    script = (
        "set -e\n" + climb + 'grep -q "\\"root\\":\\"$h\\"" head.json\n'
        "openssl pkeyutl -verify -pubin -inkey key.pem -rawin -in head.json -sigfile head.sig\n"
    )
    assert await shell(script, here) == (0, "Signature Verified Successfully")
    (here / "entry.json").write_text(entry.line.replace("archived", "archiveD") + "\n")
    assert (await shell(script, here))[0] != 0


async def shell(script: str, folder: Path) -> tuple[int | None, str]:
    """Run a script where only what is in `folder` can help; return its status and output."""
    process = await asyncio.create_subprocess_exec(
        *("bash", "-c", script), cwd=folder, stdout=PIPE, stderr=DEVNULL
    )
    output, _ = await process.communicate()
    return process.returncode, output.decode().strip()


@given(st.integers(1, 40), st.data())
def test_every_leaf_climbs_to_the_root(count: int, data: st.DataObject) -> None:
    leaves = [digest(str(i)) for i in range(count)]
    index = data.draw(st.integers(0, count - 1))
    assert merkle.climb(leaves[index], merkle.path(leaves, index)) == merkle.root(leaves)
    assert merkle.climb(digest("other"), merkle.path(leaves, index)) != merkle.root(leaves)


def test_the_private_key_is_its_owners_alone_and_earlier_public_keys_stay(keys: Keys) -> None:
    before = keys.signer()
    assert (keys.folder / "manifest.pem").stat().st_mode & 0o777 == 0o600
    after = keys.generate()
    assert set(keys.public()) == {before.key, after.key}
    (keys.folder / "manifest.pem").write_text("no key")
    with pytest.raises(SigningKeyMissing):
        keys.signer()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_what_was_archived_before_the_manifest_is_in_it(
    kind: str, tmp_path: Path, clock: HandClock, request: pytest.FixtureRequest
) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/old.db"
    if kind == "postgresql":
        url = await clone(request.getfixturevalue("postgres_server"), None, f"old_{new_id()[:12]}")
    await asyncio.to_thread(command.upgrade, migrate.configuration(url), "0001")
    db = Database(url, clock)
    async with db.write() as tx:
        for i in range(3):
            await tx.session.execute(
                text(
                    "INSERT INTO recording (id, kind, pbx, linkedid, n, call, hotline, started_at,"
                    " seconds, bytes, sha256, source_bytes, source_sha256, pcm_sha256, format,"
                    " channels, sample_rate, path, state, created_at) VALUES (:id, 'call', 'main',"
                    " :id, 0, 'c1', 'can-tho', '2026-11-29 01:00:00', 1.5, 10, :sha, 20, 's2',"
                    " 'p3', 'flac', 2, 8000, :id, 'archived', '2026-11-29 01:00:00')"
                ),
                {"id": f"r{i}", "sha": f"{i}" * 64},
            )
    await db.close()
    await migrate.upgrade(url)
    db = Database(url, clock)
    async with db.write() as tx:
        entry = await chain.append(tx, EntryKind.HELD, "r1")
    async with db.read() as session:
        lines = [(await session.get(ManifestEntry, seq)).line for seq in (1, 2, 3)]  # type: ignore[union-attr]
    await db.close()
    said = [json.loads(line) for line in lines]
    assert [s["recording"] for s in said] == ["r0", "r1", "r2"]
    assert {s["stored_bytes"] for s in said} == {10}
    assert said[2]["stored_sha256"] == "2" * 64
    assert said[1]["previous"] == digest(lines[0])
    assert json.loads(entry.line)["previous"] == digest(lines[2])

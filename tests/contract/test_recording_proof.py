"""Whoever touches the archive is found, and what he touched is named (issue 5, done when 2)."""

import os
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from telephony.recordings.keeper import Keeper
from telephony.recordings.manifest.beside import files_of
from telephony.recordings.manifest.keys import Keys
from telephony.recordings.proof import check
from telephony.recordings.proof.verify import Step, verify
from telephony.recordings.tables import Recording
from tests.support.recordings import Rig, tones
from tongdai.clock import HandClock
from tongdai.db import Database
from tongdai.health import State

COUNT = 4


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return Keys(tmp_path / "keys")


@pytest.fixture
async def rig(database: Database, tmp_path: Path, clock: HandClock, keys: Keys) -> Rig:
    """Four recordings of three days: two signed heads, the last entry still open."""
    rig = Rig(database, tmp_path)
    keeper = make_keeper(rig, keys)
    for i in range(COUNT):
        if i in (1, 3):
            clock.advance(timedelta(days=1))
            await keeper.round()
        await rig.call(f"17644644{i:02}.{i}")
        rig.record(f"call-17644644{i:02}.{i}.raw", tones(0.1 + i / 100))
        await rig.intake().round()
    await keeper.round()
    return rig


def make_keeper(rig: Rig, keys: Keys) -> Keeper:
    return Keeper(rig.db, rig.db.clock, rig.kept(), keys, makes_key=True)


async def found(rig: Rig, keys: Keys) -> list[tuple[str, str, str]]:
    """Return (path, why, detail) of everything that does not prove."""
    return [(p.path, p.why, p.detail) async for p in verify(rig.db, rig.kept(), keys)]


async def sql(rig: Rig, statement: str, **values: object) -> None:
    async with rig.db.write() as tx:
        await tx.session.execute(text(statement), values)


def rewrite(path: Path, change: Callable[[bytes], bytes]) -> None:
    path.chmod(0o600)
    path.write_bytes(change(path.read_bytes()))


def flip_a_bit(stored: bytes) -> bytes:
    middle = len(stored) // 2
    return stored[:middle] + bytes([stored[middle] ^ 1]) + stored[middle + 1 :]


async def swap(rig: Rig, first: Recording, second: Recording) -> None:
    one, other, spare = (rig.archive / p for p in (first.path, second.path, "spare"))
    for source, target in ((one, spare), (other, one), (spare, other)):
        os.rename(source, target)  # noqa: PTH104 - three renames, as an intruder does


async def test_an_untouched_archive_proves(rig: Rig, keys: Keys) -> None:
    assert await found(rig, keys) == []


async def test_a_flipped_bit_a_cut_and_a_lost_file_are_named(rig: Rig, keys: Keys) -> None:
    a, b, c, _ = await rig.rows()
    rewrite(rig.archive / a.path, flip_a_bit)
    rewrite(rig.archive / b.path, lambda stored: stored[:-1])
    (rig.archive / c.path).unlink()
    assert set(await found(rig, keys)) == {
        (a.path, "changed", f"{a.stored_bytes} bytes"),
        (b.path, "changed", f"{b.stored_bytes - 1} bytes"),
        (c.path, "missing", ""),
    }


async def test_two_swapped_files_and_one_too_many_are_named(rig: Rig, keys: Keys) -> None:
    a, b, *_ = await rig.rows()
    await swap(rig, a, b)
    (rig.archive / "2026" / "stray.flac").write_bytes(b"whose?")
    assert set(await found(rig, keys)) == {
        (a.path, "swapped", f"it holds recording {b.id}"),
        (b.path, "swapped", f"it holds recording {a.id}"),
        ("2026/stray.flac", "no_row", ""),
    }


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("stored_sha256", "0" * 64),
        ("started_at", None),
        ("seconds", 1.25),
        ("hotline", "gia-lai"),
        ("state", "deleted"),
        ("call", "another"),
    ],
)
async def test_an_edited_row_is_named_with_its_column(
    rig: Rig, keys: Keys, column: str, value: object
) -> None:
    row = (await rig.rows())[1]
    async with rig.db.write() as tx:
        mine = await tx.session.get_one(Recording, row.id)
        setattr(mine, column, rig.db.clock.now() if value is None else value)
    expected = {(row.path, "row_changed", column)}
    if column == "state":
        expected.add((row.path, "deleted_but_there", ""))
    assert set(await found(rig, keys)) == expected


async def test_a_removed_and_an_added_row_are_named(rig: Rig, keys: Keys) -> None:
    a, b, *_ = await rig.rows()
    await sql(rig, "DELETE FROM recording WHERE id = :id", id=a.id)
    await sql(rig, "DELETE FROM manifest_entry WHERE recording = :id", id=b.id)
    assert set(await found(rig, keys)) >= {
        ("manifest entry 1", "row_missing", ""),
        (a.path, "no_row", ""),
        (b.path, "not_in_manifest", ""),
        ("manifest entry 2", "entry_missing", ""),
        ("manifest head 2", "head_changed", "root"),
    }


Tamper = Callable[[Rig], Awaitable[None]]


async def drop_the_last_entry(rig: Rig) -> None:
    """As whoever knows the tables does: the end of the chain is put right, too."""
    await sql(rig, "DELETE FROM manifest_entry WHERE seq = :seq", seq=COUNT)
    await sql(
        rig,
        "UPDATE manifest_tip SET seq = :seq,"
        " hash = (SELECT hash FROM manifest_entry WHERE seq = :seq)",
        seq=COUNT - 1,
    )


async def drop_the_last_entry_alone(rig: Rig) -> None:
    await sql(rig, "DELETE FROM manifest_entry WHERE seq = :seq", seq=COUNT)


async def drop_a_line_of_a_signed_file(rig: Rig) -> None:
    rewrite(files_of(rig.kept()).segment(2), lambda b: b.splitlines(keepends=True)[0])


async def change_a_line_of_the_open_file(rig: Rig) -> None:
    rewrite(files_of(rig.kept()).open, lambda b: b.replace(b'"n":0', b'"n":9', 1))


async def change_an_entry(rig: Rig) -> None:
    await sql(
        rig, "UPDATE manifest_entry SET line = replace(line, 'can-tho', 'gia-lai') WHERE seq = 3"
    )


async def swap_two_entries(rig: Rig) -> None:
    for old, new in ((3, 99), (4, 3), (99, 4)):
        await sql(rig, "UPDATE manifest_entry SET seq = :new WHERE seq = :old", new=new, old=old)


async def drop_a_head(rig: Rig) -> None:
    await sql(rig, "DELETE FROM manifest_head WHERE no = 1")


async def drop_the_last_head(rig: Rig) -> None:
    await sql(rig, "DELETE FROM manifest_head WHERE no = 2")


async def sign_with_another_key(rig: Rig) -> None:
    await sql(rig, "UPDATE manifest_head SET signature = :s WHERE no = 2", s="A" * 86 + "==")


@pytest.mark.parametrize(
    ("tamper", "path", "why"),
    [
        (drop_the_last_entry, f"manifest entry {COUNT}", "entry_missing"),
        (drop_the_last_entry_alone, f"manifest entry {COUNT}", "entry_missing"),
        (drop_a_line_of_a_signed_file, "000002.jsonl", "line_missing"),
        (change_a_line_of_the_open_file, "open.jsonl", "line_changed"),
        (change_an_entry, "manifest entry 3", "entry_changed"),
        (swap_two_entries, "manifest entry 3", "entry_changed"),
        (drop_a_head, "manifest head 1", "head_missing"),
        (drop_the_last_head, "manifest entry 2", "unsigned"),
        (sign_with_another_key, "manifest head 2", "head_unsigned"),
    ],
)
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_what_is_done_to_the_manifest_is_named(
    rig: Rig, keys: Keys, tamper: Tamper, path: str, why: str
) -> None:
    await tamper(rig)
    assert (path, why) in {(p, w) for p, w, _ in await found(rig, keys)}


async def test_the_last_line_of_the_manifest_is_missed_on_each_database(
    rig: Rig, keys: Keys
) -> None:
    *_, last = await rig.rows()
    await drop_the_last_entry(rig)
    assert {(path, why) for path, why, _detail in await found(rig, keys)} >= {
        (f"manifest entry {COUNT}", "entry_missing"),
        (last.path, "not_in_manifest"),
    }


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_a_walk_goes_on_behind_what_is_done(rig: Rig, keys: Keys) -> None:
    rows = sorted(await rig.rows(), key=lambda row: row.id)
    for row in rows:
        (rig.archive / row.path).unlink()
    steps: list[Step] = []
    rest = [
        p.recording
        async for p in verify(rig.db, rig.kept(), keys, after=rows[1].id, on_step=steps.append)
    ]
    assert rest == [rows[2].id, rows[3].id]
    assert [(s.last, s.recordings) for s in steps] == [(rows[3].id, 2)]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_the_service_finds_a_removed_file_within_a_day_and_says_so(
    rig: Rig, keys: Keys, clock: HandClock
) -> None:
    row = (await rig.rows())[0]
    keeper = make_keeper(rig, keys)
    await keeper.round()
    assert (await keeper.health())["archive"].state is State.OK
    (rig.archive / row.path).unlink()
    clock.advance(timedelta(hours=24))
    await keeper.round()
    part = (await keeper.health())["archive"]
    assert (part.state, keeper.findings) == (State.DEGRADED, 1)
    done = await check.latest(rig.db)
    assert done is not None
    (finding,) = await check.findings(rig.db, done.id)
    assert (finding.recording, finding.why) == (row.id, "missing")


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_without_a_key_the_service_says_what_to_do(
    database: Database, tmp_path: Path
) -> None:
    rig = Rig(database, tmp_path)
    keeper = Keeper(rig.db, rig.db.clock, rig.kept(), Keys(tmp_path / "nowhere"), makes_key=False)
    await keeper.round()
    assert "recordings keygen" in (await keeper.health())["archive"].detail

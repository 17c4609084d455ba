"""From the spool into the archive: nothing lost, nothing twice, whenever it stops (CT-11.1b)."""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path

import pytest
import soundfile
from sqlmodel import select

from telephony.recordings import audio
from telephony.recordings.archive import Archive
from telephony.recordings.events import RecordingArchived
from telephony.recordings.intake import Intake, Pace
from telephony.recordings.tables import Recording
from tests.support.recordings import LiveCalls, Rig, tones
from tests.support.wait import until
from tongdai import audit
from tongdai.db import Database
from tongdai.health import State
from tongdai.ids import call_id_of

LINKEDID = "1764464400.17"


@pytest.fixture
def rig(database: Database, tmp_path: Path) -> Rig:
    return Rig(database, tmp_path)


async def rows(db: Database) -> list[Recording]:
    async with db.read() as session:
        return list((await session.execute(select(Recording))).scalars())


async def condition(intake: Intake) -> tuple[State, str]:
    part = (await intake.health())["spool"]
    return part.state, part.detail


@asynccontextmanager
async def running(intake: Intake) -> AsyncIterator[None]:
    task = asyncio.create_task(intake.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_a_finished_call_is_archived_with_its_facts_and_leaves_the_spool(rig: Rig) -> None:
    answered = rig.db.clock.now() - timedelta(seconds=30)
    await rig.call(LINKEDID, answered_at=answered)
    told: list[RecordingArchived] = []
    rig.db.bus.on(RecordingArchived, told.append)
    spooled = rig.record(f"call-{LINKEDID}.raw", tones(2))
    digest = hashlib.sha256(spooled.read_bytes()).hexdigest()
    await rig.intake().round()
    (row,) = await rows(rig.db)
    assert not spooled.exists()
    assert (row.kind, row.hotline, row.call) == ("call", "can-tho", call_id_of("main", LINKEDID))
    assert (row.seconds, row.channels, row.format, row.started_at) == (2.0, 2, "flac", answered)
    assert row.source_sha256 == digest
    kept = rig.archive / row.path
    assert kept.is_file()
    assert row.sha256 == hashlib.sha256(kept.read_bytes()).hexdigest()
    assert row.bytes == kept.stat().st_size
    assert LINKEDID not in row.path
    assert soundfile.info(kept).channels == 2
    assert [e.recording for e in told] == [row.id]
    async with rig.db.read() as session:
        (line,) = await audit.history(session, audit.RECORDINGS, row.id)
    assert line.data["sha256"] == row.sha256


async def test_a_call_in_progress_is_left_alone_until_it_ends(rig: Rig) -> None:
    rig.calls.live = frozenset({LINKEDID})
    intake = rig.intake()
    spooled = rig.record(f"call-{LINKEDID}.raw")
    async with running(intake):
        await until(lambda: intake.pending["main"] == 1)
        assert await rows(rig.db) == []
        rig.calls.live = frozenset()
        intake.call_ended("main", LINKEDID)
        await until(lambda: intake.archived == 1 and not spooled.exists())
    assert len(await rows(rig.db)) == 1


async def test_calls_that_ended_while_the_service_was_down_are_found_at_the_start(rig: Rig) -> None:
    names = [f"call-17644644{i:02}.{i}.raw" for i in range(8)]
    for name in names:
        rig.record(name, tones(0.2))
    intake = rig.intake()
    async with running(intake):
        await until(lambda: intake.archived == 8)
    assert {r.linkedid for r in await rows(rig.db)} == {n[5:-4] for n in names}
    assert list(rig.spool.glob("*.raw")) == []


async def test_while_the_pbx_cannot_be_asked_only_long_still_files_are_taken(rig: Rig) -> None:
    rig.calls.live = None
    rig.record(f"call-{LINKEDID}.raw")
    await rig.intake().round()
    assert await rows(rig.db) == []
    await rig.intake(pace=Pace(rescan=1, settle=0, unknown=0)).round()
    assert len(await rows(rig.db)) == 1


async def test_a_file_that_somebody_has_open_is_not_taken(rig: Rig) -> None:
    path = rig.record(f"call-{LINKEDID}.raw")
    intake = rig.intake()
    with path.open("ab") as writer:
        await intake.round()
        assert await rows(rig.db) == []
        writer.write(tones(1))
    await intake.round()
    assert [r.seconds for r in await rows(rig.db)] == [2.0]


async def test_a_half_written_file_keeps_every_whole_frame(rig: Rig) -> None:
    rig.record(f"call-{LINKEDID}.raw", tones(1) + b"\x07\x07\x07")
    await rig.intake().round()
    (row,) = await rows(rig.db)
    assert row.seconds == 1.0
    assert row.pcm_sha256 == hashlib.sha256(tones(1)).hexdigest()


async def test_an_empty_file_is_no_recording_and_goes(rig: Rig) -> None:
    spooled = rig.record(f"call-{LINKEDID}.raw", b"")
    await rig.intake().round()
    assert await rows(rig.db) == []
    assert not spooled.exists()


async def test_a_stop_after_the_commit_before_the_rename_is_finished_at_the_next_start(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    spooled = rig.record(f"call-{LINKEDID}.raw")
    with monkeypatch.context() as stop:
        stop.setattr(Archive, "place", _killed)
        await rig.intake().round()
    (row,) = await rows(rig.db)
    assert spooled.exists()
    assert not (rig.archive / row.path).exists()
    await rig.intake().round()
    (same,) = await rows(rig.db)
    assert same.id == row.id
    assert rig.archived_files() == [rig.archive / row.path]
    assert not spooled.exists()


async def test_a_stop_before_the_commit_leaves_nothing_but_the_spool_file(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.record(f"call-{LINKEDID}.raw")
    Archive(rig.archive).prepare("main")
    (rig.archive / ".incoming" / "main" / "0123abcd.flac").write_bytes(b"half")
    with monkeypatch.context() as stop:
        stop.setattr(audio, "pcm_sha256", lambda _: "something else")
        await rig.intake().round()
    assert await rows(rig.db) == []
    assert rig.archived_files() == []
    await rig.intake().round()
    assert len(rig.archived_files()) == len(await rows(rig.db)) == 1


async def test_a_spool_file_that_is_archived_already_is_not_archived_again(rig: Rig) -> None:
    samples = tones(1)
    rig.record(f"call-{LINKEDID}.raw", samples)
    await rig.intake().round()
    again = rig.record(f"call-{LINKEDID}.raw", samples)
    await rig.intake().round()
    assert len(await rows(rig.db)) == len(rig.archived_files()) == 1
    assert not again.exists()


async def test_other_sound_under_the_same_name_is_kept_beside_the_first(rig: Rig) -> None:
    rig.record(f"call-{LINKEDID}.raw", tones(1))
    await rig.intake().round()
    rig.record(f"call-{LINKEDID}.raw", tones(1, 500, 600))
    await rig.intake().round()
    assert sorted(r.n for r in await rows(rig.db)) == [0, 1]
    assert len(rig.archived_files()) == 2


async def test_the_only_good_copy_is_never_removed(rig: Rig) -> None:
    rig.record(f"call-{LINKEDID}.raw")
    await rig.intake().round()
    (row,) = await rows(rig.db)
    kept = rig.archive / row.path
    kept.chmod(0o600)
    kept.write_bytes(b"changed by somebody")
    again = rig.record(f"call-{LINKEDID}.raw")
    intake = rig.intake()
    await intake.round()
    assert again.exists()
    state, detail = await condition(intake)
    assert state is State.DEGRADED
    assert again.name in detail


async def test_the_archives_floor_refuses_and_alarms_while_calls_go_on(rig: Rig) -> None:
    spooled = rig.record(f"call-{LINKEDID}.raw")
    intake = rig.intake(floor_bytes=rig.free() * 2)
    await intake.round()
    assert spooled.exists()
    assert rig.archived_files() == []
    state, detail = await condition(intake)
    assert state is State.DEGRADED
    assert "archive" in detail
    await rig.intake(floor_bytes=0).round()
    assert not spooled.exists()


async def test_a_spool_that_is_gone_is_down_and_well_again_when_it_is_back(rig: Rig) -> None:
    intake = rig.intake()
    away = rig.spool.rename(rig.folder / "away")
    await intake.round()
    assert (await condition(intake))[0] is State.DOWN
    away.rename(rig.spool)
    await intake.round()
    assert await condition(intake) == (State.OK, "")


async def test_what_is_no_recording_is_left_alone_and_named(rig: Rig) -> None:
    foreign = rig.record("readme.txt", b"hello")
    bad = rig.record(f"message-{LINKEDID}.wav", b"no sound at all")
    intake = rig.intake()
    await intake.round()
    state, detail = await condition(intake)
    assert foreign.exists()
    assert bad.exists()
    assert state is State.DEGRADED
    assert "readme.txt" in detail
    assert bad.name in detail


async def test_a_link_in_the_spool_is_never_followed(rig: Rig) -> None:
    secret = rig.folder / "secret"
    secret.write_bytes(tones(1))
    (rig.spool / f"call-{LINKEDID}.raw").symlink_to(secret)
    await rig.intake().round()
    assert await rows(rig.db) == []
    assert secret.exists()


async def test_a_database_that_is_away_costs_no_recording(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    spooled = rig.record(f"call-{LINKEDID}.raw")
    intake = rig.intake()
    with monkeypatch.context() as stop:
        stop.setattr(intake._register, "holds", _away)
        await intake.round()
    assert spooled.exists()
    assert rig.archived_files() == []
    await intake.round()
    assert len(await rows(rig.db)) == 1


async def test_a_call_that_becomes_known_later_gives_its_hotline(rig: Rig) -> None:
    rig.record(f"call-{LINKEDID}.raw")
    intake = rig.intake()
    await intake.round()
    assert [r.hotline for r in await rows(rig.db)] == [None]
    await rig.call(LINKEDID, hotline="gia-lai")
    await intake.round()
    assert [r.hotline for r in await rows(rig.db)] == ["gia-lai"]


async def test_two_services_on_one_spool_archive_once(rig: Rig) -> None:
    first, second = rig.intake(), rig.intake(beside=True)
    for i in range(5):
        rig.record(f"call-17644644{i:02}.1.raw", tones(0.3))
    await asyncio.gather(first.round(), second.round())
    assert len(await rows(rig.db)) == 5
    assert {first.archived, second.archived} == {0, 5}


async def test_every_pbx_has_its_own_calls(rig: Rig) -> None:
    other = Rig(rig.db, rig.folder, LiveCalls(), pbx="second")
    for r in (rig, other):
        r.record(f"call-{LINKEDID}.raw")
        await r.intake().round()
    assert len({r.call for r in await rows(rig.db)}) == 2


async def test_the_time_is_the_services_not_the_machines(rig: Rig) -> None:
    path = rig.record(f"call-{LINKEDID}.raw", tones(4))
    stat = path.stat()
    os.utime(path, (stat.st_atime, stat.st_mtime - 3600))
    await rig.intake().round()
    (row,) = await rows(rig.db)
    expected = rig.db.clock.now() - timedelta(seconds=3604)
    assert abs(row.started_at - expected) < timedelta(minutes=5)


def _killed(*_: object) -> None:
    message = "killed here"
    raise RuntimeError(message)


async def _away(*_: object) -> bool:
    from tongdai.db import DatabaseAway  # noqa: PLC0415

    raise DatabaseAway

"""The journal: written before it is interpreted, private, whole after a crash, bounded in days."""

import gzip
import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from telephony.journal.reader import last_run, read_segment, segments
from telephony.journal.records import Kind, Record, dump, frame, parse
from telephony.journal.writer import JournalWriter

NOW = datetime(2026, 11, 30, 1, 0, tzinfo=UTC)


def writer(folder: Path, *, segment_bytes: int = 100_000, days: int = 30) -> JournalWriter:
    return JournalWriter(
        folder, lambda: b'{"checkpoint":1}', segment_bytes=segment_bytes, days=days
    )


def written(folder: Path) -> list[tuple[Kind, bytes]]:
    return [(r.kind, r.data) for path in segments(folder) for r in read_segment(path)]


def test_a_segment_begins_with_a_checkpoint_and_keeps_the_bytes(tmp_path: Path) -> None:
    journal = writer(tmp_path / "journal" / "main")
    journal.write(Kind.PACKETS, b"Event: A\r\n\r\n\xff\n@", NOW)
    journal.close()
    assert written(tmp_path / "journal" / "main") == [
        (Kind.CHECKPOINT, b'{"checkpoint":1}'),
        (Kind.PACKETS, b"Event: A\r\n\r\n\xff\n@"),
    ]


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    folder = tmp_path / "journal" / "main"
    before = os.umask(0)
    try:
        writer(folder).write(Kind.PACKETS, b"x", NOW)
    finally:
        os.umask(before)
    [segment] = segments(folder)
    assert stat.S_IMODE(segment.stat().st_mode) == 0o600
    assert {stat.S_IMODE(f.stat().st_mode) for f in (folder, folder.parent)} == {0o700}


def test_what_was_written_is_there_though_the_process_was_killed(tmp_path: Path) -> None:
    journal = writer(tmp_path)
    journal.write(Kind.PACKETS, b"one", NOW)
    journal.write(Kind.PACKETS, b"two", NOW)
    assert [data for _, data in written(tmp_path)][1:] == [b"one", b"two"]


def test_a_record_cut_off_in_the_middle_ends_the_segment(tmp_path: Path) -> None:
    whole = frame(Kind.PACKETS, 1.5, b"one") + frame(Kind.PACKETS, 2.5, b"two")
    for end in range(len(whole)):
        path = tmp_path / "x.journal.gz"
        path.write_bytes(gzip.compress(whole[:end]))
        got = [record.data for record in read_segment(path)]
        assert got == [b"one", b"two"][: len(got)]
    assert list(parse(whole)) == [
        Record(Kind.PACKETS, 1.5, b"one"),
        Record(Kind.PACKETS, 2.5, b"two"),
    ]


def test_a_person_can_read_it_with_zcat(tmp_path: Path) -> None:
    journal = writer(tmp_path)
    journal.write(Kind.PACKETS, b"Event: Hangup\r\n\r\n", NOW)
    journal.close()
    [segment] = segments(tmp_path)
    assert gzip.decompress(segment.read_bytes()).splitlines()[2:4] == [
        b"@P 1796000400.000000 17",
        b"Event: Hangup",
    ]


def test_segments_turn_and_old_ones_go(tmp_path: Path) -> None:
    journal = writer(tmp_path, segment_bytes=100, days=3)
    for day in range(6):
        journal.write(Kind.PACKETS, b"x" * 200, NOW + timedelta(days=day))
    journal.close()
    assert [path.name[:8] for path in segments(tmp_path)] == [
        "20261202",
        "20261203",
        "20261204",
        "20261205",
    ]


def test_the_last_whole_run_is_found_past_damaged_ends(tmp_path: Path) -> None:
    journal = writer(tmp_path)
    journal.write(Kind.PACKETS, b"good", NOW)
    journal.close()
    (tmp_path / "99990101T000000.000000Z.journal.gz").write_bytes(b"")
    (tmp_path / "99990102T000000.000000Z.journal.gz").write_bytes(b"\x1f\x8bgarbage garbage")
    assert [record.data for record in last_run(tmp_path)] == [b'{"checkpoint":1}', b"good"]
    assert last_run(tmp_path / "none") == []


def test_a_full_disk_stops_the_journal_and_says_so_until_there_is_room(tmp_path: Path) -> None:
    place = tmp_path / "not-a-folder"
    place.write_text("in the way", encoding="ascii")
    journal = writer(place)
    journal.write(Kind.PACKETS, b"lost", NOW)
    assert "journal cannot be written" in journal.trouble
    place.unlink()
    journal.write(Kind.PACKETS, b"too early", NOW + timedelta(seconds=1))
    journal.write(Kind.PACKETS, b"kept", NOW + timedelta(seconds=6))
    assert journal.trouble == ""
    assert [(kind, data) for kind, data in written(place)][1:] == [
        (Kind.NOTE, dump({"hole": True})),
        (Kind.PACKETS, b"kept"),
    ]


@pytest.mark.parametrize("data", [b"x" * 100, b"@Z 1 2\nab\n", b"@P one 2\nab\n"])
def test_what_is_no_journal_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="no journal record"):
        list(parse(data))


def test_a_file_that_is_no_segment_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"Event: A\r\n\r\n")
    with pytest.raises(ValueError, match="no journal segment"):
        list(read_segment(tmp_path / "x"))

"""Names in the spool, when a file is finished, where it goes."""

from datetime import UTC, datetime

import pytest

from telephony.recordings.model import (
    Kind,
    Seen,
    is_finished,
    parse_spool_name,
    started_at,
    stored_name,
)

NOON = datetime(2026, 11, 25, 5, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "kind", "linkedid", "n", "ext"),
    [
        ("call-1764055230.17.raw", Kind.CALL, "1764055230.17", 0, "raw"),
        ("consultation-1764055230.17-2.raw", Kind.CONSULTATION, "1764055230.17", 2, "raw"),
        ("message-pbx-2-1764055230.17.wav", Kind.MESSAGE, "pbx-2-1764055230.17", 0, "wav"),
        ("call-ct-1764055230.17-1.raw", Kind.CALL, "ct-1764055230.17", 1, "raw"),
    ],
)
def test_a_spool_name_says_kind_call_and_count(
    name: str, kind: Kind, linkedid: str, n: int, ext: str
) -> None:
    parsed = parse_spool_name(name)
    assert parsed is not None
    assert (parsed.kind, parsed.linkedid, parsed.n, parsed.ext) == (kind, linkedid, n, ext)


@pytest.mark.parametrize(
    "name",
    [
        "call-.raw",
        "call-1.2.mp3",
        "call-1.2",
        "../call-1.2.raw",
        "Call-1.2.raw",
        "call-1.2.raw\n",
        "call-0912345678.raw",
        "x.raw",
        "call-1.2-.raw",
        "call-1.2-1-2.raw",
        "call-1.2 .raw",
    ],
)
def test_anything_else_is_not_ours(name: str) -> None:
    assert parse_spool_name(name) is None


@pytest.mark.parametrize(
    ("alive", "written", "unchanged", "finished"),
    [
        (True, False, 9999, False),
        (False, True, 9999, False),
        (False, False, 1.0, False),
        (False, False, 2.0, True),
        (None, False, 599, False),
        (None, False, 600, True),
        (None, True, 9999, False),
    ],
)
def test_a_file_is_finished_when_its_call_is_over_and_nobody_writes_it(
    *, alive: bool | None, written: bool, unchanged: float, finished: bool
) -> None:
    assert finished is is_finished(
        Seen(size=1, mtime_ns=1, unchanged_seconds=unchanged),
        alive=alive,
        being_written=written,
        settle_seconds=2,
        unknown_seconds=600,
    )


def test_the_archive_is_by_the_day_in_vietnam() -> None:
    late = datetime(2026, 11, 25, 17, 30, tzinfo=UTC)
    name = stored_name(
        started_at=late,
        hotline="can-tho",
        call="c1",
        kind="call",
        n=0,
        sha256="ab12",
        extension="flac",
    )
    assert name == "2026/11/26/can-tho/c1/call-0-ab12.flac"


def test_a_recording_begins_at_the_first_answer_or_its_length_before_its_end() -> None:
    assert started_at(NOON, NOON, 10) == NOON
    assert started_at(None, NOON, 10).isoformat() == "2026-11-25T04:59:50+00:00"

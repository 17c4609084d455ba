"""The CEL file after an outage: what logrotate put away meanwhile is read as well."""

import gzip
import os
from pathlib import Path

import pytest

from telephony.calls.cel import rows_of
from telephony.calls.celfile import lines_since
from tests.scenarios.ami_story import START, second


def cel(count: int) -> list[str]:
    """Make a line a second."""
    return [
        f'"ANSWER","{START + n:.3f}","An","0912345678","","02921022","tongdai-from-carrier",'
        f'"PJSIP/carrier-1","","","{START}.0","{START}.0","",""'
        for n in range(count)
    ]


@pytest.fixture
def rotated(tmp_path: Path) -> Path:
    """The file of ten seconds' lines: 0-3 packed away, 4-6 put away, 7-9 still there."""
    path = tmp_path / "cel.csv"
    lines = [line + "\n" for line in cel(10)]
    path.write_text("".join(lines[7:]), encoding="utf-8")
    (tmp_path / "cel.csv.1").write_text("".join(lines[4:7]), encoding="utf-8")
    (tmp_path / "cel.csv.2.gz").write_bytes(gzip.compress("".join(lines[:4]).encode()))
    for age, name in enumerate(["cel.csv", "cel.csv.1", "cel.csv.2.gz"]):
        at = START + 9 - 3 * age
        os.utime(tmp_path / name, (at, at))
    return path


def since(path: Path, first: int) -> list[int]:
    rows = rows_of(lines_since(path, second(first)))
    return [round((row.at - second(0)).total_seconds()) for row in rows]


@pytest.mark.parametrize("first", [0, 2, 3, 4, 6, 7, 9])
def test_what_was_rotated_away_meanwhile_is_read_as_well(rotated: Path, first: int) -> None:
    assert since(rotated, first) == list(range(first, 10))


def test_older_files_are_left_alone(rotated: Path) -> None:
    packed = rotated.with_name("cel.csv.2.gz")
    packed.write_bytes(b"no gzip at all")
    os.utime(packed, (START + 3, START + 3))
    assert since(rotated, 4) == [4, 5, 6, 7, 8, 9]
    assert since(rotated, 2) == [4, 5, 6, 7, 8, 9], "one that is broken stops no other"


def test_a_file_that_was_rotated_and_not_begun_again_is_read(rotated: Path) -> None:
    rotated.unlink()
    assert since(rotated, 2) == [2, 3, 4, 5, 6]


def test_lines_that_a_copy_holds_as_well_count_once(rotated: Path) -> None:
    copy = rotated.with_name("cel.csv-20260101")
    copy.write_bytes(rotated.read_bytes())
    assert since(rotated, 3) == [3, 4, 5, 6, 7, 8, 9]


def test_no_file_at_all_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        lines_since(tmp_path / "cel.csv", second(0))


def test_a_line_that_cannot_be_read_does_not_end_the_looking_back(tmp_path: Path) -> None:
    path = tmp_path / "cel.csv"
    lines = cel(6000)
    path.write_text("x\n".join(f"{line}\nx\n" for line in lines), encoding="utf-8")
    assert len(lines_since(path, second(10))) == 5990

"""Lengths of sound, written and read."""

import pytest

from web.lengths import clock, read


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0:00"), (41.6, "0:42"), (59.6, "1:00"), (3599, "59:59"), (3600, "1:00:00"),
     (11554.2, "3:12:34")],
)  # fmt: skip
def test_a_length_is_written_with_hours_where_there_are_any_and_read_again(
    seconds: float, text: str
) -> None:
    assert clock(seconds) == text
    assert read(text) == round(seconds)


@pytest.mark.parametrize("text", ["", "12", "1:2:3:4", "1:x", "-1:00", "1:", "::", "1:2 3"])
def test_what_is_no_length_is_none(text: str) -> None:
    assert read(text) is None

"""The far end of Kannel's fake SMSC: lines become readable messages."""

from urllib.parse import quote_plus

import pytest

from rig.smsc import Joiner, Part, parse

TEXT = "Phiếu 2026-000123, lĩnh vực Môi trường"


@pytest.mark.parametrize(
    ("line", "part"),
    [
        (
            b"1022 +84912345678 text Hello 1022",
            Part(sender="1022", to="+84912345678", text="Hello 1022"),
        ),
        (
            b"TD 1022 84912345678 ucs-2 " + quote_plus(TEXT.encode("utf-16-be")).encode(),
            Part(sender="TD 1022", to="84912345678", text=TEXT),
        ),
        (b"1022 091 text two\nlines", Part(sender="1022", to="091", text="two\nlines")),
        (
            b"1022 091 data " + quote_plus(b"a b").encode(),
            Part(sender="1022", to="091", text="a b"),
        ),
    ],
    ids=["plain", "vietnamese", "lines", "data"],
)
def test_a_line_is_a_text(line: bytes, part: Part) -> None:
    assert parse(line) == part


@pytest.mark.parametrize("line", [b"", b"nonsense", b"1022 not-a-number text x"])
def test_what_is_no_line_is_nothing(line: bytes) -> None:
    assert parse(line) is None


def test_parts_become_one_message_in_whatever_order_they_come() -> None:
    halves = [TEXT[:20], TEXT[20:]]
    lines = [
        b"1022 091 udh "
        + quote_plus(bytes([5, 0, 3, 77, 2, number])).encode()
        + b" data "
        + quote_plus(half.encode("utf-16-be")).encode()
        for number, half in enumerate(halves, start=1)
    ]
    joiner = Joiner()
    first, second = (parse(line) for line in reversed(lines))
    assert first is not None
    assert second is not None
    assert list(joiner.add(first)) == []
    (message,) = joiner.add(second)
    assert (message.text, message.parts) == (TEXT, 2)

"""What an SMSC tells is read, or refused as no deliver_sm: whatever the bytes."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms.gateways.smpp_pdu import Joiner, PduError, Receipt, Said, read
from sms.model import Signal


def deliver(
    text: bytes, *, esm_class: int = 0, coding: int = 0, options: bytes = b"", sender: bytes = b"84"
) -> bytes:
    addresses = b"\0\1\1" + sender + b"\0\0\1" + b"1022\0"
    flags = bytes((esm_class, 0, 0)) + b"\0\0" + bytes((0, 0, coding, 0, len(text)))
    return addresses + flags + text + options


def option(tag: int, value: bytes) -> bytes:
    return struct.pack("!HH", tag, len(value)) + value


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    try:
        assert isinstance(read(body), Receipt | Said)
    except PduError:
        return


@given(
    text=st.binary(max_size=140),
    esm_class=st.integers(0, 255),
    coding=st.integers(0, 255),
    options=st.binary(max_size=60),
)
def test_any_text_class_coding_and_options_are_read(
    text: bytes, esm_class: int, coding: int, options: bytes
) -> None:
    try:
        assert isinstance(
            read(deliver(text, esm_class=esm_class, coding=coding, options=options)), Receipt | Said
        )
    except PduError:
        assert esm_class & 0x40, "only a header of parts can be wrong"


@pytest.mark.parametrize(
    ("text", "options", "wanted"),
    [
        (b"id:A1 sub:001 stat:DELIVRD err:000 text:id:9", b"", ("A1", "DELIVRD", None)),
        (b"id:7 submit date:261125120000 stat:undeliv err:0B1 Text:", b"", ("7", "UNDELIV", None)),
        (b"", option(0x1E, b"b7\0") + option(0x427, b"\2"), ("b7", "DELIVRD", None)),
        (b"", option(0x1E, b"b7\0") + option(0x427, b"\x63"), ("b7", "", None)),
        (b"id:1 stat:DELIVRD", option(0x204, b"\1\2"), ("1", "DELIVRD", 0x102)),
        (b"nonsense", b"", ("", "", None)),
    ],
)
def test_a_receipt_is_read_in_its_text_and_in_its_parameters(
    text: bytes, options: bytes, wanted: tuple[str, str, int | None]
) -> None:
    found = read(deliver(text, esm_class=4, options=options))
    assert isinstance(found, Receipt)
    assert (found.reference, found.stat, found.ours) == wanted
    assert (found.signal is Signal.GOT_DELIVERED) == (wanted[1] == "DELIVRD")


def test_parts_with_a_wide_reference_of_two_senders_are_kept_apart() -> None:
    joiner = Joiner()
    whole = []
    for sender, number, text in ((b"1", 2, "ệ"), (b"2", 1, "x"), (b"1", 1, "Vi"), (b"2", 2, "y")):
        udh = bytes((6, 8, 4, 1, 2, 2, number))
        body = deliver(udh + text.encode("utf-16-be"), esm_class=0x40, coding=8, sender=sender)
        said = read(body)
        assert isinstance(said, Said)
        whole.append(joiner.add(said, now=float(number)))
    assert [w and (w.sender, w.text) for w in whole] == [None, None, ("1", "Việ"), ("2", "xy")]


def test_what_waits_in_vain_for_its_other_parts_is_given_as_far_as_it_came() -> None:
    joiner = Joiner()
    assert joiner.add(Said(sender="1", to="2", text="b", group=1, number=2, of=2), now=5.0) is None
    assert joiner.late(5.0) == []
    (late,) = joiner.late(6.0)
    assert (late.text, late.of) == (" [...] b", 1)
    assert joiner.late(9.0) == []

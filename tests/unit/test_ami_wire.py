"""Bytes and packets: the oddities one by one."""

import pytest

from telephony.ami.packets import DialBegin, Hangup, Newchannel, Role, role_of
from telephony.ami.parsers import parse
from telephony.ami.wire import (
    MAX_PACKET,
    HeaderValue,
    Splitter,
    UnsafeValueError,
    WireError,
    encode,
    headers_of,
    name_of,
    unescape,
    value_of,
    values_of,
    variable_of,
)
from tests.scenarios.ami_story import second

EVENT = (
    b"Event: Newchannel\r\nTimestamp: 1795600000.500000\r\nChannel: PJSIP/web-1001-0000002a\r\n"
    b"CallerIDNum: 0912345678\r\nCallerIDName: %s\r\nUniqueid: 1.2\r\nLinkedid: 1.1\r\n"
    b"ChanVariable: TONGDAI_HOTLINE=can-tho\r\nChanVariable: TONGDAI_TRANSFER="
)


def test_the_banner_is_no_packet_and_its_version_is_known() -> None:
    splitter = Splitter()
    raw, packets = splitter.feed(b"Asterisk Call Manager/11.0.0\r\nResponse: Success\r\n\r\n")
    assert packets == [b"Response: Success"]
    assert raw == b"Response: Success\r\n\r\n"
    assert splitter.version == "11.0.0"


def test_what_came_is_returned_as_it_came() -> None:
    data = b"Event: A\r\n\r\n\r\n\r\nEvent: B\r\nX: \r\n\r\nEvent: C"
    raw, packets = Splitter().feed(data)
    assert raw == data[: -len(b"Event: C")]
    assert packets == [b"Event: A", b"", b"Event: B\r\nX: "]


def test_bytes_without_an_end_are_refused() -> None:
    with pytest.raises(WireError):
        Splitter().feed(b"x" * (MAX_PACKET + 1))


@pytest.mark.parametrize(
    ("packet", "name"),
    [
        (b"Event: Hangup\r\nCause: 16", b"Hangup"),
        (b"Event: Hangup", b"Hangup"),
        (b"\r\nEvent: Hangup\r\nCause: 16", b"Hangup"),
        (b"Response: Success\r\nActionID: 1", b"Response"),
        (b"Uniqueid: 1\r\nEvent: Hangup", b""),
        (b"", b""),
    ],
)
def test_the_name_is_the_first_header_only(packet: bytes, name: bytes) -> None:
    assert name_of(packet) == name


def test_headers_are_read_where_they_stand() -> None:
    packet = b"Event: X\r\nA: 1\r\nEmpty: \r\nName: a: b\r\nNone:\r\nA: 2"
    assert value_of(packet, b"A") == "1"
    assert values_of(packet, "A") == ("1", "2")
    assert headers_of(packet) == {"Event": "X", "A": "2", "Empty": "", "Name": "a: b", "None": ""}
    assert value_of(packet, b"Missing") == ""
    assert variable_of(EVENT, b"TONGDAI_HOTLINE") == "can-tho"
    assert variable_of(EVENT, b"TONGDAI_HOTLINE", b"Dest") == ""


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        (b"Nguy\xe1\xbb\x85n V\xc4\x83n A", "Nguyễn Văn A"),
        (b'\\\\\\"V\xc4\x83n\\\\\\"', '"Văn"'),
        (b"\\'x\\'", "'x'"),
        (b"a\\r\\nAction: Command", "a\r\nAction: Command"),
        (b"${SHELL(id)} <b>", "${SHELL(id)} <b>"),
        (b"\xff\xfe A", "\ufffd\ufffd A"),
        (b"<unknown>", ""),
    ],
)
def test_a_caller_name_is_what_was_meant(sent: bytes, shown: str) -> None:
    packet = parse(EVENT % sent, second(0))
    assert isinstance(packet, Newchannel)
    assert packet.caller_name == shown


def test_an_escape_at_the_end_is_itself() -> None:
    assert unescape("a\\") == "a\\"


def test_a_typed_packet_says_when_and_who() -> None:
    packet = parse(EVENT % b"x", second(99))
    assert isinstance(packet, Newchannel)
    assert packet.at == second(0.5)
    assert (packet.channel.uniqueid, packet.channel.linkedid) == ("1.2", "1.1")
    assert (packet.channel.hotline, packet.channel.transfer) == ("can-tho", None)


def test_without_a_timestamp_the_moment_of_reading_counts() -> None:
    packet = parse(b"Event: Hangup\r\nUniqueid: 1\r\nCause: x", second(99))
    assert isinstance(packet, Hangup)
    assert (packet.at, packet.cause) == (second(99), 0)


def test_an_originated_leg_is_dialled_by_no_channel() -> None:
    packet = parse(b"Event: DialBegin\r\nDestUniqueid: 5\r\nDestChannel: PJSIP/x-1", second(0))
    assert isinstance(packet, DialBegin)
    assert packet.channel.uniqueid == "5"


@pytest.mark.parametrize("name", [b"VarSet", b"Response", b"RTCPSent", b""])
def test_what_nobody_wants_is_not_read(name: bytes) -> None:
    assert parse(b"Event: " + name + b"\r\nUniqueid: 1", second(0)) is None


@pytest.mark.parametrize("packet", [b"Event: Newchannel", b"Event: DialEnd\r\nUniqueid: 1"])
def test_a_packet_without_its_channel_is_none(packet: bytes) -> None:
    assert parse(packet, second(0)) is None


@pytest.mark.parametrize(
    ("name", "role", "seat"),
    [
        ("PJSIP/web-1001-0000002a", Role.SEAT, "web-1001"),
        ("PJSIP/desk-1060-00000000", Role.SEAT, "desk-1060"),
        ("PJSIP/carrier-00000001", Role.OUTSIDE, None),
        ("SIP/1001-00000001", Role.OUTSIDE, None),
        ("Local/s@tongdai-called-00000001;2", Role.PIPE, None),
        ("CBAnn/room-00000001;2", Role.MACHINE, None),
    ],
)
def test_a_channel_name_says_what_it_is(name: str, role: Role, seat: str | None) -> None:
    assert role_of(name) == (role, seat)


def test_an_action_is_written_as_it_is_meant() -> None:
    written = encode({"Action": "Originate", "Variable": ["A=1", "B=2"], "Name": "Nguyễn"})
    assert (
        written
        == "Action: Originate\r\nVariable: A=1\r\nVariable: B=2\r\nName: Nguyễn\r\n\r\n".encode()
    )


@pytest.mark.parametrize("evil", ["a\rb", "a\nb", "a\r\nb", "\0"])
@pytest.mark.parametrize("where", ["name", "value", "list"])
def test_no_value_becomes_a_second_header(evil: str, where: str) -> None:
    headers: dict[str, dict[str, HeaderValue]] = {
        "name": {evil: "x"},
        "value": {"X": evil},
        "list": {"X": ["fine", evil]},
    }
    with pytest.raises(UnsafeValueError):
        encode(headers[where])

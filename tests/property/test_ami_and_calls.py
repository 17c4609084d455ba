"""Bytes cut anywhere, packets of several calls mixed anyhow: the calls come out the same."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from telephony.ami.packets import Facts, Packet
from telephony.ami.parsers import PARSERS, parse
from telephony.ami.wire import Splitter, encode, headers_of, value_of
from telephony.calls import checkpoint
from telephony.calls.fold import fold, work_through
from telephony.calls.model import CallState, CallView
from telephony.calls.registry import Registry
from telephony.calls.step import caller_fields
from tests.scenarios.ami_story import ANSWER, CHANNELS, GOODBYE, RING, RULES, Played, Story
from tongdai.ids import CallId, HotlineId, Linkedid, TransferId, Uniqueid
from tongdai.phone import parse_caller

START = datetime(2026, 11, 30, tzinfo=UTC)
AWAY = "5.0 BridgeLeave caller bridge=b1\n5.1 MusicOnHoldStart caller context=tongdai-hold\n"
HELD = "4.0 Hold web\n4.5 Unhold web\n"
TELLS = [RING, RING + ANSWER, RING + ANSWER + GOODBYE, RING + ANSWER + HELD + AWAY + GOODBYE]

text = st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]), max_size=40)
names = st.text(st.characters(min_codepoint=65, max_codepoint=90), min_size=1, max_size=12)


@given(
    st.lists(st.dictionaries(names, text, min_size=1, max_size=5), max_size=8),
    st.lists(st.integers(0, 4000), max_size=12),
    st.booleans(),
)
def test_bytes_cut_anywhere_give_the_same_packets(
    packets: list[dict[str, str]],
    cuts: list[int],
    extra: bool,  # noqa: FBT001 - Hypothesis gives it by place
) -> None:
    blocks = [encode({"Event": "X", **packet}) for packet in packets]
    data = b"Asterisk Call Manager/11.0.0\r\n" + (b"\r\n" if extra else b"").join(blocks)
    splitter, got, raw = Splitter(), [], b""
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    for start, end in pairwise(places):
        came, some = splitter.feed(data[start:end])
        raw += came
        got += some
    assert [headers_of(packet.lstrip(b"\r\n")) for packet in got] == [
        {"Event": "X", **packet} for packet in packets
    ]
    assert raw == data[len(b"Asterisk Call Manager/11.0.0\r\n") :]


@given(text)
def test_what_is_written_is_read_again(value: str) -> None:
    assert value_of(encode({"Event": "X", "Name": value})[:-4], b"Name") == value


@given(st.binary(max_size=400))
def test_no_bytes_upset_the_parsers(data: bytes) -> None:
    for name in PARSERS:
        parse(b"Event: " + name + b"\r\n" + data, START)


def two_calls() -> tuple[list[bytes], list[bytes]]:
    """Two whole calls of different callers, seats and bridges."""
    second = Story()
    second.channels = {
        alias: (
            name.replace("-1001", "-1009").replace("-0000000", "-0000009"),
            uniqueid.replace("00000.", "00777."),
            linkedid.replace("00000.", "00777."),
        )
        for alias, (name, uniqueid, linkedid) in CHANNELS.items()
    }
    tale = (RING + ANSWER + GOODBYE).replace("0912345678", "0987654321").replace("b1", "b7")
    return Story().packets(RING + ANSWER + HELD + GOODBYE), second.packets(
        tale.replace("member=anna", "member=binh")
    )


def ended(packets: Sequence[bytes]) -> dict[CallId, CallView]:
    played = Played(Registry("main", RULES)).feed(list(packets))
    assert not played.registry.live
    return dict(played.registry.ended)


@given(st.lists(st.booleans(), max_size=60))
def test_two_calls_mixed_anyhow_do_not_mix(order: list[bool]) -> None:
    first, second = two_calls()
    alone = ended(first) | ended(second)
    left, right, mixed = list(first), list(second), []
    for from_left in order:
        pile = left if from_left else right
        if pile:
            mixed.append(pile.pop(0))
    assert ended(mixed + left + right) == alone


uniqueids = st.sampled_from([f"1795600000.{n}" for n in range(4)])
channel_names = st.sampled_from(
    ["PJSIP/carrier-00000000", "PJSIP/web-1001-00000001", "PJSIP/desk-1002-00000002", "Local/x-1;1"]
)


@st.composite
def packets(draw: st.DrawFn) -> Packet:
    facts = Facts(
        Uniqueid(draw(uniqueids)),
        Linkedid("1795600000.0"),
        draw(channel_names),
        draw(st.sampled_from([0, 4, 5, 6])),
        draw(st.sampled_from(["tongdai-from-carrier", "tongdai-queue", "tongdai-hold"])),
        "02921022",
        HotlineId("can-tho"),
        draw(st.sampled_from([None, TransferId("t1")])) if draw(st.booleans()) else None,
    )
    story = (
        f"Event: {draw(st.sampled_from(sorted(PARSERS))).decode()}\r\n"
        f"Timestamp: {1795600000 + draw(st.integers(0, 600))}\r\n"
        f"Uniqueid: {facts.uniqueid}\r\nLinkedid: {facts.linkedid}\r\nChannel: {facts.name}\r\n"
        f"ChannelState: {facts.state}\r\nContext: {facts.context}\r\nExten: {facts.exten}\r\n"
        f"DestUniqueid: {draw(uniqueids)}\r\nDestLinkedid: {facts.linkedid}\r\n"
        f"DestChannel: {draw(channel_names)}\r\nDestChannelState: 5\r\n"
        f"BridgeUniqueid: {draw(st.sampled_from(['b1', 'b2']))}\r\nQueue: q\r\n"
        f"MemberName: {draw(st.sampled_from(['anna', 'binh', '']))}\r\nDialStatus: NOANSWER\r\n"
        f"UserEvent: TongdaiMenu\r\nChoice: {draw(st.integers(0, 9))}\r\n"
        f"ChanVariable: TONGDAI_HOTLINE=can-tho\r\n"
        f"ChanVariable: TONGDAI_TRANSFER={facts.transfer or ''}"
    )
    made = parse(story.encode(), START)
    return made if made is not None else draw(packets())


@given(st.lists(packets(), max_size=60))
def test_the_version_grows_with_every_change_and_nothing_leaves_the_end(
    tale: list[Packet],
) -> None:
    registry = Registry("main", RULES)
    last: dict[str, CallView] = {}
    for packet in tale:
        change = registry.feed(packet)
        view = change.view
        assert all(event.call == view for event in change.events if view is not None) or (
            change.events and change.events[0].call.version == 1
        )
        if view is None:
            continue
        before = last.get(view.id)
        if before is not None:
            assert view.version > before.version
            assert before.state is not CallState.ENDED
        assert (view.state is CallState.ENDED) == (view.ended_at is not None)
        last[view.id] = view
    assert set(registry.ended) <= set(last)


@given(st.lists(packets(), max_size=40), st.integers(0, 40))
def test_the_fold_is_deterministic_and_a_checkpoint_forgets_nothing(
    tale: list[Packet], where: int
) -> None:
    straight, restarted = Registry("main", RULES), Registry("main", RULES)
    for number, packet in enumerate(tale):
        if number == where:
            fresh = Registry("main", RULES)
            checkpoint.load(fresh, checkpoint.dump(restarted))
            restarted = fresh
        assert straight.feed(packet) == restarted.feed(packet)
    assert straight.live == restarted.live
    assert straight.ended == restarted.ended


@given(st.sampled_from(TELLS), st.integers(0, 30))
def test_a_packet_that_comes_twice_changes_nothing_more(tell: str, where: int) -> None:
    tale = Story().packets(tell)
    place = where % len(tale)
    once = Played(Registry("main", RULES)).feed(tale)
    twice = Played(Registry("main", RULES)).feed([*tale[: place + 1], *tale[place:]])
    assert twice.events[-1].call == once.events[-1].call
    assert [type(e) for e in twice.events] == [type(e) for e in once.events]
    assert twice.legs == once.legs


@given(st.lists(packets(), max_size=60))
def test_the_short_way_for_places_is_the_whole_way(tale: list[Packet]) -> None:
    registry = Registry("main", RULES)
    for packet in tale:
        for call in registry.live.values():
            step = fold(call, packet, registry.seats)
            assert step == work_through(call, packet, registry.seats)
        registry.feed(packet)


@given(st.one_of(st.from_regex(r"0[0-9]{9}", fullmatch=True), text))
def test_the_short_way_for_mobiles_is_the_long_way(raw: str) -> None:
    caller = parse_caller(raw)
    assert caller_fields(raw, "") == {
        "caller_number": caller.e164,
        "caller_raw": caller.raw,
        "caller_kind": caller.kind.value,
        "caller_name": "",
    }

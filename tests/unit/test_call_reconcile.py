"""The PBX's state against ours: calls that ended, went on, came and went, or ring."""

from dataclasses import replace
from datetime import timedelta

import pytest

from telephony.ami.parsers import parse
from telephony.calls.cel import packet_of, rows_of
from telephony.calls.celfile import lines_since
from telephony.calls.model import CallState, Outcome
from telephony.calls.reconcile import Findings, PbxState, reconcile, state_of, unheard
from telephony.calls.registry import Registry
from tests.scenarios.ami_story import ANSWER, GOODBYE, RING, RULES, START, Played, Story, second
from tongdai.ids import Linkedid, Uniqueid

CHANNEL = """Event: CoreShowChannel
ActionID: 1
Channel: {name}
ChannelState: {state}
CallerIDNum: 0912345678
CallerIDName: An
Context: tongdai-queue
Exten: can-tho
Uniqueid: {uniqueid}
Linkedid: {linkedid}
ChanVariable: TONGDAI_HOTLINE=can-tho
ChanVariable: TONGDAI_TRANSFER=
Application: {application}
BridgeId: {bridge}"""


def shown(alias: str, *, state: int = 6, bridge: str = "", application: str = "Queue") -> bytes:
    name, uniqueid, linkedid = Story().channels[alias]
    text = CHANNEL.format(
        name=name,
        uniqueid=uniqueid,
        linkedid=linkedid,
        state=state,
        bridge=bridge,
        application=application,
    )
    return text.replace("\n", "\r\n").encode()


ENTRY = f"Event: QueueEntry\r\nQueue: tongdai-can-tho\r\nUniqueid: {START}.0\r\nWait: 12".encode()
MEMBER = (
    b"Event: QueueMember\r\nQueue: tongdai-can-tho\r\nName: anna\r\nLocation: PJSIP/web-1001\r\n"
    b"Status: 6\r\nPaused: 1\r\nPausedReason: meal"
)


def cel(text: str) -> list[str]:
    """Make CEL lines of `second event alias [extra]`."""
    lines = []
    for line in text.strip().splitlines():
        at, event, alias, *rest = line.split()
        name, uniqueid, linkedid = Story().channels[alias]
        extra = {"b": "bridge_id", "c": "hangupcause"}
        told = "".join(f'{{""{extra[w[0]]}"":""{w[2:]}""}}' for w in rest if w[1] == "=")
        app = "Queue" if event.startswith("APP") else ""
        lines.append(
            f'"{event}","{START + float(at):.3f}","An","0912345678","","02921022",'
            f'"tongdai-from-carrier","{name}","{app}","tongdai-can-tho,x","{uniqueid}",'
            f'"{linkedid}","","{told}"'
        )
    return lines


def found(packets: list[bytes], lines: str = "", *, alive: float | None = 5) -> Findings:
    return Findings(
        state=state_of(packets),
        read_at=second(60),
        connected_at=second(59),
        alive_at=None if alive is None else second(alive),
        cel=rows_of(cel(lines)) if lines else (),
    )


def after(text: str) -> Registry:
    played = Played(Registry("main", RULES)).feed(Story().packets(text))
    played.registry.epoch += 1
    return played.registry


def told(changes: list[object]) -> list[str]:
    return [
        type(e).__name__.removeprefix("Call")
        for change in changes
        for e in change.events  # type: ignore[attr-defined]  # a Change
    ]


def test_a_call_that_is_gone_without_a_record_ended_when_it_was_last_alive() -> None:
    registry = after(RING + ANSWER)
    changes = reconcile(registry, found([], alive=8))
    assert told(list(changes)) == ["Ended"]
    [view] = registry.ended.values()
    assert (view.ended_at, view.outcome) == (second(8), Outcome.ANSWERED)
    assert not registry.live
    assert {leg.how for change in changes for leg in change.legs} == {"lost"}


def test_a_call_that_is_gone_is_closed_as_the_cel_says() -> None:
    registry = after(RING)
    lines = """
10 ANSWER web
10 BRIDGE_ENTER web b=b1
10 BRIDGE_ENTER caller b=b1
30 BRIDGE_EXIT caller b=b1
30 HANGUP web c=16
31 HANGUP caller c=16
"""
    changes = reconcile(registry, found([], lines))
    assert told(list(changes)) == ["RingingStopped", "Answered", "Ended"]
    [view] = registry.ended.values()
    assert (view.answered_at, view.ended_at) == (second(10), second(31))
    assert view.operator == "anna"


def test_a_call_that_came_and_went_unseen_is_there() -> None:
    registry = Registry("main", RULES)
    lines = """
10 CHAN_START caller
10 ANSWER caller
12 APP_START caller
20 APP_END caller
20 HANGUP caller c=16
"""
    reconcile(registry, found([], lines))
    [view] = registry.ended.values()
    assert (view.started_at, view.ended_at) == (second(10), second(20))
    assert (view.outcome, view.caller_number) == (Outcome.ABANDONED, "+84912345678")
    again = reconcile(registry, found([], lines))
    assert not again


def test_the_first_start_ever_digs_up_no_old_calls() -> None:
    registry = Registry("main", RULES)
    assert not reconcile(registry, found([], "10 CHAN_START caller", alive=None))
    assert not reconcile(registry, found([], "10 CHAN_START caller", alive=50))


def test_what_the_cel_tells_of_the_time_after_the_login_comes_as_events() -> None:
    registry = after(RING + ANSWER)
    lines = "59.5 HANGUP caller c=16"
    state = [shown("caller", bridge="b1"), shown("web", bridge="b1")]
    assert not reconcile(registry, found(state, lines))
    assert len(registry.live) == 1


def test_a_living_call_goes_on_untouched() -> None:
    registry = after(RING + ANSWER)
    before = dict(registry.live)
    state = [shown("caller", bridge="b1"), shown("web", bridge="b1", application="AppQueue")]
    assert not reconcile(registry, found(state))
    assert {k: c.view for k, c in registry.live.items()} == {k: c.view for k, c in before.items()}


def test_a_call_that_was_answered_meanwhile_is_answered() -> None:
    registry = after(RING)
    state = [shown("caller", bridge="b1"), shown("web", bridge="b1", application="AppQueue")]
    changes = reconcile(registry, found(state))
    assert told(list(changes)) == ["RingingStopped", "Answered"]
    [view] = registry.views()
    assert (view.state, view.operator, view.answered_at) == (
        CallState.ANSWERED,
        "anna",
        second(60),
    )


def test_a_living_call_that_nobody_knew_is_taken_as_it_is() -> None:
    registry = Registry("main", RULES)
    changes = reconcile(registry, found([shown("caller"), ENTRY, MEMBER]))
    assert told(list(changes)) == ["Started", "Queued"]
    [view] = registry.views()
    assert (view.started_at, view.queue_joined_at) == (second(0), second(48))
    assert (view.caller_number, view.hotline) == ("+84912345678", "can-tho")


def test_a_phone_that_rings_rings_for_its_member() -> None:
    registry = Registry("main", RULES)
    state = [shown("web", state=5, application="AppQueue"), shown("caller"), ENTRY, MEMBER]
    changes = reconcile(registry, found(state))
    assert told(list(changes)) == ["Started", "Queued", "Ringing"]
    [view] = registry.views()
    assert view.ringing == ("anna",)


def test_who_left_bridge_or_queue_has_left() -> None:
    registry = after(RING + ANSWER)
    reconcile(registry, found([shown("caller", application="MusicOnHold")]))
    [call] = registry.live.values()
    assert not call.connected
    waiting = after(RING)
    changes = reconcile(waiting, found([shown("caller", application="Playback")]))
    assert waiting.views()[0].state is CallState.IVR
    assert told(list(changes)) == ["RingingStopped", "Updated"]


def test_a_channel_heard_of_on_this_connection_lives_whatever_the_list_says() -> None:
    registry = after("")
    played = Played(registry).feed(Story().packets(RING))
    reconcile(registry, found([]))
    assert len(played.registry.views()) == 1


def test_strangers_of_a_dead_pbx_are_forgotten() -> None:
    registry = after("0.0 Newchannel web state=4 context=tongdai-operators")
    assert registry.strangers
    reconcile(registry, found([]))
    assert not registry.strangers


def test_reconciling_twice_is_reconciling_once() -> None:
    registry = after(RING + ANSWER)
    lines = "30 BRIDGE_EXIT caller b=b1\n31 HANGUP caller c=16\n31 HANGUP web c=16"
    assert reconcile(registry, found([], lines))
    registry.epoch += 1
    assert not reconcile(registry, found([], lines))
    assert len(registry.ended) == 1


def test_members_are_read_with_their_pause() -> None:
    [member] = state_of([MEMBER]).members
    assert (member.interface, member.name, member.paused, member.reason, member.status) == (
        "PJSIP/web-1001",
        "anna",
        True,
        "meal",
        6,
    )


def test_lists_hold_other_things_that_do_not_matter() -> None:
    assert state_of([b"Event: QueueParams\r\nQueue: q", b"Event: CoreShowChannel"]) == PbxState()


@pytest.mark.parametrize(
    "line",
    ["", "x", '"CHAN_START","late"', ",".join(['"x"'] * 14), '"unclosed'],
)
def test_what_is_no_cel_line_is_left_out(line: str) -> None:
    assert rows_of([line]) == ()


def test_cel_times_follow_the_development_clock() -> None:
    [row] = rows_of(cel("1 CHAN_START caller"), timedelta(hours=8))
    assert row.at == second(1) + timedelta(hours=8)


@pytest.mark.parametrize("event", ["LINKEDID_END", "CHAN_END", "STREAM_BEGIN"])
def test_cel_events_of_no_use_are_none(event: str) -> None:
    [row] = rows_of(cel(f"1 {event} caller"))
    assert packet_of(row) is None
    [row] = rows_of(cel("1 APP_START caller"))
    assert packet_of(replace(row, application="Playback")) is None


def test_only_the_end_of_a_long_file_is_read(tmp_path: object) -> None:
    path = tmp_path / "cel.csv"  # type: ignore[operator]  # a Path
    lines = cel("\n".join(f"{n} ANSWER caller" for n in range(6000)))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert path.stat().st_size > 600_000
    assert lines_since(path, second(5990)) == lines[5990:]
    assert lines_since(path, second(-5)) == lines
    assert lines_since(path, second(9999)) == []


def test_a_call_restored_from_its_row_alone_is_closed_too() -> None:
    registry = after(RING)
    [call] = registry.live.values()
    fresh = Registry("main", RULES)
    fresh.adopt(call._replace(channels={}, queue=None))
    reconcile(fresh, found([], alive=4))
    [view] = fresh.ended.values()
    assert view.ended_at == second(4)


def test_live_events_after_the_state_find_their_call() -> None:
    registry = Registry("main", RULES)
    state = [shown("caller", bridge="b1"), shown("web", bridge="b1", application="AppQueue")]
    reconcile(registry, found(state))
    for packet in Story().packets(GOODBYE):
        typed = parse(packet, second(0))
        assert typed is not None
        registry.feed(typed)
    assert not registry.live
    assert not registry.knows(Linkedid("other"))
    assert registry.call_of(Uniqueid(f"{START}.0")) is None


def test_calls_in_which_a_person_talked_unheard_are_named() -> None:
    registry = after(RING + ANSWER)
    reconcile(registry, found([shown("caller", bridge="b1"), shown("web", bridge="b1")], alive=20))
    told = unheard(registry, second(20), second(59))
    assert (told.since, told.until) == (second(20), second(59))
    assert [call.state for call in told.calls] == [CallState.ANSWERED]
    assert unheard(registry, second(59), second(59)).calls == ()
    assert unheard(registry, None, second(59)).calls == ()


def test_a_call_that_ended_unheard_is_named_and_one_that_ended_before_is_not() -> None:
    registry = after(RING + ANSWER)
    lines = """
30 BRIDGE_EXIT caller b=b1
30 HANGUP caller c=16
30 CHAN_END caller
30 LINKEDID_END caller
"""
    reconcile(registry, found([], lines, alive=20))
    [call] = unheard(registry, second(20), second(59)).calls
    assert call.ended_at == second(30)
    assert unheard(registry, second(31), second(59)).calls == ()

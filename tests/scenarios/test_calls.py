"""Whole calls as tables of AMI events: what is told, and what stands in the row."""

import pytest

from telephony.calls.model import CallState, Outcome
from tests.scenarios.ami_story import ANSWER, GOODBYE, RING, Story, only, play, second
from tongdai.ids import TransferId, call_id_of


def test_a_call_is_answered_and_ends_by_the_caller() -> None:
    played = play(RING + ANSWER + GOODBYE)
    assert played.told == [
        "Started",
        "Queued",
        "Ringing anna",
        "RingingStopped anna ANSWER",
        "Answered anna",
        "Ended",
    ]
    view = played.events[-1].call
    assert view.id == call_id_of("main", view.linkedid)
    assert (view.hotline, view.caller_number, view.called_number) == (
        "can-tho",
        "+84912345678",
        "02921022",
    )
    assert (view.caller_raw, view.caller_name) == ("0912345678", "An")
    assert (view.started_at, view.queue_joined_at) == (second(0), second(1))
    assert (view.answered_at, view.ended_at) == (second(3.3), second(9.2))
    assert (view.state, view.outcome, view.operator) == (
        CallState.ENDED,
        Outcome.ANSWERED,
        "anna",
    )


def test_the_ledger_says_who_was_with_whom() -> None:
    legs = play(RING + ANSWER + GOODBYE).legs
    assert [(leg.n, leg.kind.value, leg.seat, leg.operator, leg.how) for leg in legs] == [
        (1, "ring", "web-1001", "anna", "ANSWER"),
        (3, "talk", None, None, "left"),
        (2, "talk", "web-1001", "anna", "left"),
    ]
    assert {leg.bridge for leg in legs[1:]} == {"b1"}
    assert (legs[1].started_at, legs[1].ended_at, legs[1].main) == (second(3.3), second(9), True)


def test_nothing_is_left_in_memory_when_all_channels_are_gone() -> None:
    registry = play(RING + ANSWER + GOODBYE).registry
    assert not registry.live
    assert not registry.strangers
    assert not registry.seen
    assert not registry.transfers


def test_a_caller_who_hangs_up_while_it_rings_has_abandoned_the_call() -> None:
    played = play(
        RING
        + """
2.0  QueueCallerAbandon caller queue=tongdai-can-tho
2.0  DialEnd            caller > web status=CANCEL
2.0  QueueCallerLeave   caller queue=tongdai-can-tho
2.1  Hangup             web    cause=26
2.1  Hangup             caller cause=16
"""
    )
    assert played.told[-3:] == ["RingingStopped anna CANCEL", "Updated", "Ended"]
    assert played.events[-1].call.outcome is Outcome.ABANDONED
    assert played.events[-1].call.ringing == ()


def test_a_caller_channel_that_vanishes_first_stops_every_phone() -> None:
    played = play(RING + "2.0 Hangup caller cause=16\n2.1 Hangup web cause=26")
    assert played.told[-2:] == ["RingingStopped anna CANCEL", "Ended"]
    assert not played.registry.live


def test_parallel_ringing_is_told_to_each_and_answered_by_one() -> None:
    played = play(
        RING
        + """
1.4   Newchannel  desk   state=0
1.5   AgentCalled caller > desk member=binh
1.5   DialBegin   caller > desk
"""
        + ANSWER
        + """
3.4   DialEnd     caller > desk status=CANCEL
3.5   Hangup      desk   cause=26
"""
        + GOODBYE
    )
    assert played.told == [
        "Started",
        "Queued",
        "Ringing anna",
        "Ringing binh",
        "RingingStopped anna ANSWER",
        "Answered anna",
        "RingingStopped binh CANCEL",
        "Ended",
    ]
    assert [e.call.ringing for e in played.events[2:6]] == [
        ("anna",),
        ("anna", "binh"),
        ("binh",),
        ("binh",),
    ]


def test_an_operator_with_two_phones_is_one_who_rings() -> None:
    played = play(
        RING
        + """
1.4   Newchannel  desk   state=0
1.5   AgentCalled caller > desk member=anna
"""
        + ANSWER
        + """
3.4   DialEnd     caller > desk status=CANCEL
3.5   Hangup      desk   cause=26
"""
        + GOODBYE
    )
    assert played.told.count("Ringing anna") == 1
    assert [t for t in played.told if t.startswith("RingingStopped")] == [
        "RingingStopped anna ANSWER"
    ]


def test_a_queue_that_tries_again_stays_one_call() -> None:
    played = play(
        RING
        + """
6.0   DialEnd         caller > web status=NOANSWER
6.1   Hangup          web    cause=19
7.1   Newchannel      web2   state=0
7.2   AgentCalled     caller > web2 member=chi
7.2   DialBegin       caller > web2
8.0   DialEnd         caller > web2 status=ANSWER
8.0   Newstate        web2   state=6
8.1   QueueCallerLeave caller
8.2   BridgeEnter     web2   bridge=b1
8.3   BridgeEnter     caller bridge=b1
"""
    )
    only(played)
    assert played.told[2:] == [
        "Ringing anna",
        "RingingStopped anna NOANSWER",
        "Ringing chi",
        "RingingStopped chi ANSWER",
        "Answered chi",
    ]
    assert played.events[-1].call.queue_joined_at == second(1)


def test_hold_and_resume() -> None:
    played = play(
        RING + ANSWER + "4.0 Hold web\n5.0 MusicOnHoldStart caller\n6.0 Unhold web\n" + GOODBYE
    )
    assert played.told[-4:] == ["Answered anna", "Held", "Resumed", "Ended"]
    assert [e.call.state.value for e in played.events[-3:]] == ["held", "answered", "ended"]


AWAY = """
5.0   BridgeLeave       caller bridge=b1
5.0   BridgeLeave       web    bridge=b1
5.1   MusicOnHoldStart  caller context=tongdai-hold
"""


def test_a_warm_transfer_that_fails_brings_the_caller_back() -> None:
    played = play(
        RING
        + ANSWER
        + AWAY
        + """
5.2   Newchannel   focal   state=0 context=tongdai-from-carrier transfer=t1
5.3   DialBegin    - > focal num=02923800006
9.0   DialEnd      - > focal status=NOANSWER
9.1   Hangup       focal   cause=19
9.5   BridgeEnter  web     bridge=b2
9.6   BridgeEnter  caller  bridge=b2 context=tongdai-queue
"""
    )
    assert played.told[-3:] == ["Answered anna", "Transferring", "Returned anna"]
    assert played.events[-1].call.answered_at == second(3.3)


def test_a_leg_that_was_originated_belongs_to_the_call_that_it_is_for() -> None:
    story = Story()
    played = play(RING + ANSWER + AWAY, story)
    call = only(played)
    played.registry.expect(TransferId("t1"), call)
    played.feed(
        story.packets(
            """
5.2   Newchannel   focal   state=0 context=tongdai-from-carrier
5.3   DialBegin    - > focal num=02923800001 transfer=t1
7.0   DialEnd      - > focal status=ANSWER
7.1   Newstate     focal   state=6
7.2   BridgeEnter  focal   bridge=b2
7.3   BridgeEnter  caller  bridge=b2
20.0  BridgeLeave  caller  bridge=b2
20.0  BridgeLeave  focal   bridge=b2
20.1  Hangup       focal   cause=16
20.1  Hangup       web     cause=16
20.1  Hangup       caller  cause=16
"""
        )
    )
    assert only(played) == call
    assert played.told[-3:] == ["Transferring", "Transferred", "Ended"]
    ring, *talks = [leg for leg in played.legs if leg.transfer == "t1"]
    assert (ring.kind.value, ring.number, ring.how) == ("ring", "02923800001", "ANSWER")
    assert [leg.bridge for leg in talks] == ["b2"]
    assert not played.registry.live


def test_what_a_transfer_leg_dials_in_turn_belongs_to_the_call_too() -> None:
    story = Story()
    story.channels["behind"] = ("PJSIP/carrier-00000007", "9.7", story.channels["focal"][2])
    played = play(RING + ANSWER, story)
    call = only(played)
    played.registry.expect(TransferId("t1"), call)
    played.feed(
        story.packets("5.2 Newchannel focal state=0 transfer=t1\n5.3 Newchannel behind state=0")
    )
    assert len(played.registry.live[call].channels) == 4


def test_a_stranger_who_is_bridged_with_the_caller_becomes_part_of_the_call() -> None:
    played = play(
        RING
        + ANSWER
        + """
5.0   Newchannel   focal  state=0 context=tongdai-operators
5.1   BridgeEnter  focal  bridge=b9
6.0   BridgeLeave  caller bridge=b1
6.1   BridgeEnter  caller bridge=b9
7.0   BridgeLeave  web    bridge=b1
7.0   Hangup       web    cause=16
8.0   Hangup       focal  cause=16 linkedid=1795600000.0
8.1   Hangup       caller cause=16
"""
    )
    only(played)
    assert [leg.how for leg in played.legs if leg.bridge == "b9"] == ["hangup", "hangup"]
    assert not played.registry.live


def test_people_behind_local_channels_count_and_announcers_do_not() -> None:
    away = """
5.0   BridgeLeave  caller  bridge=b1
5.0   Hangup       web     cause=16
5.1   MusicOnHoldStart caller context=tongdai-hold
5.2   Newchannel   machine state=6
5.3   BridgeEnter  machine bridge=b2
5.4   BridgeEnter  caller  bridge=b2 context=tongdai-room
"""
    behind = """
6.0   Newchannel   pipe1   state=0
6.0   Newchannel   pipe2   state=0
6.1   BridgeEnter  pipe1   bridge=b2
6.2   Newchannel   behind  state=0
6.3   BridgeEnter  behind  bridge=b3
6.4   BridgeEnter  pipe2   bridge=b3
"""
    alone = play(RING + ANSWER + away)
    assert alone.events[-1].call.state is CallState.TRANSFERRING
    together = play(RING + ANSWER + away + behind)
    assert together.events[-1].call.state is CallState.ANSWERED
    assert together.told[-1] == "Transferred"


def test_a_caller_who_returns_to_the_queue_waits_again() -> None:
    played = play(
        RING
        + ANSWER
        + AWAY
        + "6.0 Hangup web cause=16\n"
        + "8.0 QueueCallerJoin caller context=tongdai-queue-first queue=tongdai-can-tho"
    )
    assert played.told[-2:] == ["Transferring", "Queued"]
    assert played.events[-1].call.queue_joined_at == second(8)


def test_a_blind_transfer_by_the_phone_is_a_transfer() -> None:
    played = play(RING + ANSWER + "5.0 BridgeLeave caller bridge=b1\n5.1 BlindTransfer web")
    assert played.told[-1] == "Transferring"


def test_the_menu_choice_and_an_announced_outcome() -> None:
    played = play(
        """
0.0  Newchannel caller state=4 context=tongdai-from-carrier exten=1022 num=0912345678
0.1  Newstate   caller state=6 hotline=can-tho
2.0  UserEvent  caller event=TongdaiMenu choice=2
5.0  UserEvent  caller event=TongdaiOutcome outcome=self_service
6.0  Hangup     caller cause=16
"""
    )
    view = played.events[-1].call
    assert (view.menu, view.outcome, view.called_number) == ("2", Outcome.SELF_SERVICE, "02921022")


@pytest.mark.parametrize(("cause", "outcome"), [(16, "abandoned"), (34, "failed")])
def test_a_call_that_reached_no_queue(cause: int, outcome: str) -> None:
    played = play(
        f"""
0.0  Newchannel caller state=4 context=tongdai-from-carrier exten=02921022
0.5  Hangup     caller cause={cause}
"""
    )
    assert played.events[-1].call.outcome == outcome


def test_a_hidden_number_is_hidden() -> None:
    played = play(
        """
0.0  Newchannel  caller state=4 context=tongdai-from-carrier exten=02921022 num=0912345678
0.1  NewCallerid caller pres=32_(Presentation_Prohibited)
"""
    )
    view = played.events[-1].call
    assert (view.caller_number, view.caller_kind) == (None, "anonymous")


def test_other_numbers_and_internal_calls_make_no_call() -> None:
    played = play(
        """
0.0  Newchannel caller state=4 context=tongdai-from-carrier exten=0999
0.1  Newchannel focal  state=4 context=somebody-elses exten=02921022
0.2  Newchannel web    state=4 context=tongdai-operators exten=1002
"""
    )
    assert not played.events


def test_three_packets_in_one_read_are_folded_in_their_order() -> None:
    story = Story()
    played = play(RING, story)
    played.feed(
        story.packets(
            """
2.0  DialEnd   caller > web status=NOANSWER
2.0  Hangup    web    cause=19
2.0  AgentCalled caller > web2 member=chi
"""
        )
    )
    assert played.events[-1].call.ringing == ("chi",)


def test_a_renamed_channel_is_what_it_has_become() -> None:
    played = play(
        RING + ANSWER + "4.0 Rename web newname=PJSIP/carrier-0000000a\n5.0 Hangup web cause=16"
    )
    renamed = next(leg for leg in played.legs if leg.channel == "PJSIP/carrier-0000000a")
    assert renamed.seat is None


def test_the_end_comes_once_and_nothing_leads_out_of_it() -> None:
    played = play(RING + ANSWER + GOODBYE + GOODBYE + "10 BridgeEnter caller bridge=b1\n")
    assert played.told.count("Ended") == 1
    assert not played.registry.live

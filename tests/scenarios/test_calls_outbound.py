"""Whole outbound calls as tables of AMI events: an operator calls a citizen for a hotline."""

from telephony.calls.model import Outcome
from tests.scenarios.ami_story import Story, only, play, second
from tongdai.ids import AccountId


class AnnaAt1001:
    """Anna sits at web-1001."""

    def operator_of(self, seat: str) -> AccountId | None:
        """Return her for her seat alone."""
        return AccountId("anna") if seat == "web-1001" else None


def dialled_out() -> Story:
    story = Story()
    story.channels["web"] = ("PJSIP/web-1001-00000001", "7.1", "7.1")
    story.channels["focal"] = ("PJSIP/carrier-00000002", "7.2", "7.1")
    return story


def test_an_operator_who_dials_out_for_a_hotline_makes_an_outbound_call() -> None:
    played = play(
        """
0.0   Newchannel  web   state=4 context=tongdai-operators exten=0912345678
0.1   Newstate    web   state=6 hotline=can-tho
0.2   DialBegin   web > focal num=0912345678
3.0   DialEnd     web > focal status=ANSWER
3.1   BridgeEnter focal bridge=b1
3.2   BridgeEnter web   bridge=b1
4.0   Hold        web
5.0   Unhold      web
9.0   Hangup      focal cause=16
9.1   Hangup      web   cause=16
""",
        dialled_out(),
        AnnaAt1001(),
    )
    view = played.events[-1].call
    assert (view.direction.value, view.caller_number) == ("outbound", "+84912345678")
    assert (view.outcome, view.answered_at) == (Outcome.ANSWERED, second(3.2))
    assert (view.operator, view.seat) == ("anna", "web-1001")
    assert played.told == ["Started", "Updated", "Answered anna", "Held", "Resumed", "Ended"]


def test_an_outbound_call_that_nobody_answers_is_its_operators_all_the_same() -> None:
    played = play(
        """
0.0   Newchannel  web   state=4 context=tongdai-outbound exten=can-tho hotline=can-tho
0.1   Newstate    web   state=6 hotline=can-tho
0.2   DialBegin   web > focal num=0912345678
3.0   DialEnd     web > focal status=BUSY
3.1   Hangup      focal cause=17
3.2   Hangup      web   cause=16
""",
        dialled_out(),
        AnnaAt1001(),
    )
    assert played.events[0].call.operator == "anna"
    view = played.events[-1].call
    assert (view.operator, view.answered_at, view.outcome) == ("anna", None, Outcome.FAILED)


def test_the_citizens_channel_of_an_outbound_call_is_the_one_that_was_dialled() -> None:
    played = play(
        """
0.0   Newchannel  web   state=4 context=tongdai-outbound exten=can-tho hotline=can-tho
0.2   DialBegin   web > focal num=0912345678
""",
        dialled_out(),
    )
    channels = played.registry.channels_of(only(played))
    assert channels is not None
    assert (channels.operator, channels.caller, channels.others) == (
        "PJSIP/web-1001-00000001",
        "PJSIP/carrier-00000002",
        (),
    )


def test_a_citizen_who_was_called_back_is_handed_on_and_the_call_goes_on_without_the_operator() -> (
    None
):
    story = dialled_out()
    story.channels["unit"] = ("PJSIP/carrier-00000003", "tongdai-t1", "tongdai-t1")
    played = play(
        """
0.0   Newchannel  web   state=4 context=tongdai-outbound exten=can-tho hotline=can-tho
0.1   Newstate    web   state=6
0.2   DialBegin   web > focal num=0912345678
3.0   DialEnd     web > focal status=ANSWER
3.1   BridgeEnter focal bridge=b1
3.2   BridgeEnter web   bridge=b1
6.0   BridgeLeave focal bridge=b1
6.0   BridgeLeave web   bridge=b1
6.1   MusicOnHoldStart focal context=tongdai-hold
6.2   BridgeEnter web   bridge=room context=tongdai-room
6.3   Newchannel  unit  state=0 context=tongdai-called transfer=t1
9.0   BridgeEnter unit  bridge=room
11.0  BridgeEnter focal bridge=room context=tongdai-room
11.1  BridgeLeave web   bridge=room
11.2  Hangup      web   cause=16
20.0  Hangup      focal cause=16
20.1  Hangup      unit  cause=16
""",
        story,
        AnnaAt1001(),
    )
    view = played.events[-1].call
    assert (view.direction.value, view.caller_raw) == ("outbound", "0912345678")
    assert (view.answered_at, view.ended_at) == (second(3.2), second(20))
    assert (view.operator, view.outcome) == ("anna", Outcome.ANSWERED)
    assert played.told[-3:] == ["Transferring", "Returned anna", "Ended"]
    talked = [(leg.channel, leg.main) for leg in played.legs if leg.kind == "talk"]
    assert talked.count(("PJSIP/carrier-00000002", True)) == 2
    assert ("PJSIP/carrier-00000003", False) in talked

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

"""Which calls were cut off: who rings again within the minutes set comes before the others."""

import pytest

from tests.scenarios.ami_story import ANSWER, GOODBYE, RING, play

LEFT = "8.0 BridgeLeave caller bridge=b1\n8.0 BridgeLeave web bridge=b1\n"
HELD = "5.0 Hold web\n"


@pytest.mark.parametrize(
    ("story", "cut_off"),
    [
        (RING + ANSWER + GOODBYE, False),
        (RING + ANSWER + LEFT + "8.1 Hangup caller cause=16", False),
        (RING + "2.0 Hangup caller cause=16", False),  # nobody had answered: no cut
        (RING + "2.0 Hangup caller cause=38", False),
        (RING + ANSWER + LEFT + "8.1 Hangup caller cause=38\n8.2 Hangup web cause=16", True),
        (RING + ANSWER + LEFT + "8.1 Hangup web cause=44\n8.2 Hangup caller cause=16", True),
        (RING + ANSWER + HELD + LEFT + "8.1 Hangup caller cause=16", True),
        (
            RING
            + ANSWER
            + LEFT
            + "8.1 Hangup web cause=16\n"
            + "8.2 QueueCallerJoin caller context=tongdai-wait queue=tongdai-can-tho\n"
            + "9.0 Hangup caller cause=16",
            True,
        ),
    ],
    ids=[
        *("goodbye", "caller-hung-up", "not-answered", "failed-before", "network"),
        *("operators-phone", "on-hold", "waiting-again"),
    ],
)
def test_a_call_was_cut_off_when_nobody_had_ended_it(story: str, *, cut_off: bool) -> None:
    ended = play(story).events[-1].call
    assert ended.ended_at is not None
    assert ended.cut_off is cut_off


def test_a_telephone_that_failed_before_the_next_one_answered_counts_no_more() -> None:
    story = (
        RING
        + ANSWER
        + LEFT
        + "8.1 Hangup web cause=44\n"
        + "8.2 QueueCallerJoin caller context=tongdai-wait queue=tongdai-can-tho\n"
        + "8.5 Newchannel desk state=6\n"
        + "8.6 BridgeEnter desk bridge=b2\n8.6 BridgeEnter caller bridge=b2\n"
        + "9.0 BridgeLeave caller bridge=b2\n9.0 BridgeLeave desk bridge=b2\n"
        + "9.1 Hangup desk cause=16\n9.2 Hangup caller cause=16"
    )
    assert play(story).events[-1].call.cut_off is False

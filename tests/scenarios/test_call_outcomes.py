"""How a call ended, when the menus have said what the caller got."""

import pytest

from telephony.calls.model import Outcome
from tests.scenarios.ami_story import play


@pytest.mark.parametrize(
    ("said", "queued", "outcome"),
    [
        ("self_service", False, Outcome.SELF_SERVICE),
        ("self_service", True, Outcome.ABANDONED),  # waited for an operator in vain
        ("callback", True, Outcome.CALLBACK),
        ("message", True, Outcome.MESSAGE),
    ],
)
def test_who_heard_something_and_then_waited_in_vain_is_lost(
    said: str,
    queued: bool,  # noqa: FBT001 - a column of the table
    outcome: Outcome,
) -> None:
    waits = "2.0  QueueCallerJoin caller context=tongdai-queue queue=tongdai-can-tho"
    played = play(
        f"""
0.0  Newchannel caller state=4 context=tongdai-from-carrier exten=02921022 num=0912345678
1.0  UserEvent  caller event=TongdaiOutcome outcome={said}
{waits if queued else ""}
9.0  Hangup     caller cause=16
"""
    )
    assert played.events[-1].call.outcome is outcome

"""After a connect the PBX's contexts say whether a caller has come back from a transfer."""

from datetime import UTC, datetime

import pytest

from telephony.ami.packets import Facts
from telephony.calls.reconcile import LiveChannel, PbxState
from telephony.calls.transfer import Course, Kind, Reason, Signal
from telephony.transfers.live import Live
from telephony.transfers.model import Target
from telephony.transfers.recovery import findings
from tongdai.ids import AccountId, CallId, HotlineId, Linkedid, TransferId, Uniqueid


@pytest.mark.parametrize(
    ("context", "back"),
    [
        ("tongdai-hold", False),
        ("tongdai-wait", False),  # where he waited before, and is until he is redirected
        ("tongdai-back", True),
        ("tongdai-queue-first", True),
        ("tongdai-wait-first", True),
        ("tongdai-room", True),
    ],
)
def test_a_caller_is_back_where_only_those_who_came_back_are(context: str, *, back: bool) -> None:
    caller = Facts(Uniqueid("1.0"), Linkedid("1.0"), "caller", 6, context, "can-tho", None, None)
    live = Live(
        id=TransferId("t"),
        pbx="main",
        call_id=CallId("call"),
        linkedid="1.0",
        hotline=HotlineId("can-tho"),
        number="0912345678",
        target=Target(number="0912345678"),
        ticket_id=None,
        by=AccountId("anna"),
        by_name="Anna",
        course=Course(kind=Kind.BLIND),
        started_at=datetime(2026, 11, 30, tzinfo=UTC),
        caller="caller",
        operator=None,
    )
    state = PbxState(channels=(LiveChannel(caller, "", "", "Queue", None),))
    signals = [finding.signal for finding in findings(live, state, Reason.SERVICE_RESTARTED)]
    assert (Signal.CALLER_BACK in signals) is back

"""Messages between nodes: cut to fit a notification, put together, events unchanged by the way."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escalation.events import DeadlineSet
from sms.events import MessageOwed
from telephony.calls.events import CallAnswered, CallEnded, CallEvent, CallRinging
from telephony.calls.model import CallState, CallView, Direction, Outcome
from telephony.calls.transfer import Kind, Reason
from telephony.calls.transfer import State as TransferState
from telephony.control import DialFailed
from telephony.operators.errors import UnknownPause
from telephony.operators.events import OperatorChanged
from telephony.operators.model import Operator, OperatorState
from telephony.queues import QueueChanged, QueueView, Waiting
from telephony.transfers.events import TransferChanged
from telephony.transfers.model import TransferView
from tickets.events import TicketDrafted, TicketLinked
from tongdai.errors import Invalid, NotFound
from tongdai.events import Event
from tongdai.ids import AccountId, CallId, HotlineId, Linkedid, TicketId, TransferId, UnitId
from tongdai.nodes.codec import OF_ALL, OF_THE_BRIDGE, dump_event, load_event
from tongdai.nodes.orders import refusal_of, told
from tongdai.nodes.wire import Joiner, split

AT = datetime(2026, 11, 30, 1, 2, 3, 456789, tzinfo=UTC)
ANNA, CAN_THO = AccountId("anna"), HotlineId("can-tho")
CALL = CallView(
    id=CallId("call"),
    pbx="main",
    linkedid=Linkedid("1.0"),
    hotline=CAN_THO,
    direction=Direction.INBOUND,
    caller_number="+84912345678",
    caller_raw="0912345678",
    caller_name='Nguyễn "Út" <Đỗ>\r\n😀',
    caller_kind="mobile",
    called_number="02921022",
    started_at=AT,
    answered_at=AT,
    state=CallState.ENDED,
    outcome=Outcome.ANSWERED,
    operator=ANNA,
    ringing=(ANNA,),
    menu="field=%C4%90i%E1%BB%87n&language=en",
    version=7,
)
TRANSFER = TransferView(
    id=TransferId("t"),
    pbx="main",
    call_id=CALL.id,
    ticket_id=None,
    hotline=CAN_THO,
    kind=Kind.BLIND,
    state=TransferState.RETURNED,
    reason=Reason.NO_ANSWER,
    detail="",
    number="+84913000001",
    label="Sở Xây dựng",
    person_id=None,
    unit_id=UnitId("u"),
    by=ANNA,
    by_name="Anna",
    joined=False,
    operator_there=True,
    started_at=AT,
    ended_at=AT,
)
OPERATOR = Operator(
    account=ANNA,
    name="Lê Thị Hoa",
    extension="1001",
    device="desk",
    hotlines=(CAN_THO,),
    since=AT,
    state=OperatorState.PAUSED,
    reason="meal",
)
QUEUE = QueueView(hotline=CAN_THO, waiting=(Waiting(call=CALL.id, pbx="main", since=AT),))
EVENTS: tuple[Event, ...] = (
    CallRinging(call=CALL, at=AT, operator=ANNA, seat="web-1001"),
    CallAnswered(call=CALL, at=AT, operator=None, seat=None),
    CallEnded(call=CALL, at=AT),
    DialFailed(call=CALL.id, operator=ANNA, why="busy"),
    OperatorChanged(operator=OPERATOR, before=OperatorState.READY, at=AT),
    QueueChanged(queue=QUEUE),
    TransferChanged(transfer=TRANSFER, at=AT),
    DeadlineSet(ticket=TicketId("t"), hotline=CAN_THO, due_at=AT),
    MessageOwed(message_id="m", hotline="can-tho", ticket_id=None),
    TicketDrafted(ticket=TicketId("t"), hotline=CAN_THO, by=ANNA, call=None),
    TicketLinked(ticket=TicketId("t"), hotline=CAN_THO, by=ANNA, call=CALL.id),
)


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.text('a 1Đ"😀\n', max_size=30)), max_size=8),
    st.integers(1, 9),
)
def test_what_was_cut_is_put_together_however_the_nodes_mix(
    messages: list[tuple[str, str]], size: int
) -> None:
    joiner, found = Joiner(), []
    cut = {
        node: [
            piece
            for number, (_, text) in enumerate(m for m in messages if m[0] == node)
            for piece in split(node, number, json.dumps(text), size)
        ]
        for node in "ab"
    }
    while any(cut.values()):
        for pieces in cut.values():
            text = joiner.take(pieces.pop(0)) if pieces else None
            if text is not None:
                found.append(json.loads(text))
    assert sorted(found) == sorted(text for _, text in messages)


def test_no_piece_is_too_long_for_a_notification() -> None:
    pieces = split("n" * 12, 10**9, json.dumps({"name": "Đỗ" * 9000}))
    assert len(pieces) > 2
    assert max(len(piece.encode()) for piece in pieces) < 8000


def test_a_message_whose_piece_was_missed_is_left_out_and_the_next_is_whole() -> None:
    joiner = Joiner()
    first, second = split("a", 1, "abcdef", 2), split("a", 2, "ghi", 2)
    told = [joiner.take(piece) for piece in (first[0], first[2], *second)]
    assert told == [None, None, None, "ghi"]
    assert joiner.take("nonsense") is None


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_an_event_arrives_as_it_was_told(event: Event) -> None:
    assert load_event(json.loads(json.dumps(dump_event(event)))) == event


def test_every_kind_of_event_can_be_told() -> None:
    for kind in (*OF_THE_BRIDGE, *CallEvent.__subclasses__(), *OF_ALL):
        with pytest.raises(ValueError, match="required"):
            load_event({"name": kind.__name__, "data": {}})
    assert load_event({"name": "OfALaterVersion", "data": {}}) is None


def test_a_refusal_arrives_with_its_kind_reason_and_fields() -> None:
    unknown = UnknownPause(None, fields={"reason": "unknown"}, account="anna")
    there = refusal_of(json.loads(json.dumps(told(unknown))))
    assert isinstance(there, Invalid)
    assert (there.reason, there.ids, there.fields) == (
        "unknown_pause",
        {"account": "anna"},
        {"reason": "unknown"},
    )
    missing = refusal_of(told(NotFound("no_such_call", call="c")))
    assert (type(missing), missing.reason) == (NotFound, "no_such_call")

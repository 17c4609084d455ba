"""A long text that went in several parts: it has arrived when all of them have."""

from collections.abc import Iterable, Sequence

from sqlmodel import col, select

from sms.model import FINAL, Signal, State, after
from sms.tables import Message, MessagePart
from tongdai.db import Tx

_TOLD_BY = {
    State.UNDELIVERED: Signal.GOT_UNDELIVERED,
    State.REJECTED: Signal.GOT_SMSC_REJECTED,
}


def judge(states: Iterable[str], expected: int) -> Signal | None:
    """Return what the parts' states say of the whole; None: nothing final yet. Pure.

    Args:
        states: Of the parts that receipts have told of.
        expected: How many parts there are.
    """
    told = list(states)
    for state, signal in _TOLD_BY.items():
        if state in told:
            return signal
    if told.count(State.DELIVERED) >= expected:
        return Signal.GOT_DELIVERED
    return None


async def told(tx: Tx, row: Message, references: Sequence[str], signal: Signal) -> Signal | None:
    """Note what a receipt says of one part; return what that means for its whole message."""
    query = select(MessagePart).where(col(MessagePart.message_id) == row.id)
    parts = list((await tx.session.execute(query)).scalars())
    part = next((p for p in parts if p.reference in references), None)
    if part is None:
        part = MessagePart(message_id=row.id, gateway=row.gateway, reference=references[0])
        tx.session.add(part)
        parts.append(part)
    if part.state not in FINAL:
        part.state = after(State(part.state or State.SENDING), signal) or part.state
    return judge((p.state for p in parts), row.parts) or _still(signal)


def _still(signal: Signal) -> Signal | None:
    """Return a signal that is as true of the whole as of a part: it is on its way."""
    return signal if signal in {Signal.GOT_BUFFERED, Signal.GOT_SMSC_ACCEPTED} else None

"""What a person does with a message by hand, with a reason, written into the history."""

from enum import StrEnum

from sms import outbox
from sms.model import FINAL, Channel, Signal, State
from sms.tables import Message
from tongdai import audit
from tongdai.accounts.model import Viewer
from tongdai.db import Tx
from tongdai.errors import Conflict, Invalid
from tongdai.text import clean

_LONGEST_REASON = 500


class Deed(StrEnum):
    """What can be done."""

    AGAIN = "again"
    """Send it once more, as a message of its own: final states are final."""
    CANCEL = "cancel"
    ARRIVED = "arrived"
    """Nobody knew; it did arrive."""
    LOST = "lost"
    """Nobody knew; it did not arrive."""


class DeedRefused(Conflict):
    """The message's state does not allow it."""

    code = "deed_refused"


_ALLOWED = {
    Deed.AGAIN: FINAL | {State.UNKNOWN},
    Deed.CANCEL: frozenset({State.QUEUED}),
    Deed.ARRIVED: frozenset({State.UNKNOWN}),
    Deed.LOST: frozenset({State.UNKNOWN}),
}
_SIGNALS = {
    Deed.CANCEL: Signal.CANCEL,
    Deed.ARRIVED: Signal.SAID_ARRIVED,
    Deed.LOST: Signal.SAID_LOST,
}


def allowed(state: str) -> list[Deed]:
    """Return what may be done with a message in a state."""
    return [deed for deed, states in _ALLOWED.items() if State(state) in states]


async def do(tx: Tx, message_id: str, deed: Deed, *, reason: str, by: Viewer) -> str:
    """Do it; return the id of the message that is looked at next: the new one, else the same.

    Sending once more an unknown message says that it was lost. A number that no SMS reaches stays
    so: the new message says it at once.

    Raises:
        Invalid: There is no reason, or too long a one.
        DeedRefused: The state does not allow it.
    """
    reason = clean(reason)
    if not reason or len(reason) > _LONGEST_REASON:
        raise Invalid(fields={"reason": "too_long" if reason else "required"})
    row = await outbox.locked(tx, message_id)
    if deed not in allowed(row.state):
        raise DeedRefused(None, message=row.id)
    if deed is not Deed.AGAIN:
        outbox.move(tx, row, _SIGNALS[deed])
        row.reason = f"by_hand_{deed}"
        await _record(tx, row, deed, reason, by)
        return row.id
    if row.state == State.UNKNOWN:
        outbox.move(tx, row, Signal.SAID_LOST)
        row.reason = "by_hand_again"
    await _record(tx, row, deed, reason, by)
    return await outbox.owe(
        tx,
        key=f"again:{row.id}",
        hotline=row.hotline,
        to=row.recipient,
        purpose=row.purpose,
        params={name: value or None for name, value in row.params.items()},
        template=row.template,
        ticket_id=row.ticket_id,
        language=row.language,
        channel=Channel(row.channel),
        again_of=row.id,
    )


async def _record(tx: Tx, row: Message, deed: Deed, reason: str, by: Viewer) -> None:
    chain = audit.ticket_chain(row.hotline) if row.ticket_id else audit.ADMINISTRATION
    await audit.append(
        tx,
        chain=chain,
        subject=row.ticket_id or row.hotline,
        kind="message",
        actor=by.id,
        data={
            "what": deed.value,
            "reason": reason,
            "message": row.id,
            "purpose": row.purpose,
            "hotline": row.hotline,
        },
    )

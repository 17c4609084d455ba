"""A person is told what became of a message: a line in its ticket's history, to the supervisor."""

import structlog

from sms.model import State
from sms.tables import Message
from tongdai import audit
from tongdai.accounts.model import SYSTEM
from tongdai.db import Tx

log = structlog.get_logger()

_FAILED = frozenset({State.UNDELIVERED, State.REJECTED})


async def failed(tx: Tx, row: Message) -> None:
    """Tell when a message has just failed for good."""
    if State(row.state) in _FAILED:
        await _tell(tx, row, "message_gave_up" if row.reason == "gave_up" else "message_failed")


async def nobody_knows(tx: Tx, row: Message) -> None:
    """Tell that nobody knows whether a message arrived; a supervisor decides."""
    await _tell(tx, row, "message_unknown")


async def not_registered(tx: Tx, row: Message) -> None:
    """Tell that the recipient's network has not registered the text: the settings' fault."""
    await _tell(tx, row, "message_not_registered")


async def _tell(tx: Tx, row: Message, what: str) -> None:
    log.warning("message.needs_a_person", message_id=row.id, what=what, state=row.state)
    if row.ticket_id is None:
        return
    await audit.append(
        tx,
        chain=audit.ticket_chain(row.hotline),
        subject=row.ticket_id,
        kind="alert",
        actor=SYSTEM.id,
        data={"what": what, "to": "supervisor", "purpose": row.purpose, "message": row.id},
    )

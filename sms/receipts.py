"""Delivery reports: from anybody, twice, late, early, out of order; only forward moves count."""

import hmac
from enum import StrEnum

import structlog
from sqlmodel import col, select

from sms import alerts, outbox
from sms.model import receipt_signal
from sms.tables import Message, MessageReceipt
from tongdai.db import Database
from tongdai.text import clean

log = structlog.get_logger()


class Taken(StrEnum):
    """What became of a report."""

    MOVED = "moved"
    NOTHING_NEW = "nothing_new"
    STRANGER = "stranger"
    """No such message, or not its token: the answer tells the two apart from nobody."""
    UNREADABLE = "unreadable"


async def take(
    db: Database, *, message_id: str, token: str, kannel_code: str, words: str = ""
) -> Taken:
    """Take one report of Kannel's.

    Args:
        db: Where the messages are.
        message_id: From the report's address.
        token: The message's own, from the report's address.
        kannel_code: `%d`: 1, 2, 4, 8 or 16.
        words: `%A`: the SMSC's reply text.

    Raises:
        DatabaseAway: Not kept; the gateway shall come again.
    """
    async with db.read() as session:
        known = (
            await session.execute(
                select(col(Message.receipt_token)).where(col(Message.id) == message_id)
            )
        ).scalar_one_or_none()
    if known is None or not hmac.compare_digest(known.encode(), token.encode()):
        log.warning("receipt.stranger", message_id=message_id[:64])
        return Taken.STRANGER
    signal = receipt_signal(kannel_code)
    if signal is None:
        log.warning("receipt.unreadable", message_id=message_id, code=kannel_code[:16])
        return Taken.UNREADABLE
    async with db.write() as tx:
        row = await outbox.locked(tx, message_id)
        moved = outbox.move(tx, row, signal)
        if moved:
            await alerts.failed(tx, row)
        tx.session.add(
            MessageReceipt(
                message_id=message_id,
                at=tx.now,
                code=kannel_code,
                words=clean(words)[:300],
                moved_to=row.state if moved else "",
            )
        )
    log.info("receipt.taken", message_id=message_id, code=kannel_code, moved=moved)
    return Taken.MOVED if moved else Taken.NOTHING_NEW

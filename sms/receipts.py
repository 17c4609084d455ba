"""Delivery reports: from anybody, twice, late, early, out of order; only forward moves count."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import structlog
from sqlmodel import col, select

from sms import alerts, outbox
from sms.model import Signal
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A delivery report.

    Attributes:
        signal: What it says, or None when nobody can tell.
        code: As it came.
        words: The gateway's own.
    """

    signal: Signal | None
    code: str
    words: str = ""


async def take(db: Database, *, message_id: str, token: str, report: Report) -> Taken:
    """Take a report that came to a message's own address.

    Args:
        db: Where the messages are.
        message_id: From the report's address.
        token: The message's own, from the report's address.
        report: What it says.

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
    return await _keep(db, message_id, report)


async def take_by_reference(
    db: Database, *, gateway: str, references: Sequence[str], report: Report
) -> Taken:
    """Take a report that names the gateway's own id (in one of several spellings).

    Who sent it was asked before.

    Raises:
        DatabaseAway: Not kept; the gateway shall come again.
    """
    async with db.read() as session:
        found = await session.execute(
            select(col(Message.id))
            .where(
                col(Message.gateway) == gateway,
                col(Message.reference).in_([r for r in references if r]),
            )
            .order_by(col(Message.seq).desc())
            .limit(1)
        )
        message_id = found.scalar_one_or_none()
    if message_id is None:
        log.warning("receipt.stranger", gateway=gateway)
        return Taken.STRANGER
    return await _keep(db, message_id, report)


async def _keep(db: Database, message_id: str, report: Report) -> Taken:
    if report.signal is None:
        log.warning("receipt.unreadable", message_id=message_id, code=report.code[:16])
        return Taken.UNREADABLE
    async with db.write() as tx:
        row = await outbox.locked(tx, message_id)
        moved = outbox.move(tx, row, report.signal)
        if moved:
            await alerts.failed(tx, row)
        tx.session.add(
            MessageReceipt(
                message_id=message_id,
                at=tx.now,
                code=clean(report.code)[:64],
                words=clean(report.words)[:300],
                moved_to=row.state if moved else "",
            )
        )
    log.info("receipt.taken", message_id=message_id, code=report.code[:16], moved=moved)
    return Taken.MOVED if moved else Taken.NOTHING_NEW

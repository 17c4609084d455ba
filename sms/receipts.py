"""Delivery reports: from anybody, twice, late, early, out of order; only forward moves count."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import structlog
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from sms import alerts, outbox
from sms.model import Signal
from sms.tables import Message, MessageReceipt
from sms.together import Together
from tongdai.db import Database, Tx
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Addressed:
    """A report at a message's own address."""

    message_id: str
    token: str
    report: Report


class Receipts:
    """Takes reports; those that come at the same time are written down in one transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._addressed = Together(self._known)
        self._kept = Together(self._keep)

    async def take(self, *, message_id: str, token: str, report: Report) -> Taken:
        """Take a report that came to a message's own address.

        Args:
            message_id: From the report's address.
            token: The message's own, from the report's address.
            report: What it says.

        Raises:
            DatabaseAway: Not kept; the gateway shall come again.
        """
        one = _Addressed(message_id=message_id, token=token, report=report)
        if not await self._addressed.do(one):
            log.warning("receipt.stranger", message_id=message_id[:64])
            return Taken.STRANGER
        return await self._write(message_id, report)

    async def take_by_reference(
        self, *, gateway: str, references: Sequence[str], report: Report
    ) -> Taken:
        """Take a report that names the gateway's own id (in one of several spellings).

        Who sent it was asked before.

        Raises:
            DatabaseAway: Not kept; the gateway shall come again.
        """
        async with self._db.read() as session:
            message_id = await _of_reference(session, gateway, references)
        if message_id is None:
            log.warning("receipt.stranger", gateway=gateway)
            return Taken.STRANGER
        return await self._write(message_id, report)

    async def _write(self, message_id: str, report: Report) -> Taken:
        if report.signal is None:
            log.warning("receipt.unreadable", message_id=message_id, code=report.code[:16])
            return Taken.UNREADABLE
        moved = await self._kept.do((message_id, report.signal, report))
        log.info("receipt.taken", message_id=message_id, code=report.code[:16], moved=moved)
        return Taken.MOVED if moved else Taken.NOTHING_NEW

    async def _known(self, asked: Sequence[_Addressed]) -> list[bool]:
        """Say of each whether there is such a message and the token is its own."""
        query = select(col(Message.id), col(Message.receipt_token)).where(
            col(Message.id).in_({one.message_id for one in asked})
        )
        async with self._db.read() as session:
            tokens = dict((await session.execute(query)).tuples().all())
        return [
            one.message_id in tokens
            and hmac.compare_digest(tokens[one.message_id].encode(), one.token.encode())
            for one in asked
        ]

    async def _keep(self, told: Sequence[tuple[str, Signal, Report]]) -> list[bool]:
        """Write reports down in their order; say of each whether it moved its message."""
        async with self._db.write() as tx:
            rows = await outbox.all_locked(tx, {message_id for message_id, _, _ in told})
            return [
                await _one(tx, rows[message_id], signal, report)
                for message_id, signal, report in told
            ]


async def _one(tx: Tx, row: Message, signal: Signal, report: Report) -> bool:
    moved = outbox.move(tx, row, signal)
    if moved:
        await alerts.failed(tx, row)
    tx.session.add(
        MessageReceipt(
            message_id=row.id,
            at=tx.now,
            code=clean(report.code)[:64],
            words=clean(report.words)[:300],
            moved_to=row.state if moved else "",
        )
    )
    return moved


async def _of_reference(
    session: AsyncSession, gateway: str, references: Sequence[str]
) -> str | None:
    found = await session.execute(
        select(col(Message.id))
        .where(
            col(Message.gateway) == gateway,
            col(Message.reference).in_([r for r in references if r]),
        )
        .order_by(col(Message.seq).desc())
        .limit(1)
    )
    return found.scalar_one_or_none()

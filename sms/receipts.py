"""Delivery reports: from anybody, twice, late, early, out of order; only forward moves count."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import structlog
from sqlmodel import col, select

from sms import alerts, outbox, parts
from sms.model import Signal
from sms.references import Named, find
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """A report of a known message; `parts` are the spellings of the part's id, if it is of one."""

    message_id: str
    signal: Signal
    report: Report
    parts: Sequence[str]


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

    async def take_named(self, named: Named, report: Report) -> Taken:
        """Take a report that names the gateway's own id.

        Who sent it was asked before.

        Raises:
            DatabaseAway: Not kept; the gateway shall come again.
        """
        async with self._db.read() as session:
            row = await find(session, named)
        if row is None:
            log.warning("receipt.stranger", gateway=named.gateway)
            return Taken.STRANGER
        of_part = named.references if named.in_parts and row.parts > 1 else ()
        return await self._write(row.id, report, of_part)

    async def _write(self, message_id: str, report: Report, of_part: Sequence[str] = ()) -> Taken:
        if report.signal is None:
            log.warning("receipt.unreadable", message_id=message_id, code=report.code[:16])
            return Taken.UNREADABLE
        told = _Told(message_id=message_id, signal=report.signal, report=report, parts=of_part)
        moved = await self._kept.do(told)
        log.info("receipt.taken", message_id=message_id, code=report.code[:16], moved=moved)
        return Taken.MOVED if moved else Taken.NOTHING_NEW

    async def _known(self, asked: Sequence[_Addressed]) -> list[bool]:
        """Say of each whether there is such a message and the token is its own."""
        query = select(col(Message.id), col(Message.receipt_token)).where(
            col(Message.id).in_({one.message_id for one in asked if one.message_id.isalnum()})
        )
        async with self._db.read() as session:
            tokens = dict((await session.execute(query)).tuples().all())
        return [
            one.message_id in tokens
            and hmac.compare_digest(tokens[one.message_id].encode(), one.token.encode())
            for one in asked
        ]

    async def _keep(self, told: Sequence[_Told]) -> list[bool]:
        """Write reports down in their order; say of each whether it moved its message."""
        async with self._db.write() as tx:
            rows = await outbox.all_locked(tx, {one.message_id for one in told})
            return [await _one(tx, rows[one.message_id], one) for one in told]


async def _one(tx: Tx, row: Message, told: _Told) -> bool:
    signal: Signal | None = told.signal
    if told.parts:
        signal = await parts.told(tx, row, told.parts, told.signal)
    moved = signal is not None and outbox.move(tx, row, signal)
    if moved:
        await alerts.failed(tx, row)
    tx.session.add(
        MessageReceipt(
            message_id=row.id,
            at=tx.now,
            code=clean(told.report.code)[:64],
            words=clean(told.report.words)[:300],
            moved_to=row.state if moved else "",
        )
    )
    return moved

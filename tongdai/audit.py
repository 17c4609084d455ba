"""The history that cannot be changed unseen: append-only rows, chained by SHA-256."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import UniqueConstraint, insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, SQLModel, col, select

from tongdai.clock import check_aware
from tongdai.db import Json, Tx, UtcDateTime, add_unless_there
from tongdai.ids import new_id

START = "0" * 64


class AuditHead(SQLModel, table=True):
    """The end of one chain; whoever appends holds its lock."""

    __tablename__ = "audit_head"

    chain: str = Field(primary_key=True)
    seq: int
    hash: str


class AuditEntry(SQLModel, table=True):
    """One thing that somebody did or that the service did; never changed, never removed."""

    __tablename__ = "audit_entry"
    __table_args__ = (UniqueConstraint("chain", "seq"),)

    id: str = Field(default_factory=new_id, primary_key=True)
    chain: str
    seq: int
    at: datetime = Field(sa_type=UtcDateTime)
    subject: str = Field(index=True)
    kind: str
    actor: str
    data: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    previous: str
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenLink:
    """The first entry of a chain that is not what was written."""

    chain: str
    seq: int
    why: str


def ticket_chain(hotline: str) -> str:
    """Return the name of the chain that holds the histories of a hotline's tickets."""
    return f"tickets:{hotline}"


RECORDINGS = "recordings"
ADMINISTRATION = "administration"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line that is to be added to a chain.

    Attributes:
        chain: `tickets:<hotline>`, `recordings` or `administration`.
        subject: The id of what it is about.
        kind: What happened: an event's or an effect's name.
        actor: Account id, or `system`.
        data: JSON values.
        at: When it happened (aware); the transaction's moment unless it was due earlier.
    """

    chain: str
    subject: str
    kind: str
    actor: str
    data: Mapping[str, Any] = field(default_factory=dict)
    at: datetime | None = None


async def append(
    tx: Tx,
    *,
    chain: str,
    subject: str,
    kind: str,
    actor: str,
    data: Mapping[str, Any] | None = None,
    at: datetime | None = None,
) -> None:
    """Add a line to a chain, in the caller's transaction; see Line."""
    line = Line(chain=chain, subject=subject, kind=kind, actor=actor, data=data or {}, at=at)
    await append_all(tx, [line])


async def append_all(tx: Tx, lines: Sequence[Line]) -> None:
    """Add lines to their chains in this order, in the caller's transaction.

    Whoever appends holds the chain's lock until the transaction ends, so this comes last in it;
    several chains are locked in the order of their names, lest two writers wait for each other.
    """
    for chain in sorted({line.chain for line in lines}):
        head = await _locked_head(tx.session, chain)
        rows = []
        for line in lines:
            if line.chain == chain:
                rows.append(_row(head, line, tx.now))
                head.seq, head.hash = rows[-1]["seq"], rows[-1]["hash"]
        await tx.session.execute(insert(AuditEntry), rows)


async def history(session: AsyncSession, chain: str, subject: str) -> list[AuditEntry]:
    """Return the lines of a chain about one subject, oldest first."""
    found = await session.execute(
        select(AuditEntry)
        .where(col(AuditEntry.chain) == chain, col(AuditEntry.subject) == subject)
        .order_by(col(AuditEntry.seq))
    )
    return list(found.scalars())


async def verify(session: AsyncSession) -> list[BrokenLink]:
    """Walk every chain; return the first broken link of each that has one."""
    heads = list(
        (await session.execute(select(AuditHead).order_by(col(AuditHead.chain)))).scalars()
    )
    named = {head.chain for head in heads}
    loose = (await session.execute(select(AuditEntry.chain).distinct())).scalars()
    broken = [
        BrokenLink(chain=chain, seq=0, why="the chain has no head")
        for chain in loose
        if chain not in named
    ]
    for head in heads:
        link = await _verify_chain(session, head)
        if link:
            broken.append(link)
    return broken


async def _verify_chain(session: AsyncSession, head: AuditHead) -> BrokenLink | None:
    previous, seq = START, 0
    rows = await session.stream_scalars(
        select(AuditEntry)
        .where(col(AuditEntry.chain) == head.chain)
        .order_by(col(AuditEntry.seq))
        .execution_options(yield_per=500)
    )
    async for entry in rows:
        seq += 1
        if entry.seq != seq:
            return BrokenLink(chain=head.chain, seq=seq, why="an entry is missing")
        if entry.previous != previous or entry.hash != _digest(entry.model_dump()):
            return BrokenLink(chain=head.chain, seq=seq, why="an entry was changed")
        previous = entry.hash
    if (seq, previous) != (head.seq, head.hash):
        return BrokenLink(chain=head.chain, seq=seq + 1, why="the last entries are missing")
    return None


async def _locked_head(session: AsyncSession, chain: str) -> AuditHead:
    query = select(AuditHead).where(col(AuditHead.chain) == chain).with_for_update()
    head: AuditHead | None = (await session.execute(query)).scalar_one_or_none()
    if head is None:
        await add_unless_there(session, AuditHead, chain=chain, seq=0, hash=START)
        head = (await session.execute(query)).scalar_one()
    return head


def _row(head: AuditHead, line: Line, now: datetime) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": new_id(),
        "chain": line.chain,
        "seq": head.seq + 1,
        "at": check_aware(line.at or now),
        "subject": line.subject,
        "kind": line.kind,
        "actor": line.actor,
        "data": json.loads(json.dumps(dict(line.data), default=str)),
        "previous": head.hash,
    }
    return row | {"hash": _digest(row)}


def _digest(entry: Mapping[str, Any]) -> str:
    parts = [
        entry["previous"],
        entry["chain"],
        entry["seq"],
        entry["at"].timestamp(),
        entry["subject"],
        entry["kind"],
        entry["actor"],
        entry["data"],
    ]
    return hashlib.sha256(
        json.dumps(parts, sort_keys=True, ensure_ascii=False).encode()
    ).hexdigest()

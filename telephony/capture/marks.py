"""The marks in a call's timeline: written once, read by the player and by the checks."""

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from telephony.capture.model import Mark, MarkKind
from telephony.capture.tables import CallMark
from telephony.transfers.tables import Transfer
from tongdai import audit
from tongdai.db import Tx
from tongdai.ids import AccountId, CallId

_IN_THE_CHAIN = frozenset({MarkKind.PAUSE, MarkKind.RESUME, MarkKind.STOP})


async def write(tx: Tx, mark: Mark) -> None:
    """Write a mark down; harmless when it is there already.

    Pause, resume and stop are acts on evidence: they stand in the audit chain `recordings` too.
    """
    if await tx.session.get(CallMark, (mark.call, mark.at, mark.kind)) is not None:
        return
    tx.session.add(
        CallMark(
            call=mark.call,
            at=mark.at,
            kind=mark.kind,
            by=mark.by,
            by_name=mark.by_name,
            why=mark.why,
        )
    )
    if mark.kind in _IN_THE_CHAIN:
        await audit.append(
            tx,
            chain=audit.RECORDINGS,
            subject=mark.call,
            kind=f"recording_{mark.kind}",
            actor=mark.by or "system",
            data={"at": mark.at.isoformat(), "why": mark.why, "name": mark.by_name},
        )


async def kept_of(session: AsyncSession, call: str) -> list[Mark]:
    """Return the marks of pause, resume, stop, hold and unhold of one call, oldest first."""
    rows = await session.execute(
        select(CallMark).where(col(CallMark.call) == call).order_by(col(CallMark.at))
    )
    return [
        Mark(
            call=CallId(row.call),
            at=row.at,
            kind=MarkKind(row.kind),
            by=AccountId(row.by) if row.by else None,
            by_name=row.by_name,
            why=row.why,
        )
        for row in rows.scalars()
    ]


async def of_call(session: AsyncSession, call: str) -> list[Mark]:
    """Return every mark of one call, transfers included, oldest first."""
    rows = await session.execute(select(Transfer).where(col(Transfer.call_id) == call))
    found = await kept_of(session, call)
    for row in rows.scalars():
        facts = {"call": CallId(call), "by": AccountId(row.by), "by_name": row.by_name}
        label = row.label or row.number
        begun = Mark(at=row.started_at, kind=MarkKind.TRANSFER, why=row.kind, label=label, **facts)
        found.append(begun)
        if row.ended_at is not None:
            why = row.reason or row.state
            found.append(
                Mark(at=row.ended_at, kind=MarkKind.TRANSFER_END, why=why, label=label, **facts)
            )
    return sorted(found, key=lambda mark: mark.at)

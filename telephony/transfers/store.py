"""Every query of the register of transfers."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from telephony.calls.transfer import Kind, Reason, State
from telephony.transfers.events import TransferEnded
from telephony.transfers.model import TransferView
from telephony.transfers.tables import Transfer
from tongdai.db import Tx
from tongdai.ids import AccountId, CallId, HotlineId, PersonId, TicketId, TransferId, UnitId


async def save(tx: Tx, view: TransferView, channels: dict[str, str]) -> None:
    """Write a transfer as it is; the row that ends it tells TransferEnded, once.

    Args:
        tx: The open transaction.
        view: The transfer.
        channels: `caller_channel`, `operator_channel`, `linkedid`: what a restart needs.
    """
    row = await tx.session.get(Transfer, view.id)
    if row is not None and row.ended_at is not None:
        return
    values: dict[str, Any] = {name: getattr(view, name) for name in view.__dataclass_fields__}
    values |= channels
    values["kind"], values["state"] = view.kind.value, view.state.value
    values["reason"] = view.reason.value if view.reason else None
    if row is None:
        tx.session.add(Transfer(**values))
    else:
        for name, value in values.items():
            setattr(row, name, value)
    if view.ended_at is not None:
        tx.emit(TransferEnded(transfer=view))


async def forget(tx: Tx, transfer_id: str) -> None:
    """Take back the row of a transfer that could not begin."""
    row = await tx.session.get(Transfer, transfer_id)
    if row is not None:
        await tx.session.delete(row)


async def by_id(session: AsyncSession, transfer_id: str) -> TransferView | None:
    """Return a transfer."""
    row = await session.get(Transfer, transfer_id)
    return view_of(row) if row else None


async def of_call(session: AsyncSession, call_id: str) -> list[TransferView]:
    """Return a call's transfers, oldest first."""
    found = await session.execute(
        select(Transfer)
        .where(col(Transfer.call_id) == call_id)
        .order_by(col(Transfer.started_at), col(Transfer.id))
    )
    return [view_of(row) for row in found.scalars()]


async def unfinished(session: AsyncSession) -> list[Transfer]:
    """Return the rows without an end, oldest first: what a killed service left behind."""
    found = await session.execute(
        select(Transfer).where(col(Transfer.ended_at).is_(None)).order_by(col(Transfer.started_at))
    )
    return list(found.scalars())


def view_of(row: Transfer) -> TransferView:
    """Return a row as everybody sees it."""
    return TransferView(
        id=TransferId(row.id),
        pbx=row.pbx,
        call_id=CallId(row.call_id),
        ticket_id=TicketId(row.ticket_id) if row.ticket_id else None,
        hotline=HotlineId(row.hotline),
        kind=Kind(row.kind),
        state=State(row.state),
        reason=Reason(row.reason) if row.reason else None,
        detail=row.detail,
        number=row.number,
        label=row.label,
        person_id=PersonId(row.person_id) if row.person_id else None,
        unit_id=UnitId(row.unit_id) if row.unit_id else None,
        by=AccountId(row.by),
        by_name=row.by_name,
        joined=row.joined,
        operator_there=row.operator_there,
        started_at=row.started_at,
        rang_at=row.rang_at,
        answered_at=row.answered_at,
        accepted_at=row.accepted_at,
        ended_at=row.ended_at,
    )

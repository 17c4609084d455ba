"""Writing and reading what operators did."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from telephony.behind import Write
from telephony.operators.model import Operator, OperatorState
from telephony.operators.tables import OperatorStateChange
from tongdai.db import Tx


def log_change(operator: Operator, before: OperatorState, at: datetime) -> tuple[str, Write]:
    """Return the write of one state change, and its key."""
    row = OperatorStateChange(
        account_id=operator.account,
        at=at,
        before=before,
        after=operator.state,
        reason=operator.reason,
        seat=operator.seat,
        hotline=operator.hotline,
        hotlines=",".join(operator.hotlines),
    )

    async def write(tx: Tx) -> None:
        if await tx.session.get(OperatorStateChange, row.id) is None:  # tried before, perhaps
            tx.session.add(OperatorStateChange(**row.model_dump()))

    return row.id, write


async def changes_of(
    session: AsyncSession, account: str, since: datetime, until: datetime
) -> list[OperatorStateChange]:
    """Return an operator's changes in [since, until), oldest first."""
    found = await session.execute(
        select(OperatorStateChange)
        .where(
            col(OperatorStateChange.account_id) == account,
            col(OperatorStateChange.at) >= since,
            col(OperatorStateChange.at) < until,
        )
        .order_by(col(OperatorStateChange.at), col(OperatorStateChange.id))
    )
    return list(found.scalars())

"""What the register has of a caller in the menus."""

from sqlmodel import col, select

from ivr.tables import CallPrompt
from telephony.calls.tables import CallRow
from tongdai.db import Database


async def prompt_log(db: Database, caller: str) -> list[CallPrompt]:
    """Return what a caller (as the network has the number) heard, pressed, was led to; in order."""
    query = (
        select(CallPrompt)
        .join(CallRow, col(CallRow.id) == col(CallPrompt.call))
        .where(col(CallRow.caller_raw) == caller)
        .order_by(col(CallPrompt.at), col(CallPrompt.n))
    )
    async with db.read() as session:
        return list((await session.execute(query)).scalars())

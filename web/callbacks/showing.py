"""Tasks as a viewer may see them."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from ivr.followups.model import State
from ivr.followups.tables import CallBackTask
from tongdai.accounts.model import Viewer
from tongdai.accounts.tables import Account
from web.api import reach
from web.api.models_callbacks import CallBackOut


async def shown_to(
    session: AsyncSession, who: Viewer, tasks: list[CallBackTask], now: datetime
) -> list[CallBackOut]:
    """Return tasks as the viewer may see them: a secret caller's number and name stay out."""
    secret = await reach.secret_tickets(session, who, {t.ticket for t in tasks if t.ticket})
    owners = {t.owner for t in tasks if t.owner}
    rows = await session.execute(
        select(Account.id, Account.full_name).where(col(Account.id).in_(owners))
    )
    names = dict(rows.tuples().all())
    return [_out(task, names, now, hidden=task.ticket in secret) for task in tasks]


def _out(task: CallBackTask, names: dict[str, str], now: datetime, *, hidden: bool) -> CallBackOut:
    is_open = not State(task.state).is_closed
    values = task.model_dump() | {
        "caller_number": None if hidden else task.number,
        "caller_raw": "" if hidden else task.raw,
        "caller_name": "" if hidden else task.name,
        "owner_name": names.get(task.owner or "", task.owner or ""),
        "overdue": is_open and task.due_at < now,
    }
    return CallBackOut.model_validate(values)

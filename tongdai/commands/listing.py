"""`tongdai calls`, `tickets`: the register from the shell."""

from typing import Any

from sqlalchemy import Select
from sqlmodel import col, select

from telephony.calls.tables import CallRow
from tickets.tables import Ticket
from tongdai.clock import HCM
from tongdai.commands.register import register
from tongdai.commands.support import print_json, run, say, settings
from web.api.calls import call_out
from web.api.tickets import ticket_out


def calls(*, as_json: bool, hotline: str | None, limit: int) -> None:
    """Print the calls, newest first."""
    query = select(CallRow).order_by(col(CallRow.started_at).desc(), col(CallRow.id)).limit(limit)
    if hotline:
        query = query.where(col(CallRow.hotline) == hotline)
    for row in run(_rows(query)):
        if as_json:
            print_json(call_out(row, frozenset()).model_dump(mode="json"))
        else:
            at = row.started_at.astimezone(HCM)
            how = row.outcome or row.state
            say(f"{at:%d/%m/%Y %H:%M:%S}  {row.hotline:<9} {row.caller_raw:<14} {how}")


def tickets(*, as_json: bool, hotline: str | None, limit: int) -> None:
    """Print the tickets, newest first."""
    query = select(Ticket).order_by(col(Ticket.created_at).desc(), col(Ticket.id)).limit(limit)
    if hotline:
        query = query.where(col(Ticket.hotline) == hotline)
    for row in run(_rows(query)):
        if as_json:
            print_json(ticket_out(row).model_dump(mode="json"))
        else:
            due = f"{row.due_at.astimezone(HCM):%H:%M %d/%m/%Y}" if row.due_at else "-"
            late = "overdue" if row.overdue else ""
            where = f"{row.number or '(draft)':<12} {row.hotline:<9} {row.state:<9}"
            say(f"{where} {row.stage or '-':<12} {due} {late}")


async def _rows(query: Select[Any]) -> list[Any]:
    async with register(settings()) as db, db.read() as session:
        return list((await session.execute(query)).scalars())

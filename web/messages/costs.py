"""/messages/costs: how many SMS a month, in how many parts, for how much, by unit."""

import re
from dataclasses import dataclass
from datetime import datetime

from aiohttp import web
from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from sms import counts
from sms.tables import Message
from tickets.tables import Ticket, Unit
from tongdai.clock import HCM
from web.auth import allowed
from web.keys import CLOCK, DB
from web.messages.reading import READERS, asked, my_hotlines
from web.render import page

routes = web.RouteTableDef()


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A unit's month; `unit` "" is what belongs to none."""

    unit: str
    messages: int
    parts: int
    cost: int


@routes.get("/messages/costs")
@allowed(*READERS)
async def month(request: web.Request) -> web.StreamResponse:
    """Show the cost of a month by unit."""
    wanted = asked(request)
    start = _month(request.query.get("month", ""), request.app[CLOCK].now())
    end = _later(start, 1)
    async with request.app[DB].read() as session:
        lines = await _lines(session, wanted.hotline.id, start, end)
    context = {
        "asked": wanted,
        "hotlines": [(h.id, h.name) for h in my_hotlines(request)],
        "month": start,
        "before": _later(start, -1),
        "after": end,
        "lines": lines,
        "total": Line(
            unit="",
            messages=sum(line.messages for line in lines),
            parts=sum(line.parts for line in lines),
            cost=sum(line.cost for line in lines),
        ),
    }
    return page(request, "messages/costs.html", context)


async def _lines(session: AsyncSession, hotline: str, start: datetime, end: datetime) -> list[Line]:
    query = (
        select(Unit.name, func.count(), func.sum(col(Message.parts)), func.sum(col(Message.cost)))
        .select_from(Message)
        .outerjoin(Ticket, col(Ticket.id) == col(Message.ticket_id))
        .outerjoin(Unit, col(Unit.id) == col(Ticket.unit_id))
        .where(counts.accepted_between(hotline, start, end))
        .group_by(Unit.name)
    )
    rows = await session.execute(query)
    found = [
        Line(unit=name or "", messages=n, parts=int(parts or 0), cost=int(cost or 0))
        for name, n, parts, cost in rows
    ]
    return sorted(found, key=lambda line: (-line.cost, -line.messages, line.unit))


def _month(typed: str, now: datetime) -> datetime:
    """Return the first moment of the month that was typed (2026-11), else of this one."""
    found = re.fullmatch(r"(20\d\d)-(0[1-9]|1[0-2])", typed)
    local = now.astimezone(HCM)
    year, number = (int(found[1]), int(found[2])) if found else (local.year, local.month)
    return datetime(year, number, 1, tzinfo=HCM)


def _later(start: datetime, months: int) -> datetime:
    number = start.year * 12 + start.month - 1 + months
    return start.replace(year=number // 12, month=number % 12 + 1)

"""/admin: the hotlines in figures, the parts, who works now, what waits for a person (CT-13.4)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web
from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from sms import store as messages
from sms.model import State
from tickets import units as directory
from tickets.tables import Ticket, Unit
from tongdai.accounts.model import Role
from tongdai.accounts.tables import Account, Membership, Session
from tongdai.health import Part
from web.admin.common import my_hotlines, show
from web.admin.words import CONDITIONS, OPERATOR_STATES, PARTS
from web.api.health import health_of
from web.auth import allowed
from web.desk.words import MESSAGES, PURPOSES, REASONS
from web.doors import OPERATORS
from web.keys import CLOCK, DB, REAL_CLOCK, SETTINGS

routes = web.RouteTableDef()
WAITING = 20
"""Messages that are listed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """A hotline in figures.

    Attributes:
        open: Tickets at work.
        overdue: Of these, past their limit.
        units: Units that are valid now.
        without_focal_point: Handling units that nobody is the focal point of.
        without_mobile: Focal points whom no SMS reaches.
        accounts: Accounts that may sign in.
    """

    open: int
    overdue: int
    units: int
    without_focal_point: int
    without_mobile: int
    accounts: int


@routes.get("/admin")
@allowed(Role.ADMINISTRATOR)
async def overview(request: web.Request) -> web.StreamResponse:
    """Show how the hotlines of the viewer are."""
    mine = my_hotlines(request)
    ids, now = [h.id for h in mine], request.app[CLOCK].now()
    parts = await health_of(request.app).ask()
    async with request.app[DB].read() as session:
        figures = {h: await figures_of(session, h, now) for h in ids}
        waiting = await messages.page(
            session, hotlines=ids, limit=WAITING + 1, states=[State.UNKNOWN, State.NOT_SENDABLE]
        )
        sessions = await _sessions(request, session, ids)
        numbers = await _ticket_numbers(session, [m.ticket_id for m in waiting])
    operators = [o for o in request.app[OPERATORS].snapshot() if set(o.hotlines) & set(ids)]
    context = {
        "mine": mine,
        "figures": figures,
        "parts": [_part(name, part) for name, part in sorted(parts.items())],
        "operators": sorted(operators, key=lambda o: o.name),
        "operator_states": OPERATOR_STATES,
        "conditions": CONDITIONS,
        "sessions": sessions,
        "waiting": waiting[:WAITING],
        "more_waiting": len(waiting) > WAITING,
        "numbers": numbers,
        "message_states": MESSAGES,
        "purposes": PURPOSES,
        "reasons": REASONS,
    }
    return show(request, "overview.html", context)


async def figures_of(session: AsyncSession, hotline: str, now: datetime) -> Figures:
    """Count what a hotline has."""
    at_work = select(func.count(), func.count().filter(col(Ticket.overdue))).where(
        col(Ticket.hotline) == hotline, col(Ticket.state) == "open"
    )
    opened, overdue = (await session.execute(at_work)).one()
    here = await directory.tree(session, hotline, now)
    points = {p.unit_id: p for p in await directory.people(session, hotline, "focal_point", now)}
    return Figures(
        open=opened,
        overdue=overdue,
        units=len(here),
        without_focal_point=sum(_lacks_one(u, points) for u in here),
        without_mobile=sum(1 for u in here if u.id in points and not points[u.id].mobile),
        accounts=await _accounts(session, hotline),
    )


def _lacks_one(unit: Unit, points: Mapping[str, Any]) -> bool:
    return unit.handling_unit and unit.id not in points


async def _accounts(session: AsyncSession, hotline: str) -> int:
    query = select(func.count(func.distinct(col(Account.id)))).where(
        col(Account.id) == col(Membership.account_id),
        col(Membership.hotline) == hotline,
        col(Account.active),
    )
    return int((await session.execute(query)).scalar_one())


async def _sessions(
    request: web.Request, session: AsyncSession, hotlines: Collection[str]
) -> list[tuple[Account, datetime]]:
    """Return who of these hotlines is signed in, and when he was seen last; the latest first."""
    limits, now = request.app[SETTINGS].web, request.app[REAL_CLOCK].now()
    seen = func.max(col(Session.seen_at))
    query = (
        select(col(Session.account_id), seen)
        .where(
            col(Session.seen_at) > now - timedelta(minutes=limits.idle_minutes),
            col(Session.created_at) > now - timedelta(hours=limits.session_hours),
            col(Session.account_id).in_(
                select(Membership.account_id).where(col(Membership.hotline).in_(hotlines))
            ),
        )
        .group_by(col(Session.account_id))
        .order_by(seen.desc())
    )
    rows = (await session.execute(query)).tuples().all()
    known = select(Account).where(col(Account.id).in_([r[0] for r in rows]))
    accounts = {a.id: a for a in (await session.execute(known)).scalars()}
    return [(accounts[i], at) for i, at in rows if i in accounts]


async def _ticket_numbers(session: AsyncSession, ids: Collection[str | None]) -> dict[str, str]:
    query = select(col(Ticket.id), col(Ticket.number)).where(col(Ticket.id).in_(set(ids) - {None}))
    return {i: number or "" for i, number in (await session.execute(query)).tuples().all()}


def _part(name: str, part: Part) -> tuple[str, str, str, Part]:
    """Return a part's name in words, what is behind the colon, its state's tone, and itself."""
    kind, _, which = name.partition(":")
    return PARTS.get(kind, kind), which, CONDITIONS[part.state][1], part

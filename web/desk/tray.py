"""What units asked for and nobody decided yet: extensions, other units (CT-9.1.2d, A-CT-15)."""

from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web
from sqlalchemy import exists, or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tickets.tables import ExtensionLetter, Note, Referral, Ticket
from tongdai.accounts.model import Role
from web.auth import allowed, viewer
from web.desk import people
from web.desk.countdown import Countdown, countdown
from web.desk.people import ABOVE, DESK
from web.desk.standstills import places
from web.doors import ACTS
from web.keys import CLOCK, DB
from web.render import page

routes = web.RouteTableDef()

DECIDERS = (Role.OPERATOR, Role.SUPERVISOR, Role.CITY_OFFICE, Role.COORDINATOR)
_MOST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request that waits.

    Attributes:
        ticket: The ticket.
        note: The unit's words.
        unit: The unit's name.
        who: Who asked.
        left: Until when the unit has time.
    """

    ticket: Ticket
    note: Note
    unit: str
    who: str
    left: Countdown | None


@routes.get("/desk/requests")
@allowed(*DECIDERS)
async def requests(request: web.Request) -> web.StreamResponse:
    """List the requests that wait, the nearest due time first."""
    who, now, lawbook = viewer(request), request.app[CLOCK].now(), request.app[ACTS].lawbook
    async with request.app[DB].read() as session:
        found = await waiting(session, who.hotlines_for(*DECIDERS))
        units = await people.unit_names(session, [t.unit_id for t, _ in found])
        names = await people.account_names(session, [n.by for _, n in found])
    asked = [
        Asked(
            ticket=t,
            note=n,
            unit=units.get(t.unit_id or "", ""),
            who=names.get(n.by, ""),
            left=countdown(now, t.due_at, lawbook.calendar(t.hotline)) if t.due_at else None,
        )
        for t, n in found
    ]
    context = {
        "asked": asked,
        "above": who.has_any(ABOVE),
        "lists": who.has_any(DESK),
        "may_pause": bool(places(request)),
    }
    return page(request, "desk/requests.html", context)


async def waiting(session: AsyncSession, hotlines: Sequence[str]) -> list[tuple[Ticket, Note]]:
    """Return the open requests of open tickets: no letter entered, not referred since."""
    entered = exists().where(col(ExtensionLetter.ticket_id) == col(Note.ticket_id))
    referred = exists().where(
        col(Referral.ticket_id) == col(Note.ticket_id), col(Referral.at) > col(Note.at)
    )
    query = (
        select(Ticket, Note)
        .join(Note, col(Note.ticket_id) == col(Ticket.id))
        .where(
            col(Ticket.hotline).in_(hotlines),
            col(Ticket.state) == "open",
            or_(
                (col(Note.kind) == "extension_request") & ~entered,
                (col(Note.kind) == "reroute_request") & ~referred,
            ),
        )
        .order_by(col(Ticket.due_at), col(Note.at))
        .limit(_MOST)
    )
    return [(ticket, note) for ticket, note in (await session.execute(query)).tuples()]

"""A unit's request to hear, and its decision: what pages and API do alike."""

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from telephony.recordings import store
from telephony.recordings.errors import RecordingUnknown
from telephony.recordings.hearing import requests
from telephony.recordings.hearing.requests import Decision, Wish
from telephony.recordings.hearing.tables import RecordingRequest
from telephony.recordings.store import Listed
from tickets import access
from tickets.errors import TicketForbidden
from tickets.tables import Ticket, Unit
from tongdai.calendar import parse_limit
from web.auth import viewer
from web.doors import ACTS
from web.keys import DB, SETTINGS


async def asked(
    request: web.Request, ticket_id: str, recording: str, *, reason: str, basis: str
) -> RecordingRequest:
    """Write a unit's request down; the working calendar says until when it is to be decided.

    Raises:
        NoSuchTicket: The viewer may not know that there is such a ticket.
        TicketForbidden: The viewer is of no unit there.
        RecordingUnknown: It is no recording of that ticket.
        Invalid, RecordingDeleted: See requests.ask.
    """
    who, hours = viewer(request), request.app[SETTINGS].recordings.requests.decide_hours
    async with request.app[DB].write() as tx:
        ticket = await access.get(tx.session, who, ticket_id)
        units = requests.units_of(who, ticket.hotline)
        if not units:
            raise TicketForbidden(ticket=ticket.id, deed="hear")
        unit_id = ticket.unit_id if ticket.unit_id in units else units[0]
        unit = await tx.session.get(Unit, unit_id)
        calendar = request.app[ACTS].lawbook.calendar(ticket.hotline)
        limit = parse_limit(f"{hours} working hours")
        wish = Wish(
            listed=await _of_ticket(tx.session, ticket, recording),
            unit=unit_id,
            unit_name=unit.name if unit else unit_id,
            reason=reason,
            basis=basis,
            due_at=calendar.due(tx.now, limit) if calendar else tx.now,
        )
        return await requests.ask(tx, who, wish)


async def decided(request: web.Request, request_id: str, decision: Decision) -> RecordingRequest:
    """Carry a decision out.

    Raises:
        RequestUnknown, RequestDecided, RequestOwn, Invalid: See requests.decide.
        RecordingUnknown: The recording's row is gone.
    """
    who, most = viewer(request), request.app[SETTINGS].recordings.requests.most_days
    async with request.app[DB].write() as tx:
        open_one = await requests.get(tx.session, who, request_id)
        listed = await store.get(tx.session, open_one.recording)
        if listed is None:
            raise RecordingUnknown(recording=open_one.recording)
        seconds = listed.recording.seconds
        return await requests.decide(tx, who, request_id, decision, seconds=seconds, most_days=most)


async def _of_ticket(session: AsyncSession, ticket: Ticket, recording: str) -> Listed:
    listed = await store.get(session, recording)
    if listed is None or listed.ticket != ticket.id:
        raise RecordingUnknown(recording=recording)
    return listed

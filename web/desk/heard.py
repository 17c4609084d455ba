"""The recordings of a ticket, as its unit sees them: when, how long, what came of asking."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from telephony.recordings import store
from telephony.recordings.hearing import requests, wishes
from telephony.recordings.hearing.tables import RecordingRequest
from telephony.recordings.tables import Recording
from tickets.tables import Ticket
from tongdai.accounts.model import Viewer


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A recording of a ticket, for a unit: when, how long, and what came of asking."""

    row: Recording
    request: RecordingRequest | None
    state: str


async def lines(
    session: AsyncSession, who: Viewer, ticket: Ticket, now: datetime
) -> tuple[Line, ...]:
    """Return the recordings that the viewer's unit may ask for; empty for everybody else."""
    units = requests.units_of(who, ticket.hotline)
    if not units:
        return ()
    wanted = store.Wanted(hotlines=(ticket.hotline,), tickets=(ticket.id,))
    asked = await wishes.of_ticket(session, ticket.id, units)
    newest = {r.recording: r for r in reversed(asked)}
    found = [one.recording for one in await store.page(session, wanted, limit=50)]
    return tuple(
        Line(row=row, request=newest.get(row.id), state=state_of(newest.get(row.id), now))
        for row in reversed(found)
        if row.state != "deleted"
    )


def state_of(request: RecordingRequest | None, now: datetime) -> str:
    """Return a request's state as people see it; empty where there is none."""
    if request is None:
        return ""
    over = request.valid_until is not None and now >= request.valid_until
    return "ended" if request.state == "granted" and over else request.state

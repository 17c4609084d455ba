"""/api/v1/tickets: the list, one ticket, its history, and acts on it."""

from http import HTTPStatus
from typing import Annotated, Any, Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from escalation.act import parse_act
from escalation.errors import ActRefused
from tickets import access, store
from tickets.tables import Ticket
from tongdai.accounts.model import Viewer
from web.api import reach
from web.api.endpoint import Nothing
from web.api.lists import ListAsked, Text
from web.api.models import Lines, Page, RatingOut, Refused, SenderOut, TicketDetail, TicketOut
from web.api.ratings import ratings_of
from web.api.table import TABLE
from web.auth import viewer
from web.doors import ACTS
from web.keys import DB


class TicketsAsked(ListAsked):
    """What tickets are wanted."""

    state: Literal["draft", "open", "answered", "closed", "rejected"] | None = None
    overdue: bool | None = None
    unit: Text | None = None
    q: Annotated[
        str | None,
        Field(max_length=200, description="a ticket's number, a telephone number, or words"),
    ] = None


class ActAsked(BaseModel):
    """An event object of regulations/TIMELINE.md; the server sets `at`. More fields by `event`."""

    model_config = ConfigDict(frozen=True, extra="allow")

    event: str = Field(description="received, referred, answered, extended, ...")


@TABLE.add(
    "GET",
    "/tickets",
    summary="Tickets, newest first",
    asked=TicketsAsked,
    answer=Page[TicketOut],
    roles=reach.TICKET_READERS,
)
async def list_tickets(request: web.Request, asked: TicketsAsked) -> Page[TicketOut]:
    """Answer the tickets that the viewer sees."""
    async with request.app[DB].read() as session:
        found = await store.page(
            session,
            viewer(request),
            hotline=asked.hotline,
            state=asked.state,
            overdue=asked.overdue,
            unit=asked.unit,
            q=asked.q,
            limit=asked.limit,
            cursor=asked.cursor,
        )
    return Page[TicketOut](items=[ticket_out(t) for t in found.items], next=found.next)


@TABLE.add(
    "GET",
    "/tickets/{id}",
    summary="One ticket, with what the sender said",
    asked=Nothing,
    answer=TicketDetail,
    roles=reach.TICKET_READERS,
)
async def one_ticket(request: web.Request, _: Nothing) -> TicketDetail:
    """Answer one ticket that the viewer sees."""
    who = viewer(request)
    async with request.app[DB].read() as session:
        ticket = await access.get(session, who, request.match_info["id"])
        rated = await ratings_of(session, request.app[ACTS], ticket)
    return _detail(ticket, who, rated)


@TABLE.add(
    "GET",
    "/tickets/{id}/history",
    summary="What happened to a ticket: the lines of regulations/TIMELINE.md",
    asked=Nothing,
    answer=Lines,
    roles=reach.TICKET_READERS,
)
async def history(request: web.Request, _: Nothing) -> Lines:
    """Answer a ticket's history."""
    ticket_id = request.match_info["id"]
    async with request.app[DB].read() as session:
        await access.get(session, viewer(request), ticket_id)
        return Lines(items=await request.app[ACTS].lines(session, ticket_id))


@TABLE.add(
    "POST",
    "/tickets/{id}/acts",
    summary="Do an act; answers the lines that it brought about",
    asked=ActAsked,
    answer=Lines,
    roles=reach.TICKET_READERS,
)
async def act(request: web.Request, asked: ActAsked) -> Lines | web.Response:
    """Do what the event object says, at this moment, as the regulation allows it."""
    body = asked.model_dump()
    for short in ("unit", "person"):
        body.setdefault(f"{short}_id", body.pop(short, None))
    wanted = parse_act(body)
    try:
        lines = await request.app[ACTS].do(
            request.app[DB], request.match_info["id"], wanted, viewer(request)
        )
    except ActRefused as refusal:
        return _refused(refusal)
    return Lines(items=[line.as_json() for line in lines])


def ticket_out(ticket: Ticket) -> TicketOut:
    """Return a ticket as the lists show it: nothing of the sender is in it."""
    return TicketOut.model_validate(_promised(ticket))


def _promised(ticket: Ticket) -> dict[str, Any]:
    same = TicketOut.model_fields.keys() - {"call"}
    return {name: getattr(ticket, name) for name in same} | {"call": ticket.call_id}


def _detail(ticket: Ticket, who: Viewer, rated: list[RatingOut]) -> TicketDetail:
    return TicketDetail.model_validate(
        _promised(ticket)
        | {
            "content": ticket.content,
            "field": ticket.field_id,
            "place": ticket.place,
            "unit": ticket.unit_id,
            "confidential": ticket.confidential,
            "sender": SenderOut.model_validate(access.sender(who, ticket)),
            "ratings": rated,
        }
    )


def _refused(refusal: ActRefused) -> web.Response:
    body = Refused(code=refusal.reason, message=refusal.why, source=refusal.source)
    return web.Response(
        text=body.model_dump_json(), status=HTTPStatus.CONFLICT, content_type="application/json"
    )

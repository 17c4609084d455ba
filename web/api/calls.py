"""/api/v1/calls."""

from typing import Annotated, Literal

from aiohttp import web
from pydantic import Field
from sqlalchemy import ColumnElement, tuple_
from sqlmodel import col, select

from telephony.calls.tables import CallRow
from tongdai.errors import Invalid, NotFound
from tongdai.phone import normalise
from web.api import cursor, reach
from web.api.endpoint import Nothing
from web.api.lists import ListAsked, Since, Text, Until, page
from web.api.models import CallOut, Page
from web.api.table import TABLE
from web.auth import viewer
from web.keys import DB


class CallUnknown(NotFound):
    """There is no such call, or the asker may not know that there is."""

    code = "call_unknown"


class CallsAsked(ListAsked):
    """What calls are wanted."""

    state: Literal["ivr", "queued", "answered", "held", "transferring", "ended"] | None = None
    outcome: (
        Literal["answered", "abandoned", "self_service", "message", "callback", "failed"] | None
    ) = None
    direction: Literal["inbound", "outbound"] | None = None
    number: Annotated[
        str | None, Field(max_length=32, description="the caller's, in any spelling")
    ] = None
    linkedid: Text | None = None
    operator: Text | None = None
    ticket: Text | None = None
    since: Since | None = None
    until: Until | None = None


@TABLE.add(
    "GET",
    "/calls",
    summary="Calls, newest first",
    asked=CallsAsked,
    answer=Page[CallOut],
    roles=reach.CALL_READERS,
)
async def list_calls(request: web.Request, asked: CallsAsked) -> Page[CallOut]:
    """Answer the calls that the viewer may read."""
    who = viewer(request)
    query = select(CallRow).where(*_conditions(asked))
    if asked.cursor:
        before = cursor.to_moment(asked.cursor)
        query = query.where(tuple_(col(CallRow.started_at), col(CallRow.id)) < before)
    query = query.order_by(col(CallRow.started_at).desc(), col(CallRow.id).desc())
    async with request.app[DB].read() as session:
        query = query.where(await reach.calls_of(session, who))
        found = list((await session.execute(query.limit(asked.limit + 1))).scalars())
        secret = await reach.secret_tickets(session, who, {c.ticket for c in found if c.ticket})
    return page(
        found,
        asked.limit,
        lambda call: call_out(call, secret),
        lambda call: cursor.of_moment(call.started_at, call.id),
    )


@TABLE.add(
    "GET",
    "/calls/{id}",
    summary="One call",
    asked=Nothing,
    answer=CallOut,
    roles=reach.CALL_READERS,
)
async def one_call(request: web.Request, _: Nothing) -> CallOut:
    """Answer one call that the viewer may read."""
    who, call_id = viewer(request), request.match_info["id"]
    async with request.app[DB].read() as session:
        mine = await reach.calls_of(session, who)
        found = await session.execute(select(CallRow).where(col(CallRow.id) == call_id, mine))
        call = found.scalar_one_or_none()
        if call is None:
            raise CallUnknown(call=call_id)
        secret = await reach.secret_tickets(session, who, {call.ticket} if call.ticket else set())
    return call_out(call, secret)


def call_out(call: CallRow, secret: frozenset[str]) -> CallOut:
    """Return a call as the API shows it; a secret caller's number and name stay out of it."""
    shown = CallOut.model_validate(call)
    if call.ticket in secret:
        return shown.model_copy(update={"caller_number": None, "caller_raw": "", "caller_name": ""})
    return shown


def _conditions(asked: CallsAsked) -> list[ColumnElement[bool]]:
    equal = (
        (col(CallRow.hotline), asked.hotline),
        (col(CallRow.state), asked.state),
        (col(CallRow.outcome), asked.outcome),
        (col(CallRow.direction), asked.direction),
        (col(CallRow.linkedid), asked.linkedid),
        (col(CallRow.operator), asked.operator),
        (col(CallRow.ticket), asked.ticket),
        (col(CallRow.caller_number), _number(asked.number)),
    )
    conditions = [column == value for column, value in equal if value is not None]
    if asked.since is not None:
        conditions.append(col(CallRow.started_at) >= asked.since)
    if asked.until is not None:
        conditions.append(col(CallRow.started_at) < asked.until)
    return conditions


def _number(typed: str | None) -> str | None:
    if typed is None:
        return None
    number = normalise(typed)
    if number is None:
        raise Invalid(fields={"number": "not_a_phone"})
    return number

"""/api/v1/calls/{id}/transfers and /api/v1/transfers/{id}: handing a live call on (CT-9.1.2a)."""

from http import HTTPStatus
from typing import Annotated, Literal

from aiohttp import web
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession

from telephony.calls.transfer import Kind
from telephony.transfers.errors import NoSuchTransfer
from telephony.transfers.model import Target, TransferView
from tickets import access, units
from tongdai.accounts.model import Role, Viewer
from tongdai.errors import Forbidden, Invalid
from tongdai.ids import CallId, PersonId, TicketId, TransferId, UnitId
from web.api import reach
from web.api.calls import CallUnknown
from web.api.endpoint import Asked, Nothing
from web.api.lists import Text
from web.api.models import TransferOut
from web.api.table import TABLE
from web.auth import viewer
from web.doors import CALLS, TRANSFERS
from web.keys import DB, SETTINGS

HANDS = (Role.OPERATOR, Role.SUPERVISOR)
READERS = (*reach.WHOLE, Role.OPERATOR)


class TransferAsked(Asked):
    """Whom to call, and how: one of `person` (of the directory) and `number`."""

    kind: Literal["warm", "blind", "three_way"]
    person: Text | None = None
    number: Annotated[str | None, Field(max_length=32)] = None
    ticket: Text | None = None


@TABLE.add(
    "POST",
    "/calls/{id}/transfers",
    summary="Begin to transfer a live call",
    asked=TransferAsked,
    answer=TransferOut,
    roles=HANDS,
    status=HTTPStatus.CREATED,
)
async def start(request: web.Request, asked: TransferAsked) -> TransferOut:
    """Ring the person; a second transfer of the same call is refused."""
    who, call_id = viewer(request), CallId(request.match_info["id"])
    call = request.app[CALLS].call(call_id)
    if call is None or not who.has_any(HANDS, call.hotline):
        raise CallUnknown(call=call_id)
    table = request.app[SETTINGS].hotline_by_id(call.hotline)
    typed_allowed = table is not None and table.transfer_typed_numbers
    async with request.app[DB].read() as session:
        target = await _target(session, who, asked, typed_allowed=typed_allowed)
    view = await request.app[TRANSFERS].start(
        call_id,
        kind=Kind(asked.kind),
        target=target,
        by=who,
        ticket_id=TicketId(asked.ticket) if asked.ticket else None,
    )
    return transfer_out(view)


@TABLE.add(
    "GET",
    "/transfers/{id}",
    summary="One transfer",
    asked=Nothing,
    answer=TransferOut,
    roles=READERS,
)
async def one_transfer(request: web.Request, _: Nothing) -> TransferOut:
    """Answer a transfer, running or ended."""
    transfer_id = TransferId(request.match_info["id"])
    view = await request.app[TRANSFERS].get(transfer_id)
    if not viewer(request).has_any(READERS, view.hotline):
        raise NoSuchTransfer(transfer=transfer_id)
    return transfer_out(view)


def transfer_out(view: TransferView) -> TransferOut:
    """Return a transfer as the API shows it."""
    return TransferOut(
        id=view.id,
        call=view.call_id,
        ticket=view.ticket_id,
        hotline=view.hotline,
        kind=view.kind.value,
        state=view.state.value,
        reason=view.reason.value if view.reason else None,
        detail=view.detail,
        to=view.label or view.number,
        person=view.person_id,
        unit=view.unit_id,
        by=view.by,
        started_at=view.started_at,
        rang_at=view.rang_at,
        answered_at=view.answered_at,
        accepted_at=view.accepted_at,
        ended_at=view.ended_at,
    )


async def _target(
    session: AsyncSession, who: Viewer, asked: TransferAsked, *, typed_allowed: bool
) -> Target:
    """Say who is to be called.

    Raises:
        Invalid: Neither or both are named.
        Forbidden: The hotline calls nobody but its directory.
    """
    if (asked.person is None) == (asked.number is None):
        raise Invalid(fields={"person": "required"})
    field = await _field(session, who, asked.ticket)
    if asked.person is None:
        if not typed_allowed:
            raise Forbidden("number_not_allowed")
        return Target(number=asked.number, label=asked.number or "", field=field, typed=True)
    person = await units.person(session, asked.person)
    unit = await units.unit(session, person.unit_id)
    return Target(
        number=person.phone,
        person_id=PersonId(person.id),
        unit_id=UnitId(unit.id),
        label=f"{person.name}, {unit.name}",
        field=field,
    )


async def _field(session: AsyncSession, who: Viewer, ticket_id: str | None) -> str:
    """Return the name of a ticket's field, which the person called is told; or nothing."""
    if ticket_id is None:
        return ""
    ticket = await access.get(session, who, ticket_id)
    names = {f.id: f.name for f in await units.fields(session, ticket.hotline)}
    return names.get(ticket.field_id or "", "")

"""A citizen looks a ticket up by the code that was told (CT-3.2, CT-10.1)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from escalation.acts import Acts
from tickets import results, store
from tickets.directory import SubjectField, Unit
from tickets.model import TicketState
from tickets.tables import Ticket
from tongdai.i18n import _
from tongdai.throttle.service import Tries
from web.auth import public
from web.doors import ACTS
from web.keys import DB, REAL_CLOCK
from web.render import page

routes = web.RouteTableDef()
TRIES = web.AppKey("lookup_tries", Tries)
MOST_WRONG = 20
WITHIN = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What may be told to whoever has the code: never name, number, address or content.

    A confidential ticket's field and answer are left out as well.
    """

    number: str
    filed_at: datetime | None
    state: str
    overdue: bool
    due_at: datetime | None
    receipt: tuple[str, ...]
    unit: str
    field: str
    answer: str
    document: str
    guidance: str


def setup(app: web.Application) -> None:
    """Count the wrong codes of each address."""
    clock = app[REAL_CLOCK]
    app[TRIES] = Tries(app[DB], clock, "portal", most=MOST_WRONG, within=WITHIN)


@routes.get("/lookup")
@public
async def ask(request: web.Request) -> web.StreamResponse:
    """Show where the code is typed."""
    return page(request, "portal/lookup.html", {"typed": "", "fault": "", "status": None})


@routes.post("/lookup")
@public
async def answer(request: web.Request) -> web.StreamResponse:
    """Show how the ticket stands; the code is not in the address, so no log has it."""
    typed = str((await request.post()).get("code", ""))[:40]
    tries, address = request.app[TRIES], request.remote or ""
    async with request.app[DB].read() as session:
        if await tries.exhausted(session, address):
            fault = _("Đã thử sai quá nhiều lần. Vui lòng thử lại sau 15 phút.")
            return _again(request, typed, fault, HTTPStatus.TOO_MANY_REQUESTS)
        ticket = await store.by_code(session, typed)
        status = await status_of(session, ticket, request.app[ACTS]) if ticket else None
    if status is None:
        await tries.wrong(address)
        fault = _("Không có phiếu nào với mã này. Mã gồm 10 chữ số, có trong tin nhắn của 1022.")
        return _again(request, typed, fault, HTTPStatus.UNPROCESSABLE_ENTITY)
    return page(request, "portal/lookup.html", {"typed": typed, "fault": "", "status": status})


async def status_of(session: AsyncSession, ticket: Ticket, acts: Acts) -> Status:
    """Return what is told of a ticket; how its due time is counted is nobody's secret."""
    field = await session.get(SubjectField, ticket.field_id) if ticket.field_id else None
    unit = await session.get(Unit, ticket.unit_id) if ticket.unit_id else None
    found = await results.of_ticket(session, ticket.id)
    told = ticket.state in (TicketState.ANSWERED, TicketState.CLOSED) and not ticket.confidential
    last = found[-1] if found and told else None
    due = ticket.due_at if ticket.state == TicketState.OPEN else None
    return Status(
        number=ticket.number or "",
        filed_at=ticket.filed_at,
        state=ticket.state,
        overdue=ticket.overdue,
        due_at=due,
        receipt=tuple(await acts.explain(session, ticket.id)) if due else (),
        unit=unit.name if unit else "",
        field=field.name if field and not ticket.confidential else "",
        answer=last.text if last else (ticket.direct_answer if told else ""),
        document=last.document_number if last else "",
        guidance=ticket.guidance if ticket.state == TicketState.REJECTED else "",
    )


def _again(request: web.Request, typed: str, fault: str, status: HTTPStatus) -> web.Response:
    context = {"typed": typed, "fault": fault, "status": None}
    return page(request, "portal/lookup.html", context, status=status)

"""Having senders called who are asked for their opinion (CT-10.2, GL-14, TN-11.3, HN-13-2)."""

from collections.abc import Mapping

from aiohttp import web

from ivr import survey_book
from telephony.control import Place
from telephony.transfers.errors import NoNumber
from tickets import access, drafts
from tongdai.errors import Conflict
from tongdai.ids import HotlineId
from web.auth import allowed, viewer
from web.desk.acts import Typed, done
from web.desk.opinions import ASKERS, is_rated_by_law
from web.doors import ACTS, CONTROL
from web.keys import DB
from web.words import N_

routes = web.RouteTableDef()
REFUSALS: Mapping[str, str] = {
    "asked_already": N_("Người gửi đã được hỏi ý kiến, hoặc đã đánh giá phiếu này."),
    "not_to_be_asked": N_("Chỉ hỏi ý kiến sau khi có kết quả, theo thang đánh giá của quy chế."),
    "busy_number": N_("Máy của người gửi đang bận. Hãy gọi lại sau."),
    "not_reached": N_("Người gửi chưa nghe máy. Hãy gọi lại sau."),
    "no_number": N_("Không có số để gọi, hoặc số không đúng."),
    "number_not_allowed": N_("Số này không gọi được từ tổng đài."),
}


class NotToBeAsked(Conflict):
    """The regulation has no scale, or there is no result yet."""

    code = "not_to_be_asked"


@routes.post("/desk/tickets/{ticket}/ask")
@allowed(*ASKERS)
async def ask(request: web.Request) -> web.StreamResponse:
    """Call the sender of an answered ticket; who answers is asked by the service, not by us."""

    async def act(typed: Typed) -> None:
        del typed
        who, ticket_id = viewer(request), request.match_info["ticket"]
        async with request.app[DB].read() as session:
            ticket = await access.get(session, who, ticket_id)
            if not await is_rated_by_law(session, request.app[ACTS], who, ticket):
                raise NotToBeAsked(None, ticket=ticket_id)
            if await survey_book.was_asked(session, ticket_id):
                raise Conflict("asked_already", ticket=ticket_id)
            number = access.sender(who, ticket).phone
        if not number:
            raise NoNumber(fields={"number": "required"})
        hotline = HotlineId(ticket.hotline)
        call = await request.app[CONTROL].lead(who, hotline, Place.SURVEY, number, ticket_id)
        async with request.app[DB].write() as tx:
            await drafts.link(tx, ticket_id, call, who)

    return await done(request, "ask", act)

"""/messages: the list of a hotline, one message with all that happened to it, deeds by hand."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from sms import counts, deeds, store
from sms.deeds import Deed
from sms.model import Channel, State
from sms.tables import Message
from tickets.tables import Ticket
from tongdai.errors import Invalid, NotFound
from tongdai.i18n import _
from tongdai.phone import national
from tongdai.text import mask_number
from web import words
from web.api.messages import TO_THE_SENDER
from web.api.reach import secret_tickets
from web.auth import allowed, viewer
from web.desk.words import MESSAGES, PURPOSES, REASONS, TONES
from web.keys import CLOCK, DB, SETTINGS
from web.messages.reading import PAGE, READERS, asked, find, my_hotlines, one
from web.render import page
from web.words import N_

routes = web.RouteTableDef()

_TOKEN = re.compile(r"/l/\w+")
_OUTCOMES = {
    "accepted": N_("đã nhận"),
    "retry_later": N_("chưa nhận, sẽ gửi lại"),
    "configuration": N_("từ chối hệ thống (cấu hình)"),
    "final": N_("từ chối tin này"),
    "ambiguous": N_("bị ngắt, chưa rõ"),
    "": N_("đang gửi hoặc bị ngắt"),
}
_DEEDS = {
    Deed.AGAIN: N_("Gửi lại"),
    Deed.CANCEL: N_("Hủy, không gửi nữa"),
    Deed.ARRIVED: N_("Đã đến, không gửi nữa"),
    Deed.LOST: N_("Không đến, không gửi nữa"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One line of a message's story, in the gateway's own words."""

    at: datetime
    gateway: str
    words: str
    said: str
    tone: str


@routes.get("/messages")
@allowed(*READERS)
async def listed(request: web.Request) -> web.StreamResponse:
    """List a hotline's messages, newest first; what waits for a person stands above."""
    wanted = asked(request)
    async with request.app[DB].read() as session:
        found = await find(session, wanted)
        shown = found[:PAGE]
        numbers = await _numbers(session, shown)
        secret = await _secret(session, request, shown)
        open_ones = await counts.open_ones(session, [wanted.hotline.id])
    context = {
        "messages": [(m, _to(m, secret)) for m in shown],
        "numbers": numbers,
        "next": shown[-1].seq if len(found) > PAGE else None,
        "asked": wanted,
        "hotlines": [(h.id, h.name) for h in my_hotlines(request)],
        "open": open_ones,
        "late": _late(request, open_ones.oldest_queued),
        **_words(),
    }
    return page(request, "messages/list.html", context)


@routes.get("/messages/{message}")
@allowed(*READERS)
async def shown(request: web.Request) -> web.StreamResponse:
    """Show one message: its words, every attempt and report, and what may be done."""
    return await _page(request, await one(request))


@routes.post("/messages/{message}/{deed}")
@allowed(*READERS)
async def done(request: web.Request) -> web.StreamResponse:
    """Do something by hand, with a reason; then show the message that is looked at next."""
    found, form = await one(request), await request.post()
    try:
        deed = Deed(request.match_info["deed"])
    except ValueError:
        raise NotFound("message_unknown") from None
    try:
        async with request.app[DB].write() as tx:
            following = await deeds.do(
                tx, found.id, deed, reason=str(form.get("reason", "")), by=viewer(request)
            )
    except Invalid as refusal:
        return await _page(request, found, refusal, deed)
    raise web.HTTPSeeOther(f"/messages/{following}?done={deed}")


async def _page(
    request: web.Request,
    found: Message,
    refusal: Invalid | None = None,
    deed: Deed | None = None,
) -> web.Response:
    async with request.app[DB].read() as session:
        story = await store.story(session, found)
        numbers = await _numbers(session, [found])
        secret = await _secret(session, request, [found])
        again = await store.again_of(session, found.id)
    context = {
        "m": found,
        "to": _to(found, secret),
        "text": _TOKEN.sub("/l/…", found.text),
        "number": numbers.get(found.ticket_id or ""),
        "moments": _moments(story),
        "again": again,
        "may": [(d, _(_DEEDS[d])) for d in deeds.allowed(found.state)],
        "deed": deed,
        "faults": {n: words.of_code(c) for n, c in refusal.fields.items()} if refusal else {},
        "done": request.query.get("done", ""),
        **_words(),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if refusal else HTTPStatus.OK
    return page(request, "messages/one.html", context, status=status)


def _moments(story: store.Story) -> list[Moment]:
    tries = [
        Moment(
            at=a.begun_at,
            gateway=a.gateway,
            words=_("Lần gửi %(n)s: ") % {"n": a.number} + _(_OUTCOMES.get(a.outcome, a.outcome)),
            said=a.words,
            tone="good" if a.outcome == "accepted" else "warn",
        )
        for a in story.attempts
    ]
    reports = [
        Moment(
            at=r.at,
            gateway=story.message.gateway,
            words=_("Báo phát: ") + _(MESSAGES.get(r.moved_to, N_("không có gì mới"))),
            said=f"{r.code} {r.words}".strip(),
            tone=TONES.get(r.moved_to, ""),
        )
        for r in story.receipts
    ]
    return sorted([*tries, *reports], key=lambda moment: moment.at)


def _to(message: Message, secret: Collection[str]) -> str:
    if message.channel == Channel.MAIL:
        return message.recipient
    hidden = message.ticket_id in secret and message.purpose in TO_THE_SENDER
    return mask_number(message.recipient) if hidden else national(message.recipient)


def _late(request: web.Request, oldest: datetime | None) -> datetime | None:
    """Return since when the oldest queued message waits, when that is too long."""
    limit = timedelta(minutes=request.app[SETTINGS].sms.oldest_queued_minutes)
    return oldest if oldest and request.app[CLOCK].now() - oldest > limit else None


async def _numbers(session: AsyncSession, found: list[Message]) -> dict[str, str]:
    ids = {m.ticket_id for m in found if m.ticket_id}
    if not ids:
        return {}
    query = select(col(Ticket.id), col(Ticket.number)).where(col(Ticket.id).in_(ids))
    return {i: n or "" for i, n in (await session.execute(query)).tuples()}


async def _secret(
    session: AsyncSession, request: web.Request, found: list[Message]
) -> frozenset[str]:
    ids = {m.ticket_id for m in found if m.ticket_id}
    return await secret_tickets(session, viewer(request), ids)


def _words() -> dict[str, Any]:
    return {
        "states": MESSAGES,
        "tones": TONES,
        "purposes": PURPOSES,
        "reasons": REASONS,
        "choices": [s.value for s in State],
    }

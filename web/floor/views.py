"""/floor: the page, its live part, and the part that needs the database."""

from typing import Any

from aiohttp import web

from ivr.followups import store as callbacks
from telephony.operators.model import BROWSER_AWAY, MISSED, PHONE_AWAY
from tongdai.accounts.model import Role, Viewer
from tongdai.errors import Unavailable
from tongdai.health import Part, State
from tongdai.i18n import _
from tongdai.settings import HotlineTable
from web.api.health import health_of
from web.api.reach import secret_tickets
from web.auth import allowed, viewer
from web.doors import CALLS, OPERATORS
from web.floor.keys import QUEUES
from web.floor.live import Place, places
from web.floor.today import figures
from web.keys import CLOCK, DB, SETTINGS
from web.render import page

routes = web.RouteTableDef()


@routes.get("/floor")
@allowed(Role.SUPERVISOR)
async def floor(request: web.Request) -> web.Response:
    """Show the floor."""
    return page(
        request, "floor/floor.html", await _live_context(request) | await _day_context(request)
    )


@routes.get("/floor/live")
@allowed(Role.SUPERVISOR)
async def live(request: web.Request) -> web.Response:
    """Answer queues, operators and calls as they are now; the database is hardly needed."""
    return page(request, "floor/live.html", await _live_context(request))


@routes.get("/floor/day")
@allowed(Role.SUPERVISOR)
async def day(request: web.Request) -> web.Response:
    """Answer today's figures and the alarms."""
    return page(request, "floor/day.html", await _day_context(request))


async def _live_context(request: web.Request) -> dict[str, Any]:
    who = viewer(request)
    queues = request.app.get(QUEUES)
    found = places(
        _hotlines(request, who),
        request.app[CALLS].calls(),
        request.app[OPERATORS].snapshot(),
        queues.snapshot() if queues is not None else None,
    )
    return {
        "floors": found,
        "now": request.app[CLOCK].now(),
        "names": {o.account: o.name for o in request.app[OPERATORS].snapshot()},
        "secret": await _secret(request, who, found),
        "reasons": _reasons(request),
        "states": {
            "ready": _("Sẵn sàng"),
            "ringing": _("Đang đổ chuông"),
            "talking": _("Đang nói chuyện"),
            "wrap_up": _("Hoàn tất phiếu"),
            "paused": _("Tạm nghỉ"),
            "signed_off": _("Đã rời ca"),
        },
        "call_states": {
            "ivr": _("Đang nghe lời chào"),
            "queued": _("Chờ lại trong hàng"),
            "answered": _("Đang nói chuyện"),
            "held": _("Đang giữ máy"),
            "transferring": _("Đang chuyển máy"),
            "ended": _("Đã kết thúc"),
        },
    }


async def _day_context(request: web.Request) -> dict[str, Any]:
    who = viewer(request)
    parts = await health_of(request.app).ask()
    alarms = [(_part_name(name), part) for name, part in sorted(parts.items()) if _rings(part)]
    ids = tuple(h.id for h in _hotlines(request, who))
    try:
        async with request.app[DB].read() as session:
            days = await figures(session, ids, request.app[CLOCK].now())
            owed = await callbacks.counts(session, ids, request.app[CLOCK].now())
    except Unavailable:
        days, owed = None, {}
    titles = {h.id: h.name for h in request.app[SETTINGS].hotlines}
    return {"days": days, "owed": owed, "alarms": alarms, "titles": titles}


async def _secret(request: web.Request, who: Viewer, found: list[Place]) -> frozenset[str]:
    """Return the tickets whose callers must not be shown; all of them when nobody can say."""
    tickets = {c.ticket for place in found for c in place.calls if c.ticket}
    if not tickets:
        return frozenset()
    try:
        async with request.app[DB].read() as session:
            return await secret_tickets(session, who, tickets)
    except Unavailable:
        return frozenset(tickets)


def _hotlines(request: web.Request, who: Viewer) -> list[HotlineTable]:
    mine = who.hotlines_for(Role.SUPERVISOR)
    return [h for h in request.app[SETTINGS].hotlines if h.id in mine]


def _reasons(request: web.Request) -> dict[str, str]:
    """Return the reasons for a pause in words."""
    chosen = {p.code: p.name for h in request.app[SETTINGS].hotlines for p in h.pause}
    return chosen | {
        MISSED: _("Không bắt máy"),
        PHONE_AWAY: _("Mất kết nối điện thoại"),
        BROWSER_AWAY: _("Đã đóng trình duyệt"),
    }


def _rings(part: Part) -> bool:
    return part.state is not State.OK


def _part_name(name: str) -> str:
    """Return a part's name as people here say it."""
    kind, _colon, which = name.partition(":")
    known = {
        "database": _("Cơ sở dữ liệu"),
        "pbx": _("Tổng đài điện thoại"),
        "agi": _("Lời chào tự động"),
        "spool": _("Ghi âm"),
        "scheduler": _("Hẹn giờ thời hạn"),
        "sms": _("Cổng tin nhắn"),
        "mail": _("Thư điện tử"),
        "operators": _("Trạng thái tổng đài viên"),
        "calls": _("Lưu cuộc gọi"),
        "transfers": _("Lưu chuyển máy"),
    }
    return f"{known.get(kind, kind)} {which}".strip()

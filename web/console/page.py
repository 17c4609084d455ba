"""The page itself, and the seat's telephone account."""

from gettext import translation
from pathlib import Path

from aiohttp import web

from tickets.model import Channel
from tongdai import i18n
from tongdai.accounts.model import Role
from tongdai.errors import NotFound
from tongdai.i18n import _
from tongdai.settings import seat_secret
from web.auth import allowed, viewer
from web.console import shape
from web.keys import SETTINGS
from web.render import page
from web.words import N_

routes = web.RouteTableDef()
_LOCALE = Path(i18n.__file__).parent / "locale"
CHANNELS: tuple[tuple[Channel, str], ...] = (
    (Channel.PHONE, N_("Điện thoại 1022")),
    (Channel.PORTAL, N_("Cổng thông tin")),
    (Channel.EMAIL, N_("Thư điện tử")),
    (Channel.APP, N_("Ứng dụng di động")),
    (Channel.ZALO, N_("Zalo")),
    (Channel.FACEBOOK, N_("Facebook")),
    (Channel.IN_PERSON, N_("Trực tiếp")),
)
"""The reception channels (CT-2.1)."""


@routes.get("/console")
@allowed(Role.OPERATOR)
async def console(request: web.Request) -> web.StreamResponse:
    """Show the console; its state comes over the push line (CT-8.1)."""
    channels = [(channel.value, _(name)) for channel, name in CHANNELS]
    setup = shape.setup(request.app[SETTINGS], viewer(request), channels)
    return page(
        request,
        "console/console.html",
        {"setup": setup, "catalogue": catalogue(i18n.language())},
    )


@routes.get("/console/seat")
@allowed(Role.OPERATOR)
async def seat(request: web.Request) -> web.StreamResponse:
    """Return the SIP account of the viewer's own browser phone, and of no other."""
    who, settings = viewer(request), request.app[SETTINGS]
    if who.extension is None or not settings.pbx:
        raise NotFound("operator_has_no_seat")
    pbx, name = settings.pbx[0], f"web-{who.extension}"
    return web.json_response(
        {
            "uri": f"sip:{name}@{pbx.sip_host}",
            "socket": f"ws://{pbx.http_host}:{pbx.http_port}/ws",
            "password": seat_secret(settings, "web", who.extension),
            "name": who.name,
        }
    )


def catalogue(language: str) -> dict[str, str]:
    """Return the scripts' words in a language other than Vietnamese; empty for Vietnamese."""
    if language == "vi":
        return {}
    known = translation("tongdai", _LOCALE, [language], fallback=True)
    table: dict[object, object] = getattr(known, "_catalog", {})
    return {k: v for k, v in table.items() if isinstance(k, str) and isinstance(v, str) and k}

"""The landing page: what 1022 is, and which number to call (CT-2.1)."""

from aiohttp import web

from tongdai.phone import national, normalise
from web.auth import public
from web.keys import SETTINGS
from web.render import page

routes = web.RouteTableDef()


@routes.get("/")
@public
async def home(request: web.Request) -> web.StreamResponse:
    """Show the hotlines of this installation."""
    hotlines = [(h.title, h.name, _spoken(h.number)) for h in request.app[SETTINGS].hotlines]
    return page(request, "portal/home.html", {"hotlines": hotlines})


def _spoken(number: str) -> str:
    """Return 02921022 as people write it: (0292) 1022."""
    if number.endswith("1022") and len(number) > 4:
        return f"({number[:-4]}) 1022"
    e164 = normalise(number)
    return national(e164) if e164 else number

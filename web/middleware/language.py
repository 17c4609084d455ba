"""Vietnamese unless the reader chose English."""

from aiohttp import web
from aiohttp.typedefs import Handler

from tongdai import i18n

COOKIE = "language"


@web.middleware
async def language(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Speak the language of the reader's cookie while the request is handled."""
    i18n.use(request.cookies.get(COOKIE, "vi"))
    return await handler(request)

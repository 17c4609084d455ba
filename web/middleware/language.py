"""Vietnamese unless the reader chose English; the account says so of those who are signed in."""

from aiohttp import web
from aiohttp.typedefs import Handler

from tongdai import i18n

COOKIE = "language"


@web.middleware
async def language(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Speak the language of the reader's cookie; web.middleware.login knows the account's."""
    i18n.use(request.cookies.get(COOKIE, "vi"))
    return await handler(request)

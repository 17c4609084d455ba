"""A writing request of a browser carries the token of its session and comes from our own pages."""

import hmac
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler

from tongdai.errors import Forbidden
from web.auth.access import Door, access_of
from web.keys import SESSION, SETTINGS, VIEWER
from web.middleware.login import BEFORE

HEADER = "X-CSRF-Token"
FIELD = "csrf"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class CsrfRefused(Forbidden):
    """The request was not sent from one of our pages, or from a page of an older session."""

    code = "csrf_refused"


@web.middleware
async def csrf(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse a writing request without the token; programs with a Bearer token have no cookie."""
    access = access_of(request.match_info.handler)
    if access is not None and access.csrf and request.method not in SAFE:
        by_token = access.door is Door.BEARER and SESSION not in request and VIEWER in request
        if not by_token:
            _check_origin(request)
            await _check_token(request)
    return await handler(request)


def _check_origin(request: web.Request) -> None:
    origin = request.headers.get("Origin")
    if origin is None:
        return
    if not same_site(request, origin):
        raise CsrfRefused(None, origin=origin)


def same_site(request: web.Request, origin: str) -> bool:
    """Say whether `origin` (a header's value) is where this service is reached."""
    public = urlsplit(request.app[SETTINGS].web.public_url).netloc
    return urlsplit(origin).netloc in (request.host, public)


async def _check_token(request: web.Request) -> None:
    sent = request.headers.get(HEADER)
    if sent is None and request.content_type in (
        "application/x-www-form-urlencoded",
        "multipart/form-data",
    ):
        sent = str((await request.post()).get(FIELD, ""))
    expected = request[SESSION].csrf if SESSION in request else request.cookies.get(BEFORE, "")
    if not sent or not expected or not hmac.compare_digest(sent.encode(), expected.encode()):
        raise CsrfRefused

"""Who asks: the session behind the cookie, or the token of a program."""

import secrets
from http import HTTPStatus
from urllib.parse import quote

from aiohttp import web
from aiohttp.typedefs import Handler

from tongdai import i18n
from tongdai.accounts.model import Viewer
from tongdai.accounts.tables import Session
from tongdai.errors import Forbidden
from web.auth.access import Access, Door, access_of
from web.keys import ACCOUNTS, CSRF, SESSION, VIEWER
from web.wants import wants_json

COOKIE = "session"
BEFORE = "csrf"
"""Before somebody is signed in there is no session: the sign-in form's token lies here."""
_NOWHERE = Access(door=Door.PUBLIC)


class PasswordNotReplaced(Forbidden):
    """The password was given by an administrator and has to be replaced first."""

    code = "password_not_replaced"


class NotSignedIn(Forbidden):
    """Nobody is signed in here, or the session has run out."""

    code = "not_signed_in"


@web.middleware
async def login(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Find out who asks, and refuse whoever the route's mark does not admit."""
    error = request.match_info.http_exception
    access = access_of(request.match_info.handler) if error is None else _NOWHERE
    if access is None:  # build_app has refused such a route already
        raise Forbidden("route_unmarked")
    await _recognise(request, access)
    if error is not None:
        raise error
    if access.door in (Door.SESSION, Door.BEARER):
        if VIEWER not in request:
            return _send_to(request, "/login", NotSignedIn())
        if request[VIEWER].must_change_password and not access.at_first:
            return _send_to(request, "/account", PasswordNotReplaced())
        access.check(request[VIEWER])
    return await handler(request)


async def _recognise(request: web.Request, access: Access) -> None:
    """Find the session or the token; a page of errors has a reader as well."""
    token = request.cookies.get(COOKIE)
    if token and access.door is not Door.MACHINE and not _has_bearer(request):
        found = await _known(request, token, needed=access.door is not Door.PUBLIC)
        if found:
            request[SESSION], request[VIEWER] = found
            request[CSRF] = found[0].csrf
            i18n.use(request[VIEWER].language)
    if CSRF not in request:
        request[CSRF] = request.cookies.get(BEFORE) or secrets.token_urlsafe(24)
    if access.door is Door.BEARER and VIEWER not in request:
        await _by_token(request)


async def _known(
    request: web.Request, token: str, *, needed: bool
) -> tuple[Session, Viewer] | None:
    try:
        return await request.app[ACCOUNTS].by_cookie(token)
    except Exception:
        if needed:
            raise
        return None  # a public page does not need the database to know who reads it


def _has_bearer(request: web.Request) -> bool:
    return request.headers.get("Authorization", "").startswith("Bearer ")


async def _by_token(request: web.Request) -> None:
    if _has_bearer(request):
        token = request.headers["Authorization"].removeprefix("Bearer ").strip()
        who = await request.app[ACCOUNTS].by_token(token)
        if who is not None:
            request[VIEWER] = who
            return
    raise NotSignedIn


def _send_to(request: web.Request, where: str, refusal: Forbidden) -> web.StreamResponse:
    """Send a reader on to a page of ours, to come back afterwards; refuse everything else."""
    if wants_json(request) or request.method != "GET":
        raise refusal
    if request.headers.get("HX-Request"):
        return web.Response(status=HTTPStatus.NO_CONTENT, headers={"HX-Redirect": where})
    raise web.HTTPSeeOther(f"{where}?next={quote(request.rel_url.raw_path_qs, safe='')}")

"""Signing in, signing out, the language."""

from http import HTTPStatus
from urllib.parse import urlsplit

from aiohttp import web
from pydantic import Field

from tongdai.accounts.service import LoginRefused, LoginThrottled
from tongdai.errors import Invalid
from tongdai.i18n import LANGUAGES
from web import words
from web.auth.access import public, signed_in
from web.forms import Form, parse
from web.keys import ACCOUNTS, SETTINGS, VIEWER
from web.middleware.language import COOKIE as LANGUAGE
from web.middleware.login import COOKIE as SESSION_COOKIE
from web.render import landing, page

routes = web.RouteTableDef()


class LoginForm(Form):
    """What the sign-in page sends."""

    username: str = Field(min_length=1, max_length=64)
    password: str = Field(min_length=1, max_length=1024)


@routes.get("/login")
@public
async def login_page(request: web.Request) -> web.StreamResponse:
    """Show the sign-in page; who is signed in goes on."""
    if VIEWER in request:
        raise web.HTTPSeeOther(_next(request) or landing(request[VIEWER]))
    context = {"username": "", "next": _next(request) or "", "fault": ""}
    return page(request, "auth/login.html", context)


@routes.post("/login")
@public
async def sign_in(request: web.Request) -> web.StreamResponse:
    """Open a session and go where one came from; what was typed (not the password) comes back."""
    typed = await request.post()
    accounts = request.app[ACCOUNTS]
    try:
        form = parse(LoginForm, typed)
        token, _session = await accounts.sign_in(
            form.username.strip(), form.password, request.remote or ""
        )
    except (LoginRefused, LoginThrottled, Invalid) as refusal:
        context = {
            "username": str(typed.get("username", ""))[:64],
            "next": _next(request) or "",
            "fault": words.of(LoginRefused() if isinstance(refusal, Invalid) else refusal),
        }
        throttled = isinstance(refusal, LoginThrottled)
        status = HTTPStatus.TOO_MANY_REQUESTS if throttled else HTTPStatus.UNPROCESSABLE_ENTITY
        return page(request, "auth/login.html", context, status=status)
    found = await accounts.by_cookie(token)
    answer = web.HTTPSeeOther(_next(request) or landing(found[1] if found else None))
    _set_cookie(request, answer, token)
    raise answer


@routes.post("/logout")
@signed_in
async def sign_out(request: web.Request) -> web.StreamResponse:
    """End the session."""
    await request.app[ACCOUNTS].sign_out(request.cookies.get(SESSION_COOKIE, ""))
    answer = web.HTTPSeeOther("/login")
    answer.del_cookie(SESSION_COOKIE, path="/")
    raise answer


@routes.post("/language")
@public
async def choose_language(request: web.Request) -> web.StreamResponse:
    """Speak the chosen language from here on, in this browser."""
    chosen = str((await request.post()).get("language", ""))
    answer = web.HTTPSeeOther(_next(request) or "/")
    if chosen in LANGUAGES:
        answer.set_cookie(LANGUAGE, chosen, max_age=31536000, samesite="Lax", path="/")
    raise answer


def _set_cookie(request: web.Request, answer: web.HTTPException, token: str) -> None:
    web_settings = request.app[SETTINGS].web
    answer.set_cookie(
        SESSION_COOKIE,
        token,
        max_age=int(web_settings.session_hours * 3600),
        httponly=True,
        secure=web_settings.public_url.startswith("https://"),
        samesite="Lax",
        path="/",
    )


def _next(request: web.Request) -> str | None:
    """Return the page to go on to: only ever a path of our own."""
    target = request.query.get("next", "")
    parts = urlsplit(target)
    own = target.startswith("/") and not target.startswith(("//", "/\\")) and "\\" not in target
    plain = all(ord(c) > 32 for c in target)
    return target if own and plain and not parts.scheme and not parts.netloc else None

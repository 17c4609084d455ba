"""Signing in, signing out, the language."""

from http import HTTPStatus

from aiohttp import web
from pydantic import Field

from tongdai.accounts.service import LoginRefused, LoginThrottled
from tongdai.errors import Invalid
from tongdai.i18n import LANGUAGES
from web import words
from web.auth.access import at_first_sign_in, public
from web.auth.account import own_of
from web.auth.target import next_of
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
        raise web.HTTPSeeOther(next_of(request) or landing(request[VIEWER]))
    context = {"username": "", "next": next_of(request) or "", "fault": ""}
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
            "next": next_of(request) or "",
            "fault": words.of(LoginRefused() if isinstance(refusal, Invalid) else refusal),
        }
        throttled = isinstance(refusal, LoginThrottled)
        status = HTTPStatus.TOO_MANY_REQUESTS if throttled else HTTPStatus.UNPROCESSABLE_ENTITY
        return page(request, "auth/login.html", context, status=status)
    found = await accounts.by_cookie(token)
    answer = web.HTTPSeeOther(next_of(request) or landing(found[1] if found else None))
    _set_cookie(request, answer, token)
    raise answer


@routes.post("/logout")
@at_first_sign_in
async def sign_out(request: web.Request) -> web.StreamResponse:
    """End the session."""
    await request.app[ACCOUNTS].sign_out(request.cookies.get(SESSION_COOKIE, ""))
    answer = web.HTTPSeeOther("/login")
    answer.del_cookie(SESSION_COOKIE, path="/")
    raise answer


@routes.post("/language")
@public
async def choose_language(request: web.Request) -> web.StreamResponse:
    """Speak the chosen language from here on: to this person, else in this browser."""
    chosen = str((await request.post()).get("language", ""))
    if VIEWER in request:
        await own_of(request).choose_language(request[VIEWER], chosen)
    answer = web.HTTPSeeOther(next_of(request) or "/")
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

"""/account: what everybody may change of the own account: the password, the language."""

from http import HTTPStatus

from aiohttp import web
from pydantic import Field

from tongdai.accounts.own import Own, PasswordRefused
from tongdai.accounts.service import LoginThrottled
from tongdai.errors import Invalid, Refusal
from web import words
from web.auth.access import at_first_sign_in, viewer
from web.auth.target import next_of
from web.forms import Form, parse
from web.keys import ACCOUNTS, DB, SESSION, SETTINGS
from web.record import record
from web.render import landing, page

routes = web.RouteTableDef()


class PasswordForm(Form):
    """The password that there is, and twice the one that shall be."""

    current: str = Field(min_length=1, max_length=1024)
    new: str = Field(min_length=1, max_length=1024)
    again: str = Field(min_length=1, max_length=1024)


@routes.get("/account")
@at_first_sign_in
async def account(request: web.Request) -> web.StreamResponse:
    """Show the own account."""
    return _page(request, {})


@routes.post("/account/password")
@at_first_sign_in
async def change_password(request: web.Request) -> web.StreamResponse:
    """Replace the password and go on; no password that was typed comes back."""
    who = viewer(request)
    try:
        form = parse(PasswordForm, await request.post())
        if form.new != form.again:
            raise PasswordRefused(fields={"again": "password_not_twice"})
        await own_of(request).change_password(
            who,
            form.current,
            form.new,
            session=request[SESSION].token_hash,
            address=request.remote or "",
        )
    except Invalid as refusal:
        faults = {name: words.of_code(code) for name, code in refusal.fields.items()}
        return _page(request, faults, refusal, HTTPStatus.UNPROCESSABLE_ENTITY)
    except LoginThrottled as refusal:
        return _page(request, {}, refusal, HTTPStatus.TOO_MANY_REQUESTS)
    if who.must_change_password:
        raise web.HTTPSeeOther(next_of(request) or landing(who))
    raise web.HTTPSeeOther("/account?done=password")


def own_of(request: web.Request) -> Own:
    """Return what changes the asker's own account."""
    app = request.app
    return Own(app[DB], app[ACCOUNTS], app[SETTINGS].web.password_least, record)


def _page(
    request: web.Request,
    faults: dict[str, str],
    refusal: Refusal | None = None,
    status: int = HTTPStatus.OK,
) -> web.Response:
    least = request.app[SETTINGS].web.password_least
    context = {
        "faults": faults,
        "trouble": words.of(refusal) if refusal else "",
        "least": least,
        "next": next_of(request) or "",
        "done": request.query.get("done", "") == "password",
    }
    if viewer(request).must_change_password:
        context["places"] = []
    return page(request, "auth/account.html", context, status=status)

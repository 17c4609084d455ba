"""Who may call what, CSRF, the sign-in page, the words of refusals."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from yarl import URL

from tests.support.pages import PASSWORD, Pages
from tongdai.accounts.model import Role
from tongdai.clock import HandClock
from tongdai.db import DatabaseAway
from tongdai.errors import Conflict, Invalid
from web.app import UnmarkedRouteError, refuse_unmarked
from web.auth import Door, access_of, public
from web.auth.access import Handler
from web.forms import Form, parse
from web.middleware.csrf import SAFE


@pytest.fixture
async def pages(tmp_path: Path, clock: HandClock) -> AsyncIterator[Pages]:
    async with Pages.open(tmp_path, clock, packages=("console", "portal")) as opened:
        yield opened


@pytest.fixture
async def everything(tmp_path: Path, clock: HandClock) -> AsyncIterator[Pages]:
    """All packages of pages."""
    async with Pages.open(tmp_path, clock) as opened:
        yield opened


async def test_every_route_says_who_may_call_it(everything: Pages) -> None:
    routes = list(everything.app.router.routes())
    assert len(routes) > 100
    assert [r for r in routes if access_of(r.handler) is None] == []


async def test_no_route_that_writes_goes_without_csrf(everything: Pages) -> None:
    without = [
        f"{r.method} {r.resource.canonical if r.resource else '?'}"
        for r in everything.app.router.routes()
        if r.method not in SAFE and (access := access_of(r.handler)) and not access.csrf
    ]
    explained = [
        r
        for r in everything.app.router.routes()
        if (access := access_of(r.handler)) and access.door is Door.MACHINE and access.why
    ]
    assert len(explained) >= len(without)


class _Names(dict[str, str]):
    """Stand for the changing parts of a path: themselves, but where only some words are taken."""

    def __missing__(self, name: str) -> str:
        return name


async def test_every_writing_route_refuses_a_request_without_the_token(everything: Pages) -> None:
    roles = tuple(Role)
    await everything.account("tat-ca", *roles)
    everybody = await everything.sign_in("tat-ca")
    for route in everything.app.router.routes():
        access = access_of(route.handler)
        if route.method in SAFE or access is None or not access.csrf or route.resource is None:
            continue
        path = route.resource.canonical.format_map(_Names({"what": "calendar"}))
        answer = await everybody.session.request(
            route.method, everything.base + path, json={}, headers={"Accept": "application/json"}
        )
        assert answer.status == 403, (route, await answer.text())
        assert (await answer.json())["code"] == "csrf_refused", route


async def test_a_request_from_a_foreign_page_is_refused_even_with_the_token(pages: Pages) -> None:
    await pages.account("lan", Role.OPERATOR)
    lan = await pages.sign_in("lan")
    answer = await lan.session.post(
        pages.base + "/logout", data={"csrf": lan.csrf}, headers={"Origin": "http://evil.example"}
    )
    assert answer.status == 403
    assert (await lan.post("/logout")).status == 303


@public
async def public_hello(request: web.Request) -> web.StreamResponse:
    return web.Response(text=request.path)


def test_a_route_without_a_mark_stops_the_start() -> None:
    async def forgotten(request: web.Request) -> web.StreamResponse:
        return web.Response(text=request.path)

    app = web.Application()
    app.router.add_get("/marked", public_hello)
    refuse_unmarked(app)
    app.router.add_get("/forgotten", forgotten)
    with pytest.raises(UnmarkedRouteError):
        refuse_unmarked(app)


async def test_signing_in_returns_to_where_one_came_from(pages: Pages) -> None:
    await pages.account("lan", Role.OPERATOR)
    lan = await pages.browser()
    refused = await lan.get("/console?tab=1")
    assert URL(refused.headers["Location"]).query["next"] == "/console?tab=1"
    await lan.get(refused.headers["Location"])
    answer = await lan.post(refused.headers["Location"], {"username": "lan", "password": PASSWORD})
    assert (answer.status, answer.headers["Location"]) == (303, "/console?tab=1")


@pytest.mark.parametrize(
    "target", ["https://evil.example", "//evil.example", "/\\evil.example", "/a\nb", "console"]
)
async def test_signing_in_never_leads_away_from_here(pages: Pages, target: str) -> None:
    await pages.account("lan", Role.AUDITOR)
    lan = await pages.browser()
    await lan.get("/login")
    answer = await lan.session.post(
        pages.base + "/login",
        params={"next": target},
        data={"csrf": lan.csrf, "username": "lan", "password": PASSWORD},
        allow_redirects=False,
    )
    assert answer.headers["Location"] == "/audit"


async def test_a_wrong_password_and_an_unknown_name_look_the_same(pages: Pages) -> None:
    await pages.account("lan", Role.OPERATOR)
    somebody = await pages.browser()
    await somebody.get("/login")
    wrong = await somebody.post("/login", {"username": "lan", "password": "sai"})
    unknown = await somebody.post("/login", {"username": "ai-do", "password": "sai"})
    assert wrong.status == unknown.status == 422
    text = await wrong.text()
    assert "Tên đăng nhập hoặc mật khẩu không đúng." in text
    assert 'value="lan"' in text
    assert text.replace("lan", "") == (await unknown.text()).replace("ai-do", "").replace("lan", "")


async def test_the_sixth_wrong_password_is_told_to_wait_and_so_is_the_right_one(
    pages: Pages, clock: HandClock
) -> None:
    await pages.account("lan", Role.OPERATOR)
    somebody = await pages.browser()
    await somebody.get("/login")
    for _try in range(5):
        assert (await somebody.post("/login", {"username": "lan", "password": "x"})).status == 422
    answer = await somebody.post("/login", {"username": "lan", "password": PASSWORD})
    assert answer.status == 429
    assert "15 phút" in await answer.text()
    clock.advance(timedelta(minutes=16))
    assert (await somebody.post("/login", {"username": "lan", "password": PASSWORD})).status == 303


async def test_who_lacks_the_role_is_told_so_in_words(pages: Pages) -> None:
    await pages.account("huy", Role.AUDITOR)
    huy = await pages.sign_in("huy")
    answer = await huy.get("/console")
    assert answer.status == 403
    assert "không có quyền mở trang này" in await answer.text()


async def test_a_script_whose_session_ended_is_told_in_json(pages: Pages) -> None:
    somebody = await pages.browser()
    answer = await somebody.send("GET", "/console/seat")
    assert (answer.status, (await answer.json())["code"]) == (401, "not_signed_in")


async def test_pages_speak_english_when_asked(pages: Pages) -> None:
    somebody = await pages.browser()
    await somebody.get("/login")
    answer = await somebody.post("/language?next=/login", {"language": "en"})
    assert answer.headers["Location"] == "/login"
    text = await (await somebody.get("/login")).text()
    assert '<html lang="en">' in text
    assert "Sign in" in text


async def test_every_page_carries_the_headers_that_keep_scripts_out(pages: Pages) -> None:
    somebody = await pages.browser()
    for path in ("/", "/login", "/khong-co"):
        headers = (await somebody.get(path)).headers
        policy = headers["Content-Security-Policy"]
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Cache-Control"] == "no-store"


async def test_no_page_holds_inline_script_or_style(pages: Pages) -> None:
    somebody = await pages.browser()
    for path in ("/", "/login", "/khong-co"):
        text = await (await somebody.get(path)).text()
        assert "<script>" not in text
        assert " style=" not in text
        assert " onclick=" not in text


async def test_refusals_become_statuses_and_words(pages: Pages) -> None:
    def raises(error: Exception) -> Handler:
        @public
        async def handler(_request: web.Request) -> web.StreamResponse:
            raise error

        return handler

    cases = {
        "/x/conflict": (Conflict(), 409, "conflict"),
        "/x/away": (DatabaseAway(), 503, "database_away"),
        "/x/invalid": (Invalid(fields={"name": "required"}), 422, "invalid"),
        "/x/bug": (RuntimeError("secret detail"), 500, "failed"),
    }
    app = web.Application(middlewares=list(pages.app.middlewares))
    for key in pages.app:
        app[key] = pages.app[key]
    for path, (error, _status, _code) in cases.items():
        app.router.add_get(path, raises(error))
    async with TestServer(app) as server:
        browser = await pages.browser()
        browser.base = f"http://{server.host}:{server.port}"
        words = []
        for path, (_error, status, code) in cases.items():
            answer = await browser.send("GET", path)
            body = await answer.json()
            assert (answer.status, body["code"]) == (status, code)
            assert "secret" not in str(body)
            words.append(str(body["message"]))
            assert (await browser.get(path)).status == status
    assert words[-1].startswith("Hệ thống gặp lỗi")


def test_a_form_names_the_field_and_the_fault() -> None:
    class Example(Form):
        name: str
        age: int

    with pytest.raises(Invalid) as refused:
        parse(Example, {"age": "x"})
    assert refused.value.fields == {"name": "required", "age": "not_a_number"}
    assert parse(Example, {"name": " Hoa\u0300 ", "age": "3"}).name == "Hoà"

"""A person's own account: the given password is replaced first, the language is kept (CT-13.2)."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.pages import PASSWORD, Browser, Pages
from tongdai import audit
from tongdai.accounts.model import Role
from tongdai.accounts.tables import Account
from tongdai.clock import HandClock
from tongdai.db import Database

NEW = "mat-khau-rieng-cua-lan"
GIVEN = {"current": PASSWORD, "new": NEW, "again": NEW}


@pytest.fixture
async def pages(database: Database, tmp_path: Path, clock: HandClock) -> AsyncIterator[Pages]:
    async with Pages.open(
        tmp_path, clock, db=database, packages=("portal", "audit", "api", "floor")
    ) as opened:
        await opened.account("lan", Role.AUDITOR)
        yield opened


async def given_by_an_administrator(pages: Pages) -> Browser:
    """Return lan's browser, who has still to replace her password."""
    account = await pages.accounts.proved("lan", PASSWORD, "127.0.0.1")
    async with pages.db.write() as tx:
        lan = await tx.session.get_one(Account, account.id)
        lan.must_change_password = True
    return await pages.sign_in("lan")


async def may_enter(pages: Pages, password: str) -> bool:
    browser = await pages.browser()
    await browser.get("/login")
    answer = await browser.post("/login", {"username": "lan", "password": password})
    return answer.status == 303


async def test_a_given_password_opens_nothing_but_its_replacement(pages: Pages) -> None:
    lan = await given_by_an_administrator(pages)
    answer = await lan.get("/audit?q=1")
    assert (answer.status, answer.headers["Location"]) == (303, "/account?next=/audit?q%3D1")
    assert (await lan.send("POST", "/audit/recordings/x/plays")).status == 403
    assert (await lan.send("GET", "/api/v1/recordings")).status == 403
    text = await (await lan.get("/account?next=/audit")).text()
    assert "Đổi mật khẩu lần đầu" in text
    assert "<nav" not in text
    done = await lan.post("/account/password?next=/audit", GIVEN)
    assert (done.status, done.headers["Location"]) == (303, "/audit")
    assert (await lan.get("/audit")).status == 200
    assert await may_enter(pages, NEW)
    assert not await may_enter(pages, PASSWORD)


@pytest.mark.parametrize(
    ("typed", "field", "words"),
    [
        ({"current": "sai"}, "current", "Mật khẩu đang dùng không đúng."),
        ({"new": "ngan", "again": "ngan"}, "new", "Mật khẩu mới quá ngắn."),
        ({"new": PASSWORD, "again": PASSWORD}, "new", "phải khác mật khẩu đang dùng"),
        ({"again": "khac-hoan-toan"}, "again", "không giống nhau"),
        ({"new": ""}, "new", "Cần nhập mục này."),
    ],
)
async def test_a_password_that_cannot_be_taken_changes_nothing(
    pages: Pages, typed: dict[str, str], field: str, words: str
) -> None:
    lan = await pages.sign_in("lan")
    answer = await lan.post("/account/password", GIVEN | typed)
    text = await answer.text()
    assert answer.status == 422
    assert words in text.split(f'id="{field}-fault">')[1].split("</span>")[0]
    assert PASSWORD not in text
    assert await may_enter(pages, PASSWORD)


async def test_guessing_the_present_password_is_throttled_like_signing_in(pages: Pages) -> None:
    lan = await pages.sign_in("lan")
    for _ in range(5):
        await lan.post("/account/password", GIVEN | {"current": "sai"})
    answer = await lan.post("/account/password", GIVEN)
    assert answer.status == 429
    assert "quá nhiều lần" in await answer.text()


async def test_a_new_password_ends_the_other_sessions_and_is_in_the_history(pages: Pages) -> None:
    here, elsewhere = await pages.sign_in("lan"), await pages.sign_in("lan")
    done = await here.post("/account/password", GIVEN)
    assert done.headers["Location"] == "/account?done=password"
    assert "Đã đổi mật khẩu" in await (await here.get("/account?done=password")).text()
    assert (await elsewhere.get("/audit")).status == 303
    account = (await pages.accounts.proved("lan", NEW, "127.0.0.1")).id
    async with pages.db.read() as session:
        [line] = await audit.history(session, audit.ADMINISTRATION, account)
    assert (line.kind, line.actor) == ("password_changed", account)
    assert line.data == {"hotlines": ["can-tho"], "username": "lan"}


async def test_the_language_goes_with_the_person_to_another_browser(pages: Pages) -> None:
    lan = await pages.sign_in("lan")
    assert '<html lang="vi">' in await (await lan.get("/account")).text()
    await lan.post("/language?next=/account", {"language": "en"})
    assert '<html lang="en">' in await (await lan.get("/account")).text()
    again = await pages.sign_in("lan")
    assert '<html lang="en">' in await (await again.get("/audit")).text()
    await again.post("/language", {"language": "tlh"})
    assert '<html lang="en">' in await (await again.get("/audit")).text()
    stranger = await pages.browser()
    assert '<html lang="vi">' in await (await stranger.get("/")).text()

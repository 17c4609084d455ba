"""What the checks and the nights found, in pages and by what is asked for (issue 5)."""

import re
from collections.abc import AsyncIterator
from datetime import date, timedelta
from html import unescape
from pathlib import Path

import pytest

from telephony.capture.tables import ReconciliationDay, ReconciliationItem, RecordingFinding
from tests.support.pages import Browser, Pages
from tongdai.accounts.model import Role
from tongdai.clock import HandClock

LIST = "/audit/reconciliation"
FOUND, DAYS, ITEMS = 70, 40, 65
TODAY = date(2026, 11, 30)
KINDS = ("short", "hole")


@pytest.fixture
async def pages(tmp_path: Path, clock: HandClock) -> AsyncIterator[Pages]:
    async with Pages.open(tmp_path, clock, packages=("portal", "audit")) as made:
        await made.account("mai", Role.AUDITOR)
        yield made


def _newest_first(shown: str) -> tuple[int, int]:
    n = int(shown[1:])
    return n // 2, -n


async def found(pages: Pages, n: int, hotline: str | None = "can-tho") -> None:
    """Let the n-th finding be n hours old; every third is explained."""
    async with pages.db.write() as tx:
        tx.session.add(
            RecordingFinding(
                id=f"f{n:03}",
                recording=f"r{n:03}",
                call=f"c{n:03}",
                hotline=hotline,
                kind=KINDS[n % 2],
                seconds=n,
                why="" if n % 3 else "lost",
                created_at=tx.now - timedelta(hours=n // 2),
            )
        )


async def walked(browser: Browser, path: str, part: str) -> list[list[str]]:
    """Follow "next page" of one part of the page to its end; return what each page shows."""
    shown = []
    while path:
        text = await (await browser.get(path)).text()
        text = text.partition(f'id="{part}"')[2]
        text = text.partition("<h3" if part == "days" else "</section>")[0]
        pattern = {"days": r"day=(\d{4}-\d\d-\d\d)#day", "day": r"<code>(main/[^<]*)</code>"}
        shown.append(re.findall(pattern.get(part, r'href="/audit/recordings/(r\d+)"'), text))
        following = re.search(r'rel="next" href="([^"]*)"', text)
        path = unescape(following[1]) if following else ""
    return shown


async def test_every_finding_is_reached_newest_first_and_none_twice(pages: Pages) -> None:
    for n in range(FOUND):
        await found(pages, n)
    await found(pages, 900, hotline="gia-lai")
    mai = await pages.sign_in("mai")
    leaves = await walked(mai, LIST, "doubtful")
    flat = [one for leaf in leaves for one in leaf]
    assert [len(leaf) for leaf in leaves] == [30, 30, 10]
    assert flat == sorted(flat, key=_newest_first)
    assert set(flat) == {f"r{n:03}" for n in range(FOUND)}, "none of another hotline"


async def test_findings_are_asked_for_by_kind_day_and_what_nobody_has_seen(pages: Pages) -> None:
    for n in range(FOUND):
        await found(pages, n)
    mai = await pages.sign_in("mai")

    async def asked(conditions: str) -> set[int]:
        leaves = await walked(mai, f"{LIST}?{conditions}", "doubtful")
        return {int(one[1:]) for leaf in leaves for one in leaf}

    everything = set(range(FOUND))
    assert await asked("kind=hole") == {n for n in everything if n % 2}
    assert await asked("show=unseen") == {n for n in everything if n % 3}
    assert await asked("hotline=gia-lai") == set()
    today = pages.db.clock.now().astimezone().date()
    assert await asked(f"first={today - timedelta(days=9)}") == everything
    assert await asked(f"last={today - timedelta(days=9)}") == set()
    one_day = await asked("first=2026-11-29&last=2026-11-29")
    assert one_day
    assert one_day < everything
    wrong = await mai.get(f"{LIST}?first=2026-11-30&last=2026-11-01")
    assert wrong.status == 422
    assert 'id="last-fault"' in await wrong.text()


async def test_who_notes_what_was_found_stays_where_he_was_in_the_list(pages: Pages) -> None:
    await found(pages, 1)
    mai = await pages.sign_in("mai")
    text = await (await mai.get(f"{LIST}?kind=hole&show=unseen")).text()
    where = re.search(r'name="where" value="([^"]*)"', text)
    assert where
    answer = await mai.post(
        "/audit/findings/f001/seen", {"note": "Đã gọi lại", "where": unescape(where[1])}
    )
    assert answer.headers["Location"] == f"{LIST}?kind=hole&show=unseen#doubtful"
    assert "r001" not in await (await mai.get(answer.headers["Location"])).text()


async def test_days_and_a_days_items_are_paged_too(pages: Pages) -> None:
    async with pages.db.write() as tx:
        for n in range(DAYS):
            day = TODAY - timedelta(days=n)
            tx.session.add(
                ReconciliationDay(day=day, ran_at=tx.now, answered=9, recordings=9, clean=False)
            )
        for n in range(ITEMS):
            at = tx.now - timedelta(minutes=n // 2)
            file = f"main/{n:03}"
            tx.session.add(
                ReconciliationItem(
                    day=TODAY, kind="file_not_taken", why="strange", file=file, at=at
                )
            )
    mai = await pages.sign_in("mai")
    days = await walked(mai, LIST, "days")
    assert [len(leaf) for leaf in days] == [31, 9]
    assert [d for leaf in days for d in leaf] == [
        (TODAY - timedelta(days=n)).isoformat() for n in range(DAYS)
    ]
    items = await walked(mai, f"{LIST}?day={TODAY}", "day")
    flat = [int(one.removeprefix("main/")) // 2 for leaf in items for one in leaf]
    assert [len(leaf) for leaf in items] == [30, 30, 5]
    assert flat == sorted(flat, reverse=True)

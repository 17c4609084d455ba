"""The auditor's other lists to their ends; who heard, by unit and words of the reason."""

import re
from collections.abc import AsyncIterator
from datetime import date, timedelta
from html import unescape
from pathlib import Path

import pytest

from telephony.calls.tables import CallRow
from telephony.capture.reconcile import MOST
from telephony.capture.tables import ReconciliationDay, ReconciliationItem
from telephony.recordings.hearing import plays
from telephony.recordings.hearing.plays import PlaysWanted
from telephony.recordings.hearing.tables import RecordingPlay, RecordingRequest
from telephony.recordings.proof.tables import ArchiveCheck, ArchiveFinding
from telephony.recordings.retention.tables import DeletionList, RecordingHold
from tests.support.pages import Browser, Pages
from tickets.tables import Unit
from tongdai.accounts.model import Role
from tongdai.clock import HandClock
from tongdai.db import Database

UNIT = "5" * 32


@pytest.fixture
async def pages(tmp_path: Path, clock: HandClock) -> AsyncIterator[Pages]:
    async with Pages.open(tmp_path, clock, packages=("portal", "audit")) as made:
        await made.account("mai", Role.AUDITOR)
        yield made


async def walked(browser: Browser, path: str, part: str, shown: str) -> list[list[str]]:
    """Follow "next page" of one part of the page to its end; return what each page shows."""
    leaves = []
    while path:
        text = await (await browser.get(path)).text()
        text = text.partition(f'id="{part}"')[2].partition(
            "</main" if part == "main" else "</section"
        )[0]
        leaves.append(re.findall(shown, text))
        following = re.search(r'rel="next" href="([^"]*)"', text)
        path = unescape(following[1]) if following else ""
    return leaves


async def test_every_finding_of_the_last_walk_is_reached(pages: Pages) -> None:
    async with pages.db.write() as tx:
        tx.session.add(ArchiveCheck(id="w", started_at=tx.now, ended_at=tx.now, found=450))
        for n in range(1, 451):
            what = {"recording": "", "path": f"call/{n:03}.flac", "why": "missing", "detail": ""}
            tx.session.add(ArchiveFinding(archive_check="w", n=n, **what))
    mai = await pages.sign_in("mai")
    leaves = await walked(mai, "/audit/checks", "main", r"call/(\d+)\.flac")
    assert [len(leaf) for leaf in leaves] == [200, 200, 50]
    assert [int(n) for leaf in leaves for n in leaf] == list(range(1, 451))
    other = await mai.get("/audit/checks?check=older&cursor=x")
    assert "call/001.flac" in await other.text(), "a newer walk begins at its beginning"


async def test_every_list_of_deletions_and_every_hold_is_reached(pages: Pages) -> None:
    async with pages.db.write() as tx:
        for n in range(120):
            at = tx.now - timedelta(hours=n // 2)
            tx.session.add(
                DeletionList(
                    id=f"d{n:03}",
                    hotline="can-tho",
                    kind="call",
                    days=365,
                    until=at,
                    reason="",
                    count=1,
                    proposed_by="",
                    proposed_at=at,
                    proposed_name="",
                    proposed_role="",
                    state="scheduled",
                )
            )
        for n in range(210):
            tx.session.add(
                RecordingHold(
                    recording=f"r{n:03}",
                    hotline="can-tho",
                    reason="x",
                    placed_by="x",
                    placed_name="x",
                    placed_at=tx.now,
                    released_at=tx.now if n == 7 else None,
                )
            )
    mai = await pages.sign_in("mai")
    lists = await walked(mai, "/audit/retention", "lists", r'href="/audit/retention/(d\d+)"')
    assert [len(leaf) for leaf in lists] == [50, 50, 20]
    flat = [one for leaf in lists for one in leaf]
    assert set(flat) == {f"d{n:03}" for n in range(120)}
    assert [int(one[1:]) // 2 for one in flat] == sorted(int(one[1:]) // 2 for one in flat)
    await pages.account("hoa", Role.AUDITOR, Role.ADMINISTRATOR)
    hoa = await pages.sign_in("hoa")
    bar = (await (await hoa.get("/audit/retention/d000")).text()).partition("</header>")[0]
    assert re.findall(r'href="([^"]*)" aria-current="page"', bar) == ["/audit/retention"]
    held = await walked(mai, "/audit/retention", "held", r"/audit/recordings/(r\d+)/hold")
    assert [len(leaf) for leaf in held] == [200, 9]
    assert {one for leaf in held for one in leaf} == {f"r{n:03}" for n in range(210)} - {"r007"}


async def test_every_call_without_a_recording_is_reached(pages: Pages) -> None:
    async with pages.db.write() as tx:
        for n in range(150):
            began = tx.now - timedelta(hours=1, seconds=n // 2)
            tx.session.add(
                CallRow(
                    id=f"c{n}",
                    pbx="main",
                    linkedid=f"{n}.1",
                    hotline="can-tho",
                    direction="inbound",
                    caller_number=f"+84912000{n:03}",
                    caller_raw="",
                    caller_name="",
                    caller_kind="mobile",
                    called_number="1022",
                    state="ended",
                    version=1,
                    started_at=began,
                    answered_at=began,
                    ended_at=began,
                )
            )
    mai = await pages.sign_in("mai")
    leaves = await walked(mai, "/audit/unmatched", "silent", r"0912 000 (\d+)")
    flat = [int(one) // 2 for leaf in leaves for one in leaf]
    assert [len(leaf) for leaf in leaves] == [100, 50]
    assert flat == sorted(flat)


async def test_a_day_with_more_than_is_kept_says_so(pages: Pages) -> None:
    day = date(2026, 11, 29)
    async with pages.db.write() as tx:
        tx.session.add(
            ReconciliationDay(day=day, ran_at=tx.now, answered=9, recordings=9, clean=False)
        )
        for kind, count in (("call_without_recording", MOST - 1), ("file_not_taken", MOST)):
            common = {"day": day, "kind": kind, "why": "unknown", "at": tx.now}
            tx.session.add_all([ReconciliationItem(**common) for _ in range(count)])
    mai = await pages.sign_in("mai")
    few = await (await mai.get("/audit/reconciliation")).text()
    async with pages.db.write() as tx:
        tx.session.add(ReconciliationItem(**{**common, "kind": "call_without_recording"}))
    many = await (await mai.get("/audit/reconciliation")).text()
    note = f"Mỗi loại chỉ giữ {MOST} mục đầu tiên trong ngày"
    assert note not in few, "of files all are kept"
    assert note in many
    assert "có thể còn nữa: Cuộc gọi không có ghi âm." in many


async def heard(database: Database) -> None:
    """Let three plays be of one request's unit, a person and a program."""
    async with database.write() as tx:
        common = {"hotline": "can-tho", "recording": "r", "at": tx.now}
        made = {"asked_by": "x", "asked_name": "x", "asked_at": tx.now, "due_at": tx.now}
        tx.session.add(
            RecordingRequest(
                id="q",
                hotline="can-tho",
                ticket="t",
                recording="r",
                unit=UNIT,
                **{"unit_name": "Sở Xây dựng", "reason": "x", "basis": "x", **made},
            )
        )
        for name, reason, request in (
            ("Lan", "Đối chất với tổ dân phố", "q"),
            ("Mai", "Khiếu nại 100% của đường dây", None),
            ("Máy", "", None),
        ):
            tx.session.add(
                RecordingPlay(
                    account=name,
                    name=name,
                    reason=reason,
                    request=request,
                    **{"how": "page", **common},
                )
            )


async def test_plays_are_found_by_unit_and_by_words_of_the_reason(
    database: Database,
) -> None:
    await heard(database)

    async def found(**conditions: str) -> set[str]:
        async with database.read() as session:
            return {p.name for p in await plays.page(session, PlaysWanted(**conditions))}

    assert await found(unit=UNIT) == {"Lan"}
    assert await found(unit="other") == set()
    assert await found(words="duong KHIẾU") == {"Mai"}, "no accents, any case, any order"
    assert await found(words="đường") == await found(words="100%") == {"Mai"}
    assert await found(words="%") == await found(words="hất") == set(), "words from their beginning"
    assert await found(words="doi ton") == set(), "each of the words"


async def test_the_page_asks_for_unit_and_words_and_says_whose_unit_heard(pages: Pages) -> None:
    await heard(pages.db)
    async with pages.db.write() as tx:
        common = {"hotline": "can-tho", "kind": "department", "valid_from": tx.now}
        tx.session.add(Unit(id=UNIT, code="a", name="Sở Xây dựng", folded="so xay dung", **common))
    mai = await pages.sign_in("mai")
    text = await (await mai.get(f"/audit/plays?unit={UNIT}&reason=to+dan")).text()
    (row,) = text.partition("<tbody>")[2].partition("</tbody>")[0].split("</tr>")[:-1]
    assert "Đối chất với tổ dân phố" in row
    assert "Sở Xây dựng" in row
    assert f'value="{UNIT}" selected' in text
    assert "khớp" in await (await mai.get("/audit/plays?reason=khong+co")).text()

"""The auditor's desk and the supervisor's floor as people use them (recordings, operators)."""

import asyncio
import shutil
import subprocess
import zipfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from telephony.operators.model import OperatorState
from telephony.recordings.hearing import plays
from telephony.recordings.hearing.plays import PlaysWanted
from telephony.recordings.hearing.tables import RecordingPlay
from telephony.recordings.manifest.keys import Keys
from telephony.recordings.package.check import faults
from telephony.recordings.store import of_call
from tests.support.chromium import serious_violations
from tests.support.floor import Floor
from tests.support.pages import PASSWORD, Pages, settings_for
from tests.support.recordings import Rig, tones
from tests.support.wait import until
from tongdai.accounts.model import Grant, Role, Viewer
from tongdai.clock import HandClock
from tongdai.db import Database
from tongdai.events import Bus
from tongdai.ids import AccountId, HotlineId
from web.doors import CALLS

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.asyncio(loop_scope="module"),
]
PLAYER = "document.querySelector('#player audio')"


@dataclass
class House:
    """The pages with a spool and an archive, a floor of fakes, and a browser."""

    pages: Pages
    rig: Rig
    browser: Browser
    clock: HandClock

    @property
    def floor(self) -> Floor:
        floor = self.pages.app[CALLS]
        assert isinstance(floor, Floor)
        return floor

    async def page(self, username: str, path: str) -> Page:
        """Sign somebody in who wants to go to a page."""
        context = await self.browser.new_context(
            viewport={"width": 1440, "height": 900}, locale="vi-VN"
        )
        page = await context.new_page()
        await page.goto(f"{self.pages.base}/login?next={path}")
        await page.fill("#username", username)
        await page.fill("#password", PASSWORD)
        await page.keyboard.press("Enter")
        await page.wait_for_url(f"{self.pages.base}{path}")
        return page

    async def record(self, linkedid: str, seconds: float, **values: object) -> str:
        """Record and archive a call; return the recording's id."""
        call = await self.rig.call(linkedid, answered_at=self.clock.now(), **values)
        self.rig.record(f"call-{linkedid}.raw", tones(seconds))
        await self.rig.intake().round()
        async with self.pages.db.read() as session:
            (row,) = await of_call(session, call.id)
        return row.id

    async def plays(self, recording: str) -> list[RecordingPlay]:
        async with self.pages.db.read() as session:
            return await plays.page(session, PlaysWanted(recording=recording))


@pytest_asyncio.fixture(loop_scope="module")
async def house(tmp_path: Path, browser: Browser, clock_start: datetime) -> AsyncIterator[House]:
    clock = HandClock(clock_start)
    db = Database(f"sqlite+aiosqlite:///{tmp_path}/house.db", clock, Bus())
    rig = Rig(db, tmp_path)
    folders: dict[str, object] = {"archive": rig.archive, "spool": rig.spool, "floor_bytes": 0}
    folders["keys"] = tmp_path / "keys"
    Keys(tmp_path / "keys").generate()
    settings = settings_for(tmp_path, recordings=folders)
    async with Pages.open(
        tmp_path, clock, db=db, settings=settings, packages=("portal", "audit", "floor")
    ) as pages:
        await db.create_all()
        await pages.account("mai", Role.AUDITOR)
        await pages.account("hoa", Role.SUPERVISOR)
        await pages.account("lan", Role.OPERATOR, extension="1001")
        yield House(pages, rig, browser, clock)
        for context in browser.contexts:
            await context.close()
    await db.close()


async def test_an_auditors_day_search_reason_listen_hold_export(house: House) -> None:
    recording = await house.record("1764464400.1", 90, caller_number="+84912345678")
    await house.record("1764464401.1", 1, caller_number="+84987654321", caller_raw="0987654321")
    page = await house.page("mai", "/audit")
    rows = page.locator("table.found tbody tr")
    await expect(rows).to_have_count(2)
    await page.fill("[name=q]", "0912.345.678")
    await page.keyboard.press("Enter")
    await expect(rows).to_have_count(1)
    picture = "document.querySelector('.outline img')"
    await until(
        lambda: page.evaluate(f"{picture}.complete && {picture}.naturalWidth > 0"), within=20
    )
    assert await serious_violations(page) == []
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"**/audit/recordings/{recording}")
    await expect(page.locator("[data-clock]")).to_have_text("0:00 / 1:30")
    assert await house.plays(recording) == []
    await page.fill("#reason", "Người gọi phủ nhận đã gọi")
    await page.keyboard.press("Enter")
    await until(lambda: page.evaluate(f"{PLAYER}.currentTime > 0.2"), within=20)
    levels = "[...document.querySelectorAll('[data-level]')].every(side => side.value > 0.1)"
    await until(lambda: page.evaluate(levels), within=20)
    (play,) = await house.plays(recording)
    assert play.reason == "Người gọi phủ nhận đã gọi"
    await page.keyboard.press("l")
    await page.keyboard.press("l")
    await until(lambda: page.evaluate(f"!{PLAYER}.seeking && {PLAYER}.currentTime > 20"), within=20)
    before = float(await page.evaluate(f"{PLAYER}.currentTime"))
    await page.keyboard.press("ArrowLeft")
    await page.keyboard.press("ArrowLeft")
    await until(lambda: page.evaluate(f"{PLAYER}.currentTime < {before} - 5"), within=20)
    await page.keyboard.press("+")
    await until(lambda: page.evaluate(f"{PLAYER}.playbackRate === 1.25"), within=20)
    await page.keyboard.press("2")
    await expect(page.locator("[data-side='-1']")).to_have_attribute("aria-pressed", "true")
    here = float(await page.evaluate(f"{PLAYER}.currentTime"))
    await until(lambda: page.evaluate(f"{PLAYER}.currentTime > {here} + 1"), within=20)
    await page.keyboard.press(" ")
    await until(lambda: page.evaluate(f"{PLAYER}.paused"), within=20)

    async def told() -> bool:
        return (await house.plays(recording))[0].heard_seconds > 0.2

    await until(told, within=20)
    heard, at = (await house.plays(recording))[0].heard_seconds, f"{PLAYER}.currentTime"
    assert heard < await page.evaluate(at) - 5  # what was skipped is not counted
    assert await serious_violations(page) == []
    await _hold_and_export(house, page, recording)


async def _hold_and_export(house: House, page: Page, recording: str) -> None:
    await page.get_by_role("link", name="Giữ lại").click()
    await page.locator("main [name=reason]").fill("Khiếu nại số 12")
    await page.get_by_role("button", name="Giữ lại").click()
    await expect(page.locator(".note.warn")).to_contain_text("đang được giữ lại")
    (held,) = [row for row in await house.rig.rows() if row.id == recording]
    assert held.state == "held"
    await page.goto(f"{house.pages.base}/audit/recordings/{recording}")
    await page.fill("#why", "Thanh tra yêu cầu")
    async with page.expect_download() as started:
        await page.get_by_role("button", name="Tải về").click()
    package = await (await started.value).path()
    assert await asyncio.to_thread(faults, package, Keys(house.rig.folder / "keys").public()) == []
    proved = await asyncio.to_thread(_elsewhere, package, house.rig.folder / "elsewhere")
    assert proved.returncode == 0, proved.stdout
    assert (proved.stdout.count("OK "), "FAIL" in proved.stdout) == (6, False), proved.stdout
    assert {p.how for p in await house.plays(recording)} == {"export", "page"}


def _elsewhere(package: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Verify a package where there is nothing but a shell, sha256sum, openssl, grep and cut."""
    tools = folder / "bin"
    tools.mkdir(parents=True)
    for tool in ("sha256sum", "openssl", "grep", "cut", "dirname"):
        (tools / tool).symlink_to(shutil.which(tool) or tool)
    with zipfile.ZipFile(package) as opened:
        opened.extractall(folder)
    return subprocess.run(
        ["/bin/sh", "verify.sh"],
        cwd=folder,
        env={"PATH": str(tools)},
        capture_output=True,
        text=True,
        check=False,
    )


async def test_the_seal_is_proved_in_the_page_and_a_touched_file_is_told(house: House) -> None:
    recording = await house.record("1764464400.1", 1)
    page = await house.page("mai", f"/audit/recordings/{recording}")
    await page.get_by_role("button", name="Kiểm tra niêm phong").click()
    await expect(page.locator("#proof .note.good")).to_be_visible()
    (path,) = house.rig.archived_files()
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    await page.get_by_role("button", name="Kiểm tra niêm phong").click()
    await expect(page.locator("#proof .note.bad")).to_be_visible()


async def test_an_operator_is_told_that_recordings_and_floor_are_not_for_her(house: House) -> None:
    recording = await house.record("1764464400.1", 1)
    page = await house.page("lan", "/lookup")
    for path in ("/audit", f"/audit/recordings/{recording}", "/floor"):
        answer = await page.goto(house.pages.base + path)
        assert answer is not None
        assert answer.status == 403
        await expect(page.locator("main")).to_contain_text("không có quyền")
        await expect(page.locator("audio, table.found, .place")).to_have_count(0)
    assert await house.plays(recording) == []


async def test_the_floor_is_seen_live_without_touching_the_page(house: House) -> None:
    page = await house.page("hoa", "/floor")
    await expect(page.locator(".place").first).to_contain_text("Chưa có ai vào ca")
    floor, lan = house.floor, AccountId("lan")
    await floor.sign_on(_operator(lan, "Nguyễn Lan"), "web")
    operator = page.locator(".operators li")
    await expect(operator).to_contain_text("Sẵn sàng")
    call = floor.ring(lan, "0912345671", name="Trần Văn Tám")
    await expect(page.locator(".waiting li")).to_contain_text("0912 345 671")
    await expect(operator).to_contain_text("Đang đổ chuông")
    floor.answer(call)
    await expect(page.locator(".calls li")).to_contain_text("Trần Văn Tám")
    await expect(page.locator(".waiting li")).to_have_count(0)
    assert await serious_violations(page) == []
    house.clock.advance(timedelta(minutes=2))
    floor.hang_up(call)
    await expect(page.locator(".calls li")).to_have_count(0)
    floor.operator_is(lan, OperatorState.PAUSED)
    await expect(operator).to_contain_text("Tạm nghỉ")


def _operator(account: AccountId, name: str) -> Viewer:
    grants = frozenset({Grant(hotline=HotlineId("can-tho"), role=Role.OPERATOR)})
    return Viewer(id=account, name=name, extension="1001", grants=grants)

"""Over HTTP: lists that wait, findings, lost keys, packages, and who gets a byte of them."""

import io
import json
import re
import zipfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from structlog.testing import capture_logs

from telephony.recordings.archive import keyring
from telephony.recordings.archive.keyring import KeyRing
from telephony.recordings.hearing import plays
from telephony.recordings.hearing.plays import PlaysWanted
from telephony.recordings.keeper import Keeper
from telephony.recordings.manifest.keys import Keys
from telephony.recordings.package.check import faults
from telephony.recordings.retention.schedule import make_schedule
from telephony.recordings.tables import Recording
from tests.support.pages import Browser, Pages, settings_for
from tests.support.recordings import Rig, tones
from tongdai.accounts.model import Role
from tongdai.accounts.service import create_token
from tongdai.clock import HandClock
from web.keys import ARCHIVE

TAKERS = {Role.AUDITOR, Role.SUPERVISOR}
PLAYER = Path(__file__).parents[2] / "web/assets/ts/audit"


@dataclass
class Desk:
    """The pages over one encrypted recording of Cần Thơ, 31 days old."""

    pages: Pages
    rig: Rig
    keeper: Keeper
    keys: Keys
    row: Recording

    async def page(self, role: Role) -> Browser:
        """Return a signed-in person with one role."""
        name = f"x{role.value}"
        await self.pages.account(name, role)
        return await self.pages.sign_in(name)

    async def api(
        self, path: str, role: Role = Role.AUDITOR, hotline: str = "can-tho"
    ) -> tuple[int, bytes]:
        """GET below the recording, as a program; return status and body."""
        async with self.pages.db.write() as tx:
            token = await create_token(tx, role, hotline)
        url = f"{self.pages.base}/api/v1/recordings/{self.row.id}{path}"
        session = (await self.pages.browser()).session
        answer = await session.get(url, headers={"Authorization": f"Bearer {token}"})
        return answer.status, await answer.read()

    async def exports(self) -> int:
        async with self.pages.db.read() as session:
            return len(await plays.page(session, PlaysWanted(how="export")))

    async def metric(self, name: str) -> dict[str, float]:
        """Return a metric's samples by their one label."""
        answer = await (await self.pages.browser()).session.get(f"{self.pages.base}/metrics")
        return {
            "".join(sample.labels.values()): sample.value
            for family in text_string_to_metric_families(await answer.text())
            for sample in family.samples
            if sample.name == name
        }


@pytest.fixture
async def desk(tmp_path: Path, clock: HandClock) -> AsyncIterator[Desk]:
    ring_file = tmp_path / "ring.toml"
    ring = keyring.add(ring_file, None, "first")
    table = {
        "archive": tmp_path / "archive",
        "keys": tmp_path / "keys",
        "keyring": ring_file,
        "retention": ({"hotline": "can-tho", "kind": "call", "days": 30},),
    }
    settings = settings_for(tmp_path, recordings=table)
    keys = Keys(tmp_path / "keys")
    async with Pages.open(
        tmp_path, clock, settings=settings, packages=("portal", "audit", "api")
    ) as pages:
        rig = Rig(pages.db, tmp_path, ring=ring)
        await rig.call("1764464400.1", answered_at=clock.now())
        rig.record("call-1764464400.1.raw", tones(2))
        await rig.intake().round()
        rig.intake().close()
        clock.advance(timedelta(days=31))
        keeper = Keeper(
            pages.db, clock, rig.kept(), keys, makes_key=True, schedule=make_schedule(settings)
        )
        await keeper.round()
        (row,) = await rig.rows()
        yield Desk(pages, rig, keeper, keys, row)


async def test_a_list_of_the_services_own_is_shown_with_a_badge_taken_up_and_approved(
    desk: Desk,
) -> None:
    lan, minh = await desk.page(Role.AUDITOR), await desk.page(Role.ADMINISTRATOR)
    badge = 'title="Danh sách xóa chờ bạn">1<'
    board = await (await lan.get("/audit/retention")).text()
    assert badge in board
    assert badge in await (await lan.get("/audit")).text()
    assert badge in await (await minh.get("/audit/retention")).text()
    place = "/audit/retention/" + board.split('href="/audit/retention/')[1][:32]
    shown = await (await lan.get(place)).text()
    assert "Hệ thống, theo thời hạn lưu trữ" in shown
    early = await minh.post(place, {"decision": "approve"})
    assert (early.status, "cần một người đề nghị" in await early.text()) == (409, True)
    assert (await lan.post(place, {"decision": "propose", "reason": "hết hạn"})).status == 303
    assert badge not in await (await lan.get("/audit")).text()
    assert "Duyệt xóa" in await (await minh.get(place)).text()
    assert (await minh.post(place, {"decision": "approve"})).status == 303
    await desk.keeper.round()
    certificate = await (await minh.get(place)).text()
    assert "Biên bản xóa ghi âm" in certificate
    assert "Nguyễn Xauditor" in certificate


async def test_what_the_verifier_finds_is_measured_and_stands_at_the_desks_head(
    desk: Desk, clock: HandClock
) -> None:
    lan, sup = await desk.page(Role.AUDITOR), await desk.page(Role.SUPERVISOR)
    badge = 'title="Chỗ không còn như khi cất giữ">'
    assert badge not in await (await lan.get("/audit")).text()
    assert set((await desk.metric("tongdai_archive_findings")).values()) == {0.0}
    clock.advance(timedelta(hours=2))
    assert await desk.metric("tongdai_archive_check_age_seconds") == {"": 7200.0}
    assert await desk.metric("tongdai_manifest_unsigned") == {"": 0.0}
    (desk.rig.archive / desk.row.path).unlink()
    clock.advance(timedelta(days=1))
    await desk.keeper.round()
    found = await desk.metric("tongdai_archive_findings")
    assert {why for why, count in found.items() if count} == {"missing"}
    lan = await desk.pages.sign_in("xauditor")
    sup = await desk.pages.sign_in("xsupervisor")
    assert f"{badge}1<" in await (await lan.get("/audit")).text()
    assert badge not in await (await sup.get("/audit")).text()


LOST = (
    ({"other": b"o" * 32}, "recording_key_missing", "khôi phục khóa"),
    ({"first": b"w" * 32}, "recording_key_wrong", "khôi phục đúng khóa"),
)


async def test_a_lost_or_wrong_key_is_said_with_a_503_and_a_line_of_the_log(desk: Desk) -> None:
    lan = await desk.page(Role.AUDITOR)
    path = f"/audit/recordings/{desk.row.id}"
    for keys, code, words in LOST:
        desk.pages.app[ARCHIVE].ring = KeyRing(keys, {"default": next(iter(keys))})
        assert (await lan.get(path)).status == 200
        for asked in ("/audio?reason=x", "/package?reason=x"):
            status, body = await desk.api(asked)
            told = json.loads(body)
            assert (status, told["code"], words in told["message"]) == (503, code, True)
        with capture_logs() as logged:
            began = await lan.send("POST", f"{path}/plays", {"reason": "xác minh"})
            told = await began.json()
        assert (began.status, told["code"], words in told["message"]) == (503, code, True)
        (line,) = [one for one in logged if one["event"] == "web.unavailable"]
        assert line["refusal"] == f"{code} key=first"
        page = await lan.post(f"{path}/package", {"reason": "xác minh"})
        assert (page.status, words in await page.text()) == (503, True)
        assert (await lan.post(f"{path}/proof")).status == 503
    async with desk.pages.db.read() as session:  # nobody heard anything
        assert await plays.page(session, PlaysWanted(recording=desk.row.id)) == []


async def test_a_program_gets_the_same_package_and_says_why(desk: Desk, tmp_path: Path) -> None:
    for silent in ("/package", "/package?reason=%20"):
        status, body = await desk.api(silent)
        assert (status, '"reason"' in body.decode()) == (422, True)
    assert await desk.exports() == 0
    status, made = await desk.api("/package?reason=Thanh%20tra")
    assert status == 200
    (tmp_path / "p.zip").write_bytes(made)
    assert faults(tmp_path / "p.zip", desk.keys.public()) == []
    with zipfile.ZipFile(io.BytesIO(made)) as opened:
        assert "Thanh tra" in opened.read("facts.json").decode()
    async with desk.pages.db.read() as session:
        (play,) = await plays.page(session, PlaysWanted(how="export"))
    assert play.reason == "Thanh tra"
    described = await (await desk.pages.browser()).get("/api/v1/openapi.json")
    told = (await described.json())["paths"]["/api/v1/recordings/{id}/package"]["get"]
    assert "application/zip" in told["responses"]["200"]["content"]
    assert [p["name"] for p in told["parameters"] if p["required"]] == ["id", "reason"]


async def test_only_auditor_and_supervisor_of_the_hotline_export_by_page_and_api(
    desk: Desk,
) -> None:
    path = f"/audit/recordings/{desk.row.id}/package"
    for role in Role:
        page = await (await desk.page(role)).post(path, {"reason": "x"})
        status, body = await desk.api("/package?reason=x", role)
        right = role in TAKERS
        assert (role, page.status, status) == (role, *((200, 200) if right else (403, 403)))
        assert ((await page.read())[:2] == b"PK", body[:2] == b"PK") == (right, right)
    taken = await desk.exports()
    assert taken == 2 * len(TAKERS)
    assert (await desk.api("/package?reason=x", Role.AUDITOR, "gia-lai"))[0] == 404
    stranger = await desk.pages.browser()
    assert (await stranger.post(path, {"reason": "x"})).status in (303, 401, 403)
    url = f"{desk.pages.base}/api/v1/recordings/{desk.row.id}/package?reason=x"
    assert (await stranger.session.get(url)).status == 401
    assert await desk.exports() == taken


async def test_the_players_words_are_english_on_an_english_page(desk: Desk) -> None:
    lan = await desk.page(Role.AUDITOR)
    path = f"/audit/recordings/{desk.row.id}"
    assert 'id="catalogue"' not in await (await lan.get(path)).text()
    await lan.post("/language", {"language": "en"})
    shown = await (await lan.get(path)).text()
    words = json.loads(shown.split('id="catalogue">')[1].split("</script>")[0])
    said = "".join(file.read_text() for file in PLAYER.glob("*.ts"))
    assert set(words) == set(re.findall(r'\bt\("([^"]+)"', said))
    assert words["Lý do nghe: {reason}"] == "Reason for hearing: {reason}"


async def test_a_period_the_wrong_way_round_is_said_beside_the_field(desk: Desk) -> None:
    mai = await desk.page(Role.AUDITOR)
    for path in ("/audit", "/audit/plays"):
        same = await mai.get(f"{path}?first=2026-11-30&last=2026-11-30")
        assert same.status == 200
        reversed_ = await mai.get(f"{path}?first=2026-11-30&last=2026-11-29")
        assert reversed_.status == 422
        assert "Ngày cuối phải sau ngày đầu." in await reversed_.text()
    hours = "first=2026-11-30&first_hour=10:00&last=2026-11-30&last_hour=09:00"
    assert (await mai.get(f"/audit?{hours}")).status == 422


async def test_what_may_be_another_hotlines_is_listed_without_a_way_to_its_sound(
    desk: Desk,
) -> None:
    desk.rig.record("call-1764464499.1.raw", tones(1))
    await desk.rig.intake().round()
    desk.rig.intake().close()
    loose = next(row.id for row in await desk.rig.rows() if row.hotline is None)
    mai = await desk.page(Role.AUDITOR)
    listed = await (await mai.get("/audit")).text()
    assert "chưa rõ tổng đài" in listed
    assert loose not in listed
    assert (await mai.get(f"/audit/recordings/{loose}")).status == 403
    await desk.pages.account("both", Role.AUDITOR, hotlines=("can-tho", "gia-lai"))
    both = await desk.pages.sign_in("both")
    assert f"/audit/recordings/{loose}/wave.svg" in await (await both.get("/audit")).text()
    assert (await both.get(f"/audit/recordings/{loose}")).status == 200

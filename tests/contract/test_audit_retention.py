"""The retention pages: two people, two roles; and nobody else sees them."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from telephony.recordings.keeper import Keeper
from telephony.recordings.manifest.keys import Keys
from tests.support.pages import Pages, settings_for
from tests.support.recordings import Rig, tones
from tongdai.accounts.model import Role
from tongdai.clock import HandClock


@pytest.fixture
async def pages(tmp_path: Path, clock: HandClock) -> AsyncIterator[Pages]:
    rule = {"hotline": "can-tho", "kind": "call", "days": 30}
    recordings = {"archive": tmp_path / "archive", "retention": (rule,)}
    async with Pages.open(
        tmp_path, clock, settings=settings_for(tmp_path, recordings=recordings)
    ) as pages:
        rig = Rig(pages.db, tmp_path)
        for i in range(2):
            await rig.call(f"17644644{i:02}.{i}", answered_at=clock.now())
            rig.record(f"call-17644644{i:02}.{i}.raw", tones(0.1 + i))
        await rig.intake().round()
        rig.intake().close()
        clock.advance(timedelta(days=31))
        for name, role in (
            ("lan", Role.AUDITOR),
            ("minh", Role.ADMINISTRATOR),
            ("sup", Role.SUPERVISOR),
        ):
            await pages.account(name, role)
        yield pages


async def test_auditor_proposes_administrator_approves_and_the_certificate_is_shown(
    pages: Pages, tmp_path: Path
) -> None:
    rig = Rig(pages.db, tmp_path)
    lan, minh = await pages.sign_in("lan"), await pages.sign_in("minh")
    held, gone = await rig.rows()
    hold = f"/audit/recordings/{held.id}/hold"
    assert f'href="{hold}">Giữ lại' in await (await lan.get(hold.removesuffix("/hold"))).text()
    assert (await minh.post(hold, data={"reason": "x"})).status == 403
    assert (await lan.post(hold, data={"reason": ""})).status == 422
    assert (await lan.post(hold, data={"reason": "đơn số 12"})).status == 303
    shown = await (await lan.get(hold)).text()
    assert "đơn số 12" in shown
    assert "đang được giữ lại" in shown

    board = await (await lan.get("/audit/retention")).text()
    assert "1 bản bắt đầu trước" in board
    assert "đơn số 12" in board
    asked = {"hotline": "can-tho", "kind": "call", "reason": "hết hạn"}
    made = await lan.post("/audit/retention", data=asked)
    assert made.status == 303
    place = made.headers["Location"]
    assert "Duyệt xóa" not in await (await lan.get(place)).text()
    refused = await lan.post(place, data={"decision": "approve", "reason": ""})
    assert refused.status == 403
    assert "hai người khác nhau" in await refused.text()
    assert "Duyệt xóa" in await (await minh.get(place)).text()
    assert (await minh.post(place, data={"decision": "approve", "reason": ""})).status == 303

    keeper = Keeper(pages.db, rig.db.clock, rig.kept(), Keys(tmp_path / "keys"), makes_key=True)
    await keeper.round()
    certificate = await (await minh.get(place)).text()
    assert "Biên bản xóa ghi âm" in certificate
    assert gone.id in certificate
    assert gone.source_sha256 in certificate
    assert re.search(r'<td class="num">\d+</td><td class="nowrap">đã xóa', certificate)
    assert {row.id: row.state for row in await rig.rows()} == {held.id: "held", gone.id: "deleted"}
    (rig.archive / held.path).unlink()
    assert "còn nguyên" in await (await minh.get("/audit/checks")).text()
    rig.db.clock.advance(timedelta(days=1))  # type: ignore[attr-defined]
    await keeper.round()
    told = await (await (await pages.sign_in("lan")).get("/audit/checks")).text()
    assert "Mất tệp" in told
    assert held.path in told


@pytest.mark.parametrize("path", ["/audit/retention", "/audit/checks"])
async def test_nobody_but_auditor_and_administrator_opens_them(pages: Pages, path: str) -> None:
    answers = [
        (await (await pages.sign_in(who)).get(path)).status for who in ("lan", "minh", "sup")
    ]
    assert answers == [200, 200, 403]

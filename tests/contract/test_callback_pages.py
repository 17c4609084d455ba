"""The message that is heard from a task, and the supervisor's pages of calling back."""

import csv
import io
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from telephony.calls.model import CallState, Outcome
from telephony.recordings.hearing import plays
from telephony.recordings.hearing.plays import PlaysWanted
from tests.contract.callback_calls import Calls
from tests.support.pages import Pages, settings_for
from tests.support.recordings import Rig, tones, wav
from tongdai.accounts.model import Role
from tongdai.clock import HandClock
from tongdai.db import Database

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
async def pages(database: Database, tmp_path: Path, clock: HandClock) -> AsyncIterator[Pages]:
    settings = settings_for(tmp_path, recordings={"archive": tmp_path / "archive"})
    async with Pages.open(
        tmp_path,
        clock,
        db=database,
        settings=settings,
        packages=("portal", "api", "floor", "audit"),
    ) as found:
        await found.account("lan", Role.OPERATOR, extension="1001")
        await found.account("tam", Role.OPERATOR, hotlines=("gia-lai",))
        await found.account("hoa", Role.SUPERVISOR)
        yield found


@pytest.fixture
def calls(pages: Pages, clock: HandClock, tmp_path: Path) -> Calls:
    return Calls(pages.db, clock, tmp_path)


async def test_who_deals_with_a_message_hears_it_and_that_is_written_down(
    pages: Pages, calls: Calls, tmp_path: Path
) -> None:
    call = await calls.call(None)
    await calls.wishes(call, message=True)
    ended = replace(
        call,
        state=CallState.ENDED,
        outcome=Outcome.MESSAGE,
        ended_at=calls.clock.now(),
        version=2,
    )
    await calls.save(ended)
    task = await calls.task()
    rig = Rig(pages.db, tmp_path)
    rig.record(f"message-{call.linkedid}.wav", wav(tones(2)))
    await rig.intake().round()
    rig.intake().close()
    lan, tam = await pages.sign_in("lan"), await pages.sign_in("tam")
    detail = await (await lan.send("GET", f"/api/v1/callbacks/{task.id}")).json()
    assert detail["message"]
    heard = await lan.send("GET", f"/api/v1/callbacks/{task.id}/message")
    assert (heard.status, heard.content_type) == (200, "audio/flac")
    assert (await heard.read())[:4] == b"fLaC"
    assert (await tam.send("GET", f"/api/v1/callbacks/{task.id}/message")).status == 404
    # what was said with a person stays with the auditors (CT-3.4)
    whole = await lan.send("GET", f"/api/v1/recordings/{detail['message']}/audio?reason=x")
    assert whole.status == 403
    async with pages.db.read() as session:
        (play,) = await plays.page(session, PlaysWanted(how="callback"))
    assert (play.name, play.reason) == ("Nguyễn Lan", "Nghe lời nhắn để gọi lại")
    hoa = await pages.sign_in("hoa")
    for path in (
        "/audit/plays",
        "/audit/plays?how=callback",
        f"/audit/recordings/{play.recording}",
    ):
        answer = await hoa.get(path)
        assert answer.status == 200, path
        assert "lời nhắn cần gọi lại" in await answer.text()


async def test_the_supervisor_lists_gives_up_and_proves_the_sum(pages: Pages, calls: Calls) -> None:
    await calls.call()
    await calls.call(Outcome.SELF_SERVICE)
    await calls.sweep()
    task = await calls.task()
    hoa, lan = await pages.sign_in("hoa"), await pages.sign_in("lan")
    listed = await (await hoa.get("/floor/callbacks?overdue=&kind=abandoned")).text()
    assert "0912 345 678" in listed
    assert (
        "Không có ai phải gọi lại" in await (await hoa.get("/floor/callbacks?kind=message")).text()
    )
    assert "Chờ gọi lại" in await (await hoa.get("/floor/day")).text()
    assert (await lan.get("/floor/callbacks")).status == 403
    answer = await hoa.post(f"/floor/callbacks/{task.id}/give-up", {"reason": "Số không còn dùng"})
    assert answer.status == 303
    assert (await calls.task()).state == "given_up"
    lost = await calls.call(number="0912345670")
    calls.clock.advance(timedelta(minutes=2))
    shown = await (await hoa.get("/floor/calls")).text()
    assert "có cuộc gọi chưa rõ kết quả" in shown
    assert lost.id in shown
    await calls.sweep()
    shown = await (await hoa.get("/floor/calls")).text()
    assert "Không cuộc gọi nào bị bỏ sót" in shown
    table = await (await hoa.get("/floor/calls.csv")).read()
    (told,) = csv.DictReader(io.StringIO(table.decode("utf-8-sig")))
    assert (told["Ngày"], told["Cuộc gọi đến"], told["Tự tra cứu"], told["Chờ gọi lại"]) == (
        "2026-11-30",
        "3",
        "1",
        "1",
    )
    behind = "/floor/calls/list?hotline=can-tho&day=2026-11-30&figure=given_up"
    assert task.call in await (await hoa.get(behind)).text()
    assert (await hoa.get("/floor/calls/list?hotline=gia-lai")).status == 422
    for day in ("0001-01-01", "9999-12-31", "mai"):
        assert (await hoa.get(f"/floor/calls?to={day}")).status == 422, day

"""The auditor's desk: found in any spelling, heard by the right people, each play in the log."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from telephony.calls.tables import CallLegRow
from telephony.recordings import access
from telephony.recordings.tables import Recording
from tests.support.pages import Browser, Pages, settings_for
from tests.support.recordings import Rig, tones
from tickets import search
from tickets.tables import Ticket
from tongdai import audit
from tongdai.accounts.model import Role
from tongdai.clock import HandClock
from tongdai.db import Database


@dataclass
class Desk:
    """The pages, a spool with an archive, and somebody who is signed in."""

    pages: Pages
    rig: Rig
    mai: Browser

    async def call(self, linkedid: str, seconds: float = 1, **values: Any) -> str:
        """Record and archive a call; return its recording's id."""
        values.setdefault("answered_at", self.pages.db.clock.now())
        call = await self.rig.call(linkedid, **values)
        self.rig.record(f"call-{linkedid}.raw", tones(seconds))
        await self.rig.intake().round()
        async with self.pages.db.read() as session:
            (row,) = await access.store.of_call(session, call.id)
        return row.id

    async def ticket(self, **values: Any) -> Ticket:
        """Put a ticket into the register, with what the search needs."""
        common = {"hotline": "can-tho", "channel": "phone", "created_by": "x", "state": "open"}
        async with self.pages.db.write() as tx:
            ticket = Ticket(created_at=tx.now, changed_at=tx.now, **(common | values))
            tx.session.add(ticket)
            await tx.session.flush()
            await search.index(
                tx, f"ticket:{ticket.hotline}", ticket.id, tx.now, [ticket.sender_name]
            )
        return ticket

    async def found(self, query: str) -> list[str]:
        """Search; return the recordings' ids in the order shown."""
        answer = await self.mai.get(f"/audit?{query}")
        assert answer.status == 200
        text = await answer.text()
        rows = text.split('class="found"')[-1].split("/audit/recordings/")[1::2]
        return [row[:32] for row in rows]

    async def plays(self, recording: str) -> list[access.Play]:
        """Return who heard it, newest first."""
        async with self.pages.db.read() as session:
            return await access.plays(session, recording=recording)

    async def sound(self, path: str, **headers: str) -> tuple[int, bytes]:
        """Fetch sound as the player does."""
        answer = await self.mai.session.get(self.mai.base + path, headers=headers)
        return answer.status, await answer.read()


@pytest.fixture
async def desk(database: Database, tmp_path: Path, clock: HandClock) -> AsyncIterator[Desk]:
    rig = Rig(database, tmp_path)
    settings = settings_for(
        tmp_path, recordings={"archive": rig.archive, "spool": rig.spool, "floor_bytes": 0}
    )
    async with Pages.open(
        tmp_path, clock, db=database, settings=settings, packages=("portal", "audit")
    ) as pages:
        await pages.account("mai", Role.AUDITOR)
        yield Desk(pages, rig, await pages.sign_in("mai"))


async def test_a_number_is_found_in_any_spelling_and_no_other(desk: Desk) -> None:
    mine = await desk.call("1764464400.1", caller_number="+84912345678")
    await desk.call("1764464401.1", caller_number="+84912345679")
    for typed in ("0912345678", "0912 345 678", "%2B84912345678", "84 912.345.678"):
        assert await desk.found(f"q={typed}") == [mine]
    assert await desk.found("q=0912345670") == []


async def test_a_ticket_is_found_by_its_number_and_by_the_senders_name(desk: Desk) -> None:
    ticket = await desk.ticket(number="2026-000007", sender_name="Đặng Thị Hồng Gấm")
    mine = await desk.call("1764464400.1", ticket=ticket.id)
    await desk.call("1764464401.1")
    assert await desk.found("q=2026-000007") == [mine]
    assert await desk.found("q=dang thi hong gam") == [mine]
    assert await desk.found("q=2026-000008") == []


async def test_period_length_operator_and_hotline_narrow(desk: Desk) -> None:
    lan = await desk.pages.account("lan", Role.OPERATOR)
    early = desk.pages.db.clock.now() - timedelta(days=3)
    old = await desk.call("1764464400.1", answered_at=early, operator=lan)
    new = await desk.call("1764464401.1", seconds=7)
    assert await desk.found("") == [new, old]
    assert await desk.found("first=2026-11-30") == [new]
    assert await desk.found("last=2026-11-27") == [old]
    assert await desk.found("first=2026-11-28&last=2026-11-29") == []
    assert await desk.found(f"operator={lan}") == [old]
    assert await desk.found("shortest=0.1") == [new]
    assert await desk.found("longest=0.1") == [old]
    assert await desk.found("hotline=gia-lai") == []


async def test_another_hotlines_recordings_are_not_there(desk: Desk) -> None:
    foreign = await desk.call("1764464400.1", hotline="gia-lai")
    assert await desk.found("") == []
    assert (await desk.mai.get(f"/audit/recordings/{foreign}")).status == 404
    assert (await desk.sound(f"/audit/recordings/{foreign}/audio"))[0] == 404
    assert await desk.plays(foreign) == []


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.FOCAL_POINT, Role.ADMINISTRATOR])
async def test_who_is_neither_auditor_nor_supervisor_has_no_desk(desk: Desk, role: Role) -> None:
    recording = await desk.call("1764464400.1")
    await desk.pages.account("ai", role)
    other = await desk.pages.sign_in("ai")
    for path in ("", "/plays", "/unmatched", f"/recordings/{recording}"):
        assert (await other.get(f"/audit{path}")).status == 403
    assert (await other.get(f"/audit/recordings/{recording}/audio")).status == 403
    assert await desk.plays(recording) == []


async def test_a_player_that_seeks_is_one_play_and_a_second_page_another(desk: Desk) -> None:
    recording = await desk.call("1764464400.1", seconds=3)
    path = f"/audit/recordings/{recording}/audio"
    status, whole = await desk.sound(f"{path}?play=a")
    assert status == 200
    assert whole[:4] == b"fLaC"
    status, part = await desk.sound(f"{path}?play=a", Range="bytes=1000-1999")
    assert (status, part) == (206, whole[1000:2000])
    assert len(await desk.plays(recording)) == 1
    await desk.sound(f"{path}?play=b")
    await desk.sound(path, Range="bytes=0-")
    assert [p.name for p in await desk.plays(recording)] == ["Nguyễn Mai"] * 3


async def test_hearing_again_what_the_browser_kept_is_noted(desk: Desk) -> None:
    recording = await desk.call("1764464400.1")
    page = await (await desk.mai.get(f"/audit/recordings/{recording}")).text()
    assert f'data-plays="/audit/recordings/{recording}/plays"' in page
    assert await desk.plays(recording) == []
    answer = await desk.mai.send("POST", f"/audit/recordings/{recording}/plays")
    assert answer.status == 200
    assert len(await desk.plays(recording)) == 1


async def test_the_page_tells_call_ticket_legs_and_hearers(desk: Desk) -> None:
    lan = await desk.pages.account("lan", Role.OPERATOR)
    ticket = await desk.ticket(number="2026-000007", sender_name="Đặng Thị Hồng Gấm")
    now = desk.pages.db.clock.now()
    recording = await desk.call(
        "1764464400.1",
        ticket=ticket.id,
        operator=lan,
        caller_number="+84912345678",
        caller_name='<b>"A"</b>',
        ended_at=now + timedelta(minutes=1),
    )
    async with desk.pages.db.write() as tx:
        call = (await tx.session.get_one(Recording, recording)).call
        for n, (kind, main) in enumerate((("talk", True), ("ring", False), ("talk", False))):
            leg = {"call": call, "n": n, "kind": kind, "channel": f"c{n}", "uniqueid": str(n)}
            leg |= {"main": main, "seat": "web-1001", "operator": None if main else lan}
            leg |= {"number": "", "started_at": now, "ended_at": now + timedelta(seconds=30)}
            tx.session.add(CallLegRow(**leg, how="left"))
    await desk.sound(f"/audit/recordings/{recording}/audio?play=a")
    page = await (await desk.mai.get(f"/audit/recordings/{recording}")).text()
    for words in ("0912 345 678", "Nguyễn Lan", "2026-000007", "Đặng Thị Hồng Gấm", "Nguyễn Mai"):
        assert words in page
    assert "&lt;b&gt;" in page
    assert "<b>&#34;A" not in page
    assert page.count("<rect") == 3


async def test_a_secret_caller_stays_secret_here_too(desk: Desk) -> None:
    ticket = await desk.ticket(confidential=True, sender_name="Đặng Thị Hồng Gấm")
    recording = await desk.call("1764464400.1", ticket=ticket.id, caller_number="+84987654321")
    for path in ("/audit", f"/audit/recordings/{recording}"):
        page = await (await desk.mai.get(path)).text()
        assert "0987 654 321" not in page
        assert "Đặng Thị Hồng Gấm" not in page


async def test_the_seal_is_proved_and_a_changed_file_is_told(desk: Desk) -> None:
    recording = await desk.call("1764464400.1")
    path = f"/audit/recordings/{recording}"
    await desk.mai.get(path)
    assert "Nguyên vẹn" in await (await desk.mai.post(f"{path}/proof")).text()
    (kept,) = desk.rig.archived_files()
    kept.chmod(0o600)
    kept.write_bytes(kept.read_bytes()[:-1])
    assert "Không khớp niêm phong" in await (await desk.mai.post(f"{path}/proof")).text()
    async with desk.pages.db.read() as session:
        lines = await audit.history(session, audit.RECORDINGS, recording)
    assert [line.data["good"] for line in lines if line.kind == "proved"] == [True, False]


async def test_who_heard_what_is_listed_page_by_page(desk: Desk) -> None:
    recording = await desk.call("1764464400.1")
    for i in range(32):
        await desk.sound(f"/audit/recordings/{recording}/audio?play={i}")
    first = await (await desk.mai.get("/audit/plays")).text()
    assert first.count(recording[:8] + "</a>") == 30
    rest = first.split('rel="next" href="')[1].split('"')[0]
    second = await (await desk.mai.get(rest)).text()
    assert second.count(recording[:8] + "</a>") == 2


async def test_pages_of_results_follow_one_another(desk: Desk) -> None:
    for i in range(33):
        await desk.rig.call(f"17644644{i:02}.1", answered_at=desk.pages.db.clock.now())
        desk.rig.record(f"call-17644644{i:02}.1.raw", tones(0.05))
    await desk.rig.intake().round()
    first = await (await desk.mai.get("/audit?hotline=can-tho")).text()
    rest = first.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    one = await desk.found("hotline=can-tho")
    two = await desk.found(rest.split("?")[1])
    assert (len(one), len(two), len(set(one) | set(two))) == (30, 3, 33)


async def test_what_is_mistyped_is_said_beside_its_field(desk: Desk) -> None:
    answer = await desk.mai.get("/audit?first=hom+qua&shortest=dai")
    text = await answer.text()
    assert answer.status == 422
    assert "Ngày không đúng" in text
    assert "Cần nhập một con số" in text


async def test_nothing_found_and_nothing_there_are_said_differently(desk: Desk) -> None:
    assert "Chưa có bản ghi âm nào" in await (await desk.mai.get("/audit")).text()
    assert "nào khớp" in await (await desk.mai.get("/audit?q=0912345678")).text()
    assert "Không thiếu bản nào" in await (await desk.mai.get("/audit/unmatched")).text()
    assert "Chưa ai nghe" in await (await desk.mai.get("/audit/plays")).text()

"""The auditor's desk: found in any spelling, heard by the right people, each play in the log."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from telephony.calls.tables import CallLegRow
from telephony.recordings.hearing import plays
from telephony.recordings.hearing.plays import PlaysWanted
from telephony.recordings.hearing.tables import RecordingPlay
from telephony.recordings.store import of_call
from telephony.recordings.tables import Recording
from tests.support.pages import Browser, Pages, settings_for
from tests.support.recordings import Rig, tones
from tickets import filing, search
from tickets.tables import Ticket, Unit
from tongdai import audit
from tongdai.accounts.model import Role
from tongdai.clock import HCM, HandClock
from tongdai.db import Database
from web.audit import finding

_OPEN = re.compile(r'data-open href="/audit/recordings/(\w{32})"')


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
            (row,) = await of_call(session, call.id)
        return row.id

    async def ticket(self, **values: Any) -> Ticket:
        """Put a ticket into the register, with what the search needs."""
        common = {"hotline": "can-tho", "channel": "phone", "created_by": "x", "state": "open"}
        async with self.pages.db.write() as tx:
            ticket = Ticket(created_at=tx.now, changed_at=tx.now, **(common | values))
            tx.session.add(ticket)
            await tx.session.flush()
            await search.index(
                tx, f"ticket:{ticket.hotline}", ticket.id, tx.now, filing.searched(ticket)
            )
        return ticket

    async def found(self, query: str) -> list[str]:
        """Search; return the recordings' ids in the order shown."""
        answer = await self.mai.get(f"/audit?{query}")
        assert answer.status == 200
        text = await answer.text()
        return _OPEN.findall(text)

    async def plays(self, recording: str) -> list[RecordingPlay]:
        """Return who heard it, newest first."""
        async with self.pages.db.read() as session:
            return await plays.page(session, PlaysWanted(recording=recording))

    async def begin(self, recording: str, reason: str = "xác minh nội dung") -> str:
        """Say why, as the page asks it; return the play."""
        path = f"/audit/recordings/{recording}/plays"
        answer = await self.mai.send("POST", path, {"reason": reason})
        assert answer.status == 201, await answer.text()
        return str((await answer.json())["play"])

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
        tmp_path, clock, db=database, settings=settings, packages=("portal", "audit", "api")
    ) as pages:
        await pages.account("mai", Role.AUDITOR)
        yield Desk(pages, rig, await pages.sign_in("mai"))


async def test_a_number_is_found_in_any_spelling_and_no_other(desk: Desk) -> None:
    mine = await desk.call("1764464400.1", caller_number="+84912345678")
    await desk.call("1764464401.1", caller_number="+84912345679")
    for typed in ("0912345678", "0912 345 678", "%2B84912345678", "84 912.345.678"):
        assert await desk.found(f"q={typed}") == [mine]
    assert await desk.found("q=0912345670") == []
    assert await desk.found("q=5678") == [mine]
    assert await desk.found("q=… 345 678") == [mine]
    assert await desk.found("q=1345678") == []
    assert "4 chữ số" in await (await desk.mai.get("/audit?q=678")).text()


async def test_a_sender_who_calls_from_another_telephone_is_found_by_her_own_number(
    desk: Desk,
) -> None:
    ticket = await desk.ticket(sender_e164="+84912345678")
    lent = await desk.call("1764464400.1", ticket=ticket.id, caller_number="+84987654321")
    own = await desk.call("1764464401.1", ticket=ticket.id, caller_number="+84912345678")
    assert set(await desk.found("q=0912345678")) == {lent, own}


async def test_words_of_the_ticket_and_its_unit_and_the_hour_lead_to_the_recording(
    desk: Desk,
) -> None:
    async with desk.pages.db.write() as tx:
        unit = Unit(
            hotline="can-tho",
            code="so-xay-dung",
            name="Sở Xây dựng",
            folded="so xay dung",
            kind="department",
            valid_from=tx.now,
        )
        tx.session.add(unit)
    ticket = await desk.ticket(
        number="2026-000007", content="Đèn đường hẻm 51 không sáng", unit_id=unit.id
    )
    mine = await desk.call("1764464400.1", ticket=ticket.id)
    plain = await desk.call("1764464401.1")
    for query in ("q=den duong", "q=đèn đường", f"unit={unit.id}", f"q=sang&unit={unit.id}"):
        assert await desk.found(query) == [mine]
    assert await desk.found("q=den cay") == []
    day = "first=2026-11-30&last=2026-11-30"
    hour = desk.pages.db.clock.now().astimezone(HCM)
    before, after = hour - timedelta(minutes=1), hour + timedelta(minutes=1)
    assert set(await desk.found(f"{day}&first_hour={before:%H:%M}")) == {mine, plain}
    assert await desk.found(f"{day}&first_hour={after:%H:%M}") == []
    assert await desk.found(f"{day}&last_hour={before:%H:%M}") == []
    page = await (await desk.mai.get(f"/audit?q=den&unit={unit.id}&first_hour=07:00")).text()
    assert 'value="den"' in page
    assert 'value="07:00"' in page
    assert "Sở Xây dựng</option>" in page


async def test_words_that_many_tickets_have_are_narrowed_by_the_operator(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "COMMON", 2)
    lan = await desk.pages.account("lan", Role.OPERATOR)
    kept = []
    for i in range(4):
        ticket = await desk.ticket(content=f"Đèn đường số {i}")
        by = {"operator": lan} if i % 2 else {}
        kept.append(await desk.call(f"176446440{i}.1", ticket=ticket.id, **by))
    assert set(await desk.found("q=den duong")) == set(kept)
    assert set(await desk.found(f"q=den duong&operator={lan}")) == {kept[1], kept[3]}
    assert await desk.found(f"q=den duong 2&operator={lan}") == []
    assert set(await desk.found("q=den duong&first=2026-11-30")) == set(kept)


@pytest.mark.parametrize("rare", [1, 100])
async def test_a_length_is_found_whether_many_have_it_or_few(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, rare: int
) -> None:
    monkeypatch.setattr(finding, "RARE", rare)
    ticket = await desk.ticket(content="Đèn đường")
    long = [await desk.call(f"176446440{i}.1", seconds=7) for i in range(2)]
    worded = await desk.call("1764464405.1", seconds=7, ticket=ticket.id)
    await desk.call("1764464406.1", ticket=ticket.id)
    assert set(await desk.found("shortest=0.1")) == {worded, *long}
    assert await desk.found("shortest=0.1&longest=0.11") == []
    assert await desk.found("shortest=0.1&q=den") == [worded]


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
    one = f"/recordings/{recording}"
    for path in ("", "/plays", "/unmatched", one, f"{one}/wave.svg", f"{one}/outline.json"):
        assert (await other.get(f"/audit{path}")).status == 403
    assert (await other.get(f"/audit/recordings/{recording}/audio")).status == 403
    assert await desk.plays(recording) == []


async def test_nothing_is_heard_before_the_reason_is_in_the_log(desk: Desk) -> None:
    recording = await desk.call("1764464400.1", seconds=3)
    path = f"/audit/recordings/{recording}"
    assert (await desk.sound(f"{path}/audio"))[0] == 403
    assert (await desk.sound(f"{path}/audio?play=made-up"))[0] == 403
    assert (await desk.mai.send("POST", f"{path}/plays", {"reason": "  "})).status == 422
    assert await desk.plays(recording) == []
    play = await desk.begin(recording, "đơn vị khiếu nại")
    status, whole = await desk.sound(f"{path}/audio?play={play}")
    assert (status, whole[:4]) == (200, b"fLaC")
    status, part = await desk.sound(f"{path}/audio?play={play}", Range="bytes=1000-1999")
    assert (status, part) == (206, whole[1000:2000])
    (line,) = await desk.plays(recording)
    assert (line.name, line.how, line.reason) == ("Nguyễn Mai", "page", "đơn vị khiếu nại")


async def test_a_play_is_its_hearers_own_of_one_recording_and_of_one_day(desk: Desk) -> None:
    recording, other = await desk.call("1764464400.1"), await desk.call("1764464401.1")
    play = await desk.begin(recording)
    await desk.pages.account("hoa", Role.SUPERVISOR)
    hoa = await desk.pages.sign_in("hoa")
    path = f"/audit/recordings/{recording}/audio?play={play}"
    assert (await hoa.get(path)).status == 403
    assert (await desk.sound(f"/audit/recordings/{other}/audio?play={play}"))[0] == 403
    assert (await desk.sound(path))[0] == 200
    cast(HandClock, desk.pages.db.clock).advance(plays.LIFE)
    mai = await desk.pages.sign_in("mai")
    assert (await mai.get(path)).status == 403


async def test_what_was_really_heard_is_kept_and_cannot_be_more_than_the_time_allows(
    desk: Desk,
) -> None:
    recording = await desk.call("1764464400.1", seconds=3)
    play = await desk.begin(recording)
    path = f"/audit/recordings/{recording}/plays/{play}"
    for seconds, kept in ((2.5, 2.5), (1, 2.5), (90_000, plays.POSSIBLE_AT_ONCE)):
        answer = await desk.mai.send("POST", path, {"seconds": seconds})
        assert (await answer.json())["heard"] == kept
    assert (await desk.mai.send("POST", path + "x", {"seconds": 1})).status == 403
    page = await (await desk.mai.get("/audit/plays?least=5")).text()
    assert "xác minh nội dung" in page
    assert "0:10" in page
    assert "khớp" in await (await desk.mai.get("/audit/plays?least=11")).text()


async def test_a_person_says_why_over_the_api_too(desk: Desk) -> None:
    recording = await desk.call("1764464400.1")
    path = f"/api/v1/recordings/{recording}/audio"
    assert (await desk.sound(path))[0] == 422
    assert (await desk.sound(f"{path}?reason=khieu+nai"))[0] == 200
    assert [p.how for p in await desk.plays(recording)] == ["api"]


async def test_an_outline_is_drawn_once_and_shows_both_sides(desk: Desk) -> None:
    recording = await desk.call("1764464400.1", seconds=3)
    path = f"/audit/recordings/{recording}"
    answer = await desk.mai.get(f"{path}/wave.svg")
    assert answer.content_type == "image/svg+xml"
    assert (await answer.text()).count("<path") == 2
    for file in desk.rig.archived_files():
        file.unlink()
    drawn = await (await desk.mai.get(f"{path}/outline.json")).json()
    assert [len(side) for side in drawn["peaks"]] == [600, 600]
    assert min(min(side) for side in drawn["peaks"]) > 0.5
    assert await desk.plays(recording) == []


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
    await desk.begin(recording)
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
    recording = await desk.call("1764464400.1", caller_number="+84912345678")
    other = await desk.call("1764464401.1", caller_number="+84987654321")
    for _ in range(32):
        await desk.begin(recording)
    await desk.begin(other, "hỏi lại")
    link = f'/audit/recordings/{recording}"'
    first = await (await desk.mai.get("/audit/plays?q=0912.345.678")).text()
    assert first.count(link) == 30
    rest = first.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    second = await (await desk.mai.get(rest)).text()
    assert second.count(link) == 2
    only = await (await desk.mai.get(f"/audit/plays?recording={other}")).text()
    assert "hỏi lại" in only
    assert link not in only


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

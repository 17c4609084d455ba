"""Units ask to hear; what is granted is cut, marked, counted, and gone when its time is over."""

import io
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from telephony.recordings.hearing import plays
from telephony.recordings.hearing.plays import PlaysWanted
from telephony.recordings.store import of_call
from tests.support.pages import Browser, Pages, settings_for
from tests.support.recordings import Rig, tones
from tickets.tables import Ticket, Unit
from tongdai import audit
from tongdai.accounts.model import Role
from tongdai.clock import HandClock
from tongdai.db import Database
from tongdai.events import Bus
from tongdai.migrate import import_tables

REASON, BASIS = "Người dân khiếu nại nội dung đã trả lời", "Điều 11 khoản 1"


@dataclass
class Town:
    """A hotline with two units, a ticket of the first one, and its recording of ten seconds."""

    pages: Pages
    clock: HandClock
    rig: Rig
    ticket: str
    recording: str
    units: tuple[str, str]
    people: dict[str, Browser]

    async def ask(self, who: str = "focal", **changed: str) -> tuple[int, dict[str, Any]]:
        """Ask over the API as a signed-in person; return status and answer."""
        wish = {"ticket": self.ticket, "recording": self.recording}
        wish |= {"reason": REASON, "basis": BASIS} | changed
        answer = await self.people[who].send("POST", "/api/v1/recording-requests", wish)
        return answer.status, await answer.json()

    async def granted(self, **decision: Any) -> str:
        """Have a request granted; return its id."""
        _, asked = await self.ask()
        path = f"/api/v1/recording-requests/{asked['id']}/decision"
        answer = await self.people["auditor"].send("POST", path, {"granted": True, **decision})
        assert answer.status == 200, await answer.text()
        return str(asked["id"])

    async def hears(self, grant: str, who: str = "focal", **headers: str) -> tuple[int, bytes]:
        """Begin to hear a grant on the unit's page; return what the sound's request answers."""
        person = self.people[who]
        begun = await person.send("POST", f"/desk/recordings/{grant}/plays")
        play = (await begun.json()).get("play", "") if begun.status == 201 else ""
        path = f"{person.base}/desk/recordings/{grant}/audio?play={play}"
        answer = await person.session.get(path, headers=headers)
        return answer.status, await answer.read()


@pytest.fixture
async def town(tmp_path: Path, clock: HandClock) -> AsyncIterator[Town]:
    import_tables()
    db = Database(f"sqlite+aiosqlite:///{tmp_path}/town.db", clock, Bus())
    await db.create_all()
    rig = Rig(db, tmp_path)
    settings = settings_for(
        tmp_path, recordings={"archive": rig.archive, "spool": rig.spool, "floor_bytes": 0}
    )
    packages = ("portal", "audit", "desk", "api")
    async with Pages.open(tmp_path, clock, db=db, settings=settings, packages=packages) as pages:
        units, ticket = await _register(db)
        call = await rig.call("1764464400.1", answered_at=clock.now(), ticket=ticket)
        rig.record("call-1764464400.1.raw", tones(10))
        await rig.intake().round()
        async with db.read() as session:
            (row,) = await of_call(session, call.id)
        people = {"nobody": await pages.browser()}
        await pages.account("auditor", Role.AUDITOR)
        await pages.account("focal", Role.FOCAL_POINT, unit=units[0])
        await pages.account("neighbour", Role.UNIT_HEAD, unit=units[1])
        for name in ("auditor", "focal", "neighbour"):
            people[name] = await pages.sign_in(name)
        yield Town(pages, clock, rig, ticket, row.id, units, people)
    await db.close()


async def _register(db: Database) -> tuple[tuple[str, str], str]:
    async with db.write() as tx:
        common = {"hotline": "can-tho", "kind": "department", "valid_from": tx.now}
        mine = Unit(code="a", name="Sở Xây dựng", folded="so xay dung", **common)
        other = Unit(code="b", name="Sở Y tế", folded="so y te", **common)
        tx.session.add_all([mine, other])
        await tx.session.flush()
        ticket = Ticket(
            hotline="can-tho",
            number="2026-000007",
            state="open",
            created_by="x",
            unit_id=mine.id,
            created_at=tx.now,
            changed_at=tx.now,
        )
        tx.session.add(ticket)
        return (mine.id, other.id), ticket.id


async def test_a_unit_asks_on_the_tickets_page_and_is_granted_a_part_by_the_auditor(
    town: Town,
) -> None:
    focal, auditor = town.people["focal"], town.people["auditor"]
    path = f"/desk/tickets/{town.ticket}"
    page = await (await focal.get(path)).text()
    assert "Xin nghe ghi âm" in page
    assert "Điều 11 khoản 1 Quy chế theo Quyết định 875/QĐ-UBND" in page
    wish = {"recording": town.recording, "reason": REASON, "basis": BASIS}
    refused = await focal.post(f"{path}/hear", wish | {"reason": " "})
    assert refused.status == 422
    assert BASIS in await refused.text()
    assert (await focal.post(f"{path}/hear", wish)).status == 303
    waiting = await (await auditor.get("/audit/requests")).text()
    for words in ("Sở Xây dựng", REASON, BASIS, "2026-000007", "còn 8 giờ làm việc"):
        assert words in waiting
    assert 'class="mark warn">1</span>' in await (await auditor.get("/audit")).text()
    one = waiting.split('action="/audit/requests/')[1][:32]
    beyond = {"decision": "grant", "from_seconds": "0:11", "until_seconds": "0:12", "days": "2"}
    assert (await auditor.post(f"/audit/requests/{one}", beyond)).status == 422
    nothing = {"decision": "refuse", "from_seconds": "", "until_seconds": "", "days": "3"}
    assert (await auditor.post(f"/audit/requests/{one}", nothing)).status == 422
    part = {"decision": "grant", "from_seconds": "0:02", "until_seconds": "0:05", "days": "2"}
    assert (await auditor.post(f"/audit/requests/{one}", part)).status == 303
    assert (await auditor.post(f"/audit/requests/{one}", part)).status == 409
    page = await (await focal.get(path)).text()
    assert "được nghe ghi âm trước 08:00 ngày 02/12/2026" in page
    assert f'href="/desk/recordings/{one}"' in page
    assert "0:02 – 0:05" in await (await focal.get(f"/desk/recordings/{one}")).text()
    status, sound = await town.hears(one)
    assert status == 200
    assert abs(soundfile.info(io.BytesIO(sound)).duration - 3) < 0.01
    async with town.pages.db.read() as session:
        lines = await audit.history(session, audit.RECORDINGS, town.recording)
        assert await audit.verify(session) == []
    assert [e.kind for e in lines][1:] == [
        "recording_requested",
        "recording_request_granted",
        "played",
    ]


async def test_what_a_unit_hears_bears_its_name_and_a_quiet_tone(town: Town) -> None:
    grant = await town.granted()
    _, sound = await town.hears(grant)
    with soundfile.SoundFile(io.BytesIO(sound)) as copy:
        assert copy.artist == "Sở Xây dựng"
        assert grant in copy.comment
        samples = copy.read(always_2d=True)
    begin, later = (np.abs(np.fft.rfft(samples[a : a + 1200, 0])) for a in (0, 8000))
    at = round(1400 * 1200 / 8000)
    assert begin[at] > 5
    assert later[at] < 1
    status, part = await town.hears(grant, Range="bytes=100-199")
    assert (status, part) == (206, sound[100:200])
    assert (await town.hears(grant, Range="bytes=90000000-"))[0] == 416


async def test_a_grant_ends_and_a_refusal_gives_nothing(town: Town) -> None:
    grant = await town.granted(days=1)
    assert (await town.hears(grant))[0] == 200
    town.clock.advance(timedelta(days=1))
    for name in ("focal", "auditor"):
        town.people[name] = await town.pages.sign_in(name)
    assert (await town.hears(grant))[0] == 403
    assert (
        "đã hết thời gian nghe" in await (await town.people["focal"].get("/desk/recordings")).text()
    )
    _, again = await town.ask()
    path = f"/api/v1/recording-requests/{again['id']}/decision"
    decider = town.people["auditor"]
    assert (await decider.send("POST", path, {"granted": False})).status == 422
    refusal = {"granted": False, "answer": "Chưa rõ lý do"}
    assert (await decider.send("POST", path, refusal)).status == 200
    assert (await town.hears(again["id"]))[0] == 403
    assert "Chưa rõ lý do" in await (await town.people["focal"].get("/desk/recordings")).text()


async def test_a_units_play_of_its_part_opens_nothing_else(town: Town) -> None:
    grant = await town.granted(until_seconds=2)
    focal = town.people["focal"]
    play = (await (await focal.send("POST", f"/desk/recordings/{grant}/plays")).json())["play"]
    other = await town.granted()
    assert (await focal.get(f"/audit/recordings/{town.recording}/audio?play={play}")).status == 403
    assert (await focal.get(f"/desk/recordings/{other}/audio?play={play}")).status == 403
    told = await focal.send("POST", f"/desk/recordings/{grant}/plays/{play}", {"seconds": 1.5})
    assert (await told.json())["heard"] == 1.5
    async with town.pages.db.read() as session:
        (row,) = await plays.page(session, PlaysWanted(how="request"))
    assert (row.name, row.reason, row.request) == ("Nguyễn Focal", REASON, grant)


async def test_a_unit_asks_only_for_recordings_of_its_own_tickets(town: Town) -> None:
    assert (await town.ask("neighbour"))[0] == 404
    assert (await town.ask(recording="f" * 32))[0] == 404
    assert (await town.ask("auditor"))[0] == 403
    assert (await town.ask(ticket="f" * 32))[0] == 404

"""Whether a call, a consultation or a message is asked for is said wherever it is asked for."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlmodel import select

from telephony.recordings.hearing.tables import RecordingRequest
from telephony.recordings.tables import Recording
from tests.support.pages import Pages, settings_for
from tests.support.recordings import Rig, tones, wav
from tickets.tables import Ticket, Unit
from tongdai.accounts.model import Role
from tongdai.clock import HandClock
from tongdai.db import Database
from tongdai.events import Bus
from tongdai.migrate import import_tables

WORDS = {"call": "Cuộc gọi", "consultation": "Trao đổi nội bộ", "message": "Lời nhắn"}
UNIT = "5" * 32


@pytest.fixture
async def pages(tmp_path: Path, clock: HandClock) -> AsyncIterator[Pages]:
    import_tables()
    db = Database(f"sqlite+aiosqlite:///{tmp_path}/kinds.db", clock, Bus())
    await db.create_all()
    rig = Rig(db, tmp_path)
    settings = settings_for(tmp_path, recordings={"archive": rig.archive, "spool": rig.spool})
    packages = ("portal", "audit", "desk")
    async with Pages.open(tmp_path, clock, db=db, settings=settings, packages=packages) as made:
        await made.account("mai", Role.AUDITOR)
        await made.account("lan", Role.FOCAL_POINT, unit=UNIT)
        async with db.write() as tx:
            common = {"hotline": "can-tho", "kind": "department", "valid_from": tx.now}
            tx.session.add(Unit(id=UNIT, code="a", name="Sở A", folded="so a", **common))
            times = {"created_at": tx.now, "changed_at": tx.now}
            ticket = Ticket(hotline="can-tho", state="open", created_by="x", unit_id=UNIT, **times)
            tx.session.add(ticket)
        await rig.call("1764464400.1", answered_at=clock.now(), ticket=ticket.id)
        rig.record("call-1764464400.1.raw", tones(4))
        rig.record("consultation-1764464400.1.raw", tones(3))
        rig.record("message-1764464400.1.wav", wav(tones(2)))
        await rig.intake().round()
        for row in await rig.rows():
            await ask(db, ticket.id, row)
        yield made
    await db.close()


async def ask(db: Database, ticket: str, row: Recording) -> None:
    """Let the unit ask for a recording; the reason tells its kind."""
    async with db.write() as tx:
        tx.session.add(
            RecordingRequest(
                hotline="can-tho",
                ticket=ticket,
                recording=row.id,
                unit=UNIT,
                unit_name="Sở A",
                asked_by="x",
                asked_name="Nguyễn Lan",
                asked_at=tx.now,
                reason=f"Vì là {row.kind}",
                basis="Điều 11",
                due_at=tx.now,
            )
        )


@pytest.mark.parametrize(
    ("who", "path", "parted"),
    [("mai", "/audit/requests", "<section"), ("lan", "/desk/recordings", "<tr>")],
)
async def test_each_request_says_what_it_asks_for(
    pages: Pages, who: str, path: str, parted: str
) -> None:
    browser = await pages.sign_in(who)
    parts = (await (await browser.get(path)).text()).split(parted)
    for kind, words in WORDS.items():
        (part,) = [part for part in parts if f"Vì là {kind}" in part]
        assert words in part, kind
        assert not [other for other in WORDS.values() if other != words and other in part]


async def test_the_tickets_page_says_what_can_be_asked_for(pages: Pages) -> None:
    async with pages.db.write() as tx:
        found = (await tx.session.execute(select(RecordingRequest))).scalars()
        (asked,) = [one for one in found if one.reason.endswith("call")]
        ticket = asked.ticket
        await tx.session.delete(asked)
    lan = await pages.sign_in("lan")
    page = await (await lan.get(f"/desk/tickets/{ticket}")).text()
    options = page.split('name="recording"')[1].split("</select>")[0]
    assert f", {WORDS['call']}, 0:04" in options
    assert f"({WORDS['message']})" in page

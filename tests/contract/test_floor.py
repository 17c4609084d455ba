"""The supervisor's page: who waits, who works, what the day was, what is wrong (CT-13.3)."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from telephony.queues import QueueView, Waiting
from tests.support.floor import Floor
from tests.support.pages import Pages
from tests.support.recordings import Rig
from tickets.tables import Ticket
from tongdai.accounts.model import Grant, Role, Viewer
from tongdai.clock import HandClock
from tongdai.db import Database
from tongdai.health import Part, State
from tongdai.ids import AccountId, HotlineId
from web.api.health import HEALTH, Health
from web.doors import CALLS
from web.floor.keys import QUEUES
from web.floor.today import figures


class Unwell:
    """A spool that is full."""

    def __init__(self, clock: HandClock) -> None:
        self._clock = clock

    async def health(self) -> dict[str, Part]:
        detail = "the disk is full"
        return {"spool": Part(state=State.DOWN, detail=detail, since=self._clock.now())}


class Order:
    """Queues in an order of our choice."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def snapshot(self) -> tuple[QueueView, ...]:
        at = datetime.fromisoformat("2026-11-30T08:00:00+07:00")
        waiting = tuple(Waiting(call=c, pbx="main", since=at) for c in self.calls)
        return (QueueView(hotline=HotlineId("can-tho"), waiting=waiting),)


@pytest.fixture
def order() -> Order:
    return Order()


@pytest.fixture
async def pages(
    database: Database, tmp_path: Path, clock: HandClock, order: Order
) -> AsyncIterator[Pages]:
    doors = {HEALTH: Health({"spool": Unwell(clock)}, clock), QUEUES: order}
    async with Pages.open(
        tmp_path, clock, db=database, doors=doors, packages=("portal", "floor")
    ) as found:
        await found.account("hoa", Role.SUPERVISOR)
        yield found


async def test_the_floor_shows_who_waits_who_works_and_what_is_wrong(
    pages: Pages, clock: HandClock, order: Order
) -> None:
    floor = pages.app[CALLS]
    assert isinstance(floor, Floor)
    lan = await pages.account("lan", Role.OPERATOR, extension="1001")
    minh = await pages.account("minh", Role.OPERATOR, extension="1002")
    for account, name in ((lan, "Nguyễn Lan"), (minh, "Nguyễn Minh")):
        await floor.sign_on(_operator(account, name), "web")
    talking = floor.ring(lan, "0912345671", name="Trần Văn Tám")
    floor.answer(talking)
    clock.advance(timedelta(seconds=30))
    first = floor.ring(minh, "0912345672")
    second = floor.ring(minh, "0912345673")
    order.calls = [second, first]
    hoa = await pages.sign_in("hoa")
    text = await (await hoa.get("/floor")).text()
    waiting = text.split('class="waiting"')[1].split("</ol>")[0]
    assert waiting.index("0912 345 673") < waiting.index("0912 345 672")
    serving = text.split('class="calls"')[1].split("</ul>")[0]
    assert "0912 345 671" in serving
    assert "Trần Văn Tám" in serving
    assert "Nguyễn Lan" in serving
    assert "2 người chờ" in text
    assert "the disk is full" in text
    assert "Ghi âm" in text


async def test_an_empty_floor_says_so(pages: Pages) -> None:
    text = await (await (await pages.sign_in("hoa")).get("/floor")).text()
    for words in ("Không có ai chờ", "Chưa có ai vào ca", "Không có cuộc gọi nào"):
        assert words in text
    assert "Gia Lai" not in text


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.AUDITOR, Role.ADMINISTRATOR])
async def test_only_supervisors_have_a_floor(pages: Pages, role: Role) -> None:
    await pages.account("ai", role)
    other = await pages.sign_in("ai")
    for path in ("/floor", "/floor/live", "/floor/day"):
        assert (await other.get(path)).status == 403


async def test_the_days_figures_begin_at_midnight_in_vietnam(
    database: Database, clock: HandClock, tmp_path: Path
) -> None:
    rig, now = Rig(database, tmp_path), clock.now()
    midnight = now - timedelta(hours=8)
    for i, (at, outcome) in enumerate(
        [
            (midnight, "answered"),
            (midnight - timedelta(seconds=1), "answered"),
            (now, "abandoned"),
            (now, None),
        ]
    ):
        await rig.call(f"17644644{i:02}.1", started_at=at, outcome=outcome)
    await rig.call("1764464499.1", started_at=now, outcome="answered", direction="outbound")
    common = {"hotline": "can-tho", "channel": "phone", "created_by": "x", "state": "open"}
    async with database.write() as tx:
        for at, overdue in ((now, False), (now - timedelta(days=9), True)):
            tx.session.add(
                Ticket(created_at=at, filed_at=at, changed_at=at, overdue=overdue, **common)
            )
    async with database.read() as session:
        here, there = await figures(session, ("can-tho", "gia-lai"), now)
    assert (here.calls, here.answered, here.abandoned) == (3, 1, 1)
    assert (here.filed, here.overdue, here.answered_share) == (1, 1, 50)
    assert (there.calls, there.filed, there.answered_share) == (0, 0, None)


def _operator(account: str, name: str) -> Viewer:
    grant = Grant(hotline=HotlineId("can-tho"), role=Role.OPERATOR)
    return Viewer(
        id=AccountId(account), name=name, grants=frozenset({grant}), extension=account[:4]
    )

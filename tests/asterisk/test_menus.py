"""The menus, as the whole service serves them: real calls, real keys (RFC 4733), where they led."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pytest
import pytest_asyncio
from sqlmodel import col, select

from ivr.followups.sums import Figure, sums
from ivr.tables import CallPrompt
from rig.ami import AmiError
from rig.carrier import PlacedCall
from telephony.calls.choice import Choice, choice_of
from telephony.calls.tables import CallRow
from tests.support.service import Service
from tests.support.sound import RATE, samples
from tests.support.wait import until
from tests.support.world import World
from tongdai.clock import SystemClock
from tongdai.db import Database

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.asyncio(loop_scope="module"),
]
NUMBERS = {
    "can-tho": "02921022",
    "gia-lai": "02691022",
    "tay-ninh": "02761022",
    "hoa-binh": "021831022",
    "ha-noi": "0241022",
}
IN_HOURS = (
    ("can-tho", "", "queue"),
    ("can-tho", "1", "queue"),
    ("can-tho", "311", "queue"),
    ("gia-lai", "32", "queue"),
    ("tay-ninh", "4", "queue"),
    ("hoa-binh", "31", "desk so-xay-dung"),
    ("ha-noi", "81", "queue"),
    ("ha-noi", "***", "queue"),
)
OUTSIDE = (
    ("can-tho", "1", "queue"),
    ("gia-lai", "1", "queue"),
    ("ha-noi", "1", "queue"),
    ("tay-ninh", "", "end"),
    ("tay-ninh", "1", "end"),
    ("hoa-binh", "3", "end"),
)


Walk = tuple[str, str, str]
"""Hotline, keys, where they lead."""
Line = tuple[str, str, str]
"""Step, kind, text."""


SPEAKS = OUTSIDE[4]
"""Leaves a message."""


@dataclass
class Hall:
    """A running service with its menus, and its database to look into."""

    world: World
    service: Service
    db: Database
    callers: int = 0

    async def walk_all(self, walks: Sequence[Walk]) -> list[list[Line]]:
        """Place the calls one after the other; return what each caller heard in the menus.

        Each stays on the line, beside the others, until its diary is written.
        """
        placed = [await self._place(hotline) for hotline, _keys, _led in walks]
        found = await asyncio.gather(
            *(
                self._finish(call, caller, walk)
                for (call, caller), walk in zip(placed, walks, strict=True)
            ),
            return_exceptions=True,
        )
        failed = [str(one) for one in found if isinstance(one, BaseException)]
        assert not failed, "\n".join(failed)
        return [one for one in found if isinstance(one, list)]

    async def press(self, call: PlacedCall, caller: str, keys: str) -> None:
        """Press one key after the other, each once: when the one before it was heard."""

        async def heard(count: int) -> bool:
            lines = await self.diary(caller)
            return len(lines) >= 2 and len(pressed(lines)) >= count  # told of the recording as well

        for count, key in enumerate(keys):
            await until(lambda count=count: heard(count), within=30, every=0.1)
            await self.world.carrier.press(call, key)

    async def _speak(self, call: PlacedCall) -> None:
        """Speak until some of the message is there, end it, and send it."""

        def there() -> bool:
            return any(f.stat().st_size > 40_000 for f in self.world.spool.glob("message-*"))

        await until(there, within=20)
        await self.world.carrier.press(call, "#1")

    async def _place(self, hotline: str) -> tuple[PlacedCall, str]:
        self.callers += 1
        caller = f"09123{self.callers:05d}"
        number = NUMBERS[hotline]
        call = await self.world.carrier.place_call(number, caller, seconds=300, within=40)
        return call, f"+84{caller[1:]}"

    async def _finish(self, call: PlacedCall, caller: str, walk: Walk) -> list[Line]:
        try:
            await self.press(call, caller, walk[1])
            if walk == SPEAKS:
                await self._speak(call)
            heard: list[Line] = await until(lambda: self.whole_diary(caller), within=25)
        finally:
            await hang_up(self.world, call)
        assert heard[-1][1:] == ("led", walk[2]), f"{walk}: {[line[2] for line in heard]}"
        return heard

    async def chosen(self) -> dict[str, Choice]:
        """Return by hotline what callers chose, as it stands in the calls' rows."""
        query = select(CallRow).where(col(CallRow.menu).is_not(None))
        async with self.db.read() as session:
            rows = (await session.execute(query)).scalars()
            return {row.hotline: choice_of(row.menu) for row in rows}

    async def whole_diary(self, caller: str) -> list[Line]:
        """Return a caller's diary once it says where he was led; before that, nothing."""
        lines = await self.diary(caller)
        return lines if lines and lines[-1][1] == "led" else []

    async def diary(self, caller: str) -> list[Line]:
        query = (
            select(CallPrompt)
            .join(CallRow, col(CallRow.id) == col(CallPrompt.call))
            .where(col(CallRow.caller_number) == caller)
            .order_by(col(CallPrompt.n))
        )
        async with self.db.read() as session:
            rows = (await session.execute(query)).scalars()
            return [(row.step, row.kind, row.text) for row in rows]


def pressed(lines: Sequence[Line]) -> list[str]:
    """Return the keys that were heard; that none was is written as a dash."""
    return [text for _step, kind, text in lines if kind == "pressed" and text != "-"]


async def hang_up(world: World, call: PlacedCall) -> None:
    if call.channel in await world.carrier.channels():
        with suppress(AmiError):  # gone by itself meanwhile
            await world.carrier.hang_up(call)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hall(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Hall]:
    folder = tmp_path_factory.mktemp("menus")
    changes: dict[str, dict[str, object]] = {"hotline": {"ring_seconds": 5}}
    async with (
        World(folder, menus=True, desks=(), changes=changes) as world,
        Service(world) as service,
    ):
        db = Database(world.settings.database.url, SystemClock())
        yield Hall(world, service, db)
        await db.close()


async def test_every_flow_is_walked_in_the_opening_hours(hall: Hall) -> None:
    await hall.service.command("clock", "set", "2026-11-30T09:00:00+07:00")
    heard = await hall.walk_all(IN_HOURS)
    for walk, lines in zip(IN_HOURS, heard, strict=True):
        said = [text for _step, kind, text in lines if kind == "said"]
        assert said[0].endswith("xin chào"), walk
        assert said[1] == "Cuộc gọi này được ghi âm.", walk
    by_walk = dict(zip(IN_HOURS, heard, strict=True))
    informed = [step for step, _kind, _text in by_walk[IN_HOURS[2]]]
    assert "sau-thong-tin" in informed
    assert pressed(by_walk[IN_HOURS[7]]) == ["*", "*", "*"]
    assert by_walk[IN_HOURS[6]][-2][2] == "Please wait for an operator"

    async def both() -> bool:
        return len(await hall.chosen()) == 2

    await until(both, within=20)
    assert await hall.chosen() == {
        "gia-lai": Choice(field="Thủ tục hành chính"),
        "ha-noi": Choice(skill="en", language="en"),
    }


async def test_every_flow_is_walked_outside_the_opening_hours(hall: Hall) -> None:
    """TN-5.2: nobody is queued; HB-3.2: a message or a wish to be called back is taken."""
    await hall.service.command("clock", "set", "2026-12-05T20:00:00+07:00")
    heard = await hall.walk_all(OUTSIDE)
    by_walk = dict(zip(OUTSIDE, heard, strict=True))
    silent = [text for _step, kind, text in by_walk[OUTSIDE[3]] if kind == "said"]
    assert any("thứ hai, ngày mùng bảy tháng mười hai" in text for text in silent)
    left = [text for _step, kind, text in by_walk[SPEAKS] if kind == "said"]
    assert "Tổng đài đã nhận lời nhắn của quý vị" in left
    back = [text for _step, kind, text in by_walk[OUTSIDE[5]] if kind == "said"]
    assert any(text.startswith("không chín một hai") for text in back)

    async def archived() -> list[dict[str, object]]:
        return await hall.service.items("recordings", kind="message")

    (message,) = await until(archived, within=20)
    assert message["kind"] == "message"
    drafts = await hall.service.items("tickets", state="draft")
    assert {t["hotline"] for t in drafts} == {"tay-ninh", "hoa-binh"}


async def test_what_the_caller_hears_is_never_silence(hall: Hall) -> None:
    caller, path = "0912399999", hall.world.spool / ".heard.raw"
    placing = asyncio.create_task(
        hall.world.carrier.place_call(NUMBERS["can-tho"], caller, seconds=300, within=40)
    )
    channel = await until(lambda: in_greeting(hall.world), within=20)
    hall.world.asterisk.command(f"mixmonitor start {channel} {path},D")
    call = await placing
    await hall.press(call, f"+84{caller[1:]}", "31")
    lines = await until(lambda: hall.whole_diary(f"+84{caller[1:]}"), within=25)
    await hang_up(hall.world, call)
    assert lines[-1][1:] == ("led", "end")
    right = np.abs(samples(path)[:, 1])
    windows = [right[i : i + RATE * 5].max() for i in range(0, len(right) - RATE * 5, RATE)]
    assert windows
    assert min(windows) > 500, "five seconds without a sound"


def in_greeting(world: World) -> str:
    """Return the channel that is served by the menus now."""
    lines = world.asterisk.command("core show channels concise").splitlines()
    return next((line.split("!")[0] for line in lines if "!AGI!" in line), "")


async def test_a_service_that_is_killed_loses_nobody_in_the_menus(hall: Hall) -> None:
    async with hall.world.ami() as ami:
        calls = [
            await hall.world.carrier.place_call(
                NUMBERS[hotline], f"09124{n:05d}", seconds=600, within=40
            )
            for n, hotline in enumerate(("can-tho", "gia-lai", "ha-noi"))
        ]
        hall.service.kill()
        waiting = {"tongdai-can-tho", "tongdai-gia-lai", "tongdai-ha-noi"}
        while waiting:
            waiting.discard((await ami.event("QueueCallerJoin", 40))["Queue"])
    for call in calls:
        await hang_up(hall.world, call)


async def test_after_all_this_nobody_who_called_was_dropped(hall: Hall) -> None:
    """Every caller of the tests before is one figure of the sum, whatever was killed meanwhile."""
    await hall.service.start()

    async def told() -> dict[Figure, int]:
        """Return the whole sum once it holds and nothing is on its way; before that, nothing."""
        async with hall.db.read() as session:
            days = (date(2026, 11, 30), date(2026, 12, 6))
            now = SystemClock().now() + timedelta(days=60)  # whatever is written late is late
            found = await sums(session, list(NUMBERS), *days, now)
        whole = {f: sum(one.figures[f] for one in found) for f in Figure}
        called = sum(one.calls for one in found)
        done = called == hall.callers + 4 and not whole[Figure.IN_PROGRESS]
        return whole if done and all(one.holds for one in found) else {}

    whole = await until(told, within=30)
    assert whole[Figure.ANSWERED] == 0
    assert whole[Figure.SELF_SERVICE] >= 1  # who heard the information, and hung up
    period = ("--from", "2026-11-30", "--to", "2026-12-06")
    lines = (await hall.service.command("calls", "sum", "--json", *period)).splitlines()
    printed = [json.loads(line) for line in lines]
    assert all(line["holds"] for line in printed)
    assert sum(line["open"] for line in printed) == whole[Figure.OPEN]
    listed = await hall.service.items("callbacks")
    assert len(listed) == whole[Figure.OPEN]
    kinds = {(task["hotline"], task["kind"]) for task in listed}
    assert {("tay-ninh", "message"), ("hoa-binh", "callback")} <= kinds
    late = [task for task in listed if task["hotline"] == "hoa-binh" and task["kind"] == "callback"]
    assert late[0]["due_at"].startswith("2026-12-07T08:30")  # HB-3.2: a Saturday evening's wish

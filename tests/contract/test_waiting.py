"""Those who wait, on paper: what they are told, key 1, and the end of the longest wait."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlmodel import select

from ivr import prompt_builder
from ivr.agi import AgiServer
from ivr.desk import CallerLeftMessage, CallerWantsCallBack, Visit
from ivr.diary import DiaryWriter, of_call
from ivr.flow.callback import number_to_call
from ivr.flow.report import played
from ivr.flow.state import Facts
from ivr.register import Register
from ivr.speech.speaker import Speaker
from ivr.waiting import WaitingRoom, flows, words
from telephony.waits import Place, Waits
from tests.contract.register import build
from tests.support.phone import Phone
from tests.support.small_settings import hotline, small_settings
from tests.support.wait import until
from tickets.tables import Ticket
from tongdai.clock import HandClock
from tongdai.db import Database, DatabaseAway
from tongdai.events import Bus, Event
from tongdai.ids import CallId, call_id_of
from tongdai.settings import AgiTable, Settings
from tongdai.settings_queue import QueueTable

ONE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
LINKEDID = "1764000000.1"
CALL = call_id_of("main", LINKEDID)
SINCE = 1_764_000_100


class Known(Waits):
    """Places as a test says them."""

    def __init__(self) -> None:
        super().__init__(Bus())
        self.places: list[Place | None] = []

    def place(self, call: CallId, now: datetime) -> Place | None:
        del now
        assert call == CALL
        return self.places.pop(0) if len(self.places) > 1 else self.places[0]

    def since(self, call: CallId) -> datetime | None:
        del call
        return None


class Away(Register):
    """A register whose database does not answer."""

    async def note_call_back(self, visit: Visit, number: str = "") -> str:
        del visit, number
        raise DatabaseAway


@dataclass
class Room:
    settings: Settings
    db: Database
    server: AgiServer
    writer: DiaryWriter
    waits: Known
    events: list[Event]

    async def call(self, route: str, keys: str = "", language: str = "", **more: object) -> Phone:
        arguments = (str(SINCE), language, "can-tho") if route != "waiting" else ()
        phone = Phone(route=route, keys=keys, more=arguments, **more)  # type: ignore[arg-type]
        async with asyncio.timeout(30):
            await phone.call(self.server.port)
        return phone

    async def said(self) -> list[str]:
        await self.writer.settled()
        async with self.db.read() as session:
            return [row.text for row in await of_call(session, CALL) if row.kind == "said"]

    def of(self, kind: type[Event]) -> list[Event]:
        return [e for e in self.events if isinstance(e, kind)]


@pytest.fixture
async def room(
    database: Database, clock: HandClock, tmp_path: Path, request: pytest.FixtureRequest
) -> AsyncIterator[Room]:
    settings = small_settings(tmp_path)
    (tmp_path / "spool" / "main").mkdir(parents=True)
    for wanted in prompt_builder.prompts(settings):
        wanted.path.parent.mkdir(parents=True, exist_ok=True)
        wanted.path.write_bytes(b"\0" * 8000)
    await build(database)
    events: list[Event] = []
    database.bus.on(Event, events.append)
    kind = Away if "away" in request.node.name else Register
    waits, writer, speaker = Known(), DiaryWriter(database), Speaker(settings, clock)
    desk = kind(settings, database, database.bus, clock, clock)
    waiting = WaitingRoom(settings, clock, waits=waits, desk=desk, speaker=speaker, writer=writer)
    table = AgiTable.model_construct(host="127.0.0.1", port=0)
    server = AgiServer(table, waiting.routes(), clock)
    tasks = [asyncio.create_task(run()) for run in (server.run, writer.run)]
    await until(lambda: server.port)
    yield Room(settings, database, server, writer, waits, events)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


@pytest.mark.parametrize(
    ("place", "queue", "said"),
    [
        (
            Place(number=1, minutes=None),
            QueueTable(),
            [
                "Quý vị là người tiếp theo được phục vụ",
                "Để được gọi lại mà vẫn giữ vị trí, bấm một",
            ],
        ),
        (
            Place(number=21, minutes=15),
            QueueTable(call_back=False),
            [
                "Quý vị đang ở vị trí số",
                "hai mươi mốt",
                "trong hàng chờ",
                "Thời gian chờ dự kiến khoảng",
                "mười lăm phút",
            ],
        ),
        (
            Place(number=4, minutes=15),
            QueueTable(call_back=False, announce_wait=False),
            ["Quý vị đang ở vị trí số", "bốn", "trong hàng chờ"],
        ),
        (
            Place(number=3, minutes=1, language="en"),
            QueueTable(),
            [
                "You are number 3 in the queue",
                "The expected wait is about 1 minute",
                "To be called back and keep your place, press 1",
            ],
        ),
    ],
)
def test_place_and_wait_in_words(place: Place, queue: QueueTable, said: list[str]) -> None:
    table = hotline("can-tho", "02921022", queue=queue)
    assert [say.text for say in words(place, table)] == said


@ONE
async def test_who_waits_is_told_his_place_and_it_stands_in_the_log(room: Room) -> None:
    room.waits.places = [Place(number=2, minutes=3)]
    phone = await room.call("waiting")
    said = await room.said()
    assert " ".join(said[:5]) == (
        "Quý vị đang ở vị trí số hai trong hàng chờ Thời gian chờ dự kiến khoảng ba phút"
    )
    assert len(phone.heard) == 1 + 1 + 1 + 1 + 2 + 1
    assert phone.variables == {}  # the line is ours: nothing is said to the dialplan


@ONE
async def test_it_stops_between_two_pieces_when_a_telephone_rings(room: Room) -> None:
    here = Place(number=2, minutes=None)
    room.waits.places = [here, here, None]
    phone = await room.call("waiting")
    assert len(phone.heard) == 1
    assert await room.said() == ["Quý vị đang ở vị trí số"]


@ONE
async def test_who_does_not_wait_any_more_is_told_nothing(room: Room) -> None:
    room.waits.places = [None]
    assert (await room.call("waiting")).heard == []


async def test_a_wish_is_written_before_the_farewell(room: Room) -> None:
    phone = await room.call("callback", keys="1")
    assert phone.variables["TONGDAI_NEXT"] == "end"
    assert phone.told == {"TongdaiOutcome": "Outcome: callback"}
    (wish,) = room.of(CallerWantsCallBack)
    assert isinstance(wish, CallerWantsCallBack)
    assert wish.waiting_since == datetime.fromtimestamp(SINCE, UTC)
    assert wish.visit.caller.e164 == "+84912345678"
    said = await room.said()
    assert "không chín một hai, ba bốn năm, sáu bảy tám" in said
    assert said[-1].startswith("Tổng đài đã ghi nhận và giữ vị trí của quý vị")
    async with room.db.read() as session:
        (form,) = (await session.execute(select(Ticket))).scalars()
    assert form.caller_e164 == "+84912345678"


@ONE
@pytest.mark.parametrize("keys", ["20987654321#1", "2123#0987654321#1", "7-20987654321#1"])
async def test_another_number_is_keyed_said_and_confirmed(room: Room, keys: str) -> None:
    phone = await room.call("callback", keys=keys)
    assert phone.variables["TONGDAI_NEXT"] == "end"
    (wish,) = room.of(CallerWantsCallBack)
    assert isinstance(wish, CallerWantsCallBack)
    assert wish.visit.caller.e164 == "+84987654321"
    assert "không chín tám bảy, sáu năm bốn, ba hai một" in await room.said()


@ONE
async def test_a_hidden_number_is_asked_for(room: Room) -> None:
    phone = await room.call("callback", keys="0987654321#1", caller="anonymous")
    assert phone.variables["TONGDAI_NEXT"] == "end"
    assert len(room.of(CallerWantsCallBack)) == 1


@ONE
@pytest.mark.parametrize("keys", ["*", "2*", "---", "777", "2###", "2113#1900#19001234#"])
async def test_who_gives_it_up_goes_back_to_his_place(room: Room, keys: str) -> None:
    phone = await room.call("callback", keys=keys)
    assert phone.variables["TONGDAI_NEXT"] == "queue"
    assert "TONGDAI_PRIORITY" not in phone.variables
    assert phone.told == {}
    assert room.of(CallerWantsCallBack) == []
    said = await room.said()
    assert said[-1] == "Xin quý vị giữ máy. Vị trí của quý vị trong hàng chờ không thay đổi"


@ONE
async def test_a_database_that_is_away_keeps_him_in_the_queue_and_he_hears_so(room: Room) -> None:
    phone = await room.call("callback", keys="1")
    assert phone.variables["TONGDAI_NEXT"] == "queue"
    assert (await room.said())[-2] == "Hiện tổng đài chưa ghi nhận được yêu cầu này"


@ONE
async def test_who_presses_nothing_at_the_end_leaves_a_message(room: Room) -> None:
    phone = await room.call("waited", keys="-1")
    assert phone.variables["TONGDAI_NEXT"] == "end"
    assert phone.told == {"TongdaiOutcome": "Outcome: message"}
    assert len(room.of(CallerLeftMessage)) == 1
    said = await room.said()
    assert said[0].startswith("Xin lỗi quý vị, hiện các tổng đài viên vẫn đang bận.")
    assert said[-1].startswith("Tổng đài sẽ nghe lời nhắn")


@ONE
async def test_at_the_end_one_may_be_called_back_as_well(room: Room) -> None:
    phone = await room.call("waited", keys="11")
    assert phone.variables["TONGDAI_NEXT"] == "end"
    (wish,) = room.of(CallerWantsCallBack)
    assert isinstance(wish, CallerWantsCallBack)
    assert wish.waiting_since is not None


@ONE
async def test_at_the_end_a_database_that_is_away_leaves_the_message(room: Room) -> None:
    phone = await room.call("waited", keys="111")
    assert phone.variables["TONGDAI_NEXT"] == "end"
    assert phone.told["TongdaiOutcome"] == "Outcome: message"


@ONE
async def test_english_is_spoken_to_who_chose_it(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ivr.speech.speaker.make", lambda p: _silence(p.path))
    phone = await room.call("callback", keys="1", language="en")
    assert phone.variables["TONGDAI_NEXT"] == "end"
    said = await room.said()
    assert said[:2] == ["We will call you back at", "0 9 1 2 3 4 5 6 7 8"]


def _silence(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\0" * 8000)


@pytest.mark.parametrize(
    ("typed", "dialled"),
    [
        ("0912345678", "0912345678"),
        ("02923812345", "02923812345"),
        ("0084912345678", "0912345678"),
        ("113", ""),
        ("1900", ""),
        ("1022", ""),
        ("069234567", "069234567"),
        ("09123456789", ""),  # a digit too many, one too few
        ("091234567", ""),
        ("0292113", ""),
        ("02921022", ""),
        ("19001234", ""),  # paid by whoever calls
        ("18001091", ""),
        ("0014155550100", ""),
        ("", ""),
    ],
)
def test_only_a_number_of_this_country_is_called(typed: str, dialled: str) -> None:
    assert number_to_call(typed) == dialled


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("pressed", [True, False])
def test_whatever_is_pressed_nobody_is_left_in_silence(language: str, *, pressed: bool) -> None:
    flow = flows()[language].flow
    for keys in ("", "1", "2", "*", "x"):
        facts = Facts(open=pressed, number="0912345678")
        assert list(played(flow, facts, list(keys)))

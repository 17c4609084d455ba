"""The menus against a line on paper: what is said, what is done, and what goes wrong."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import col, select

from escalation.act import Act
from ivr import book, prompt_builder
from ivr.agi import AgiServer
from ivr.book import Flowbook
from ivr.desk import CallerLedOn, CallerLeftMessage, CallerWantsCallBack
from ivr.flow.parse import FlowError
from ivr.menus import Menus
from ivr.register import MOST_WRONG, Register
from ivr.speech.speaker import Speaker
from ivr.tables import CallPrompt
from tests.contract.law import World, world
from tests.contract.register import ADMINISTRATOR
from tests.support.phone import Phone
from tests.support.small_settings import small_settings
from tests.support.wait import until
from tickets import codes
from tickets.tables import Ticket
from tongdai.clock import HandClock
from tongdai.db import Database
from tongdai.events import Event
from tongdai.settings import AgiTable, Settings

ANSWER = "UBND P.5 đã thay đèn ngày 5/12/2026."
ONE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
"""Where the kind of database makes no difference."""


@dataclass
class Served:
    settings: Settings
    db: Database
    here: World
    speaker: Speaker
    server: AgiServer
    menus: Menus
    events: list[Event]

    async def call(self, keys: str = "", **more: object) -> Phone:
        phone = Phone(keys=keys, **more)  # type: ignore[arg-type]
        async with asyncio.timeout(30):
            await phone.call(self.server.port)
        return phone

    async def diary(self, linkedid: str = "1764000000.1") -> list[tuple[str, str]]:
        """Return what is written of the last call: it is, once the line is closed."""
        del linkedid
        await until(lambda: self.menus.inside == 0)
        await self.menus.settled()
        async with self.db.read() as session:
            query = select(CallPrompt).order_by(col(CallPrompt.n))
            rows = (await session.execute(query)).scalars()
            return [(row.kind, row.text) for row in rows]

    def of(self, kind: type[Event]) -> list[Event]:
        return [e for e in self.events if isinstance(e, kind)]


def make_prompts(settings: Settings) -> None:
    for wanted in prompt_builder.prompts(settings):
        wanted.path.parent.mkdir(parents=True, exist_ok=True)
        wanted.path.write_bytes(b"\0" * 8000)


@pytest.fixture
async def served(database: Database, clock: HandClock, tmp_path: Path) -> AsyncIterator[Served]:
    settings = small_settings(tmp_path)
    (tmp_path / "spool" / "main").mkdir(parents=True)
    make_prompts(settings)
    here = await world(database)
    events: list[Event] = []
    database.bus.on(Event, events.append)
    speaker = Speaker(settings, clock)
    menus = Menus(
        settings,
        database,
        clock,
        book=Flowbook.load(("can-tho", "tay-ninh")),
        desk=Register(settings, database, database.bus, clock, clock),
        speaker=speaker,
        calendar=here.acts.lawbook.calendar,
    )
    table = AgiTable.model_construct(host="127.0.0.1", port=0)
    server = AgiServer(table, {"greeting": menus.answer}, clock, also=speaker.condition)
    tasks = [asyncio.create_task(run()) for run in (server.run, menus.run)]
    await until(lambda: server.port)
    yield Served(settings, database, here, speaker, server, menus, events)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


@ONE
async def test_who_holds_the_line_is_greeted_told_and_queued(served: Served) -> None:
    phone = await served.call()
    assert phone.variables["TONGDAI_GREETED"] == "1"
    assert phone.variables["TONGDAI_NEXT"] == "queue"
    diary = await served.diary()
    assert [text for kind, text in diary if kind == "said"][:2] == [
        "Tổng đài 1022 thành phố Cần Thơ xin chào",
        "Cuộc gọi này được ghi âm.",
    ]
    assert diary[-2:] == [
        ("said", "Xin quý vị chờ máy"),
        ("led", "queue"),
    ]
    assert len(served.of(CallerLedOn)) == 1


@ONE
async def test_what_was_heard_is_written_while_the_caller_is_still_there(served: Served) -> None:
    phone = Phone(keys="31", holds_at=12)
    call = asyncio.create_task(phone.call(served.server.port))
    await until(lambda: phone.commands == phone.holds_at)
    await served.menus.settled()  # what a kill would leave now
    async with served.db.read() as session:
        rows = list((await session.execute(select(CallPrompt))).scalars())
    assert served.menus.inside == 1
    assert {"Cuộc gọi này được ghi âm.", "3"} <= {row.text for row in rows}
    assert "queue" not in {row.text for row in rows}
    phone.released.set()
    await call


@ONE
async def test_a_key_in_the_greeting_is_kept_and_the_notice_is_said_whole(served: Served) -> None:
    phone = await served.call(at_once="1")
    said = [text for kind, text in await served.diary() if kind == "said"]
    assert said[1] == "Cuộc gọi này được ghi âm."
    assert not any("bấm 2" in text for text in said)  # who knows the key need not hear the menu
    assert phone.variables["TONGDAI_NEXT"] == "queue"


@ONE
async def test_a_ticket_is_read_out_by_its_code_and_without_a_name(served: Served) -> None:
    ticket = await served.here.referred()
    assert ticket.code is not None
    phone = await served.call(f"2{ticket.code}---")
    said = " ".join(text for kind, text in await served.diary() if kind == "said")
    assert "Phiếu số" in said
    assert "đang được xử lý" in said
    assert "tám giờ, thứ ba, ngày mùng một tháng mười hai" in said
    assert "Ngọc Ánh" not in said
    assert ("pressed", "10 số") in await served.diary()
    assert ticket.code not in said
    assert phone.variables["TONGDAI_NEXT"] == "end"


async def test_a_ticket_is_read_out_by_its_number_to_its_own_sender_alone(served: Served) -> None:
    ticket = await served.here.filed()
    count = str(int((ticket.number or "0-0").split("-")[1]))
    mine = await served.call(f"2{count}#---", caller="0892100001")
    assert mine.variables["TONGDAI_NEXT"] == "end"
    other = await served.call(f"2{count}#0892100001#---", linkedid="1764000000.2")
    assert other.variables["TONGDAI_NEXT"] == "end"
    stranger = await served.call(f"2{count}#0912345678#---", linkedid="1764000000.3")
    assert stranger.variables["TONGDAI_NEXT"] == "queue"


@ONE
async def test_an_answer_is_read_out(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    ticket = await served.here.referred()
    act = Act(event="answered", text=ANSWER, document_number="12/UBND")
    await served.here.do(ticket, act, served.here.focal)
    monkeypatch.setattr("ivr.speech.speaker.make", silence)
    await served.call(f"2{ticket.code}---")
    said = [text for kind, text in await served.diary() if kind == "said"]
    assert "đã kết thúc" in said
    assert ANSWER in said


def silence(wanted: prompt_builder.Prompt) -> None:
    """Speak what was never spoken before: a file of silence."""
    wanted.path.write_bytes(b"\0" * 8000)


@ONE
async def test_wrong_codes_are_counted_and_then_the_caller_has_to_wait(
    served: Served, clock: HandClock
) -> None:
    wrong = codes.new_code()
    for number in range(MOST_WRONG // 3):
        phone = await served.call(f"2{wrong * 3}", linkedid=f"1764000000.{number}")
        assert phone.variables["TONGDAI_NEXT"] == "queue"
    ticket = await served.here.filed()
    locked = await served.call(f"2{ticket.code}", linkedid="1764000000.90")
    assert locked.variables["TONGDAI_NEXT"] == "queue"
    other = await served.call(f"2{ticket.code}---", caller="0912000000", linkedid="1764000000.91")
    assert other.variables["TONGDAI_NEXT"] == "end"
    clock.advance(timedelta(minutes=16))
    later = await served.call(f"2{ticket.code}---", linkedid="1764000000.92")
    assert later.variables["TONGDAI_NEXT"] == "end"


async def _drafts(served: Served) -> list[Ticket]:
    async with served.db.read() as session:
        query = select(Ticket).where(col(Ticket.hotline) == "tay-ninh")
        return list((await session.execute(query)).scalars())


async def test_outside_the_hours_a_message_is_kept_with_a_form(
    served: Served, clock: HandClock
) -> None:
    clock.advance(timedelta(hours=12))
    phone = await served.call("11", hotline="tay-ninh")
    assert phone.variables["TONGDAI_NEXT"] == "end"
    (file,) = (served.settings.pbx[0].spool or Path()).iterdir()
    assert file.name == "message-1764000000.1.wav"
    (ticket,) = await _drafts(served)
    assert ticket.caller_e164 == "+84912345678"
    assert len(served.of(CallerLeftMessage)) == 1


@ONE
@pytest.mark.parametrize(
    ("keys", "speaks", "kept"),
    [
        ("1*", 64_000, False),  # given up
        ("12*", 64_000, False),  # recorded anew, given up
        ("121", 64_000, True),
        ("1x", 64_000, True),  # hangs up at the question
        ("1", None, True),  # hangs up while speaking
        ("1", 2_000, False),  # says nothing: too short to be a message
    ],
)
async def test_a_message_is_lost_only_when_the_caller_gives_it_up(
    served: Served, clock: HandClock, keys: str, speaks: int | None, *, kept: bool
) -> None:
    clock.advance(timedelta(hours=12))
    await served.call(keys, hotline="tay-ninh", speaks=speaks)
    await served.diary()
    assert bool(list((served.settings.pbx[0].spool or Path()).iterdir())) is kept
    assert bool(await _drafts(served)) is kept


@ONE
async def test_whoever_hangs_up_anywhere_leaves_nothing_behind(served: Served) -> None:
    whole = await served.call("31")
    for at in range(1, whole.commands):
        await served.call("31", leaves_at=at, linkedid=f"1764000000.{at + 10}")
    await until(lambda: served.menus.inside == 0)
    assert (await served.call()).variables["TONGDAI_NEXT"] == "queue"


@ONE
async def test_a_prompt_that_is_not_heard_raises_an_alarm_and_the_dialplan_goes_on(
    served: Served,
) -> None:
    phone = await served.call(deaf_to="spoken")
    assert "TONGDAI_GREETED" not in phone.variables
    assert "TONGDAI_NEXT" not in phone.variables
    part = (await served.server.health())["agi"]
    assert (part.state, "make prompts" in part.detail) == ("degraded", True)
    assert (await served.diary())[-1] == ("led", "dialplan")


@ONE
async def test_a_missing_prompt_is_spoken_now_else_the_dialplan_goes_on(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = served.settings.prompts.folder / "spoken"
    made = []

    def make(wanted: prompt_builder.Prompt) -> None:
        made.append(wanted.text)
        wanted.path.write_bytes(b"\0" * 8000)

    for path in folder.rglob("*.wav"):
        path.unlink()
    monkeypatch.setattr("ivr.speech.speaker.make", make)
    assert (await served.call()).variables["TONGDAI_NEXT"] == "queue"
    assert "Cuộc gọi này được ghi âm" in made
    for path in folder.rglob("*.wav"):
        path.unlink()

    def fails(wanted: prompt_builder.Prompt) -> None:
        raise prompt_builder.PromptError(wanted.text)

    monkeypatch.setattr("ivr.speech.speaker.make", fails)
    assert "TONGDAI_NEXT" not in (await served.call()).variables
    assert (await served.server.health())["agi"].state == "degraded"


@ONE
async def test_two_hundred_callers_in_the_menus_at_once(served: Served) -> None:
    phones = [Phone(keys="31-", linkedid=f"1764000000.{n + 100}") for n in range(200)]
    async with asyncio.timeout(100):
        await asyncio.gather(*(phone.call(served.server.port) for phone in phones))
    assert {p.variables["TONGDAI_NEXT"] for p in phones} == {"end"}
    await until(lambda: served.menus.inside == 0)


async def test_an_edition_holds_for_the_next_call_and_a_wrong_one_is_refused(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = served.menus.text_of("can-tho")
    async with served.db.write() as tx:
        changed = text.replace("Cuộc gọi này được ghi âm.", "Cuộc gọi được ghi âm lại.")
        await book.change(tx, "can-tho", changed, by=ADMINISTRATOR, note="lời mới")
    monkeypatch.setattr("ivr.speech.speaker.make", silence)
    await served.call()
    assert ("said", "Cuộc gọi được ghi âm lại.") in await served.diary()
    async with served.db.write() as tx:
        for wrong, why in (
            (text.replace('go = "tra-cuu"', 'go = "x"', 1), "line .*no step 'x'"),
            (text.replace('id = "can-tho"', 'id = "gia-lai"'), "not 'can-tho'"),
        ):
            with pytest.raises(FlowError, match=why):
                await book.change(tx, "can-tho", wrong, by=ADMINISTRATOR, note="")
    async with served.db.read() as session:
        (row,) = await book.history(session, "can-tho")
        assert (row.note, row.by) == ("lời mới", "administrator")
    assert not served.of(CallerWantsCallBack)


@ONE
async def test_a_peer_that_names_no_call_gets_the_greeting_alone(served: Served) -> None:
    phone = await served.call(linkedid="../../etc/passwd")
    assert phone.variables == {"TONGDAI_GREETED": "1"}
    assert len(phone.heard) == 1

"""Opinions by telephone, on paper: each province's own scale, once, by the law's own door."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlmodel import select

from escalation.act import parse_act
from escalation.acts import Acts
from escalation.lawbook import default_lawbook
from ivr.agi import AgiServer
from ivr.diary import DiaryWriter
from ivr.prompt_builder import Prompt
from ivr.speech.speaker import Speaker
from ivr.survey import Surveys
from ivr.survey_book import SurveyBook
from ivr.tables import CallPrompt, SurveyAnswer
from tests.contract.test_law_provinces import Place, filed
from tests.support.phone import Phone
from tests.support.small_settings import hotline, small_settings
from tests.support.wait import until
from tickets import drafts, ratings
from tickets.tables import Ticket
from tongdai.clock import HandClock
from tongdai.db import Database
from tongdai.ids import call_id_of
from tongdai.opinions import LawOfOpinions
from tongdai.settings import AgiTable, Settings

ONE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
KINDS = {"can-tho": "socio_economic", "gia-lai": "socio_economic", "tay-ninh": "issue_report"}
ANSWERED = {"event": "answered_directly", "text": "Đã giải thích."}


@dataclass
class Desk:
    """The survey, served; a ticket of the hotline."""

    settings: Settings
    db: Database
    acts: Acts
    ticket: Ticket
    place: Place
    server: AgiServer
    spool: Path
    spoken: list[str]
    numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    async def answer(self) -> None:
        await self.acts.do(self.db, self.ticket.id, parse_act(ANSWERED), self.place.who("operator"))

    async def of_call(self) -> str:
        """Give the ticket a call; return its linkedid."""
        linkedid = f"1764000000.{next(self.numbers)}"
        async with self.db.write() as tx:
            call = call_id_of("main", linkedid)
            await drafts.link(tx, self.ticket.id, call, self.place.who("operator"))
        return linkedid

    async def asks(
        self, keys: str, linkedid: str = "", *, order: str = "", language: str = "", **more: object
    ) -> Phone:
        phone = Phone(
            keys=keys,
            hotline=self.ticket.hotline,
            route="survey",
            more=(order, language),
            linkedid=linkedid or f"1764000000.{next(self.numbers)}",
            **more,  # type: ignore[arg-type]
        )
        self.spoken.clear()
        async with asyncio.timeout(30):
            await phone.call(self.server.port)
        await until(lambda: not self.server._connections)  # what it began is written
        return phone

    async def rows(self) -> list[tuple[str, str, bool, bool]]:
        async with self.db.read() as session:
            found = (await session.execute(select(SurveyAnswer))).scalars()
            return [(r.kind, r.score, r.reason_seconds > 0, r.on_ticket) for r in found]

    async def ratings(self) -> list[tuple[str, str]]:
        async with self.db.read() as session:
            found = await ratings.of_ticket(session, self.ticket.id)
        return [(r.score, r.reason[:4]) for r in found]


@asynccontextmanager
async def desk(db: Database, clock: HandClock, folder: Path, where: str) -> AsyncIterator[Desk]:
    settings = small_settings(folder).model_copy(update={"hotline": (hotline(where, "02691022"),)})
    spool = folder / "spool" / "main"
    spool.mkdir(parents=True)
    acts = Acts(default_lawbook())
    ticket, place = await filed(db, acts, where, KINDS.get(where, "procedure_question"))
    speaker, writer = Speaker(settings, clock), DiaryWriter(db)
    book = SurveyBook(db, LawOfOpinions(acts))
    surveys = Surveys(settings, book, clock, speaker=speaker, writer=writer)
    table = AgiTable.model_construct(host="127.0.0.1", port=0)
    server = AgiServer(table, {"survey": surveys.answer}, clock)
    tasks = [asyncio.create_task(run()) for run in (server.run, writer.run, surveys.run)]
    await until(lambda: server.port)
    try:
        yield Desk(settings, db, acts, ticket, place, server, spool, said)
        await writer.settled()  # a task cut off while it writes would leave its connection open
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


said: list[str] = []


@pytest.fixture(autouse=True)
def _unspoken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have no espeak-ng in it: a prompt is a second of nothing, made anew for each call."""

    def make(prompt: Prompt) -> None:
        said.append(prompt.text)
        prompt.path.parent.mkdir(parents=True, exist_ok=True)
        prompt.path.write_bytes(b"\0" * 8000)

    monkeypatch.setattr("ivr.speech.speaker.make", make)


async def test_a_result_is_rated_by_the_laws_own_door_after_the_call_and_never_again(
    database: Database, clock: HandClock, tmp_path: Path
) -> None:
    """CT-10.2: after the result; what was answered in the call is a result."""
    async with desk(database, clock, tmp_path, "can-tho") as here:
        linkedid = await here.of_call()
        await here.answer()
        phone = await here.asks("2", linkedid)
        assert phone.variables["TONGDAI_NEXT"] == "end"
        assert await here.ratings() == [("acceptable", "")]
        assert await here.rows() == [("after_call", "acceptable", False, True)]
        async with database.read() as session:
            history = await here.acts.history(session, here.ticket.id)
        assert history[-1]["event"] == "rated"
        for again in (linkedid, await here.of_call()):
            refused = await here.asks("1", again)
            assert (refused.heard, refused.variables) == ([], {})
        called = await here.asks("1", order=here.ticket.id)
        assert called.heard == []
        assert await here.ratings() == [("acceptable", "")]


@ONE
async def test_before_the_result_it_is_an_opinion_about_the_call(
    database: Database, clock: HandClock, tmp_path: Path
) -> None:
    async with desk(database, clock, tmp_path, "tay-ninh") as here:
        linkedid = await here.of_call()
        await here.asks("1", linkedid)
        assert "Xin quý vị cho biết mức độ hài lòng về cuộc gọi vừa rồi" in said
        assert "Chấp nhận, bấm hai" in said  # TN-11.3's own word; GL-14 says Chấp nhận được
        assert await here.ratings() == []
        assert await here.rows() == [("after_call", "satisfied", False, False)]


@ONE
async def test_gl_14_wants_a_reason_and_the_spoken_one_lies_with_the_call(
    database: Database, clock: HandClock, tmp_path: Path
) -> None:
    async with desk(database, clock, tmp_path, "gia-lai") as here:
        await here.answer()
        phone = await here.asks("3", order=here.ticket.id)
        assert any(text.startswith("Xin quý vị cho biết lý do") for text in said), said
        assert await here.ratings() == [("unsatisfied", "Nói ")]
        assert await here.rows() == [("call_back", "unsatisfied", True, True)]
        reason = here.spool / f"message-{phone.linkedid}-1.wav"
        assert reason.stat().st_size > 16_000


@ONE
@pytest.mark.parametrize(
    ("keys", "more", "row"),
    [
        ("x", {}, ("call_back", "", False, False)),
        ("3", {"speaks": None}, ("call_back", "unsatisfied", True, True)),
        ("3", {"speaks": 4_000}, ("call_back", "unsatisfied", False, False)),
        ("978", {}, ("call_back", "", False, False)),
        ("---", {}, ("call_back", "", False, False)),
    ],
    ids=["hangs up", "hangs up in the reason", "says nothing", "wrong keys", "no key"],
)
async def test_whoever_hangs_up_or_presses_anything_leaves_what_he_said(
    database: Database,
    clock: HandClock,
    tmp_path: Path,
    keys: str,
    more: dict[str, object],
    row: tuple[str, str, bool, bool],
) -> None:
    """GL-14: a mark that needs a reason and has none does not stand on the ticket."""
    async with desk(database, clock, tmp_path, "gia-lai") as here:
        await here.answer()
        phone = await here.asks(keys, order=here.ticket.id, **more)
        await until(here.rows)

        async def written() -> bool:
            return await here.rows() == [row]

        await until(written)
        assert await here.ratings() == ([("unsatisfied", "Nói ")] if row[3] else [])
        told = phone.variables.get("TONGDAI_NEXT")
        assert told == (None if keys == "x" or more.get("speaks", 1) is None else "end")


@ONE
async def test_hanging_up_at_any_moment_breaks_nothing_and_asks_nobody_twice(
    database: Database, clock: HandClock, tmp_path: Path
) -> None:
    async with desk(database, clock, tmp_path, "gia-lai") as here:
        for moment in range(1, 20):
            await here.asks("3", leaves_at=moment)
        rows = await until(here.rows)
        assert len(rows) == 19
        assert {score for _kind, score, *_rest in rows} == {"", "unsatisfied"}
        await here.asks("1", "1764000000.1")
        assert len(await here.rows()) == 19


@ONE
async def test_a_text_without_a_scale_asks_nobody_and_a_call_that_is_none_gets_nothing(
    database: Database, clock: HandClock, tmp_path: Path
) -> None:
    async with desk(database, clock, tmp_path, "hoa-binh") as here:
        for order in ("", here.ticket.id, "../../etc", "f" * 32):
            phone = await here.asks("1", order=order)
            assert (phone.heard, phone.variables) == ([], {})
        assert (await here.asks("1", "nonsense")).heard == []
        assert await here.rows() == []


@ONE
async def test_who_chose_english_is_asked_in_english_and_the_diary_goes_on(
    database: Database, clock: HandClock, tmp_path: Path
) -> None:
    async with desk(database, clock, tmp_path, "can-tho") as here:
        phone = await here.asks("1", language="en")
        assert "Not satisfied, press 3" in said
        assert all("/en-us/" in path for path in phone.heard)

        async def led() -> list[CallPrompt]:
            async with database.read() as session:
                rows = list((await session.execute(select(CallPrompt))).scalars())
            return rows if rows and any(r.kind == "led" for r in rows) else []

        assert min(row.n for row in await until(led)) >= 1_000

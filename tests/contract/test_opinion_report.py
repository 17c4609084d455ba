"""Opinions by telephone where people look for them: report, API, auditor (CT-10.2, GL-14)."""

from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ivr.desk import Visit
from ivr.survey_book import Heard, SurveyBook
from ivr.survey_report import Count, counted, together
from ivr.survey_words import Level
from ivr.tables import SurveyAnswer
from tests.contract.register import build
from tests.contract.test_recording_desk import Desk, desk
from tests.support.law_office import Office
from tests.support.walks import BEGIN, WALKS, Step
from tickets.tables import Ticket
from tongdai.accounts.model import Role
from tongdai.clock import HandClock
from tongdai.db import Database
from tongdai.ids import CallId, HotlineId
from tongdai.opinions import LawOfOpinions
from tongdai.phone import parse_caller

__all__ = ["desk"]
NOVEMBER, DECEMBER = (datetime(2026, month, 1, tzinfo=UTC) for month in (11, 12))
BAD = Level(id="unsatisfied", name="Không hài lòng", needs_reason=True)


def answer(number: int, at: datetime, **values: object) -> SurveyAnswer:
    usual = {"hotline": "can-tho", "kind": "after_call", "about": f"call:c{number}"}
    return SurveyAnswer(call=f"c{number}", asked_at=at, **usual | values)


async def test_opinions_are_counted_by_unit_and_mark_in_their_month(database: Database) -> None:
    register = await build(database)
    async with database.write() as tx:
        of_unit = Ticket(
            hotline="can-tho",
            channel="phone",
            unit_id=register.roads.id,
            created_at=tx.now,
            changed_at=tx.now,
            created_by="x",
        )
        tx.session.add(of_unit)
        said = {"ticket_id": of_unit.id}
        for row in (
            answer(1, NOVEMBER, score="satisfied", on_ticket=True, **said),
            answer(2, NOVEMBER + timedelta(days=1), score="unsatisfied", **said),
            answer(3, DECEMBER - timedelta(seconds=1)),
            answer(4, NOVEMBER - timedelta(seconds=1), score="satisfied"),
            answer(5, DECEMBER, score="satisfied"),
            answer(6, NOVEMBER, score="satisfied", hotline="gia-lai"),
        ):
            tx.session.add(row)
    async with database.read() as session:
        found = await counted(session, "can-tho", NOVEMBER, DECEMBER)
        own = await counted(session, "can-tho", NOVEMBER, DECEMBER, units=[register.roads.id])
        assert not await counted(session, "can-tho", NOVEMBER, DECEMBER, units=[])
    marks = Counter(satisfied=1, unsatisfied=1)
    unit = Count(unit=register.roads.name, asked=2, answered=2, on_ticket=1, marks=marks)
    assert found == [unit, Count(unit="", asked=1, answered=0, on_ticket=0, marks=Counter())]
    assert own == [unit]
    assert together(found) == Count(unit="", asked=3, answered=2, on_ticket=1, marks=marks)


@pytest.fixture
async def office(tmp_path: Path, clock: HandClock) -> AsyncIterator[Office]:
    async with Office.open("gia-lai", tmp_path, clock) as here:
        yield here


async def asked(office: Office, number: int, reason_seconds: float) -> str:
    """Let a sender be called after the result; return the ticket."""
    walk = WALKS["gia-lai"][0]
    for step in (Step(BEGIN, "received", ""), walk.steps[0], walk.steps[3]):
        office.at(step)
        if step.event == "received":
            ticket = await office.draft(walk)
        await office.by_itself(ticket, step)
    book = SurveyBook(office.pages.db, LawOfOpinions(office.acts))
    visit = Visit(
        call=CallId(f"c{number}"),
        pbx="main",
        linkedid=f"1.{number}",
        hotline=HotlineId("gia-lai"),
        caller=parse_caller("0892111222"),
    )
    question = await book.begin(visit, ticket)
    assert question is not None
    await book.finish(question, Heard(level=BAD, reason_seconds=reason_seconds))
    return ticket


async def test_a_rating_says_that_it_came_by_survey_and_the_month_s_report_counts_it(
    office: Office,
) -> None:
    """GL-14: not satisfied stands on a ticket only with its reason."""
    ticket = await asked(office, 1, 4.5)
    without = await asked(office, 2, 0.0)
    headers = {"Authorization": f"Bearer {office.tokens[Role.AUDITOR]}"}
    session = office.browsers[Role.AUDITOR].session
    url = f"{office.pages.base}/api/v1/tickets"
    async with session.get(f"{url}/{ticket}", headers=headers) as got:
        (rating,) = (await got.json())["ratings"]
    assert (rating["score"], rating["name"]) == ("unsatisfied", "Không hài lòng")
    assert rating["reason"].startswith("Nói qua điện thoại")
    assert rating["survey"] == {
        "kind": "call_back",
        "call": "c1",
        "asked_at": rating["at"],
        "reason_seconds": 4.5,
    }
    async with session.get(f"{url}/{without}", headers=headers) as got:
        assert (await got.json())["ratings"] == []
    for role in (Role.COORDINATOR, Role.SUPERVISOR, Role.UNIT_HEAD):
        page = await (await office.browsers[role].get("/desk/opinions?month=2026-12")).text()
        assert "Đơn vị xử lý" in page, role
        assert '2 <span class="soft small">(100%)' in page, role
    table = await (
        await office.browsers[Role.LEADERSHIP].get("/desk/opinions.csv?month=2026-12")
    ).text()
    assert "12/2026,gia-lai,Đơn vị xử lý,Không hài lòng,2" in table.splitlines()
    assert "12/2026,gia-lai,Đơn vị xử lý,Ghi vào phiếu,1" in table.splitlines()
    assert (
        "chưa có ai"
        in await (
            await office.browsers[Role.COORDINATOR].get("/desk/opinions?month=2026-10")
        ).text()
    )
    for role in (Role.OPERATOR, Role.FOCAL_POINT):
        assert (await office.browsers[role].get("/desk/opinions")).status == 403


async def test_a_rating_from_the_desk_came_by_no_survey(office: Office) -> None:
    walk = WALKS["gia-lai"][0]
    ticket = await office.draft(walk)
    office.at(Step(BEGIN, "received", ""))
    await office.by_itself(ticket, Step(BEGIN, "received", ""))
    for step in (walk.steps[0], *walk.steps[3:]):
        office.at(step)
        await office.by_itself(ticket, step)
    headers = {"Authorization": f"Bearer {office.tokens[Role.AUDITOR]}"}
    url = f"{office.pages.base}/api/v1/tickets/{ticket}"
    async with office.browsers[Role.AUDITOR].session.get(url, headers=headers) as got:
        (rating,) = (await got.json())["ratings"]
    assert (rating["score"], rating["survey"]) == ("satisfied", None)


async def test_the_auditor_s_page_of_a_call_has_its_opinion(desk: Desk) -> None:
    auditor = await desk.page(Role.AUDITOR)
    path = f"/audit/recordings/{desk.row.id}"
    assert "Hỏi ý kiến" not in await (await auditor.get(path)).text()
    now = desk.pages.db.clock.now()
    async with desk.pages.db.write() as tx:
        row = answer(1, now, score="acceptable").model_copy(update={"call": desk.row.call})
        tx.session.add(SurveyAnswer(**row.model_dump()))
    text = await (await auditor.get(path)).text()
    assert "về cuộc gọi" in text
    assert "<strong>Chấp nhận được</strong>" in text
    assert "đã ghi vào phiếu" not in text


async def test_the_auditor_s_desk_leads_to_the_sum_of_calls_who_may_see_it(desk: Desk) -> None:
    for role, leads in (
        (Role.AUDITOR, True),
        (Role.SUPERVISOR, True),
        (Role.ADMINISTRATOR, False),
    ):
        who = await desk.page(role)
        text = await (await who.get("/audit" if leads else "/audit/retention")).text()
        assert ('href="/floor/calls"' in text) is leads, role

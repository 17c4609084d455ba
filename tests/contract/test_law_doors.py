"""Each act by the API and on the ticket's page, by each role whose act it is, as on paper.

The acts and their roles are tests/support/walks.py's, which names every rule of every procedure.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from escalation.act import EVENTS
from tests.support.law_office import Office
from tests.support.walks import BEGIN, KNOWN, WALKS, Step, Walk
from tongdai.accounts.model import OF_UNIT, Role
from tongdai.clock import HandClock

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

FORBIDDEN = "Bạn xem được phiếu này nhưng không được làm việc vừa chọn."
UNKNOWN = "Không có phiếu này, hoặc phiếu không thuộc phạm vi của bạn."
ODD = {"ground": "form", "level": "complex", "reason": "vì"}


@dataclass
class Going:
    """A walk being done by one of its roles, through one of the doors.

    Attributes:
        round: Which of a step's roles does it: each in turn.
    """

    walk: Walk
    door: str
    round: int
    ticket: str = ""
    refused: list[Step] = field(default_factory=list)

    @property
    def steps(self) -> list[Step]:
        """Its acts, the filing first."""
        return [Step(BEGIN, "received", self.walk.received), *self.walk.steps]


@pytest.mark.parametrize("hotline", WALKS)
async def test_each_act_is_done_through_both_doors_by_its_roles_and_nobody_else(
    hotline: str, tmp_path: Path, clock: HandClock
) -> None:
    async with Office.open(hotline, tmp_path, clock) as office:
        going = [
            Going(walk, door, round_)
            for walk in WALKS[hotline]
            for round_ in range(max(len(s.roles.split()) for s in walk.steps))
            for door in ("api", "page")
        ]
        await _refuses_what_it_does_not_know(office)
        for one in going:
            one.ticket = await office.draft(one.walk)
        moments = sorted({s.moment for one in going for s in one.steps})
        for moment in moments:
            clock.set(moment)
            await office.sweep()
            for one in going:
                for step in (s for s in one.steps if s.moment == moment):
                    await _do(office, one, step)
        for one in going:
            paper = office.on_paper(one.walk)
            assert await office.history(one.ticket) == paper, one


async def _do(office: Office, one: Going, step: Step) -> None:
    roles = step.roles.split()
    if one.round >= len(roles):
        await office.by_itself(one.ticket, step)  # each of its roles has done it
        return
    role = roles[one.round]
    if one.door == "api":
        if one.round == 0:
            other = _another(step)
            status, answer = await office.by_api(one.ticket, step, other)
            nowhere = (await office.ticket(one.ticket)).unit_id is None
            hidden = [(404, UNKNOWN)] if nowhere and other in OF_UNIT else []
            refusals = [(403, FORBIDDEN), *hidden]
            assert (status, answer["message"]) in refusals, (step, other, answer)
        status, answer = await office.by_api(one.ticket, step, role)
        assert status == 200, (step, role, answer)
        return
    if one.round == 0:
        await _stands_on_the_page(office, one, step, role)
    status, page = await office.by_page(one.ticket, step, role)
    assert status == 303, (step, role, page)


def _another(step: Step) -> str:
    """Return a role whose act it is not: not the same one at every step."""
    others = sorted(set(Role) - set(step.roles.split()))
    return others[(step.moment.hour + step.moment.day) % len(others)]


async def _stands_on_the_page(office: Office, one: Going, step: Step, role: str) -> None:
    """Its form is there for the role, with its fields; another one has none and is refused."""
    form = f'action="/desk/tickets/{one.ticket}/{office.form(step)}#refused"'
    page = await office.page(one.ticket, role)
    assert form in page, (step, role)
    below = page.split(form, 1)[1].split("</form>", 1)[0]
    for name in step.fields:
        assert f'name="{name}"' in below, (step, name)
    assert "unit_id" not in step.fields or f'<option value="{office.unit}"' in below
    reader = next(r for r in ("leadership", "coordinator") if r not in step.roles.split())
    status, page = await office.by_page(one.ticket, step, reader)
    assert status == 403
    assert FORBIDDEN in page
    assert form not in page


async def _refuses_what_it_does_not_know(office: Office) -> None:
    """One line of history each, with its source; nothing else changes."""
    walk = WALKS[office.hotline][0]
    ticket = await office.draft(walk)
    unknown = [Step(BEGIN, e, "operator", ODD) for e in sorted(EVENTS - KNOWN[office.hotline])]
    there_already = Step(BEGIN, "received", "operator")
    for step in (there_already, *unknown, there_already):
        status, answer = await office.by_api(ticket, step, "operator")
        if step is there_already and status == 200:
            continue
        assert status == 409, (step, answer)
        assert answer["message"].endswith(".")
        assert answer["source"]
    refused = Walk(walk.kind, "", (*unknown, there_already))
    assert await office.history(ticket) == office.on_paper(refused)


async def test_a_refusal_after_a_deadline_stands_behind_what_was_due(
    tmp_path: Path, clock: HandClock
) -> None:
    """The sweep has not come yet when somebody tries: the history is in order all the same."""
    async with Office.open("can-tho", tmp_path, clock) as office:
        walk = WALKS["can-tho"][0]
        ticket = await office.draft(walk)
        late = Step("12-02 10:00", "extended", "operator", walk.steps[2].fields)
        for step in (Step(BEGIN, "received", ""), walk.steps[0], late):
            office.at(step)
            status, answer = await office.by_api(ticket, step, "operator")
            assert status == (409 if step is late else 200), answer
        office.clock.advance(timedelta(minutes=1))
        await office.sweep()
        assert await office.history(ticket) == office.on_paper(
            Walk(walk.kind, "", (walk.steps[0], late))
        )


async def test_what_a_form_lacks_is_said_at_its_field(tmp_path: Path, clock: HandClock) -> None:
    async with Office.open("gia-lai", tmp_path, clock) as office:
        walk = next(w for w in WALKS["gia-lai"] if w.steps[0].event == "answered_directly")
        ticket = await office.draft(walk)
        await office.by_itself(ticket, Step(BEGIN, "received", ""))
        status, page = await office.by_page(
            ticket, Step(BEGIN, "answered_directly", ""), "operator"
        )
        assert status == 422
        assert "Cần nhập mục này." in page
        await office.by_itself(ticket, walk.steps[0])
        status, page = await office.by_page(ticket, Step(BEGIN, "rated", ""), "operator")
        assert status == 422
        assert "Cần nhập mục này." in page

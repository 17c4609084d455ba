"""Every province live: the history is what the timeline says on paper."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest

from escalation.act import parse_act
from escalation.acts import Acts
from escalation.lawbook import default_lawbook
from escalation.sweep import Sweep
from escalation.timeline import timeline_lines
from sms import store as messages
from tests.contract.law import at
from tests.contract.register import viewer
from tickets import drafts, ratings, units
from tickets.errors import NoSuchTicket, TicketForbidden
from tickets.model import Channel, TicketForm
from tickets.tables import Ticket
from tongdai.accounts.model import SYSTEM, Role, Viewer
from tongdai.clock import HandClock
from tongdai.db import Database

START = "2026-11-30T08:00"
NOON_NEXT = "2026-12-07T09:00:00+07:00"
Walk = list[tuple[str, str, dict[str, Any]]]
ANSWER = {"event": "answered", "text": "Đã xử lý.", "document_number": "12/SXD"}
WALKS: dict[str, tuple[str, str, Walk]] = {
    "can-tho": (
        "can-tho",
        "administrative_act",
        [
            (START, "operator", {"event": "referred"}),
            (
                "2026-11-30T10:00",
                "operator",
                {"event": "extended", "until": NOON_NEXT, "document": "15/SXD"},
            ),
            ("2026-12-20T10:00", "unit_head", ANSWER),
            ("2026-12-21T10:00", "operator", {"event": "published"}),
            ("2026-12-21T11:00", "operator", {"event": "rated", "score": "acceptable"}),
        ],
    ),
    "gia-lai": (
        "gia-lai",
        "socio_economic",
        [
            (START, "city_office", {"event": "referred"}),
            ("2026-11-30T10:00", "focal_point", {"event": "extended", "until": NOON_NEXT}),
            ("2026-12-30T10:00", "city_office", ANSWER),
        ],
    ),
    "tay-ninh": (
        "tay-ninh",
        "issue_report",
        [
            (START, "coordinator", {"event": "referred"}),
            ("2026-11-30T08:30", "focal_point", {"event": "returned", "reason": "không phải"}),
            ("2026-11-30T09:00", "coordinator", {"event": "referred"}),
            ("2026-11-30T10:00", "focal_point", {"event": "accepted"}),
            ("2026-12-01T10:00", "supervisor", {"event": "force_majeure_began"}),
            ("2026-12-03T10:00", "coordinator", {"event": "force_majeure_ended"}),
            (
                "2026-12-04T10:00",
                "focal_point",
                {"event": "extended", "until": NOON_NEXT, "document": "3", "reason": "khó"},
            ),
            ("2026-12-20T10:00", "focal_point", ANSWER),
            ("2026-12-20T10:30", "unit_head", {"event": "sent_back"}),
            ("2026-12-20T10:40", "focal_point", ANSWER),
            ("2026-12-20T11:00", "unit_head", {"event": "approved"}),
            ("2026-12-20T12:00", "coordinator", {"event": "rework", "ground": "form"}),
            ("2026-12-20T13:00", "focal_point", ANSWER),
            ("2026-12-20T14:00", "unit_head", {"event": "approved"}),
            ("2026-12-24T10:00", "coordinator", {"event": "published"}),
            ("2026-12-24T11:00", "operator", {"event": "rated", "score": "unsatisfied"}),
            ("2026-12-25T10:00", "coordinator", {"event": "rework", "ground": "unsatisfied"}),
            ("2026-12-26T10:00", "coordinator", {"event": "published"}),
        ],
    ),
    "hoa-binh": (
        "hoa-binh",
        "procedure_question",
        [
            ("2026-11-30T09:00", "operator", {"event": "referred"}),
            ("2026-12-01T09:00", "one_stop", {"event": "referred"}),
            ("2026-12-01T10:00", "focal_point", {"event": "extended", "until": NOON_NEXT}),
            ("2026-12-08T09:00", "focal_point", ANSWER),
            ("2026-12-08T10:00", "one_stop", ANSWER),
        ],
    ),
    "ha-noi": (
        "ha-noi",
        "on_site",
        [
            ("2026-11-30T08:30", "unit_head", {"event": "returned", "reason": "cấp trên"}),
            ("2026-11-30T09:00", "superior", {"event": "accepted"}),
            ("2026-11-30T10:00", "superior", {"event": "referred"}),
            ("2026-12-01T10:00", "unit_head", {"event": "level_changed", "level": "complex"}),
            (
                "2026-12-01T11:00",
                "unit_head",
                {"event": "extended", "until": NOON_NEXT, "reason": "giám định"},
            ),
            ("2026-12-02T10:00", "focal_point", ANSWER),
            ("2026-12-02T11:00", "unit_head", {"event": "sent_back"}),
            ("2026-12-05T10:00", "focal_point", ANSWER),
            ("2026-12-08T11:00", "unit_head", {"event": "approved"}),
            ("2026-12-10T10:00", "unit_head", {"event": "published"}),
            ("2026-12-11T10:00", "operator", {"event": "clarification_requested"}),
            ("2026-12-16T10:00", "focal_point", {"event": "clarified"}),
        ],
    ),
    "hoa-binh, postal": (
        "hoa-binh",
        "postal_service",
        [
            ("2026-11-30T09:00", "operator", {"event": "referred"}),
            ("2026-12-20T09:00", "focal_point", ANSWER),
        ],
    ),
}


@dataclass(frozen=True, kw_only=True)
class Place:
    """A hotline with a unit, its superior one, and somebody in every role."""

    hotline: str
    unit: str
    above: str

    def who(self, role: str) -> Viewer:
        """Return somebody in a role; `superior`: the head of the superior unit."""
        if role == "superior":
            return viewer(role, Role.UNIT_HEAD, self.above, hotline=self.hotline)
        unit = self.unit if role in ("focal_point", "unit_head") else None
        return viewer(role, Role(role), unit, hotline=self.hotline)

    async def another(self, db: Database, acts: Acts, ticket_type: str) -> Ticket:
        """File a ticket of a call; the form names the unit."""
        operator = self.who("operator")
        async with db.write() as tx:
            draft = await drafts.open_blank(
                tx, hotline=self.hotline, channel=Channel.PHONE, by=operator
            )
            form = TicketForm.of(
                {
                    "type": ticket_type,
                    "sender_name": "A",
                    "sender_address": "B",
                    "sender_phone": "0892100001",
                    "content": "C",
                    "unit": self.unit,
                }
            )
            return await acts.file(tx, draft.id, form, operator)


async def filed(db: Database, acts: Acts, hotline: str, ticket_type: str) -> tuple[Ticket, Place]:
    async with db.write() as tx:
        above, unit = (
            units.new_unit(
                hotline,
                code=code,
                name=name,
                kind="department",
                valid_from=tx.now - timedelta(days=1),
                aliases=(),
            )
            for code, name in (("cap-tren", "Cấp trên"), ("don-vi", "Đơn vị xử lý"))
        )
        unit.parent_id = above.id
        await units.add_unit(tx, above, SYSTEM)
        await units.add_unit(tx, unit, SYSTEM)
    place = Place(hotline=hotline, unit=unit.id, above=above.id)
    return await place.another(db, acts, ticket_type), place


@pytest.mark.parametrize("name", WALKS)
async def test_each_act_is_done_by_its_role_and_the_live_history_is_the_timeline(
    database: Database, clock: HandClock, name: str
) -> None:
    hotline, ticket_type, walk = WALKS[name]
    book = default_lawbook()
    acts, sweep = Acts(book), Sweep(database, Acts(book))
    ticket, place = await filed(database, acts, hotline, ticket_type)
    for moment, role, body in walk:
        clock.set(at(moment))
        await sweep.run_due()
        act = parse_act(body | {"unit_id": place.unit if body["event"] == "referred" else None})
        assert act.event in await _allowed(database, acts, ticket, place.who(role))
        await acts.do(database, ticket.id, act, place.who(role))
    procedure, calendar = book.procedure(hotline), book.calendar(hotline)
    assert procedure is not None
    assert calendar is not None
    events: list[dict[str, Any]] = [{"at": iso(START), "event": "received", "channel": "phone"}]
    events += [{"at": iso(moment)} | body for moment, _, body in walk]
    texts = [json.dumps(event) for event in events]
    track = procedure.track_of(ticket_type)
    assert track is not None
    paper = [json.loads(li) for li in timeline_lines(procedure, track, None, calendar, texts)]
    assert not any(line["do"] == "refuse" for line in paper)
    async with database.read() as session:
        lines = await acts.lines(session, ticket.id)
        found = await session.get(Ticket, ticket.id)
    live = [{k: v for k, v in line.items() if k not in ("done", "actor")} for line in lines]
    assert live == paper
    assert found is not None
    assert (found.state, found.stage, found.due_at) == ("closed", None, None)


@pytest.mark.parametrize("name", WALKS)
async def test_an_act_is_nobody_elses(database: Database, name: str) -> None:
    hotline, ticket_type, walk = WALKS[name]
    acts = Acts(default_lawbook())
    ticket, place = await filed(database, acts, hotline, ticket_type)
    body = walk[0][2]
    stranger = viewer("s", Role.FOCAL_POINT, "elsewhere", hotline=hotline)
    with pytest.raises(NoSuchTicket):
        await acts.do(database, ticket.id, parse_act(body | {"unit_id": place.unit}), stranger)
    with pytest.raises(TicketForbidden):
        act = parse_act(body | {"unit_id": place.unit})
        await acts.do(database, ticket.id, act, place.who("auditor"))


async def test_a_rating_is_kept_with_its_reason_gl_14(database: Database) -> None:
    acts = Acts(default_lawbook())
    ticket, place = await filed(database, acts, "gia-lai", "socio_economic")
    operator = place.who("operator")
    for body in (
        {"event": "answered_directly", "text": "Đã giải thích."},
        {"event": "rated", "score": "unsatisfied", "reason": "chưa rõ"},
    ):
        await acts.do(database, ticket.id, parse_act(body), operator)
    async with database.read() as session:
        kept = await ratings.of_ticket(session, ticket.id)
    assert [(r.score, r.reason, r.by) for r in kept] == [("unsatisfied", "chưa rõ", operator.id)]


async def test_a_referral_is_told_to_the_sender_by_sms_gl_10_1_2(database: Database) -> None:
    acts = Acts(default_lawbook())
    ticket, place = await filed(database, acts, "gia-lai", "socio_economic")
    act = parse_act({"event": "referred", "unit_id": place.unit})
    await acts.do(database, ticket.id, act, place.who("operator"))
    async with database.read() as session:
        told = [s.message for s in await messages.of_ticket(session, ticket.id)]
    mine = [(m.purpose, m.template, m.state) for m in told if m.recipient == "+84892100001"]
    assert mine == [("referral", "referral_sender", "queued")]
    params = {m.template: m.params for m in told}["referral_sender"]
    assert params["unit"] == "Đơn vị xử lý"


async def _allowed(db: Database, acts: Acts, ticket: Ticket, who: Viewer) -> list[str]:
    async with db.read() as session:
        return [str(event) for event in await acts.allowed(session, ticket.id, who)]


def iso(moment: str) -> str:
    return datetime.fromisoformat(f"{moment}:00+07:00").isoformat()

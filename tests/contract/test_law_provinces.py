"""Every province live: the history is what the timeline says on paper."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from escalation.act import read_act
from escalation.acts import Acts
from escalation.lawbook import default_lawbook
from escalation.sweep import Sweep
from escalation.timeline import timeline_lines
from tests.contract.law import at
from tests.contract.register import viewer
from tickets import drafts, units
from tickets.model import Channel, TicketForm
from tickets.tables import Ticket
from tongdai.accounts.model import SYSTEM, Role
from tongdai.clock import HandClock
from tongdai.db import Database

START = "2026-11-30T08:00"
WALKS: dict[str, tuple[str, list[tuple[str, dict[str, Any]]]]] = {
    "gia-lai": (
        "socio_economic",
        [
            (START, {"event": "referred"}),
            ("2026-11-30T10:00", {"event": "extended", "until": "2026-12-07T09:00:00+07:00"}),
            ("2026-12-30T10:00", {"event": "answered", "text": "Đã xử lý."}),
        ],
    ),
    "tay-ninh": (
        "issue_report",
        [
            ("2026-11-30T09:00", {"event": "referred"}),
            ("2026-11-30T10:00", {"event": "accepted"}),
            ("2026-12-01T10:00", {"event": "force_majeure_began"}),
            ("2026-12-03T10:00", {"event": "force_majeure_ended"}),
            ("2026-12-20T10:00", {"event": "answered", "text": "Đã xử lý."}),
            ("2026-12-20T11:00", {"event": "approved"}),
            ("2026-12-24T10:00", {"event": "published"}),
        ],
    ),
    "hoa-binh": (
        "procedure_question",
        [
            ("2026-11-30T09:00", {"event": "referred"}),
            ("2026-12-01T09:00", {"event": "referred"}),
            ("2026-12-05T09:00", {"event": "answered", "text": "Kết quả."}),
            ("2026-12-06T09:00", {"event": "answered", "text": "Trả lời."}),
        ],
    ),
    "ha-noi": (
        "on_site",
        [
            ("2026-11-30T09:00", {"event": "accepted"}),
            ("2026-11-30T10:00", {"event": "referred"}),
            ("2026-12-01T10:00", {"event": "level_changed", "level": "urgent"}),
            ("2026-12-02T10:00", {"event": "answered", "text": "Dự thảo."}),
            ("2026-12-02T11:00", {"event": "approved"}),
            ("2026-12-10T10:00", {"event": "published"}),
        ],
    ),
}


async def _filed(db: Database, acts: Acts, hotline: str, ticket_type: str) -> tuple[Ticket, str]:
    operator = viewer("operator", Role.OPERATOR, hotline=hotline)
    async with db.write() as tx:
        unit = units.new_unit(
            hotline,
            code="don-vi",
            name="Đơn vị xử lý",
            kind="department",
            valid_from=tx.now - timedelta(days=1),
            aliases=(),
        )
        await units.add_unit(tx, unit, SYSTEM)
        draft = await drafts.open_blank(tx, hotline=hotline, channel=Channel.PHONE, by=operator)
        form = TicketForm.of(
            {
                "type": ticket_type,
                "sender_name": "A",
                "sender_address": "B",
                "sender_phone": "0892100001",
                "content": "C",
            }
        )
        return await acts.file(tx, draft.id, form, operator), unit.id


@pytest.mark.parametrize("hotline", WALKS)
async def test_the_live_history_is_the_timeline(
    database: Database, clock: HandClock, hotline: str
) -> None:
    ticket_type, walk = WALKS[hotline]
    book = default_lawbook()
    acts, sweep = Acts(book), Sweep(database, Acts(book))
    ticket, unit = await _filed(database, acts, hotline, ticket_type)
    for moment, body in walk:
        clock.set(at(moment))
        await sweep.run_due()
        await acts.do(database, ticket.id, read_act(body | {"unit_id": unit}), SYSTEM)
    procedure, calendar = book.procedure(hotline), book.calendar(hotline)
    assert procedure is not None
    assert calendar is not None
    events: list[dict[str, Any]] = [{"at": iso(START), "event": "received", "channel": "phone"}]
    events += [{"at": iso(moment)} | body for moment, body in walk]
    texts = [json.dumps(event) for event in events]
    track = procedure.track_of(ticket_type)
    assert track is not None
    paper = [json.loads(li) for li in timeline_lines(procedure, track, None, calendar, texts)]
    async with database.read() as session:
        lines = await acts.lines(session, ticket.id)
        found = await session.get(Ticket, ticket.id)
    live = [{k: v for k, v in line.items() if k not in ("done", "actor")} for line in lines]
    assert live == paper
    assert found is not None
    assert (found.state, found.stage, found.due_at) == ("closed", None, None)


def iso(moment: str) -> str:
    return datetime.fromisoformat(f"{moment}:00+07:00").isoformat()

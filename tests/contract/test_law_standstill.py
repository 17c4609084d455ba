"""Force majeure for many tickets at once (A-TN-2): who, why, until when."""

from datetime import timedelta

import pytest

from escalation import standstill
from escalation.act import parse_act
from escalation.acts import Acts
from escalation.lawbook import default_lawbook
from escalation.sweep import Sweep
from escalation.tables import Standstill
from tests.contract.law import at, local
from tests.contract.test_law_provinces import Place, filed
from tickets.errors import TicketForbidden
from tickets.tables import Ticket
from tongdai.clock import HandClock
from tongdai.db import Database
from tongdai.errors import Invalid

HOTLINE = "tay-ninh"
UNTIL = at("2026-12-02T10:00")


async def _three(db: Database, acts: Acts) -> tuple[list[Ticket], Place]:
    first, place = await filed(db, acts, HOTLINE, "issue_report")
    others = [await place.another(db, acts, "issue_report") for _ in range(2)]
    refer = parse_act({"event": "referred", "unit_id": place.unit})
    await acts.do(db, first.id, refer, place.who("coordinator"))
    return [first, *others], place


async def _due(db: Database, tickets: list[Ticket]) -> list[str]:
    async with db.read() as session:
        rows = [await session.get(Ticket, t.id) for t in tickets]
    return [local(row.due_at) if row and row.due_at else "-" for row in rows]


async def _declare(db: Database, place: Place, tickets: list[str]) -> Standstill:
    async with db.write() as tx:
        return await standstill.declare(
            tx, HOTLINE, tickets, reason="bão số 9", until=UNTIL, by=place.who("supervisor")
        )


async def test_all_open_tickets_pause_and_go_on_at_the_announced_moment(
    database: Database, clock: HandClock
) -> None:
    acts = Acts(default_lawbook())
    sweep = Sweep(database, acts)
    tickets, place = await _three(database, acts)
    assert await _due(database, tickets) == [
        "2026-12-10 00:00",
        "2026-12-01 08:00",
        "2026-12-01 08:00",
    ]
    clock.set(at("2026-11-30T12:00"))
    async with database.read() as session:
        every = await standstill.open_tickets(session, HOTLINE)
        mine = await standstill.open_tickets(session, HOTLINE, [place.unit])
    assert (len(every), mine) == (3, [tickets[0].id])
    await _declare(database, place, every)
    assert await sweep.run_due() == 3
    assert await sweep.next_due() == UNTIL
    clock.set(at("2026-12-05T10:00"))  # the service was away when it ended
    await sweep.run_due()
    async with database.read() as session:
        ((row, count),) = await standstill.history(session, [HOTLINE])
        history = await acts.history(session, tickets[1].id)
    assert (count, row.reason, row.by, row.ended_at) == (3, "bão số 9", "supervisor", UNTIL)
    began, ended, moved, missed = history[-4:]
    assert (began["event"], began["reason"], began["actor"]) == (
        "force_majeure_began",
        "bão số 9",
        "supervisor",
    )
    assert ended["event"] == "force_majeure_ended"
    assert (moved["at"], moved["due"]) == (UNTIL.isoformat(), "2026-12-03T06:00:00+07:00")
    assert (missed["do"], missed["at"]) == ("missed", "2026-12-03T06:00:00+07:00")
    assert (await _due(database, tickets))[0] == "2026-12-12 00:00"
    assert await sweep.run_due() == 0


async def test_it_ends_earlier_when_somebody_says_so_and_carries_on_after_a_kill(
    database: Database, clock: HandClock
) -> None:
    acts = Acts(default_lawbook())
    tickets, place = await _three(database, acts)
    row = await _declare(database, place, [t.id for t in tickets])
    # declared and nothing done yet: another process finds what is wanted
    sweep = Sweep(database, Acts(default_lawbook()))
    assert await sweep.run_due() == 3
    clock.advance(timedelta(hours=5))
    async with database.write() as tx:
        await standstill.end(tx, row.id, place.who("coordinator"))
    assert await sweep.run_due() == 3
    assert (await _due(database, tickets))[1] == "2026-12-01 13:00"


async def test_what_was_closed_meanwhile_stays_so(database: Database) -> None:
    acts = Acts(default_lawbook())
    tickets, place = await _three(database, acts)
    await _declare(database, place, [t.id for t in tickets])
    refuse = parse_act({"event": "rejected", "ground": "vulgar"})
    await acts.do(database, tickets[1].id, refuse, place.who("coordinator"))
    await Sweep(database, acts).run_due()
    async with database.read() as session:
        ((_, count),) = await standstill.history(session, [HOTLINE])
    assert count == 2


async def test_who_may_and_what_is_needed(database: Database) -> None:
    acts = Acts(default_lawbook())
    tickets, place = await _three(database, acts)
    names = [tickets[0].id]
    for who, wanted in (("focal_point", TicketForbidden), ("supervisor", Invalid)):
        with pytest.raises(wanted):
            async with database.write() as tx:
                await standstill.declare(
                    tx, HOTLINE, names, reason=" ", until=UNTIL, by=place.who(who)
                )

"""The administration changes the law: editions, kept versions, due times moved with a reason."""

from datetime import timedelta

import pytest

from escalation import editions
from escalation.act import Act
from escalation.editions import CALENDAR, PROCEDURE, Place
from escalation.lawbook import default_lawbook
from escalation.procedure import ProcedureError
from tests.contract.law import World, at, world
from tests.contract.register import HOTLINE, viewer
from tongdai import audit
from tongdai.accounts.model import Role
from tongdai.calendar import CalendarError
from tongdai.clock import HandClock
from tongdai.db import Database

CHIEF = viewer("chief", Role.ADMINISTRATOR)
SHORT_DAYS = """
[[hours]]
days = ["mon", "tue", "wed", "thu", "fri"]
spans = ["07:00-11:00", "13:00-15:00"]
"""


async def _change(here: World, place: Place, text: str, note: str = "theo quyết định mới") -> None:
    async with here.db.write() as tx:
        await editions.change(tx, place, text, by=CHIEF, note=note)
    await here.sweep.refresh_law()


async def test_a_running_ticket_keeps_its_procedure_and_a_new_one_goes_by_the_new(
    database: Database,
) -> None:
    here = await world(database)
    before = await here.filed()
    version = here.acts.lawbook.version(HOTLINE)
    assert version is not None
    text = version.text.replace('"8 working hours"', '"4 working hours"')
    await _change(here, Place(kind=PROCEDURE, hotline=HOTLINE), text)
    after = await here.filed()
    await here.refer(before)
    await here.refer(after)
    assert await here.deadlines(before) == [("focal_point", "waiting", "2026-12-01 08:00")]
    assert await here.deadlines(after) == [("focal_point", "waiting", "2026-11-30 14:00")]
    assert (await here.ticket(before)).procedure != (await here.ticket(after)).procedure
    async with database.read() as session:
        (line,) = await audit.history(session, audit.ADMINISTRATION, HOTLINE)
    assert (line.kind, line.actor) == ("procedure_changed", CHIEF.id)


async def test_what_contradicts_itself_or_is_anothers_is_not_taken(database: Database) -> None:
    here = await world(database)
    version = here.acts.lawbook.version(HOTLINE)
    assert version is not None
    place = Place(kind=PROCEDURE, hotline=HOTLINE)
    with pytest.raises(ProcedureError, match=r"can-tho.toml, line \d+: .*limit"):
        await _change(here, place, version.text.replace('"8 working hours"', '"8 wh"'))
    with pytest.raises(ProcedureError, match="not 'can-tho'"):
        await _change(here, place, version.text.replace('id = "can-tho"', 'id = "gia-lai"'))
    with pytest.raises(CalendarError):
        await _change(here, Place(kind=CALENDAR, hotline=HOTLINE), SHORT_DAYS.replace("mon", "x"))
    async with database.read() as session:
        assert await editions.history(session, place) == []
    assert here.acts.lawbook.version(HOTLINE) is version


async def test_a_calendars_change_moves_due_times_and_each_history_says_why(
    database: Database,
) -> None:
    here = await world(database)
    ticket = await here.referred()
    await here.sweep.follow_calendars()
    await _change(here, Place(kind=CALENDAR, hotline=HOTLINE), SHORT_DAYS)
    assert await here.sweep.follow_calendars() == 1
    assert await here.sweep.follow_calendars() == 0
    assert [d for d in await here.deadlines(ticket) if d[1] == "waiting"] == [
        ("focal_point", "waiting", "2026-12-01 10:00")
    ]
    async with database.read() as session:
        history = await here.acts.history(session, ticket.id)
    why, moved = history[-2:]
    assert (why["kind"], why["note"], why["actor"]) == (
        "calendar_changed",
        "theo quyết định mới",
        CHIEF.id,
    )
    assert (moved["do"], moved["due"]) == ("moved", "2026-12-01T10:00:00+07:00")


async def test_a_units_own_hours_count_for_its_tickets_alone(
    database: Database, clock: HandClock
) -> None:
    here = await world(database)
    roads, other = here.register.roads, here.register.ward
    mine, theirs = await here.filed(), await here.filed()
    await here.refer(mine, roads.id)
    await here.refer(theirs, other.id)
    await here.sweep.follow_calendars()
    place = Place(kind=CALENDAR, hotline=HOTLINE, unit=roads.id)
    await _change(here, place, SHORT_DAYS)
    assert await here.sweep.follow_calendars() == 1
    assert (await here.deadlines(theirs))[-1] == ("focal_point", "waiting", "2026-12-01 08:00")
    clock.advance(timedelta(minutes=1))
    again = await here.filed()
    await here.refer(again, roads.id)
    assert await here.deadlines(again) == [("focal_point", "waiting", "2026-12-01 10:01")]
    await here.do(again, Act(event="referred", unit_id=other.id))
    assert (await here.deadlines(again))[0] == ("focal_point", "waiting", "2026-12-01 08:01")
    await _change(here, place, "")
    assert await here.sweep.follow_calendars() == 1
    assert (await here.ticket(mine)).due_at == at("2026-12-01T08:00")


async def test_another_node_takes_over_what_was_changed(database: Database) -> None:
    here = await world(database)
    await _change(here, Place(kind=CALENDAR, hotline=HOTLINE), SHORT_DAYS)
    node = default_lawbook()
    async with database.read() as session:
        assert await editions.refresh(session, node)
        assert not await editions.refresh(session, node)
    assert node.calendar_version(HOTLINE) == here.acts.lawbook.calendar_version(HOTLINE)
    assert node.calendar_version("gia-lai") == default_lawbook().calendar_version("gia-lai")

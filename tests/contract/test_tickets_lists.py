"""Lists page by page, look-ups without diacritics, and who sees what of it."""

import itertools
import re
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event

from tests.contract.register import (
    ADMINISTRATOR,
    AUDITOR,
    FORM,
    HOTLINE,
    OPERATOR,
    STRANGER,
    Register,
    build,
    filed,
    viewer,
)
from tickets import access, contacts, referrals, search, store, units
from tickets.errors import DirectoryForbidden, NoSuchTicket, NoSuchUnit
from tickets.tables import Ticket, Unit
from tongdai import audit
from tongdai.accounts.model import SYSTEM, Grant, Role, Viewer
from tongdai.clock import HandClock
from tongdai.db import Database
from tongdai.ids import AccountId, HotlineId
from tongdai.migrate import import_tables

NAMES = (
    "Nguyễn Thị Quý",
    "Nguyễn Văn Đường",
    "Trần Ngọc Đương",
    "H'Hen Niê",
    "Phạm Thị Lý",
    "Đặng Hoà",
    "Đặng Hòa",
)


async def _many(db: Database, clock: HandClock, count: int) -> list[Ticket]:
    made = []
    for n in range(count):
        if n % 3:
            clock.advance(timedelta(seconds=1))  # some were made in one and the same moment
        made.append(await filed(db, sender_name=NAMES[n % len(NAMES)]))
    return made


async def _refer(db: Database, ticket: Ticket, unit: Unit) -> None:
    async with db.write() as tx:
        await referrals.refer(tx, ticket.id, unit_id=unit.id, person_id=None, by=OPERATOR)


async def _walk(db: Database, who: Viewer, **wanted: object) -> list[str]:
    cursor, seen = None, []
    for _ in itertools.count():
        async with db.read() as session:
            page = await store.page(session, who, cursor=cursor, limit=3, **wanted)  # type: ignore[arg-type]
        seen += [t.id for t in page.items]
        cursor = page.next
        if cursor is None:
            return seen
    raise AssertionError


async def test_pages_hold_everything_once_in_order(database: Database, clock: HandClock) -> None:
    made = await _many(database, clock, 10)
    expected = [t.id for t in sorted(made, key=lambda t: (t.created_at, t.id), reverse=True)]
    assert await _walk(database, OPERATOR) == expected
    assert await _walk(database, AUDITOR, state=("open", "draft")) == expected
    assert await _walk(database, STRANGER) == []
    assert await _walk(database, SYSTEM, hotline=HOTLINE) == expected
    assert await _walk(database, OPERATOR, hotline="gia-lai") == []
    assert await _walk(database, OPERATOR, state="closed") == []


async def test_the_list_by_due_time_begins_with_what_is_overdue(
    database: Database, clock: HandClock
) -> None:
    made = await _many(database, clock, 7)
    async with database.write() as tx:
        for n, ticket in enumerate(made):
            row = await access.locked(tx.session, ticket.id)
            row.overdue = n in (2, 5)
            row.due_at = None if row.overdue else tx.now + timedelta(hours=(n * 3) % 7)
    walked = await _walk(database, OPERATOR, order="due")
    assert set(walked[:2]) == {made[2].id, made[5].id}
    due = [(n * 3) % 7 for n in (0, 1, 3, 4, 6)]
    assert walked[2:] == [made[n].id for _, n in sorted(zip(due, (0, 1, 3, 4, 6), strict=True))]
    assert set(await _walk(database, OPERATOR, overdue=True)) == set(walked[:2])
    assert set(await _walk(database, OPERATOR, overdue=False)) == set(walked[2:])


@pytest.mark.parametrize(
    "cursor", ["x", "bnVsbA", "WzEsMl0", "WyJ4IiwieSJd", "é", "W251bGwsImEiXQ"]
)
async def test_a_cursor_of_nobody_is_refused(database: Database, cursor: str) -> None:
    async with database.read() as session:
        with pytest.raises(store.BadCursor):
            await store.page(session, OPERATOR, cursor=cursor)


async def test_tickets_are_found_by_what_people_type(database: Database, clock: HandClock) -> None:
    made = await _many(database, clock, 7)
    by_name = {t.sender_name: t.id for t in made}

    async def found(q: str) -> set[str]:
        return set(await _walk(database, OPERATOR, q=q))

    assert await found("nguyen") == {by_name["Nguyễn Thị Quý"], by_name["Nguyễn Văn Đường"]}
    assert await found("thi qui") == {by_name["Nguyễn Thị Quý"]}
    assert await found("duong") == {t.id for t in made}  # all live at `đường Hòa Bình`
    assert await found("pham ly") == await found("PHẠM LÝ") == {by_name["Phạm Thị Lý"]}
    assert await found("hen ni") == {by_name["H'Hen Niê"]}
    assert await found("den hong") == {t.id for t in made}
    assert await found("khongcotunay") == await found("nguyen khongcotunay") == set()
    assert await found("2026-3") == {made[2].id}
    assert await found(str(made[4].code)) == {made[4].id}
    assert await found("0892 100 001") == {t.id for t in made}
    assert await found("0892 100 009") == set()
    async with database.read() as session:
        assert (await store.by_code(session, str(made[4].code))) is not None
        assert (await store.by_number(session, HOTLINE, "2026-000003")) is not None
        assert (await store.by_number(session, "gia-lai", "2026-000003")) is None


async def test_units_see_theirs_and_their_childrens_and_what_they_once_had(
    database: Database, clock: HandClock
) -> None:
    register = await build(database)
    made = await _many(database, clock, 6)
    for ticket, unit in zip(made, (register.roads, register.ward, register.hamlet), strict=False):
        await _refer(database, ticket, unit)
    roads = viewer("roads", Role.FOCAL_POINT, register.roads.id)
    ward = viewer("ward", Role.UNIT_HEAD, register.ward.id)
    hamlet = viewer("hamlet", Role.FOCAL_POINT, register.hamlet.id)
    assert await _walk(database, roads) == [made[0].id]
    assert await _walk(database, ward) == [made[2].id, made[1].id]
    assert await _walk(database, ward, q="den duong") == [made[2].id, made[1].id]
    assert await _walk(database, hamlet) == [made[2].id]
    assert await _walk(database, OPERATOR, unit=register.ward.id) == [made[1].id]
    assert await _walk(database, roads, unit=register.ward.id) == []
    await _refer(database, made[0], register.ward)
    async with database.read() as session:
        assert (await access.get(session, roads, made[0].id)).id == made[0].id
        with pytest.raises(NoSuchTicket):
            await access.get(session, roads, made[1].id)
        row = await access.get(session, ward, made[2].id)
    assert not access.may_act(ward, row, "answered")  # the parent sees, the child answers
    assert access.may_act(hamlet, row, "answered")
    assert not access.may_act(hamlet, row, "extended")  # CT-9.1.2d: only an operator


async def test_a_secret_sender_is_shown_to_those_who_must_act(database: Database) -> None:
    register = await build(database)
    ticket = await filed(database, confidential="on")
    open_one = await filed(database)
    await _refer(database, ticket, register.roads)
    async with database.read() as session:
        row = await session.get_one(Ticket, ticket.id)
    focal = viewer("focal", Role.FOCAL_POINT, register.roads.id)
    leader = viewer("leader", Role.LEADERSHIP)
    assert (
        access.sender(OPERATOR, row).name == access.sender(focal, row).name == FORM["sender_name"]
    )
    for other in (AUDITOR, ADMINISTRATOR, leader):
        assert access.sender(other, row) == access.SenderView(masked=True)
        assert access.sender(other, open_one).name == FORM["sender_name"]


async def test_someone_with_two_roles_sees_each_ticket_once(database: Database) -> None:
    register = await build(database)
    ticket = await filed(database)
    await _refer(database, ticket, register.roads)
    both = Viewer(
        id=AccountId("both"),
        name="both",
        grants=frozenset(
            {
                Grant(hotline=HOTLINE, role=Role.OPERATOR),
                Grant(hotline=HOTLINE, role=Role.UNIT_HEAD, unit=units.UnitId(register.roads.id)),
                Grant(hotline=HotlineId("gia-lai"), role=Role.OPERATOR),
            }
        ),
    )
    assert await _walk(database, both) == [ticket.id]


async def test_units_people_and_fields_are_found_while_typing(
    database: Database, clock: HandClock
) -> None:
    register = await build(database)
    async with database.read() as session:
        for typed in ("so xay", "Sở Xây dựng", "giao thong", "gi"):
            found = await search.find_units(session, HOTLINE, typed, clock.now())
            assert [u.id for u in found] == [register.roads.id], typed
        for typed in ("ubnd ninh", "uy ban nhan dan"):
            found = await search.find_units(session, HOTLINE, typed, clock.now())
            assert [u.id for u in found] == [register.ward.id], typed
        assert await search.find_units(session, "gia-lai", "so", clock.now()) == []
        for typed in ("chieu sang", "den duo"):
            fields = await search.find_fields(session, HOTLINE, typed)
            assert [f.id for f in fields] == [register.lights.id]
        for typed in ("duc", "Nguyễn Văn Đức", "0892 1000 10", "892100010"):
            people = await search.find_people(session, HOTLINE, typed, clock.now())
            assert [p.id for p, _ in people] == [register.focal.id], typed
        people = await search.find_people(session, HOTLINE, "xay dung", clock.now())
        assert {p.id for p, _ in people} == {register.focal.id, register.head.id}


async def test_contacts_are_found_by_name_and_number_accents_as_typed_first(
    database: Database, clock: HandClock
) -> None:
    for n, name in enumerate(NAMES):
        clock.advance(timedelta(seconds=1))
        await filed(database, sender_name=name, sender_phone=f"089210100{n}")

    async def found(typed: str, limit: int = 10) -> list[str]:
        async with database.read() as session:
            return [c.name for c in await contacts.find(session, HOTLINE, typed, limit)]

    assert (await found("Đường"))[0] == "Nguyễn Văn Đường"
    assert (await found("Trần Đương")) == ["Trần Ngọc Đương"]
    assert set(await found("dang hoa")) == {"Đặng Hoà", "Đặng Hòa"}
    assert await found("0892101004") == await found("+84892101004") == ["Phạm Thị Lý"]
    assert len(await found("0892 101")) == len(NAMES)
    assert len(await found("0892", limit=2)) == 2
    assert await found("0892 999") == await found("zzz") == await found(" ") == []


async def test_one_name_on_two_numbers_stays_two_people_until_they_are_merged(
    database: Database,
) -> None:
    first = await filed(database, sender_phone="0892100001")
    again = await filed(database, sender_phone="0892100001", sender_email="anh@example.vn")
    other = await filed(database, sender_phone="0892100002")
    assert first.contact_id == again.contact_id != other.contact_id
    with pytest.raises(DirectoryForbidden):
        async with database.write() as tx:
            await contacts.merge(tx, str(first.contact_id), str(other.contact_id), AUDITOR)
    async with database.write() as tx:
        await contacts.merge(tx, str(first.contact_id), str(other.contact_id), OPERATOR)
    async with database.read() as session:
        for number in ("+84892100001", "+84892100002"):
            [contact] = await contacts.by_number(session, HOTLINE, number)
            assert (contact.id, contact.email) == (first.contact_id, "anh@example.vn")
        of_contact = await contacts.of_contact(session, OPERATOR, str(first.contact_id))
        assert {t.id for t in of_contact} == {first.id, again.id, other.id}
        assert (await contacts.get(session, HOTLINE, str(other.contact_id))).id == contact.id
    third = await filed(database, sender_phone="0892100002", contact=str(other.contact_id))
    assert third.contact_id == first.contact_id


async def test_the_history_of_a_number_begins_with_the_newest_and_is_the_desks_alone(
    database: Database, clock: HandClock
) -> None:
    register = await build(database)
    made = await _many(database, clock, 3)
    await filed(database, sender_phone="0892100002")
    number = "+84892100001"
    focal = viewer("focal", Role.FOCAL_POINT, register.roads.id)
    async with database.read() as session:
        history = await contacts.history(session, OPERATOR, HOTLINE, number)
        assert {t.id for t in history} == {t.id for t in made}
        assert [t.created_at for t in history] == sorted((t.created_at for t in made), reverse=True)
        assert await contacts.history(session, focal, HOTLINE, number) == []
        assert await contacts.history(session, OPERATOR, HOTLINE, None) == []


async def test_a_second_report_of_the_same_place_is_pointed_out(database: Database) -> None:
    register = await build(database)
    lights, place = register.lights.id, "Ngã tư Hòa Bình"
    first = await filed(database, field=lights, place=place, sender_phone="0892100001")
    await filed(database, field=lights, place="Chợ Cái Răng", sender_phone="0892100002")
    async with database.read() as session:
        same = await contacts.duplicates(
            session, OPERATOR, HOTLINE, e164=None, field=lights, place="nga tu  HOA BINH"
        )
        by_number = await contacts.duplicates(
            session, OPERATOR, HOTLINE, e164="+84892100001", field=None, place=""
        )
    assert [t.id for t in same] == [t.id for t in by_number] == [first.id]


async def test_a_new_focal_point_takes_over_what_is_open(
    database: Database, clock: HandClock
) -> None:
    register = await build(database)
    ticket = await filed(database)
    await _refer(database, ticket, register.roads)
    before = clock.now()
    clock.advance(timedelta(hours=1))
    newcomer = units.new_person(
        register.roads,
        name="Võ Thị Hạnh",
        role="focal_point",
        active_from=clock.now(),
        phone="0892100011",
        mobile="",
        title="Chuyên viên",
    )
    with pytest.raises(DirectoryForbidden):
        async with database.write() as tx:
            await units.appoint(tx, newcomer, OPERATOR)
    async with database.write() as tx:
        await units.appoint(tx, newcomer, ADMINISTRATOR)
    async with database.read() as session:
        now = await units.focal_point(session, register.roads.id, clock.now())
        then = await units.focal_point(session, register.roads.id, before)
        row = await session.get_one(Ticket, ticket.id)
        lines = await audit.history(session, audit.ADMINISTRATION, newcomer.id)
        people = await units.people(session, HOTLINE, "focal_point")
    assert now is not None
    assert then is not None
    assert (now.id, then.id, row.person_id) == (newcomer.id, register.focal.id, newcomer.id)
    assert [line.kind for line in lines] == ["person_appointed"]
    assert [p.id for p in people] == [newcomer.id]
    async with database.write() as tx:
        await units.dismiss(tx, newcomer.id, ADMINISTRATOR)
    clock.advance(timedelta(seconds=1))
    async with database.read() as session:
        assert await units.focal_point(session, register.roads.id, clock.now()) is None


async def test_a_closed_unit_gets_no_referral(database: Database) -> None:
    register = await build(database)
    ticket = await filed(database)
    async with database.write() as tx:
        (await units.unit(tx.session, register.ward.id)).valid_to = tx.now
    with pytest.raises(NoSuchUnit):
        await _refer(database, ticket, register.ward)


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"state": "open"},
        {"overdue": True},
        {"unit": "ward"},
        {"unit": "ward", "state": "open", "order": "due"},
        {"state": "open", "order": "due"},
        {"q": "nguyen van"},
        {"q": "nguy"},
        {"q": "0892100001"},
        {"q": "2026-1"},
    ],
    ids=str,
)
async def test_no_list_walks_the_archive(
    tmp_path: Path, clock: HandClock, wanted: dict[str, str]
) -> None:
    import_tables()
    db = Database(f"sqlite+aiosqlite:///{tmp_path}/plans.db", clock)
    await db.create_all()
    register: Register = await build(db)
    await _many(db, clock, 8)
    asked = {k: register.ward.id if v == "ward" else v for k, v in wanted.items()}
    asked_of_database: list[tuple[str, object]] = []

    def watch(_c: object, _r: object, statement: str, parameters: object, *_: object) -> None:
        asked_of_database.append((statement, parameters))

    async with db.read() as session:
        engine = session.get_bind()
        event.listen(engine, "before_cursor_execute", watch)
        await store.page(session, OPERATOR, **asked)  # type: ignore[arg-type]
        event.remove(engine, "before_cursor_execute", watch)
        connection = await session.connection()
        for statement, parameters in asked_of_database:
            rows = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            plan = [str(row[-1]) for row in rows]
            assert plan
            for step in plan:
                assert not re.match(r"SCAN (ticket|search_\w+)$", step), (plan, statement)
            if len(plan) == 1:
                assert "ORDER BY" not in plan[0], plan
    await db.close()

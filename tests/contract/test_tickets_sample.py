"""The sample data: whole, harmless when loaded again, and nobody's numbers."""

import json
import tomllib

import phonenumbers
import pytest
from argon2 import PasswordHasher
from sqlmodel import func, select

from rig.config import HOTLINES
from rig.ready import by_hotline
from tests.support.small_settings import hotline, small_settings
from tickets import contacts, search, units
from tickets.tables import Contact, Person, SubjectField, Unit
from tongdai import sample
from tongdai.accounts.model import Role
from tongdai.accounts.service import account_by_username, viewer_of
from tongdai.accounts.tables import Account, Membership
from tongdai.clock import HandClock
from tongdai.db import Database
from tongdai.settings import Settings
from tongdai.text import nfc

ALL = tuple(row[0] for row in HOTLINES)


@pytest.fixture
def settings() -> Settings:
    hotlines = tuple(hotline(row[0], row[3]) for row in HOTLINES)
    return small_settings().model_copy(update={"hotline": hotlines})


async def _counts(db: Database) -> list[int]:
    async with db.read() as session:
        return [
            (await session.execute(select(func.count()).select_from(table))).scalar_one()
            for table in (Unit, Person, SubjectField, Contact, Account, Membership)
        ]


async def test_loading_twice_adds_nothing_and_reports_the_same(
    database: Database, clock: HandClock, settings: Settings
) -> None:
    first = await sample.load(database, settings, clock.now())
    counts = await _counts(database)
    second = await sample.load(database, settings, clock.now())
    assert await _counts(database) == counts
    assert all(n > 0 for n in counts)
    assert first.accounts == second.accounts
    assert set(second.added.values()) == {0}
    async with database.write() as tx:  # what a person changed stays
        ward = await units.by_code(tx.session, "can-tho", "phuong-ninh-kieu")
        assert ward is not None
        ward.name = "Đã đổi tên"
    await sample.load(database, settings, clock.now())
    async with database.read() as session:
        ward = await units.by_code(session, "can-tho", "phuong-ninh-kieu")
        assert ward is not None
        assert ward.name == "Đã đổi tên"


async def test_every_hotline_has_its_people_and_accounts(
    database: Database, clock: HandClock, settings: Settings
) -> None:
    loaded = await sample.load(database, settings, clock.now())
    report = by_hotline(loaded.as_dict()["accounts"])
    assert json.loads(json.dumps(loaded.as_dict())) == loaded.as_dict()
    assert all(loaded.as_lines())
    assert set(report) == set(ALL)
    for told in report.values():
        assert len(told["operator"]) == 4
        for role in set(Role) - {Role.ONE_STOP}:
            assert told[role], role
    assert report["hoa-binh"][Role.ONE_STOP]
    seats = [a["extension"] for t in report.values() for a in t["operator"] + t["supervisor"]]
    assert sorted(seats) == [str(n) for n in range(1001, 1026)]
    assert report["can-tho"]["operator"][0]["extension"] == "1001"
    assert report["can-tho"]["focal_point"][0]["unit"] == "so-xay-dung"
    async with database.read() as session:
        for told in report.values():
            for role in ("operator", "focal_point", "unit_head", "leadership"):
                one = told[role][0]
                account = await account_by_username(session, one["username"])
                assert account is not None
                assert PasswordHasher().verify(account.password_hash, one["password"])
                viewer = await viewer_of(session, account)
                assert viewer.has(Role(role))
                if role in ("focal_point", "unit_head"):
                    assert viewer.person is not None
                    [unit] = viewer.units_at(viewer.hotlines_for()[0])
                    person = await units.in_role(session, unit, role, clock.now())
                    assert person is not None
                    assert person.id == viewer.person


async def test_a_report_goes_to_a_unit_that_can_be_reached(
    database: Database, clock: HandClock, settings: Settings
) -> None:
    await sample.load(database, settings, clock.now())
    async with database.read() as session:
        for hotline_id in ALL:
            for one in await units.fields(session, hotline_id):
                assert one.unit_id is not None
                await units.handling(session, hotline_id, one.unit_id, clock.now())
                for find in (units.focal_point, units.unit_head):
                    person = await find(session, one.unit_id, clock.now())
                    assert person is not None
                    assert person.mobile is not None
            assert await units.people(session, hotline_id, "leadership", clock.now())
            assert await units.people(session, hotline_id, "city_office", clock.now())
            lights = (await search.find_fields(session, hotline_id, "den duong"))[0]
            assert lights.code == "chieu-sang"
            focal = await units.focal_point(session, str(lights.unit_id), clock.now())
            assert focal is not None
            assert str(focal.phone).endswith("06")  # rings out: the story's first try
        two = await contacts.by_number(session, "can-tho", "+84892900022")
        assert len(two) == 2


def test_the_first_units_show_every_way_a_transfer_can_end() -> None:
    for hotline_id in ALL:
        data = tomllib.loads((sample.FOLDER / f"{hotline_id}.toml").read_text(encoding="utf-8"))
        tails = [u["focal_point"]["phone"][-2:] for u in data["unit"] if "focal_point" in u]
        assert tails[:8] == ["06", "00", "07", "08", "09", "70", "80", "90"]
        assert {t[0] for t in tails[8:]} == {"0"}
        assert {t[1] for t in tails[8:]} <= set("012345")


def test_numbers_belong_to_nobody_and_text_is_composed() -> None:
    seen: set[str] = set()
    for hotline_id in ALL:
        text = (sample.FOLDER / f"{hotline_id}.toml").read_text(encoding="utf-8")
        assert text == nfc(text)
        data = tomllib.loads(text)
        people = [u[r] for u in data["unit"] for r in ("focal_point", "unit_head") if r in u]
        numbers = [p["phone"] for p in people + data["official"]]
        assert len(numbers) == len(set(numbers))
        assert seen.isdisjoint(numbers)
        seen |= set(numbers)
        for number in numbers + [c["phone"] for c in data["contact"]]:
            assert not phonenumbers.is_valid_number(phonenumbers.parse(number, "VN")), number
            assert len(number) == 10

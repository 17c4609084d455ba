"""Accounts as their administrators keep them (CT-13.2): who reaches which, and what stays."""

from typing import Any

import pytest

from tongdai import audit
from tongdai.accounts.admin import (
    AccountOfOthers,
    AccountRefused,
    Keeper,
    LastAdministrator,
    NotYourself,
    Wanted,
)
from tongdai.accounts.held import NoSuchAccount, find, free_extensions, get, new_password
from tongdai.accounts.model import Grant, Role, Viewer
from tongdai.accounts.tables import Account
from tongdai.db import Database, Tx
from tongdai.ids import AccountId, HotlineId

SEATS = range(1001, 1004)
CAN_THO, GIA_LAI = HotlineId("can-tho"), HotlineId("gia-lai")


async def _record(tx: Tx, subject: str, kind: str, by: Viewer, data: dict[str, Any]) -> None:
    await audit.append(
        tx, chain=audit.ADMINISTRATION, subject=subject, kind=kind, actor=by.id, data=data
    )


KEEPER = Keeper(_record, SEATS)


def administrator(*hotlines: HotlineId, account: str = "root") -> Viewer:
    grants = frozenset(Grant(hotline=h, role=Role.ADMINISTRATOR) for h in hotlines)
    return Viewer(id=AccountId(account), name="Quản trị", grants=grants)


def wanted(*grants: tuple[HotlineId, Role], **more: Any) -> Wanted:
    given = {"full_name": "Trần Thị Lan", "language": "vi", "extension": None, "person": None}
    held = frozenset(Grant(hotline=h, role=r) for h, r in grants)
    return Wanted(**(given | more), grants=held)


async def made(database: Database, name: str, by: Viewer, what: Wanted) -> str:
    async with database.write() as tx:
        return (await KEEPER.create(tx, name, "hash", what, by)).id


BOTH = administrator(CAN_THO, GIA_LAI)
HERE = administrator(CAN_THO)


async def test_an_account_is_found_without_diacritics_by_its_own_hotline_alone(
    database: Database,
) -> None:
    lan = await made(database, "lan", HERE, wanted((CAN_THO, Role.OPERATOR), extension="1002"))
    async with database.read() as session:
        found = await find(session, HERE, typed="tran lan")
        by_seat = await find(session, HERE, typed="1002", role=Role.OPERATOR)
        other_role = await find(session, HERE, role=Role.AUDITOR)
        elsewhere = await find(session, administrator(GIA_LAI))
        free = await free_extensions(session, SEATS)
        with pytest.raises(NoSuchAccount):
            await get(session, lan, administrator(GIA_LAI))
    assert [h.account.id for h in found] == [h.account.id for h in by_seat] == [lan]
    assert (other_role, elsewhere, free) == ([], [], ["1001", "1003"])


@pytest.mark.parametrize(
    ("username", "what", "field", "code"),
    [
        ("Lan", wanted((CAN_THO, Role.OPERATOR)), "username", "bad_username"),
        ("minh", wanted((CAN_THO, Role.OPERATOR)), "username", "username_taken"),
        ("lan", wanted((CAN_THO, Role.OPERATOR), full_name=" "), "full_name", "required"),
        ("lan", wanted(), "roles", "role_needed"),
        (
            "lan",
            wanted((CAN_THO, Role.OPERATOR), extension="1001"),
            "extension",
            "extension_taken",
        ),
        ("lan", wanted((CAN_THO, Role.OPERATOR), extension="1009"), "extension", "not_allowed"),
        (
            "lan",
            wanted((CAN_THO, Role.AUDITOR), extension="1002"),
            "extension",
            "seat_without_role",
        ),
    ],
)
async def test_what_cannot_be_taken_is_refused_by_field(
    database: Database, username: str, what: Wanted, field: str, code: str
) -> None:
    await made(database, "minh", HERE, wanted((CAN_THO, Role.OPERATOR), extension="1001"))
    with pytest.raises(AccountRefused) as refused:
        await made(database, username, HERE, what)
    assert refused.value.fields == {field: code}
    async with database.read() as session:
        assert len(await find(session, HERE)) == 1


async def test_nobody_gives_roles_at_a_hotline_that_he_does_not_administer(
    database: Database,
) -> None:
    with pytest.raises(AccountOfOthers):
        await made(database, "lan", HERE, wanted((GIA_LAI, Role.OPERATOR)))


async def test_an_account_of_two_hotlines_keeps_what_is_out_of_reach(database: Database) -> None:
    two = wanted((CAN_THO, Role.OPERATOR), (GIA_LAI, Role.AUDITOR), extension="1001")
    lan = await made(database, "lan", BOTH, two)
    changed = wanted((CAN_THO, Role.SUPERVISOR), full_name="Kẻ khác")
    async with database.write() as tx:
        await KEEPER.change(tx, lan, changed, HERE)
    async with database.read() as session:
        held = await get(session, lan, BOTH)
        lines = await audit.history(session, audit.ADMINISTRATION, lan)
    assert {(g.hotline, g.role) for g in held.grants} == {
        (CAN_THO, Role.SUPERVISOR),
        (GIA_LAI, Role.AUDITOR),
    }
    assert (held.account.full_name, held.account.extension) == ("Trần Thị Lan", "1001")
    assert [line.kind for line in lines] == ["account_created", "account_changed"]
    before, after = lines[1].data["before"]["roles"], lines[1].data["after"]["roles"]
    assert (before[0]["role"], after[0]["role"]) == ("operator", "supervisor")
    with pytest.raises(AccountOfOthers):
        async with database.write() as tx:
            await KEEPER.close(tx, lan, HERE)
    with pytest.raises(AccountOfOthers):
        async with database.write() as tx:
            await KEEPER.set_password(tx, lan, "taken over", HERE)


async def test_a_hotline_keeps_one_administrator(database: Database) -> None:
    only = await made(database, "one", BOTH, wanted((CAN_THO, Role.ADMINISTRATOR)))
    with pytest.raises(LastAdministrator):
        async with database.write() as tx:
            await KEEPER.close(tx, only, BOTH)
    with pytest.raises(LastAdministrator):
        async with database.write() as tx:
            await KEEPER.change(tx, only, wanted((CAN_THO, Role.OPERATOR)), BOTH)
    two = await made(database, "two", BOTH, wanted((CAN_THO, Role.ADMINISTRATOR)))
    with pytest.raises(NotYourself):
        async with database.write() as tx:
            await KEEPER.close(tx, two, administrator(CAN_THO, account=two))
    async with database.write() as tx:
        await KEEPER.close(tx, only, administrator(CAN_THO, account=two))
    async with database.read() as session:
        assert [h.account.id for h in await find(session, HERE, active=True)] == [two]
        assert [h.account.id for h in await find(session, HERE, active=False)] == [only]
        assert await audit.verify(session) == []


async def test_a_closed_account_gives_its_seat_back_and_comes_without_one(
    database: Database,
) -> None:
    seat = {"extension": "1001"}
    lan = await made(database, "lan", HERE, wanted((CAN_THO, Role.OPERATOR), **seat))
    async with database.write() as tx:
        await KEEPER.close(tx, lan, HERE)
    await made(database, "minh", HERE, wanted((CAN_THO, Role.OPERATOR), **seat))
    async with database.write() as tx:
        await KEEPER.reopen(tx, lan, HERE)
    async with database.read() as session:
        held = await get(session, lan, HERE)
    assert (held.account.active, held.account.extension) == (True, None)


async def test_a_change_that_changes_nothing_is_no_line_of_history(database: Database) -> None:
    what = wanted((CAN_THO, Role.OPERATOR))
    lan = await made(database, "lan", HERE, what)
    async with database.write() as tx:
        await KEEPER.change(tx, lan, what, HERE)
    async with database.read() as session:
        lines = await audit.history(session, audit.ADMINISTRATION, lan)
    assert [line.kind for line in lines] == ["account_created"]


def test_passwords_are_long_and_never_the_same() -> None:
    some = {new_password() for _ in range(50)}
    assert len(some) == 50
    assert {len(p.replace("-", "")) for p in some} == {16}


async def test_a_password_that_an_administrator_gives_has_to_be_replaced(
    database: Database,
) -> None:
    lan = await made(database, "lan", HERE, wanted((CAN_THO, Role.OPERATOR)))
    async with database.write() as tx:
        account = await tx.session.get_one(Account, lan)
        assert account.must_change_password
        account.must_change_password = False
    async with database.write() as tx:
        await KEEPER.set_password(tx, lan, "another hash", HERE)
        assert (await tx.session.get_one(Account, lan)).must_change_password

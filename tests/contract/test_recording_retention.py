"""Held by an auditor, deleted by two different people, certified for ever (TN-12.1)."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from telephony.recordings import store
from telephony.recordings.errors import (
    DeletionDecided,
    DeletionUnknown,
    HeldAlready,
    NotHeld,
    NothingDue,
    ReasonNeeded,
    RecordingUnknown,
    RetentionForbidden,
    SamePerson,
)
from telephony.recordings.manifest import chain
from telephony.recordings.proof.verify import verify
from telephony.recordings.retention import deletion, holds, lists
from telephony.recordings.retention.tables import DeletionList
from tests.support.recordings import Rig, tones
from tongdai.accounts.model import Grant, Role, Viewer
from tongdai.clock import HandClock
from tongdai.db import Database
from tongdai.ids import AccountId, HotlineId
from tongdai.settings import RetentionTable

RULE = RetentionTable(hotline="can-tho", kind="call", days=30)


def person(name: str, *roles: Role, hotline: str = "can-tho") -> Viewer:
    grants = frozenset(Grant(hotline=HotlineId(hotline), role=role) for role in roles)
    return Viewer(id=AccountId(name), name=name.title(), grants=grants)


LAN = person("lan", Role.AUDITOR)
MINH = person("minh", Role.ADMINISTRATOR)
BOTH = person("both", Role.AUDITOR, Role.ADMINISTRATOR)


@pytest.fixture
async def rig(database: Database, tmp_path: Path, clock: HandClock) -> Rig:
    """Three recordings, 31 days old, and a young one."""
    rig = Rig(database, tmp_path)
    for i in range(4):
        now = clock.now()
        if i == 3:
            clock.advance(timedelta(days=31))
        await rig.call(f"17644644{i:02}.{i}", answered_at=now if i < 3 else clock.now())
        rig.record(f"call-17644644{i:02}.{i}.raw", tones(0.1 + i / 100))
        await rig.intake().round()
    return rig


async def propose(rig: Rig, who: Viewer = LAN) -> DeletionList:
    async with rig.db.write() as tx:
        return await lists.propose(tx, who, RULE, "hết hạn lưu trữ")


async def decide(rig: Rig, made: DeletionList, who: Viewer, *, approve: bool = True) -> None:
    async with rig.db.write() as tx:
        await lists.decide(tx, who, made.id, approve=approve, reason="đã đối chiếu")


async def states(rig: Rig) -> list[str]:
    return [row.state for row in await rig.rows()]


async def test_what_two_people_agree_on_goes_and_its_certificate_stays(rig: Rig) -> None:
    held, first, *_ = await rig.rows()
    async with rig.db.write() as tx:
        await holds.place(tx, LAN, held.id, "đơn khiếu nại số 12")
    made = await propose(rig)
    assert made.count == 2
    await decide(rig, made, MINH)
    assert await deletion.carry_out(rig.db, rig.kept()) == 2
    assert await deletion.carry_out(rig.db, rig.kept()) == 0
    assert await states(rig) == ["held", "deleted", "deleted", "archived"]
    assert not (rig.archive / first.path).exists()
    assert (rig.archive / held.path).exists()
    async with rig.db.read() as session:
        told = json.loads((await chain.of_recording(session, first.id))[-1].line)
        done = await lists.get(session, MINH, made.id)
        items = await lists.items(session, made.id)
        listed = await store.page(
            session, store.Wanted(hotlines=("can-tho",), state="deleted"), limit=9
        )
    assert (told["event"], told["sha256"], told["reason"]) == (
        "deleted",
        first.sha256,
        "hết hạn lưu trữ",
    )
    assert (told["proposed"]["by"], told["approved"]["by"]) == ("lan", "minh")
    assert done.state == "done"
    assert {item.state for item, _ in items} == {"removed"}
    assert all(item.entry for item, _ in items)
    assert len(listed) == 2
    assert [p async for p in verify(rig.db, rig.kept())] == []


async def test_what_is_held_after_the_proposal_is_kept(rig: Rig) -> None:
    made = await propose(rig)
    await decide(rig, made, MINH)
    last = (await rig.rows())[2]
    async with rig.db.write() as tx:
        await holds.place(tx, LAN, last.id, "công an yêu cầu")
    await deletion.carry_out(rig.db, rig.kept())
    assert await states(rig) == ["deleted", "deleted", "held", "archived"]
    async with rig.db.write() as tx:
        await holds.release(tx, LAN, last.id, "vụ việc đã xong")
    assert [p async for p in verify(rig.db, rig.kept())] == []
    assert (await propose(rig)).count == 1


async def test_an_object_that_outlived_a_stop_goes_the_next_time(rig: Rig) -> None:
    made = await propose(rig)
    await decide(rig, made, MINH)
    async with rig.db.write() as tx:
        await deletion._certify(tx, made.id)
    whys = {p.why async for p in verify(rig.db, rig.kept())}
    assert whys == {"deleted_but_there"}
    assert await deletion.carry_out(rig.db, rig.kept()) == 3
    assert [p async for p in verify(rig.db, rig.kept())] == []


@pytest.mark.parametrize(
    "who", [LAN, BOTH, person("hoa", Role.AUDITOR), person("hoa", Role.SUPERVISOR)]
)
async def test_nobody_else_than_a_second_person_with_the_other_role_decides(
    rig: Rig, who: Viewer
) -> None:
    made = await propose(rig, BOTH if who is BOTH else LAN)
    with pytest.raises((SamePerson, DeletionUnknown)):
        await decide(rig, made, who)
    assert await deletion.carry_out(rig.db, rig.kept()) == 0
    await decide(rig, made, MINH)
    with pytest.raises(DeletionDecided):
        await decide(rig, made, MINH)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_an_administrator_proposes_and_an_auditor_rejects(rig: Rig) -> None:
    made = await propose(rig, MINH)
    with pytest.raises(SamePerson):
        await decide(rig, made, MINH)
    async with rig.db.write() as tx:
        with pytest.raises(ReasonNeeded):
            await lists.decide(tx, LAN, made.id, approve=False, reason=" ")
    await decide(rig, made, LAN, approve=False)
    assert await deletion.carry_out(rig.db, rig.kept()) == 0
    assert (await propose(rig)).count == 3  # what was rejected may be proposed again


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_what_is_in_an_open_list_is_not_proposed_twice(rig: Rig) -> None:
    await propose(rig)
    with pytest.raises(NothingDue):
        await propose(rig, MINH)
    async with rig.db.read() as session:
        assert (await lists.due(session, RULE, rig.db.clock.now())).count == 0


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_only_an_auditor_of_the_hotline_holds_and_says_why(rig: Rig) -> None:
    row = (await rig.rows())[0]
    async with rig.db.write() as tx:
        for who, error in (
            (MINH, RetentionForbidden),
            (person("x", Role.SUPERVISOR), RetentionForbidden),
            (person("x", Role.OPERATOR), RecordingUnknown),
            (person("x", Role.AUDITOR, hotline="gia-lai"), RecordingUnknown),
        ):
            with pytest.raises(error):
                await holds.place(tx, who, row.id, "lý do")
        with pytest.raises(ReasonNeeded):
            await holds.place(tx, LAN, row.id, " \n ")
        with pytest.raises(NotHeld):
            await holds.release(tx, LAN, row.id, "lý do")
        await holds.place(tx, LAN, row.id, "lý do")
        with pytest.raises(HeldAlready):
            await holds.place(tx, LAN, row.id, "lý do")
        with pytest.raises(RetentionForbidden):
            await lists.propose(tx, person("x", Role.SUPERVISOR), RULE, "lý do")


def test_tay_ninh_keeps_at_least_a_year() -> None:
    with pytest.raises(ValidationError, match=r"366 days \(TN-12\.1\)"):
        RetentionTable(hotline="tay-ninh", kind="call", days=365)
    assert RetentionTable(hotline="tay-ninh", kind="call", days=366).days == 366

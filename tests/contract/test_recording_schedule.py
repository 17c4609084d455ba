"""The service lists what is due every day; nothing goes before two people agree (TN-12.1)."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from telephony.recordings.errors import (
    DeletionDecided,
    DeletionNotProposed,
    DeletionUnknown,
    ReasonNeeded,
    SamePerson,
)
from telephony.recordings.keeper import Keeper
from telephony.recordings.manifest.keys import Keys
from telephony.recordings.retention import holds, lists, schedule
from telephony.recordings.retention.schedule import Schedule, make_schedule
from telephony.recordings.retention.tables import DeletionList
from tests.support.pages import settings_for
from tests.support.recordings import Rig, tones
from tongdai import audit
from tongdai.accounts.model import Grant, Role, Viewer
from tongdai.clock import HandClock
from tongdai.db import Database
from tongdai.ids import AccountId, HotlineId
from tongdai.settings import RetentionTable

RULES = (
    RetentionTable(hotline="can-tho", kind="call", days=30),
    RetentionTable(hotline="can-tho", kind="message", days=30),
    RetentionTable(hotline="gia-lai", kind="call", days=30),
)
SCHEDULE = Schedule(RULES, timedelta(days=30))


def person(name: str, *roles: Role, hotline: str = "can-tho") -> Viewer:
    grants = frozenset(Grant(hotline=HotlineId(hotline), role=role) for role in roles)
    return Viewer(id=AccountId(name), name=name.title(), grants=grants)


LAN = person("lan", Role.AUDITOR)
MINH = person("minh", Role.ADMINISTRATOR)


@pytest.fixture
async def rig(database: Database, tmp_path: Path, clock: HandClock) -> Rig:
    """Two calls and a message, 31 days old; the first call is held."""
    rig = Rig(database, tmp_path)
    for i, kind in enumerate(("call", "call", "message")):
        linkedid = f"17644644{i:02}.{i}"
        await rig.call(linkedid, answered_at=clock.now())
        rig.record(f"{kind}-{linkedid}.raw", tones(0.1 + i / 100))
    await rig.intake().round()
    held = (await rig.rows())[0]
    async with rig.db.write() as tx:
        await holds.place(tx, LAN, held.id, "đơn khiếu nại số 12")
    clock.advance(timedelta(days=31))
    return rig


def keeper(rig: Rig) -> Keeper:
    keys = Keys(rig.folder / "keys")
    return Keeper(rig.db, rig.db.clock, rig.kept(), keys, makes_key=True, schedule=SCHEDULE)


async def made(rig: Rig) -> list[DeletionList]:
    """Return every list of Cần Thơ, newest first."""
    async with rig.db.read() as session:
        return await lists.page(session, ("can-tho", "gia-lai"))


async def take_up(rig: Rig, who: Viewer, found: DeletionList, reason: str = "hết hạn") -> None:
    async with rig.db.write() as tx:
        await schedule.take_up(tx, who, found.id, reason)


async def decide(rig: Rig, who: Viewer, found: DeletionList, *, approve: bool = True) -> None:
    async with rig.db.write() as tx:
        await lists.decide(tx, who, found.id, approve=approve, reason="đã đối chiếu")


async def states(rig: Rig) -> dict[str, str]:
    return {f"{row.kind} {row.linkedid[-1]}": row.state for row in await rig.rows()}


async def test_what_is_due_is_listed_by_itself_and_goes_when_two_people_agree(
    rig: Rig, clock: HandClock
) -> None:
    kept = keeper(rig)
    for _ in range(2):
        await kept.round()
        await keeper(rig).round()  # after a restart
        clock.advance(timedelta(days=1))
    (first,) = await made(rig)
    assert (first.state, first.kind, first.count) == ("scheduled", "call", 1)
    with pytest.raises(DeletionNotProposed):
        await decide(rig, MINH, first)
    await kept.round()
    assert set((await states(rig)).values()) == {"held", "archived"}

    await take_up(rig, LAN, first)
    with pytest.raises(DeletionDecided):
        await take_up(rig, MINH, first)
    with pytest.raises(SamePerson):
        await decide(rig, LAN, first)
    await decide(rig, MINH, first)
    clock.advance(timedelta(minutes=1))
    await kept.round()
    assert await states(rig) == {"call 0": "held", "call 1": "deleted", "message 2": "archived"}
    second, done = await made(rig)  # the next kind at once: no list is open any more
    assert (done.state, done.proposed_by, done.decided_by) == ("done", "lan", "minh")
    assert (second.state, second.kind) == ("scheduled", "message")
    async with rig.db.read() as session:
        kinds = [line.kind for line in await audit.history(session, audit.RECORDINGS, done.id)]
    assert kinds == ["deletion_scheduled", "deletion_proposed", "deletion_approved"]


async def test_two_nodes_make_one_list(rig: Rig) -> None:
    await asyncio.gather(*(SCHEDULE.propose(rig.db) for _ in range(3)))
    assert len(await made(rig)) == 1


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_a_rejected_list_comes_back_after_its_rest_and_not_before(
    rig: Rig, clock: HandClock
) -> None:
    assert await SCHEDULE.propose(rig.db) == 1
    (first,) = await made(rig)
    with pytest.raises(ReasonNeeded):
        await take_up(rig, LAN, first, " ")
    for stranger in (person("x", Role.SUPERVISOR), person("x", Role.AUDITOR, hotline="gia-lai")):
        with pytest.raises(DeletionUnknown):
            await take_up(rig, stranger, first)
    await decide(rig, MINH, first, approve=False)
    clock.advance(timedelta(days=29))
    assert await SCHEDULE.propose(rig.db) == 0
    clock.advance(timedelta(days=2))
    assert await SCHEDULE.propose(rig.db) == 1
    assert [one.state for one in await made(rig)] == ["scheduled", "rejected"]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_a_list_waits_for_those_who_may_act_and_the_settings_may_want_none(
    rig: Rig, tmp_path: Path
) -> None:
    async def waits() -> list[int]:
        async with rig.db.read() as session:
            who = (LAN, MINH, person("x", Role.AUDITOR, hotline="gia-lai"))
            return [await schedule.waiting(session, one) for one in who]

    assert await waits() == [0, 0, 0]
    await SCHEDULE.propose(rig.db)
    assert await waits() == [1, 1, 0]
    await take_up(rig, LAN, (await made(rig))[0])
    assert await waits() == [0, 1, 0]
    assert make_schedule(settings_for(tmp_path, recordings={"lists_due": False})) is None
    wanted = settings_for(tmp_path, recordings={"rejected_rest_days": 7})
    assert make_schedule(wanted) == Schedule((), timedelta(days=7))

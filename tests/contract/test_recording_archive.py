"""The archive is proven, listed, and heard by the right people only (CT-3.4, CT-11.1b)."""

import hashlib
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from telephony.recordings import access, reconcile, store
from telephony.recordings.errors import HearingForbidden, RecordingDeleted, RecordingUnknown
from telephony.recordings.hearing import plays
from telephony.recordings.hearing.plays import PlaysWanted
from telephony.recordings.proof.problem import Problem
from telephony.recordings.proof.verify import verify
from telephony.recordings.tables import Recording
from tests.support.recordings import Rig, tones
from tongdai import audit
from tongdai.accounts.model import Grant, Role, Viewer
from tongdai.db import Database
from tongdai.ids import AccountId, HotlineId

HOTLINES = ("can-tho", "gia-lai")
"""All of the installation."""


@pytest.fixture
def rig(database: Database, tmp_path: Path) -> Rig:
    return Rig(database, tmp_path)


def viewer(role: Role, hotline: str = "can-tho") -> Viewer:
    grant = Grant(hotline=HotlineId(hotline), role=role)
    return Viewer(id=AccountId(f"id-{role}"), name=f"Người {role}", grants=frozenset({grant}))


async def problems(rig: Rig) -> list[Problem]:
    return [p async for p in verify(rig.db, rig.kept())]


async def archive(rig: Rig, count: int = 1, **values: object) -> list[store.Listed]:
    """Record `count` calls a minute apart, oldest first, and archive them."""
    values.setdefault("caller_number", "+84912345678")
    for i in range(count):
        answered = rig.db.clock.now() + timedelta(minutes=i)
        await rig.call(f"17644644{i:02}.{i}", answered_at=answered, started_at=answered, **values)
        rig.record(f"call-17644644{i:02}.{i}.raw", tones(0.1 + i / 100))
    await rig.intake().round()
    async with rig.db.read() as session:
        found = await store.page(session, store.Wanted(hotlines=("can-tho", "gia-lai")), limit=100)
    return found[::-1]


async def change(rig: Rig, recording_id: str, **values: object) -> None:
    async with rig.db.write() as tx:
        row = await tx.session.get(Recording, recording_id)
        assert row is not None
        for name, value in values.items():
            setattr(row, name, value)


async def test_an_untouched_archive_proves(rig: Rig) -> None:
    await archive(rig, 3)
    assert await problems(rig) == []


async def test_a_changed_a_missing_and_a_stray_file_are_named(rig: Rig) -> None:
    first, second, third = (one.recording for one in await archive(rig, 3))
    (rig.archive / first.path).chmod(0o600)
    (rig.archive / first.path).write_bytes(b"other")
    (rig.archive / second.path).unlink()
    stray = rig.archive / Path(third.path).parent / "stray.flac"
    stray.write_bytes(b"whose?")
    assert {(p.recording, p.why) for p in await problems(rig)} == {
        (first.id, "changed"),
        (second.id, "missing"),
        ("stray", "no_row"),
    }


async def test_a_file_and_its_row_changed_together_are_found_by_the_chain(rig: Rig) -> None:
    (one,) = await archive(rig)
    path = rig.archive / one.recording.path
    path.chmod(0o600)
    path.write_bytes(b"other")
    other = hashlib.sha256(b"other").hexdigest()
    await change(rig, one.recording.id, sha256=other, stored_sha256=other)
    assert {p.why for p in await problems(rig)} == {"row_changed", "changed"}


async def test_pages_follow_one_another_without_gap_or_double(rig: Rig) -> None:
    everything = [one.recording.id for one in await archive(rig, 7)][::-1]
    seen: list[str] = []
    before = None
    async with rig.db.read() as session:
        while found := await store.page(
            session, store.Wanted(hotlines=("can-tho",)), limit=3, before=before
        ):
            seen += [one.recording.id for one in found]
            before = (found[-1].recording.started_at, found[-1].recording.id)
    assert seen == everything


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        ({}, 3),
        ({"hotline": "can-tho"}, 3),
        ({"hotline": "gia-lai"}, 0),
        ({"number": "+84912345678"}, 3),
        ({"number": "+84900000000"}, 0),
        ({"kind": "call"}, 3),
        ({"kind": "message"}, 0),
        ({"tickets": ("t1",)}, 3),
        ({"tickets": ()}, 0),
        ({"operator": "op1"}, 3),
        ({"operator": "op2"}, 0),
        ({"shortest": 0.105}, 2),
        ({"longest": 0.105}, 1),
    ],
)
async def test_a_list_is_narrowed(rig: Rig, wanted: dict[str, object], count: int) -> None:
    await archive(rig, 3, ticket="t1", operator="op1")
    async with rig.db.read() as session:
        found = await store.page(session, store.Wanted(hotlines=("can-tho",), **wanted), limit=10)
    assert len(found) == count
    assert {one.ticket for one in found} <= {"t1"}


async def test_a_period_takes_its_first_moment_and_not_its_last(rig: Rig) -> None:
    first, second, third = (one.recording for one in await archive(rig, 3))
    async with rig.db.read() as session:
        found = await store.page(
            session,
            store.Wanted(hotlines=("can-tho",), since=first.started_at, until=third.started_at),
            limit=10,
        )
    assert [one.recording.id for one in found] == [second.id, first.id]


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.SUPERVISOR])
async def test_auditor_and_supervisor_of_the_hotline_hear(rig: Rig, role: Role) -> None:
    (one,) = await archive(rig)
    async with rig.db.read() as session:
        listed = await access.get(session, viewer(role), one.recording.id)
    access.must_hear(viewer(role), listed, HOTLINES)


@pytest.mark.parametrize(
    "role", [r for r in Role if r not in (Role.AUDITOR, Role.SUPERVISOR, Role.ADMINISTRATOR)]
)
async def test_nobody_else_knows_that_it_exists(rig: Rig, role: Role) -> None:
    (one,) = await archive(rig)
    async with rig.db.read() as session:
        with pytest.raises(RecordingUnknown):
            await access.get(session, viewer(role), one.recording.id)
    with pytest.raises(HearingForbidden):
        access.must_hear(viewer(role), one, HOTLINES)


async def test_the_administrator_lists_and_does_not_hear(rig: Rig) -> None:
    (one,) = await archive(rig)
    async with rig.db.read() as session:
        listed = await access.get(session, viewer(Role.ADMINISTRATOR), one.recording.id)
    with pytest.raises(HearingForbidden):
        access.must_hear(viewer(Role.ADMINISTRATOR), listed, HOTLINES)


async def test_another_hotlines_auditor_does_not_know_it(rig: Rig) -> None:
    (one,) = await archive(rig)
    async with rig.db.read() as session:
        with pytest.raises(RecordingUnknown):
            await access.get(session, viewer(Role.AUDITOR, "gia-lai"), one.recording.id)


async def test_what_may_be_any_hotlines_is_heard_by_who_hears_all(rig: Rig) -> None:
    rig.record("call-1764464499.1.raw", tones(1))
    await rig.intake().round()
    (row,) = await rig.rows()
    async with rig.db.read() as session:
        listed = await access.get(session, viewer(Role.AUDITOR), row.id)
    with pytest.raises(HearingForbidden):
        access.must_hear(viewer(Role.AUDITOR), listed, HOTLINES)
    both = viewer(Role.AUDITOR).grants | viewer(Role.SUPERVISOR, "gia-lai").grants
    access.must_hear(replace(viewer(Role.AUDITOR), grants=both), listed, HOTLINES)
    access.must_hear(viewer(Role.AUDITOR), listed, ["can-tho"])


async def test_what_was_deleted_cannot_be_heard(rig: Rig) -> None:
    (one,) = await archive(rig)
    one.recording.state = "deleted"
    with pytest.raises(RecordingDeleted):
        access.must_hear(viewer(Role.AUDITOR), one, HOTLINES)


async def test_each_play_is_a_line_of_the_chain(rig: Rig) -> None:
    first, second = await archive(rig, 2)
    for one, who in ((first, Role.AUDITOR), (second, Role.AUDITOR), (first, Role.SUPERVISOR)):
        async with rig.db.write() as tx:
            await plays.begin(tx, one, viewer(who), how="page", reason="xác minh")
    async with rig.db.read() as session:
        everyone = await plays.page(session, PlaysWanted(), limit=10)
        of_first = await plays.page(session, PlaysWanted(recording=first.recording.id))
        auditors = await plays.page(session, PlaysWanted(account="id-auditor"))
        newest = everyone[0]
        rest = await plays.page(session, PlaysWanted(), before=(newest.at, newest.id))
        lines = await audit.history(session, audit.RECORDINGS, first.recording.id)
    names = ["Người auditor", "Người auditor", "Người supervisor"]
    assert sorted(p.name for p in everyone) == names
    assert [e.data["reason"] for e in lines if e.kind == plays.PLAYED] == ["xác minh"] * 2
    assert len(of_first) == len(auditors) == len(rest) == 2
    assert {p.hotline for p in everyone} == {"can-tho"}


async def test_calls_and_recordings_without_counterpart_are_listed(rig: Rig) -> None:
    await archive(rig)
    now = rig.db.clock.now()
    answered = {"answered_at": now, "ended_at": now + timedelta(minutes=1)}
    await rig.call("1764464500.1", **answered)
    await rig.call("1764464500.2", ended_at=now)
    rig.record("call-1764464600.1.raw")
    await rig.intake().round()
    async with rig.db.read() as session:
        found = await reconcile.unmatched(
            session,
            hotlines=("can-tho",),
            since=now - timedelta(hours=1),
            now=now + timedelta(minutes=5),
        )
    assert [c.linkedid for c in found.calls] == ["1764464500.1"]
    assert [r.linkedid for r in found.recordings] == ["1764464600.1"]

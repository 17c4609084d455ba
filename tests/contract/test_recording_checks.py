"""Recordings checked when they are taken in, and each day reconciled both ways (issue 5)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlmodel import select

from telephony.calls.tables import CallLegRow, CallRow
from telephony.capture import marks
from telephony.capture.checker import Checker
from telephony.capture.daily import Daily, Watch
from telephony.capture.model import Mark, MarkKind
from telephony.capture.tables import ReconciliationDay, RecordingFinding, RecordingSound
from telephony.recordings.alarms import Low
from telephony.recordings.intake import Intake
from telephony.recordings.spool import Spool
from tests.support.pages import Pages, settings_for
from tests.support.recordings import Rig, tones
from tests.support.small_settings import small_settings
from tests.support.wait import until
from tongdai import audit
from tongdai.accounts.model import Role
from tongdai.clock import HandClock
from tongdai.db import Database
from tongdai.health import State
from tongdai.ids import CallId

TODAY = date(2026, 11, 30)


class Night:
    """A rig, with its checker and its daily job."""

    def __init__(self, database: Database, folder: Path, clock: HandClock) -> None:
        self.rig, self.db, self.clock = Rig(database, folder), database, clock
        settings = small_settings()
        self.checker = Checker(settings, database, clock)
        self.daily = Daily(settings, database, clock, [Spool("main", self.rig.spool)])

    async def call(self, linkedid: str, talked: float, recorded: float | None) -> CallRow:
        """Let a call be answered, talked in for so long and recorded for so long."""
        now = self.clock.now()
        row = await self.rig.call(
            linkedid, answered_at=now, ended_at=now + timedelta(seconds=talked)
        )
        if recorded is not None:
            self.rig.record(f"call-{linkedid}.raw", tones(recorded))
            await self.rig.intake().round()
        return row

    async def checked(self) -> list[tuple[str, str, str]]:
        """Let a moment pass and check; return call, finding, reason."""
        self.clock.advance(timedelta(minutes=5))
        await self.checker.round()
        async with self.db.read() as session:
            rows = (await session.execute(select(RecordingFinding))).scalars()
            return sorted((row.call, row.kind, row.why) for row in rows)

    async def lost(self, call: CallRow) -> None:
        """Let the call's last leg be one that nobody heard the end of."""
        async with self.db.write() as tx:
            tx.session.add(
                CallLegRow(
                    call=call.id,
                    n=1,
                    kind="talk",
                    channel="PJSIP/carrier-1",
                    uniqueid=call.linkedid,
                    main=True,
                    number="",
                    started_at=call.started_at,
                    ended_at=call.started_at,
                    how="lost",
                )
            )

    async def reasons(self, day: date = TODAY) -> list[tuple[str, str]]:
        found = await self.daily.of_day(day)
        return sorted((item.kind.value, item.why.value) for item in found.items)


@pytest.fixture
def night(database: Database, tmp_path: Path, clock: HandClock) -> Night:
    return Night(database, tmp_path, clock)


async def test_a_recording_that_stood_still_has_a_hole_there(night: Night) -> None:
    linkedid, rig, at = "1764464409.1", night.rig, [100.0]
    now = night.clock.now()
    await rig.call(linkedid, answered_at=now, ended_at=now + timedelta(seconds=14))
    rig.now, rig.calls.live = lambda: at[0], frozenset({linkedid})
    intake, path = rig.intake(), rig.record(f"call-{linkedid}.raw", tones(2))
    await intake.round()
    at[0] += 12
    with path.open("ab") as file:
        file.write(tones(3))
    await intake.round()
    rig.calls.live = frozenset()
    await intake.round()
    call = CallId(next(iter(await rig.rows())).call)
    assert await night.checked() == [(call, "hole", "")]
    async with night.db.read() as session:
        [found] = (await session.execute(select(RecordingFinding))).scalars()
    assert (found.at_second, found.seconds) == (2.0, 9.0)
    day = await night.daily.of_day(TODAY)
    assert [(i.kind, i.why) for i in day.items] == [("incomplete_recording", "unknown")]


async def test_missing_minutes_are_an_alarm_and_a_whole_recording_is_none(night: Night) -> None:
    await night.call("1.1", 3, 3)
    short = await night.call("1.2", 60, 2)
    assert await night.checked() == [(short.id, "short", "")]
    assert night.checker.open == 1
    watch = Watch(night.clock, night.rig.intake(), night.checker, night.daily)
    part = (await watch.health())["spool"]
    assert part.state is not State.OK
    assert "1 recordings are doubtful" in part.detail
    assert len(await night.checked()) == 1
    night.clock.advance(timedelta(hours=24))
    await night.checker.round()
    assert night.checker.open == 0


def sides(left: float, right: float) -> bytes:
    """Return 70 s in which each side is heard from the beginning for so many seconds."""
    sound = np.frombuffer(tones(70), "<i2").reshape(-1, 2).copy()
    sound[int(left * 8000) :, 0] = 0
    sound[int(right * 8000) :, 1] = 0
    return sound.tobytes()


DOUBTS = {
    "1.1": (sides(0, 70), 70, "Không nghe thấy người gọi"),
    "1.2": (sides(70, 0), 70, "Không nghe thấy phía tổng đài"),
    "1.3": (sides(5, 3), 70, "Cả hai phía im lặng"),
    "1.4": (tones(60), 240, "Ngắn hơn cuộc gọi"),
    "1.5": (tones(30), 10, "Dài hơn cuộc gọi"),
    "1.6": (sides(70, 69), 70, ""),
}
"""Linkedid -> what was recorded, how long the call was, and what the auditor must be told."""


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_each_doubt_is_an_alarm_within_the_hour_and_on_the_auditors_page(
    night: Night, tmp_path: Path
) -> None:
    now = night.clock.now()
    for linkedid, (sound, talked, _words) in DOUBTS.items():
        ended = now + timedelta(seconds=talked)
        await night.rig.call(linkedid, answered_at=now, ended_at=ended)
        night.rig.record(f"call-{linkedid}.raw", sound)
    intake = night.rig.intake()
    await intake.round()
    assert len(await night.checked()) == 5
    assert night.clock.now() < now + timedelta(hours=1)
    part = (await Watch(night.clock, intake, night.checker, night.daily).health())["spool"]
    assert (part.state, "5 recordings are doubtful" in part.detail) == (State.DEGRADED, True)
    settings = settings_for(tmp_path, recordings={"archive": night.rig.archive})
    async with Pages.open(
        tmp_path, night.clock, db=night.db, settings=settings, packages=("portal", "audit")
    ) as pages:
        await pages.account("mai", Role.AUDITOR)
        mai = await pages.sign_in("mai")
        text = await (await mai.get("/audit/reconciliation")).text()
        for row in await night.rig.rows():
            words = DOUBTS[row.linkedid][2]
            told = await (await mai.get(f"/audit/recordings/{row.id}")).text()
            assert (words or "Không thấy gì đáng ngờ") in told, row.linkedid
            assert words in text


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_checks_and_days_that_fail_are_an_alarm_themselves(night: Night) -> None:
    """As after a disk that gave back other bytes: what cannot be read is said, not passed over."""
    broken = await night.call("1.1", 30, 30)
    short = await night.call("1.2", 60, 2)
    (row,) = [row for row in await night.rig.rows() if row.call == broken.id]
    finding = {"recording": row.id, "call": row.call, "kind": "long", "seconds": 9.0}
    async with night.db.write() as tx:
        (await tx.session.get_one(RecordingSound, row.id)).holes = [[1.0]]
        tx.session.add(RecordingFinding(**finding, why="?", created_at=tx.now))
    night.clock.advance(timedelta(days=1))
    running = [asyncio.create_task(one.run()) for one in (night.checker, night.daily)]
    await until(lambda: night.checker.trouble and night.daily.trouble)
    part = await Watch(night.clock, night.rig.intake(), night.checker, night.daily).health()
    assert "1 recordings cannot be checked" in part["spool"].detail
    assert "days cannot be reconciled" in part["spool"].detail
    async with night.db.read() as session:
        found = {
            (f.call, f.kind) for f in (await session.execute(select(RecordingFinding))).scalars()
        }
    assert (short.id, "short") in found, "the one beside it is checked all the same"
    for task in running:
        task.cancel()
    await asyncio.wait(running)


async def test_a_pause_is_no_fault_and_a_stop_ends_what_must_be_there(night: Night) -> None:
    call = await night.call("1.1", 60, 2)
    async with night.db.write() as tx:
        at = night.clock.now() + timedelta(seconds=2)
        await marks.write(tx, Mark(call=CallId(call.id), at=at, kind=MarkKind.STOP))
    assert await night.checked() == []


async def test_what_ended_with_its_pbx_is_named_and_no_alarm(night: Night) -> None:
    call = await night.call("1.1", 60, 2)
    await night.lost(call)
    assert await night.checked() == [(call.id, "short", "lost")]
    assert night.checker.open == 0
    assert await night.reasons() == [("incomplete_recording", "lost")]
    assert (await night.daily.of_day(TODAY)).clean


async def test_a_recording_waits_for_its_call_to_be_known(night: Night) -> None:
    night.rig.record("call-1.1.raw", tones(2))
    await night.rig.intake().round()
    assert await night.checked() == []
    call = await night.call("1.1", 60, None)
    assert await night.checked() == [(call.id, "short", "")]


async def test_each_day_names_what_has_no_counterpart_and_why(night: Night) -> None:
    await night.call("1.1", 3, 3)
    await night.call("1.2", 30, None)
    await night.call("1.3", 1, None)
    await night.lost(await night.call("1.4", 30, None))
    stopped = await night.call("1.5", 30, None)
    async with night.db.write() as tx:
        at = night.clock.now() + timedelta(seconds=1)
        await marks.write(tx, Mark(call=CallId(stopped.id), at=at, kind=MarkKind.STOP))
    await night.call("1.6", 30, None)
    night.rig.record("call-9.9.raw", tones(2))
    await night.rig.intake().round()
    night.rig.record("call-1.6.raw", tones(2))
    (night.rig.spool / "note.txt").write_text("x")
    night.clock.advance(timedelta(minutes=5))
    assert await night.reasons() == [
        ("call_without_recording", "brief"),
        ("call_without_recording", "in_spool"),
        ("call_without_recording", "lost"),
        ("call_without_recording", "stopped"),
        ("call_without_recording", "unknown"),
        ("file_not_taken", "strange"),
        ("recording_without_call", "unknown"),
    ]
    result = await night.daily.of_day(TODAY)
    assert (result.answered, result.recordings, result.clean) == (6, 2, False)


async def test_the_day_before_is_reconciled_once_after_its_hour(night: Night) -> None:
    await night.call("1.1", 30, None)
    done = await night.daily.round()
    assert [one.day for one in done] == [TODAY - timedelta(days=n) for n in range(7, 0, -1)]
    assert night.daily.unclean is None
    night.clock.advance(timedelta(hours=16, minutes=59))
    assert await night.daily.round() == []
    night.clock.advance(timedelta(minutes=1, seconds=1))
    assert [one.day for one in await night.daily.round()] == [TODAY]
    assert night.daily.unclean == TODAY
    assert await night.daily.round() == []
    async with night.db.read() as session:
        row = await session.get(ReconciliationDay, TODAY)
    assert row is not None
    assert not row.clean


async def test_a_missing_spool_is_said_once_and_is_an_alarm(night: Night) -> None:
    night.clock.advance(timedelta(days=1))
    night.rig.spool.rmdir()
    running = asyncio.create_task(night.daily.run())
    await until(lambda: night.daily.trouble != "")
    assert night.daily.trouble.startswith("days cannot be reconciled: ")
    watch = Watch(night.clock, night.rig.intake(), night.checker, night.daily)
    part = (await watch.health())["spool"]
    assert part.state is not State.OK
    assert night.daily.trouble in part.detail
    assert str(night.rig.spool) in part.detail
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


async def test_how_much_room_a_spool_must_have_is_a_setting(night: Night) -> None:
    spools, rig = [Spool("main", night.rig.spool)], night.rig
    for low, state in ((Low(bytes=0), State.OK), (Low(bytes=2**60, share=1), State.DEGRADED)):
        intake = Intake(
            night.db, night.clock, spools, rig.kept(), rig.calls, floor_bytes=0, low=low
        )
        await intake.round()
        assert (await intake.health())["spool"].state is state
        intake.close()


@pytest.fixture
async def pages(tmp_path: Path, clock: HandClock) -> AsyncIterator[Pages]:
    async with Pages.open(tmp_path, clock, settings=settings_for(tmp_path)) as made:
        yield made


async def test_the_auditor_sees_both_and_says_what_was_found(pages: Pages, tmp_path: Path) -> None:
    clock = pages.db.clock
    assert isinstance(clock, HandClock)
    night = Night(pages.db, tmp_path / "rig", clock)
    await pages.account("mai", Role.AUDITOR)
    await pages.account("lan", Role.OPERATOR, extension="1001")
    await night.call("1.1", 60, 2)
    await night.call("1.2", 30, None)
    await night.checked()
    await night.daily.of_day(TODAY)
    mai = await pages.sign_in("mai")
    text = await (await mai.get("/audit/reconciliation")).text()
    for words in ("30/11/2026", "Cuộc gọi không có ghi âm", "Ngắn hơn cuộc gọi", "Cần xem"):
        assert words in text
    async with pages.db.read() as session:
        [finding] = (await session.execute(select(RecordingFinding))).scalars()
    own = f"/audit/recordings/{finding.recording}"
    assert "Ngắn hơn cuộc gọi" in await (await mai.get(own)).text()
    path = f"/audit/findings/{finding.id}/seen"
    assert (await mai.post(path, {"note": "Thẻ nhớ đầy"})).status == 303
    for page in ("/audit/reconciliation", own):
        assert "Thẻ nhớ đầy" in await (await mai.get(page)).text()
    answer = await mai.post(path, {"note": "Đã thay thẻ nhớ", "back": "recording"})
    assert answer.headers["Location"] == f"{own}#of-checks"
    await night.checker.round()
    assert night.checker.open == 0
    async with pages.db.read() as session:
        history = await audit.history(session, audit.RECORDINGS, finding.recording)
    assert history[-1].kind == "doubt_seen"
    lan = await pages.sign_in("lan")
    assert (await lan.get("/audit/reconciliation")).status == 403
    assert (await lan.post(path, {"note": "Không sao"})).status == 403

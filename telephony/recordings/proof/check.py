"""A walk through the archive that is written down: what it found, and how far it came."""

import asyncio
from datetime import datetime, timedelta

from sqlmodel import col, select

from telephony.recordings.archive import Archive
from telephony.recordings.manifest.keys import Keys
from telephony.recordings.proof.problem import Problem
from telephony.recordings.proof.tables import ArchiveCheck, ArchiveFinding
from telephony.recordings.proof.verify import Step, verify
from tongdai.db import Database

GOES_ON = timedelta(hours=24)
"""A walk that was interrupted longer ago is begun anew."""
KEEP = 10_000
"""Findings of one walk that are written down; the rest is counted."""


async def latest(db: Database, *, ended: bool = False) -> ArchiveCheck | None:
    """Return the newest walk."""
    query = select(ArchiveCheck).order_by(col(ArchiveCheck.started_at).desc()).limit(1)
    if ended:
        query = query.where(col(ArchiveCheck.ended_at).is_not(None))
    async with db.read() as session:
        return (await session.execute(query)).scalar_one_or_none()


async def findings(
    db: Database, check: str, limit: int = 100, after: int = 0
) -> list[ArchiveFinding]:
    """Return what a walk found behind its `after`-th finding, in the order in which it did."""
    query = (
        select(ArchiveFinding)
        .where(col(ArchiveFinding.archive_check) == check, col(ArchiveFinding.n) > after)
        .order_by(col(ArchiveFinding.n))
        .limit(limit)
    )
    async with db.read() as session:
        return list((await session.execute(query)).scalars())


def is_due(last: ArchiveCheck | None, now: datetime, every: timedelta) -> bool:
    """Say whether a walk is to begin, or one that was interrupted to go on."""
    return last is None or last.ended_at is None or now - last.started_at >= every


async def run(db: Database, archive: Archive, keys: Keys | None) -> ArchiveCheck:
    """Walk through the archive, or go on with an interrupted walk; write down what is wrong.

    Raises:
        DatabaseAway, OSError: Database or store do not answer; the next time goes on.
    """
    check = await _begun(db)
    steps: list[Step] = []
    problems: list[Problem] = []
    async for problem in verify(db, archive, keys, after=check.last, on_step=steps.append):
        problems.append(problem)
        if steps:
            check = await _note(db, check.id, steps, problems)
            await asyncio.sleep(0)
    return await _note(db, check.id, steps, problems, ended=True)


async def _begun(db: Database) -> ArchiveCheck:
    last = await latest(db)
    now = db.clock.now()
    if last is not None and last.ended_at is None and now - last.started_at < GOES_ON:
        return last
    async with db.write() as tx:
        check = ArchiveCheck(started_at=tx.now)
        tx.session.add(check)
    return check


async def _note(
    db: Database, check_id: str, steps: list[Step], problems: list[Problem], *, ended: bool = False
) -> ArchiveCheck:
    async with db.write() as tx:
        check = await tx.session.get_one(ArchiveCheck, check_id)
        for problem in problems[: max(0, KEEP - check.found)]:
            check.found += 1
            tx.session.add(
                ArchiveFinding(
                    archive_check=check_id,
                    n=check.found,
                    recording=problem.recording,
                    path=problem.path,
                    why=problem.why,
                    detail=problem.detail,
                )
            )
        for step in steps:
            check.last = step.last
            check.recordings += step.recordings
            check.bytes += step.bytes
        if ended:
            check.ended_at = tx.now
    steps.clear()
    problems.clear()
    return check

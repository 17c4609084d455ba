"""Walks the manifest: every entry and every head, in order, and the files beside the archive."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import datetime, timedelta

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from telephony.recordings.manifest import heads, merkle
from telephony.recordings.manifest.files import ManifestFiles
from telephony.recordings.manifest.keys import proves
from telephony.recordings.manifest.lines import START, digest, moment
from telephony.recordings.manifest.tables import ManifestEntry, ManifestHead, ManifestTip
from telephony.recordings.proof.problem import Problem, Why
from tongdai.db import Database

BATCH = 1000
LAG = timedelta(minutes=10)
"""The files may be so far behind the tables."""


async def entries(db: Database) -> AsyncIterator[Problem]:
    """Yield what is wrong with the entries, one by one, and with the end of the chain."""
    seq, previous = 0, START
    while batch := await _entries_after(db, seq):
        for entry in batch:
            for missing in range(seq + 1, entry.seq):
                yield _entry(missing, "", Why.ENTRY_MISSING)
            why = _entry_fault(entry)
            if why:
                yield _entry(entry.seq, entry.recording, Why.ENTRY_CHANGED, why)
            elif f'"previous":"{previous}"' not in entry.line and entry.seq == seq + 1:
                yield _entry(entry.seq, entry.recording, Why.ENTRY_MISPLACED)
            seq, previous = entry.seq, digest(entry.line)
    async with db.read() as session:
        tip = await session.get(ManifestTip, 1)
    held = (tip.seq, tip.hash) if tip else (0, START)
    for missing in range(seq + 1, held[0] + 1):
        yield _entry(missing, "", Why.ENTRY_MISSING)
    if held[0] < seq or (held[0] == seq and held[1] != previous):
        yield Problem(recording="", path="manifest tip", why=Why.TIP_CHANGED)


async def signed(db: Database, keys: Mapping[str, str], now: datetime) -> AsyncIterator[Problem]:
    """Yield what is wrong with the heads, and what no head is signed over though one is due."""
    no, last, previous, newest = 0, 0, START, None
    async with db.read() as session:
        rows = await session.execute(select(ManifestHead).order_by(col(ManifestHead.no)))
        found = list(rows.scalars())
    for head in found:
        for missing in range(no + 1, head.no):
            yield _head(missing, Why.HEAD_MISSING)
        async with db.read() as session:
            why = await _head_fault(session, head, last, previous)
        if why:
            yield _head(head.no, Why.HEAD_CHANGED, why)
        if head.key not in keys or not proves(keys[head.key], head.line, head.signature):
            yield _head(head.no, Why.HEAD_UNSIGNED, f"key {head.key}")
        no, last, previous, newest = head.no, head.last, digest(head.line), head
    async with db.read() as session:
        old = await session.execute(
            select(ManifestEntry.seq)
            .where(col(ManifestEntry.seq) > last, col(ManifestEntry.at) < heads.day_began(now))
            .limit(1)
        )
        loose = old.scalar_one_or_none()
    if loose is not None and heads.is_due(newest, now):
        yield _entry(loose, "", Why.UNSIGNED)


async def files(db: Database, beside: ManifestFiles) -> AsyncIterator[Problem]:
    """Yield where the files beside the archive are not what the tables say."""
    async with db.read() as session:
        rows = await session.execute(select(ManifestHead).order_by(col(ManifestHead.no)))
        found = list(rows.scalars())
    for head in found:
        name = beside.segment(head.no).name
        lines = await asyncio.to_thread(beside.read, beside.segment(head.no))
        if lines is None or beside.read_head(head.no) != (head.line, head.signature):
            yield Problem(recording="", path=name, why=Why.LINE_MISSING, detail="head or file")
            continue
        async for problem in _compared(db, name, lines, head.first, head.last):
            yield problem
    first = found[-1].last + 1 if found else 1
    there = await asyncio.to_thread(beside.read, beside.open) or []
    later = [line for line in there if int(json.loads(line)["seq"]) >= first]
    last = max(
        await _last_before(db, db.clock.now() - LAG),
        int(json.loads(later[-1])["seq"]) if later else 0,
    )
    async for problem in _compared(db, beside.open.name, later, first, last):
        yield problem


async def _compared(
    db: Database, name: str, lines: list[str], first: int, last: int
) -> AsyncIterator[Problem]:
    for start in range(first, last + 1, BATCH):
        stop = min(start + BATCH - 1, last)
        async with db.read() as session:
            rows = await session.execute(
                select(ManifestEntry)
                .where(col(ManifestEntry.seq) >= start, col(ManifestEntry.seq) <= stop)
                .order_by(col(ManifestEntry.seq))
            )
            known = {entry.seq: entry.line for entry in rows.scalars()}
        there = dict(enumerate(lines[start - first : stop - first + 1], start))
        for problem in _differences(name, known, there, range(start, stop + 1)):
            yield problem


def _differences(
    name: str, known: Mapping[int, str], there: Mapping[int, str], numbers: range
) -> Iterator[Problem]:
    for seq in numbers:
        if seq not in there:
            yield Problem(recording="", path=name, why=Why.LINE_MISSING, detail=f"entry {seq}")
        elif seq not in known:
            yield _entry(seq, "", Why.ENTRY_MISSING, f"it is in {name}")
        elif known[seq] != there[seq]:
            yield Problem(recording="", path=name, why=Why.LINE_CHANGED, detail=f"entry {seq}")


async def _last_before(db: Database, moment: datetime) -> int:
    async with db.read() as session:
        found = await session.execute(
            select(func.max(col(ManifestEntry.seq))).where(col(ManifestEntry.at) < moment)
        )
        return int(found.scalar_one() or 0)


async def _entries_after(db: Database, seq: int) -> list[ManifestEntry]:
    async with db.read() as session:
        rows = await session.execute(
            select(ManifestEntry)
            .where(col(ManifestEntry.seq) > seq)
            .order_by(col(ManifestEntry.seq))
            .limit(BATCH)
        )
        return list(rows.scalars())


def _entry_fault(entry: ManifestEntry) -> str:
    if digest(entry.line) != entry.hash:
        return "hash"
    try:
        said = json.loads(entry.line)
    except ValueError:
        return "line"
    columns = {
        "seq": entry.seq,
        "event": entry.event,
        "recording": entry.recording,
        "at": moment(entry.at),
    }
    return ", ".join(name for name, value in columns.items() if said.get(name) != value)


async def _head_fault(session: AsyncSession, head: ManifestHead, last: int, previous: str) -> str:
    said = json.loads(head.line)
    leaves = await heads.leaves_of(session, head.first, head.last)
    right = {
        "hash": digest(head.line) == head.hash,
        "no": said["no"] == head.no,
        "first": said["first"] == head.first == last + 1,
        "last": said["last"] == head.last,
        "root": said["root"] == merkle.root(leaves),
        "previous": said["previous"] == previous,
        "until": said["until"] == moment(head.until),
        "key": said["key"] == head.key,
    }
    return ", ".join(name for name, is_right in right.items() if not is_right)


def _entry(seq: int, recording: str, why: Why, detail: str = "") -> Problem:
    return Problem(recording=recording, path=f"manifest entry {seq}", why=why, detail=detail)


def _head(no: int, why: Why, detail: str = "") -> Problem:
    return Problem(recording="", path=f"manifest head {no}", why=why, detail=detail)

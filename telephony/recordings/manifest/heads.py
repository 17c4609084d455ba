"""Signs the manifest: a head over every entry since the head before it."""

from datetime import datetime, timedelta

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from telephony.recordings.manifest import chain, merkle
from telephony.recordings.manifest.keys import Signer
from telephony.recordings.manifest.lines import START, digest, head_line
from telephony.recordings.manifest.tables import ManifestEntry, ManifestHead
from tongdai.clock import HCM
from tongdai.db import Tx


def day_began(now: datetime) -> datetime:
    """Return when today began in Vietnam."""
    return now.astimezone(HCM).replace(hour=0, minute=0, second=0, microsecond=0)


def is_due(last: ManifestHead | None, now: datetime) -> bool:
    """Say whether yesterday's head is missing.

    The first head is due on the first day: it says which key this installation signs with.
    """
    return last is None or last.until < day_began(now) - timedelta(microseconds=1)


async def latest(session: AsyncSession) -> ManifestHead | None:
    """Return the newest head."""
    query = select(ManifestHead).order_by(col(ManifestHead.no).desc()).limit(1)
    return (await session.execute(query)).scalar_one_or_none()


async def sign(tx: Tx, signer: Signer, *, until: datetime | None = None) -> ManifestHead:
    """Sign a head over everything since the last one, up to a moment.

    Args:
        tx: The open transaction; it holds the manifest's lock.
        signer: Whose key.
        until: The moment after the last entry to be in it; without one, all there are.
    """
    tip = await chain.locked_tip(tx.session)
    before = await latest(tx.session)
    first = before.last + 1 if before else 1
    last = tip.seq if until is None else await _last_before(tx.session, until, least=first - 1)
    leaves = await leaves_of(tx.session, first, last)
    no = before.no + 1 if before else 1
    line = head_line(
        no=no,
        until=until or tx.now,
        first=first,
        last=last,
        root=merkle.root(leaves),
        last_hash=leaves[-1] if leaves else await _hash_of(tx.session, last),
        previous=before.hash if before else START,
        key=signer.key,
    )
    head = ManifestHead(
        no=no,
        first=first,
        last=last,
        until=until or tx.now,
        line=line,
        hash=digest(line),
        key=signer.key,
        signature=signer.sign(line),
    )
    tx.session.add(head)
    return head


async def sign_if_due(tx: Tx, signer: Signer) -> ManifestHead | None:
    """Sign yesterday's head when it is missing: daily, and at the start after days of standing."""
    await chain.locked_tip(tx.session)  # first the lock, then the look: two nodes sign once
    if not is_due(await latest(tx.session), tx.now):
        return None
    return await sign(tx, signer, until=day_began(tx.now) - timedelta(microseconds=1))


async def leaves_of(session: AsyncSession, first: int, last: int) -> list[str]:
    """Return the hashes of some entries, in order."""
    rows = await session.execute(
        select(ManifestEntry.hash)
        .where(col(ManifestEntry.seq) >= first, col(ManifestEntry.seq) <= last)
        .order_by(col(ManifestEntry.seq))
    )
    return list(rows.scalars())


async def _last_before(session: AsyncSession, until: datetime, least: int) -> int:
    query = select(func.max(col(ManifestEntry.seq))).where(
        col(ManifestEntry.seq) > least, col(ManifestEntry.at) <= until
    )
    return int((await session.execute(query)).scalar_one() or least)


async def _hash_of(session: AsyncSession, seq: int) -> str:
    entry = await session.get(ManifestEntry, seq)
    return entry.hash if entry else START

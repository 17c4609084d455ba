"""What /metrics and the desk's badge tell of the archive's proof; each query walks an index."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from telephony.recordings.manifest import heads
from telephony.recordings.manifest.tables import ManifestTip
from telephony.recordings.proof.problem import Why
from telephony.recordings.proof.tables import ArchiveCheck, ArchiveFinding


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """How well the archive is proven.

    Attributes:
        findings: What the last whole walk found, by kind, none left out; empty before the first.
        age: Seconds since that walk ended; None before the first.
        unsigned: Entries of the manifest that no head covers yet.
    """

    findings: dict[str, int]
    age: float | None
    unsigned: int


async def figures(session: AsyncSession, now: datetime) -> Figures:
    """Return the figures of a moment."""
    last = await _newest(session, col(ArchiveCheck.ended_at).is_not(None))
    found: dict[str, int] = {}
    if last is not None:
        rows = await session.execute(
            select(ArchiveFinding.why, func.count())
            .where(col(ArchiveFinding.archive_check) == last.id)
            .group_by(col(ArchiveFinding.why))
        )
        found = dict.fromkeys((why.value for why in Why), 0)
        found |= {str(why): int(count) for why, count in rows}
    ended = last.ended_at if last else None
    tip, head = await session.get(ManifestTip, 1), await heads.latest(session)
    return Figures(
        findings=found,
        age=max(0.0, (now - ended).total_seconds()) if ended else None,
        unsigned=(tip.seq if tip else 0) - (head.last if head else 0),
    )


async def found_lately(session: AsyncSession) -> int:
    """Return how much is wrong by the last whole walk, or by the one that is under way."""
    last = await _newest(
        session, or_(col(ArchiveCheck.ended_at).is_not(None), col(ArchiveCheck.found) > 0)
    )
    return last.found if last else 0


async def _newest(session: AsyncSession, condition: ColumnElement[bool]) -> ArchiveCheck | None:
    query = select(ArchiveCheck).where(condition).order_by(col(ArchiveCheck.started_at).desc())
    return (await session.execute(query.limit(1))).scalar_one_or_none()

"""Lists of what is to be deleted: one proposes, another with the other role decides."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, exists, func, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from telephony.recordings.errors import (
    DeletionDecided,
    DeletionNotProposed,
    DeletionUnknown,
    NothingDue,
    ReasonNeeded,
    RetentionForbidden,
    SamePerson,
)
from telephony.recordings.model import RecordingState
from telephony.recordings.retention.model import KEEPERS, OPEN, OTHER, ListState, kept_until
from telephony.recordings.retention.tables import DeletionItem, DeletionList
from telephony.recordings.tables import Recording
from tongdai import audit
from tongdai.accounts.model import Role, Viewer
from tongdai.db import Tx
from tongdai.settings import RetentionTable
from tongdai.text import clean

LONGEST = 5000
"""Recordings in one list; what is due beyond goes into the next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What a rule would delete now."""

    rule: RetentionTable
    until: datetime
    count: int


async def due(session: AsyncSession, rule: RetentionTable, now: datetime) -> Due:
    """Count what a rule would delete now; what is held or in a list already is not in it."""
    until = kept_until(now, rule.days)
    some = select(col(Recording.id)).where(*_due(rule, until)).limit(LONGEST).subquery()
    count = (await session.execute(select(func.count()).select_from(some))).scalar_one()
    return Due(rule=rule, until=until, count=int(count))


async def propose(tx: Tx, viewer: Viewer, rule: RetentionTable, reason: str) -> DeletionList:
    """Propose to delete what a rule says; an auditor or an administrator of the hotline does.

    Raises:
        RetentionForbidden: The viewer is neither there.
        ReasonNeeded: No reason is given.
        NothingDue: Nothing's time has run out.
    """
    role = role_of(viewer, rule.hotline)
    if not clean(reason):
        raise ReasonNeeded
    made = await make(tx, rule)
    if made is None:
        raise NothingDue(hotline=rule.hotline)
    made.state, made.reason = ListState.PROPOSED, clean(reason)[:500]
    made.proposed_by, made.proposed_name, made.proposed_role = viewer.id, viewer.name, role
    await write_down(tx, viewer, made, "deletion_proposed", made.reason)
    return made


async def make(tx: Tx, rule: RetentionTable) -> DeletionList | None:
    """Make a list, proposed by nobody yet, of what a rule says; None when nothing is due."""
    until = kept_until(tx.now, rule.days)
    query = select(Recording.id).where(*_due(rule, until)).order_by(col(Recording.started_at))
    found = list((await tx.session.execute(query.limit(LONGEST))).scalars())
    if not found:
        return None
    made = DeletionList(
        hotline=rule.hotline,
        kind=rule.kind,
        days=rule.days,
        until=until,
        reason="",
        state=ListState.SCHEDULED,
        count=len(found),
        proposed_by="",
        proposed_name="",
        proposed_role="",
        proposed_at=tx.now,
    )
    tx.session.add(made)
    tx.session.add_all([DeletionItem(deletion=made.id, recording=one) for one in found])
    return made


async def decide(
    tx: Tx, viewer: Viewer, deletion: str, *, approve: bool, reason: str
) -> DeletionList:
    """Approve a list, or reject it; the keeper carries it out afterwards.

    A list that the service made and nobody has taken up is approved by nobody; either of the two
    roles may reject it.

    Raises:
        DeletionUnknown: There is none, or it is none of the viewer's.
        DeletionDecided: It is decided already.
        DeletionNotProposed: Nobody has taken it up, so it cannot be approved.
        SamePerson: The viewer proposed it, or has not the other one of the two roles.
        ReasonNeeded: It is rejected without a reason.
    """
    query = select(DeletionList).where(col(DeletionList.id) == deletion).with_for_update()
    found: DeletionList | None = (await tx.session.execute(query)).scalar_one_or_none()
    if found is None or not viewer.has_any(KEEPERS, found.hotline):
        raise DeletionUnknown(deletion=deletion)
    early = found.state == ListState.SCHEDULED
    if found.state != ListState.PROPOSED and not early:
        raise DeletionDecided(deletion=deletion)
    if early and approve:
        raise DeletionNotProposed(deletion=deletion)
    if not early and not may_decide(viewer, found):
        raise SamePerson(deletion=deletion)
    if not approve and not clean(reason):
        raise ReasonNeeded
    found.state = ListState.APPROVED if approve else ListState.REJECTED
    found.decided_by, found.decided_name = viewer.id, viewer.name
    found.decided_reason, found.decided_at = clean(reason)[:500], tx.now
    kind = f"deletion_{found.state}"
    await write_down(tx, viewer, found, kind, found.decided_reason)
    return found


def may_decide(viewer: Viewer, found: DeletionList) -> bool:
    """Say whether the viewer is the second person that a proposed list waits for."""
    return (
        found.state == ListState.PROPOSED
        and viewer.id != found.proposed_by
        and viewer.has_any((OTHER[Role(found.proposed_role)],), found.hotline)
    )


async def get(session: AsyncSession, viewer: Viewer, deletion: str) -> DeletionList:
    """Return a list.

    Raises:
        DeletionUnknown: There is none, or it is none of the viewer's.
    """
    found = await session.get(DeletionList, deletion)
    if found is None or not viewer.has_any(KEEPERS, found.hotline):
        raise DeletionUnknown(deletion=deletion)
    return found


async def page(
    session: AsyncSession,
    hotlines: tuple[str, ...],
    limit: int = 50,
    before: tuple[datetime, str] | None = None,
) -> list[DeletionList]:
    """Return the lists of some hotlines, newest first.

    Args:
        session: A session to read with.
        hotlines: Whose.
        limit: How many at most.
        before: `proposed_at` and id of the last one of the page before.
    """
    at, ref = col(DeletionList.proposed_at), col(DeletionList.id)
    query = select(DeletionList).where(col(DeletionList.hotline).in_(hotlines))
    if before is not None:
        query = query.where(tuple_(at, ref) < before)
    rows = await session.execute(query.order_by(at.desc(), ref.desc()).limit(limit))
    return list(rows.scalars())


async def items(
    session: AsyncSession, deletion: str, *, after: str = "", limit: int = 200
) -> list[tuple[DeletionItem, Recording]]:
    """Return a list's recordings by id, behind `after`."""
    rows = await session.execute(
        select(DeletionItem, Recording)
        .join(Recording, col(Recording.id) == col(DeletionItem.recording))
        .where(col(DeletionItem.deletion) == deletion, col(DeletionItem.recording) > after)
        .order_by(col(DeletionItem.recording))
        .limit(limit)
    )
    return [(item, row) for item, row in rows]


def _due(rule: RetentionTable, until: datetime) -> list[ColumnElement[bool]]:
    open_list = (
        exists()
        .where(
            col(DeletionItem.recording) == col(Recording.id),
            col(DeletionItem.deletion) == col(DeletionList.id),
            col(DeletionList.state).in_(OPEN),
        )
        .correlate(Recording)
    )
    return [
        col(Recording.hotline) == rule.hotline,
        col(Recording.kind) == rule.kind,
        col(Recording.started_at) < until,
        col(Recording.state) == RecordingState.ARCHIVED,
        ~open_list,
    ]


def role_of(viewer: Viewer, hotline: str) -> Role:
    """Return the role in which the viewer proposes.

    Raises:
        RetentionForbidden: The viewer is neither auditor nor administrator there.
    """
    for role in KEEPERS:
        if viewer.has_any((role,), hotline):
            return role
    raise RetentionForbidden(hotline=hotline)


async def write_down(tx: Tx, viewer: Viewer, found: DeletionList, kind: str, reason: str) -> None:
    """Write what became of a list into the audit chain."""
    await audit.append(
        tx,
        chain=audit.RECORDINGS,
        subject=found.id,
        kind=kind,
        actor=viewer.id,
        data={
            "name": viewer.name,
            "hotline": found.hotline,
            "kind": found.kind,
            "count": found.count,
            "reason": reason,
        },
    )

"""Every query about tasks of calling back."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, case, false, func, or_, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from ivr.followups.model import OPEN, State
from ivr.followups.tables import CallBackDecline, CallBackTask, CallBackTry
from telephony.calls.model import Direction
from telephony.calls.tables import CallLegRow, CallRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which tasks are wanted.

    Attributes:
        hotlines: Those that the asker may see.
        states: Any of them.
        kind: Only of this kind.
        owner: Only this account's.
        overdue_at: Only those whose deadline has passed by then.
        number: Only this caller's (E.164).
    """

    hotlines: Collection[str]
    states: Collection[State] = OPEN
    kind: str | None = None
    owner: str | None = None
    overdue_at: datetime | None = None
    number: str | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """Return what a row has to fulfil."""
        found: list[ColumnElement[bool]] = [
            col(CallBackTask.hotline).in_(self.hotlines),
            col(CallBackTask.state).in_(self.states),
        ]
        if self.kind is not None:
            found.append(col(CallBackTask.kind) == self.kind)
        if self.owner is not None:
            found.append(col(CallBackTask.owner) == self.owner)
        if self.overdue_at is not None:
            found.append(col(CallBackTask.due_at) < self.overdue_at)
        if self.number is not None:
            found.append(col(CallBackTask.number) == self.number)
        return found


async def page(
    session: AsyncSession,
    wanted: Wanted,
    *,
    limit: int,
    after: tuple[datetime, str] | None = None,
) -> list[CallBackTask]:
    """Return tasks, who called first first: within a hotline that is due first as well.

    `after` has `called_at` and id of the last one of the page before.
    """
    called, own = col(CallBackTask.called_at), col(CallBackTask.id)
    query = select(CallBackTask).where(*wanted.conditions())
    if after is not None:
        query = query.where(tuple_(called, own) > after)
    return list((await session.execute(query.order_by(called, own).limit(limit))).scalars())


async def get(session: AsyncSession, task: str, *, lock: bool = False) -> CallBackTask | None:
    """Return a task; `lock` holds its row until the transaction ends."""
    query = select(CallBackTask).where(col(CallBackTask.id) == task)
    if lock:
        query = query.with_for_update()
    return (await session.execute(query)).scalar_one_or_none()


async def of_call(session: AsyncSession, call: str) -> CallBackTask | None:
    """Return the task of a call, locked."""
    query = select(CallBackTask).where(col(CallBackTask.call) == call).with_for_update()
    return (await session.execute(query)).scalar_one_or_none()


async def open_of_caller(
    session: AsyncSession, number: str, hotline: str, before: datetime
) -> list[CallBackTask]:
    """Return what is owed to a caller for calls that began before a moment, locked."""
    query = select(CallBackTask).where(
        col(CallBackTask.number) == number,
        col(CallBackTask.hotline) == hotline,
        col(CallBackTask.state).in_(OPEN),
        col(CallBackTask.called_at) < before,
    )
    query = query.order_by(col(CallBackTask.id)).with_for_update()
    return list((await session.execute(query)).scalars())


async def tries(session: AsyncSession, task: str) -> list[CallBackTry]:
    """Return a task's tries, the first first."""
    query = select(CallBackTry).where(col(CallBackTry.task) == task).order_by(col(CallBackTry.n))
    return list((await session.execute(query)).scalars())


async def not_followed(session: AsyncSession, limit: int) -> list[CallRow]:
    """Return calls that ended, or came in and were answered, of which nothing follows yet."""
    query = select(CallRow).where(
        col(CallRow.followed) == false(),
        or_(
            col(CallRow.ended_at).is_not(None),
            (col(CallRow.answered_at).is_not(None)) & (col(CallRow.direction) == Direction.INBOUND),
        ),
    )
    query = query.order_by(col(CallRow.started_at)).limit(limit)
    # skipped where the calls' writer is at work: it never waits for us and we not for it
    query = query.with_for_update(skip_locked=True)
    return list((await session.execute(query)).scalars())


async def unreached(session: AsyncSession, limit: int) -> Sequence[tuple[CallBackTry, CallRow]]:
    """Return tries without a result whose outgoing call has ended and reached nobody."""
    rows = await session.execute(
        select(CallBackTry, CallRow)
        .join(CallRow, col(CallRow.id) == col(CallBackTry.call))
        .where(
            col(CallBackTry.result).is_(None),
            col(CallRow.ended_at).is_not(None),
            col(CallRow.answered_at).is_(None),
        )
        .limit(limit)
    )
    return list(rows.tuples())


async def how_it_rang(session: AsyncSession, call: str) -> str:
    """Return the DIALSTATUS with which the citizen's phone stopped ringing; empty: it never did."""
    rows = await session.execute(
        select(CallLegRow.how)
        .where(
            col(CallLegRow.call) == call,
            col(CallLegRow.kind) == "ring",
            col(CallLegRow.seat).is_(None),
        )
        .order_by(col(CallLegRow.n).desc())
        .limit(1)
    )
    return rows.scalar_one_or_none() or ""


async def lapsed(session: AsyncSession, now: datetime, limit: int) -> list[CallBackTask]:
    """Return claimed tasks whose claim has run out, locked."""
    query = (
        select(CallBackTask)
        .where(
            col(CallBackTask.state) == State.CLAIMED,
            col(CallBackTask.claimed_until).is_not(None),
            col(CallBackTask.claimed_until) <= now,
        )
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return list((await session.execute(query)).scalars())


async def first_in_line(
    session: AsyncSession, hotlines: Collection[str], account: str, now: datetime
) -> list[CallBackTask]:
    """Return the wishes that keep a place in the queue, the longest waiting first, locked.

    Those that wait for their next try, are offered to somebody now, or were let pass by this
    operator are left out.
    """
    passed = select(CallBackDecline.task).where(col(CallBackDecline.account) == account)
    query = (
        select(CallBackTask)
        .where(*_offerable(hotlines, now), col(CallBackTask.id).not_in(passed))
        .order_by(col(CallBackTask.waiting_since), col(CallBackTask.id))
        .limit(5)
        .with_for_update(skip_locked=True)
    )
    return list((await session.execute(query)).scalars())


async def one_in_line(session: AsyncSession, hotlines: Collection[str], now: datetime) -> bool:
    """Say whether there is a wish that may be offered to somebody now; see `first_in_line`."""
    query = select(CallBackTask.id).where(*_offerable(hotlines, now)).limit(1)
    return (await session.execute(query)).first() is not None


async def is_offered_one(session: AsyncSession, account: str, now: datetime) -> bool:
    """Say whether an operator has an offer at the console that still stands."""
    query = select(CallBackTask.id).where(
        col(CallBackTask.state) == State.OPEN,
        col(CallBackTask.offered_to) == account,
        col(CallBackTask.offered_until) > now,
    )
    return (await session.execute(query.limit(1))).first() is not None


def _offerable(hotlines: Collection[str], now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Return what a wish has to fulfil that may be offered: its place, its time, no other offer."""
    next_try, offered = col(CallBackTask.next_try_at), col(CallBackTask.offered_until)
    return (
        col(CallBackTask.hotline).in_(hotlines),
        col(CallBackTask.state) == State.OPEN,
        col(CallBackTask.waiting_since).is_not(None),
        col(CallBackTask.number).is_not(None),
        or_(next_try.is_(None), next_try <= now),
        or_(offered.is_(None), offered <= now),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many tasks a hotline has.

    Attributes:
        open: That somebody has to do, `unreachable` not among them.
        overdue: Of these and the unreachable ones, past their deadline.
        unreachable: That wait for a supervisor.
    """

    hotline: str
    open: int = 0
    overdue: int = 0
    unreachable: int = 0


async def counts(
    session: AsyncSession, hotlines: Collection[str], now: datetime
) -> dict[str, Counts]:
    """Return how many tasks each of some hotlines has."""
    late = func.sum(case((col(CallBackTask.due_at) < now, 1), else_=0))
    rows = await session.execute(
        select(CallBackTask.hotline, CallBackTask.state, func.count(), late)
        .where(col(CallBackTask.hotline).in_(hotlines), col(CallBackTask.state).in_(OPEN))
        .group_by(col(CallBackTask.hotline), col(CallBackTask.state))
    )
    found = {hotline: Counts(hotline=hotline) for hotline in hotlines}
    for hotline, state, number, overdue in rows:
        before = found[hotline]
        waits = state == State.UNREACHABLE
        found[hotline] = Counts(
            hotline=hotline,
            open=before.open + (0 if waits else number),
            overdue=before.overdue + int(overdue or 0),
            unreachable=before.unreachable + (number if waits else 0),
        )
    return found

"""The proof that nobody was dropped: every call that came in is one of these figures.

calls = in progress + answered + self-service + messages + called back + rang again + given up
      + number withheld + open + failed (+ what ended before tasks were kept) + the difference

The difference is what is none of the others. It is nought, or something is wrong.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, false, func, or_, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from ivr.followups.model import OPEN, Kind, State
from ivr.followups.tables import CallBackTask
from telephony.calls.model import Direction, Outcome
from telephony.calls.tables import CallRow
from tongdai.clock import HCM

FIRST_DAY, LAST_DAY = date(1901, 1, 1), date(2199, 12, 31)
WRITTEN_WITHIN = timedelta(minutes=1)
"""For so long after its end a call may be without its task: it is being written."""


class Figure(StrEnum):
    """What a call counts as, each as exactly one."""

    IN_PROGRESS = "in_progress"
    ANSWERED = "answered"
    SELF_SERVICE = "self_service"
    MESSAGES = "messages"
    CALLED_BACK = "called_back"
    RANG_AGAIN = "rang_again"
    GIVEN_UP = "given_up"
    NO_NUMBER = "no_number"
    OPEN = "open"
    FAILED = "failed"
    BEFORE = "before"
    BEING_WRITTEN = "being_written"
    DIFFERENCE = "difference"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """One hotline's calls of one day (Vietnam's).

    Attributes:
        calls: All that came in, counted by themselves.
        figures: How many of them count as what.
        strange: Calls that are none of the others, and tasks whose call is not in the register.
    """

    hotline: str
    day: date
    calls: int
    figures: dict[Figure, int]
    strange: tuple[str, ...] = ()

    @property
    def difference(self) -> int:
        """Calls that are accounted for by nothing."""
        told = sum(n for f, n in self.figures.items() if f is not Figure.DIFFERENCE)
        return self.calls - told

    @property
    def holds(self) -> bool:
        """Whether nobody is missing, and no task is about a call that nobody knows."""
        return self.difference == 0 and not self.strange


def day_of(typed: str) -> date:
    """Return a day as it is typed, 2026-11-30.

    Raises:
        ValueError: It is none, or so far away that its moments cannot be told.
    """
    found = date.fromisoformat(typed)
    if not FIRST_DAY <= found <= LAST_DAY:
        message = f"not between {FIRST_DAY} and {LAST_DAY}"
        raise ValueError(message)
    return found


def figure_of(now: datetime, begun: Mapping[str, datetime | None]) -> ColumnElement[str]:
    """Return what a call counts as, in SQL; its task is joined to it.

    Args:
        now: The moment.
        begun: By hotline, its first task's call: what ended before it owes nothing. None: it has
            no tasks yet.
    """
    state, kind = col(CallBackTask.state), col(CallBackTask.kind)
    outcome, ended = col(CallRow.outcome), col(CallRow.ended_at)
    bare = col(CallBackTask.id).is_(None)
    before = and_(bare, col(CallRow.followed), or_(false(), *_before(begun)))
    return case(
        (ended.is_(None), Figure.IN_PROGRESS),
        (outcome == Outcome.ANSWERED, Figure.ANSWERED),
        (state.in_(OPEN), Figure.OPEN),
        (and_(state == State.DONE, kind == Kind.MESSAGE), Figure.MESSAGES),
        (state == State.DONE, Figure.CALLED_BACK),
        (state == State.RANG_AGAIN, Figure.RANG_AGAIN),
        (state == State.GIVEN_UP, Figure.GIVEN_UP),
        (state == State.NO_NUMBER, Figure.NO_NUMBER),
        (and_(bare, outcome == Outcome.SELF_SERVICE), Figure.SELF_SERVICE),
        (and_(bare, outcome == Outcome.FAILED), Figure.FAILED),
        (before, Figure.BEFORE),
        (and_(bare, ended > now - WRITTEN_WITHIN), Figure.BEING_WRITTEN),
        else_=Figure.DIFFERENCE,
    )


def _before(begun: Mapping[str, datetime | None]) -> Iterator[ColumnElement[bool]]:
    for hotline, first in begun.items():
        of_hotline = col(CallRow.hotline) == hotline
        yield of_hotline if first is None else and_(of_hotline, col(CallRow.ended_at) < first)


def span_of(day: date) -> tuple[datetime, datetime]:
    """Return when a day begins and ends in Vietnam."""
    start = datetime.combine(day, time(), tzinfo=HCM)
    return start, start + timedelta(days=1)


def days_of(first: date, last: date) -> Iterator[date]:
    """Return every day of a period, its last one too, the newest first."""
    for back in range((last - first).days + 1):
        yield last - timedelta(days=back)


async def sums(
    session: AsyncSession, hotlines: Collection[str], first: date, last: date, now: datetime
) -> list[Sum]:
    """Return the sums of a period, a line a day and hotline that had calls."""
    begun = await _begun(session, hotlines)
    found: list[Sum] = []
    for day in days_of(first, last):
        found += await _of_day(session, hotlines, day, now, begun)
    return found


async def calls_of(
    session: AsyncSession,
    hotline: str,
    day: date,
    figure: Figure | None,
    now: datetime,
    *,
    limit: int,
    after: tuple[datetime, str] | None = None,
) -> list[tuple[CallRow, CallBackTask | None]]:
    """Return the calls behind a figure (None: all of the day) with their tasks, oldest first."""
    query = _joined(select(CallRow, CallBackTask), [hotline], day)
    if figure is not None:
        query = query.where(figure_of(now, await _begun(session, [hotline])) == figure)
    started, own = col(CallRow.started_at), col(CallRow.id)
    if after is not None:
        query = query.where(tuple_(started, own) > after)
    rows = await session.execute(query.order_by(started, own).limit(limit))
    return [(call, task) for call, task in rows]


async def _of_day(
    session: AsyncSession,
    hotlines: Collection[str],
    day: date,
    now: datetime,
    begun: Mapping[str, datetime | None],
) -> list[Sum]:
    start, end = span_of(day)
    totals = await session.execute(
        select(CallRow.hotline, func.count())
        .where(
            col(CallRow.hotline).in_(hotlines),
            col(CallRow.started_at) >= start,
            col(CallRow.started_at) < end,
            col(CallRow.direction) == Direction.INBOUND,
        )
        .group_by(col(CallRow.hotline))
    )
    told = figure_of(now, begun).label("figure")
    each = _joined(select(col(CallRow.hotline), told), hotlines, day).subquery()
    counted = await session.execute(
        select(each.c.hotline, each.c.figure, func.count()).group_by(each.c.hotline, each.c.figure)
    )
    by_figure: dict[str, dict[Figure, int]] = {}
    for hotline, name, number in counted:
        by_figure.setdefault(hotline, {})[Figure(name)] = number
    found = []
    for hotline, calls in sorted(totals):
        figures = by_figure.get(hotline, {})
        found.append(
            Sum(
                hotline=hotline,
                day=day,
                calls=calls,
                figures={f: figures.get(f, 0) for f in Figure},
                strange=await _strange(session, hotline, day, now, begun),
            )
        )
    return found


async def _strange(
    session: AsyncSession,
    hotline: str,
    day: date,
    now: datetime,
    begun: Mapping[str, datetime | None],
) -> tuple[str, ...]:
    figure = figure_of(now, begun)
    lost = _joined(select(col(CallRow.id)), [hotline], day).where(figure == Figure.DIFFERENCE)
    start, end = span_of(day)
    stray = (
        select(col(CallBackTask.call))
        .outerjoin(CallRow, col(CallRow.id) == col(CallBackTask.call))
        .where(
            col(CallBackTask.hotline) == hotline,
            col(CallBackTask.called_at) >= start,
            col(CallBackTask.called_at) < min(end, now - WRITTEN_WITHIN),
            col(CallRow.id).is_(None),
        )
    )
    return tuple(
        [call for query in (lost, stray) for call in (await session.execute(query)).scalars()]
    )


def _joined(query: Select[Any], hotlines: Collection[str], day: date) -> Select[Any]:
    start, end = span_of(day)
    return query.outerjoin_from(
        CallRow, CallBackTask, col(CallBackTask.call) == col(CallRow.id)
    ).where(
        col(CallRow.hotline).in_(hotlines),
        col(CallRow.started_at) >= start,
        col(CallRow.started_at) < end,
        col(CallRow.direction) == Direction.INBOUND,
    )


async def _begun(session: AsyncSession, hotlines: Collection[str]) -> dict[str, datetime | None]:
    """Return, by hotline, when the first call came in that has a task."""
    found: dict[str, datetime | None] = {}
    for hotline in hotlines:
        called = col(CallBackTask.called_at)
        query = select(called).where(col(CallBackTask.hotline) == hotline)
        found[hotline] = (await session.execute(query.order_by(called).limit(1))).scalar()
    return found

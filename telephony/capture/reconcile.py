"""Calls and recordings of one day held against each other, both ways, with the reason."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from telephony.calls import store as calls
from telephony.calls.tables import CallRow
from telephony.capture import marks
from telephony.capture.checks import LOST, FindingKind
from telephony.capture.model import stopped_at
from telephony.capture.tables import RecordingFinding
from telephony.recordings import audio
from telephony.recordings.errors import SpoolFileUnreadable
from telephony.recordings.model import Kind
from telephony.recordings.spool import Spool
from telephony.recordings.tables import Recording
from tongdai.clock import HCM
from tongdai.ids import CallId

MOST = 1000
"""Items of a kind that are listed; more of them are one fault, not a thousand."""
BRIEF_SECONDS = 2.0
LATE_SECONDS = 3600.0
AHEAD_SECONDS = 300.0
"""A file that was written so far in the future was written by a wrong clock."""


class ItemKind(StrEnum):
    """What has no counterpart, or not the right one."""

    CALL = "call_without_recording"
    RECORDING = "recording_without_call"
    INCOMPLETE = "incomplete_recording"
    FILE = "file_not_taken"


class Why(StrEnum):
    """The reason, as far as the service knows it."""

    LOST = LOST
    """The PBX died in the call, or the call ended unheard: what was recorded until then is kept."""
    STOPPED = "stopped"
    """The recording was ended for good before anything was said (CT-3.7)."""
    BRIEF = "brief"
    """The person was there for less than BRIEF_SECONDS: nothing came into the file."""
    IN_SPOOL = "in_spool"
    """The file is in the spool and not taken yet."""
    UNREADABLE = "unreadable"
    """The file in the spool is no sound that can be read."""
    STRANGE = "strange"
    """The file in the spool has a name that is none of ours."""
    UNKNOWN = "unknown"
    """Nobody knows: somebody must look."""


EXPLAINED = frozenset({Why.LOST, Why.STOPPED, Why.BRIEF})
"""Reasons that need nobody: a day with no other is clean."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing that has no counterpart, and why."""

    kind: ItemKind
    why: Why
    at: datetime
    hotline: str | None = None
    call: str | None = None
    recording: str | None = None
    file: str | None = None
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """The result of a day."""

    day: date
    answered: int
    recordings: int
    items: tuple[Item, ...]

    @property
    def clean(self) -> bool:
        """Whether nothing is left without a known reason."""
        return all(item.why in EXPLAINED for item in self.items)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lying:
    """A file that lies in a spool and was not taken."""

    pbx: str
    name: str
    linkedid: str | None
    why: Why
    at: datetime
    age_seconds: float


def bounds(day: date) -> tuple[datetime, datetime]:
    """Return the first moment of a day in Vietnam and of the next."""
    first = datetime(day.year, day.month, day.day, tzinfo=HCM)
    return first, first + timedelta(days=1)


def lying(spools: Iterable[Spool], now: datetime) -> list[Lying]:
    """Return what lies in the spools, save empty files (calls that nobody answered). Blocking."""
    found = []
    for spool in spools:
        look = spool.look()
        for file in look.files:
            if file.seen.size == 0:
                continue
            try:
                audio.open_source(file.path)
                why = Why.IN_SPOOL
            except (SpoolFileUnreadable, OSError):
                why = Why.UNREADABLE
            age = time.time() - file.seen.mtime_ns / 1e9  # noqa: TID251 - a file's age
            if age < -AHEAD_SECONDS:  # its clock was wrong: how old it is nobody knows
                age = LATE_SECONDS
            age = max(0.0, age)
            at = now - timedelta(seconds=age)
            name, linkedid = file.path.name, file.name.linkedid
            found.append(
                Lying(pbx=spool.pbx, name=name, linkedid=linkedid, why=why, at=at, age_seconds=age)
            )
        found += [
            Lying(
                pbx=spool.pbx,
                name=name,
                linkedid=None,
                why=Why.STRANGE,
                at=now,
                age_seconds=LATE_SECONDS,
            )
            for name in look.strange
        ]
    return found


async def reconcile(
    session: AsyncSession, day: date, files: Iterable[Lying], *, before: datetime
) -> Reconciled:
    """Return what has no counterpart on a day.

    Args:
        session: To read with.
        day: The day in Vietnam on which the calls began.
        files: What lies in the spools now; those older than LATE_SECONDS are items themselves.
        before: Calls that ended later are left for another time.
    """
    first, last = bounds(day)
    spooled = {(f.pbx, f.linkedid): f for f in files if f.name.startswith(f"{Kind.CALL}-")}
    items = [
        *await _silent_calls(session, first, last, before, spooled),
        *await _loose(session, first, last),
        *await _incomplete(session, first, last),
        *(
            Item(kind=ItemKind.FILE, why=f.why, at=f.at, file=f"{f.pbx}/{f.name}")
            for f in files
            if f.age_seconds >= LATE_SECONDS
        ),
    ]
    answered = await session.execute(
        select(func.count()).select_from(CallRow).where(*_answered(first, last, before))
    )
    recorded = await session.execute(
        select(func.count())
        .select_from(Recording)
        .where(
            col(Recording.kind) == Kind.CALL,
            col(Recording.started_at) >= first,
            col(Recording.started_at) < last,
        )
    )
    return Reconciled(
        day=day,
        answered=int(answered.scalar_one()),
        recordings=int(recorded.scalar_one()),
        items=tuple(items),
    )


def _answered(first: datetime, last: datetime, before: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        col(CallRow.started_at) >= first,
        col(CallRow.started_at) < last,
        col(CallRow.answered_at).is_not(None),
        col(CallRow.ended_at) < before,
    )


async def _silent_calls(
    session: AsyncSession,
    first: datetime,
    last: datetime,
    before: datetime,
    spooled: dict[tuple[str, str | None], Lying],
) -> list[Item]:
    rows = await session.execute(
        select(CallRow)
        .join(
            Recording,
            and_(col(Recording.call) == col(CallRow.id), col(Recording.kind) == Kind.CALL),
            isouter=True,
        )
        .where(col(Recording.id).is_(None), *_answered(first, last, before))
        .order_by(col(CallRow.started_at))
        .limit(MOST)
    )
    found = []
    for call in rows.scalars():
        file = spooled.get((call.pbx, call.linkedid))
        found.append(
            Item(
                kind=ItemKind.CALL,
                why=file.why if file else await _why(session, call),
                at=call.started_at,
                hotline=call.hotline,
                call=call.id,
                file=f"{file.pbx}/{file.name}" if file else None,
                seconds=_talked(call),
            )
        )
    return found


async def _why(session: AsyncSession, call: CallRow) -> Why:
    stop = stopped_at(await marks.kept_of(session, call.id))
    within = timedelta(seconds=BRIEF_SECONDS)
    if stop is not None and call.answered_at is not None and stop <= call.answered_at + within:
        return Why.STOPPED
    if any(leg.how == "lost" for leg in await calls.legs(session, CallId(call.id))):
        return Why.LOST
    return Why.BRIEF if _talked(call) < BRIEF_SECONDS else Why.UNKNOWN


def _talked(call: CallRow) -> float:
    if call.answered_at is None or call.ended_at is None:
        return 0.0
    return (call.ended_at - call.answered_at).total_seconds()


async def _loose(session: AsyncSession, first: datetime, last: datetime) -> list[Item]:
    rows = await session.execute(
        select(Recording)
        .where(
            col(Recording.hotline).is_(None),
            col(Recording.started_at) >= first,
            col(Recording.started_at) < last,
        )
        .order_by(col(Recording.started_at))
        .limit(MOST)
    )
    return [
        Item(
            kind=ItemKind.RECORDING,
            why=Why.UNKNOWN,
            at=row.started_at,
            recording=row.id,
            seconds=row.seconds,
        )
        for row in rows.scalars()
    ]


async def _incomplete(session: AsyncSession, first: datetime, last: datetime) -> list[Item]:
    rows = await session.execute(
        select(RecordingFinding, Recording.started_at)
        .join(Recording, col(Recording.id) == col(RecordingFinding.recording))
        .where(
            col(Recording.started_at) >= first,
            col(Recording.started_at) < last,
            col(RecordingFinding.kind).in_((FindingKind.SHORT, FindingKind.HOLE, FindingKind.LONG)),
        )
        .order_by(col(Recording.started_at))
        .limit(MOST)
    )
    return [
        Item(
            kind=ItemKind.INCOMPLETE,
            why=Why(found.why) if found.why else Why.UNKNOWN,
            at=at,
            hotline=found.hotline,
            call=found.call,
            recording=found.recording,
            seconds=found.seconds,
        )
        for found, at in rows.tuples()
    ]

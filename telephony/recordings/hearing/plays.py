"""Plays: begun with a reason, counted while the sound runs, searched afterwards (CT-3.4, CT-11.1b).

The row is what is searched; that a play began, by whom and why, stands in the audit chain as well.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import ColumnElement, literal, or_, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from telephony.calls.tables import CallRow
from telephony.recordings.errors import PlayUnknown, ReasonMissing
from telephony.recordings.hearing.tables import RecordingPlay, RecordingRequest
from telephony.recordings.store import Listed
from telephony.recordings.tables import Recording
from tongdai import audit
from tongdai.accounts.model import Viewer
from tongdai.db import Tx
from tongdai.text import clean, fold

Way = Literal["page", "api", "request", "export", "callback"]
"""By which door somebody hears: the player, a program, a unit's grant, a package, a message."""
PLAYED = "played"
LIFE = timedelta(hours=12)
"""How long a player may fetch sound under one reason."""
LONGEST_REASON = 500
_FASTEST = 4.0
"""Seconds of sound in a second, beyond any player's speed."""
POSSIBLE_AT_ONCE = 10.0
"""Seconds of sound that a player may report at the very moment of its beginning."""


async def begin(
    tx: Tx,
    listed: Listed,
    viewer: Viewer,
    *,
    how: Way,
    reason: str = "",
    span: str = "",
    request: str | None = None,
) -> RecordingPlay:
    """Write down that somebody hears a recording, and why; before the first byte goes out.

    Args:
        tx: The open transaction.
        listed: What is heard.
        viewer: Who hears it; that they may is asked before (access.must_hear).
        how: By which door.
        reason: Why.
        span: The bytes asked for, as the Range header has them.
        request: The grant by which a unit hears it.

    Raises:
        ReasonMissing: A person gives none, or one that is too long.
    """
    why = clean(reason)
    program = viewer.id.startswith("token:")
    if (not why and not program) or len(why) > LONGEST_REASON:
        raise ReasonMissing(fields={"reason": "too_long" if why else "required"})
    row, facts = listed.recording, {"span": span} if span else {}
    play = RecordingPlay(
        recording=row.id,
        hotline=row.hotline,
        account=viewer.id,
        name=viewer.name,
        at=tx.now,
        how=how,
        reason=why,
        request=request,
    )
    tx.session.add(play)
    if request is not None:
        facts["request"] = request
    await audit.append(
        tx,
        chain=audit.RECORDINGS,
        subject=row.id,
        kind=PLAYED,
        actor=viewer.id,
        data={
            "play": play.id,
            "name": viewer.name,
            "how": how,
            "reason": why,
            "call": row.call,
            "hotline": row.hotline,
            **facts,
        },
    )
    return play


async def running(
    session: AsyncSession,
    viewer: Viewer,
    recording: str,
    play: str,
    now: datetime,
    *,
    request: str | None = None,
) -> RecordingPlay:
    """Return the viewer's own play of a recording, while sound may be fetched under it.

    Args:
        session: A session to read with.
        viewer: Who hears.
        recording: What.
        play: The play's id.
        now: Aware moment.
        request: The grant by which a unit hears it; the whole recording is another matter.

    Raises:
        PlayUnknown: There is none, it is another's, of another recording, or too old.
    """
    row = await session.get(RecordingPlay, play) if play else None
    if (
        row is None
        or row.account != viewer.id
        or row.recording != recording
        or row.request != request
        or not row.at <= now < row.at + LIFE
    ):
        raise PlayUnknown(recording=recording)
    return row


async def heard(
    tx: Tx,
    viewer: Viewer,
    recording: str,
    play: str,
    seconds: float,
    *,
    request: str | None = None,
) -> RecordingPlay:
    """Note how many seconds of sound were played so far; less than was said before changes nothing.

    Raises:
        PlayUnknown: See `running`.
    """
    row = await running(tx.session, viewer, recording, play, tx.now, request=request)
    possible = (tx.now - row.at).total_seconds() * _FASTEST + POSSIBLE_AT_ONCE
    row.heard_seconds = round(max(row.heard_seconds, min(seconds, possible)), 1)
    row.heard_at = tx.now
    return row


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaysWanted:
    """What a list of plays is narrowed to; None narrows nothing.

    Attributes:
        hotlines: Only recordings of these, and of none yet; None: all.
        hotline: One of them.
        recording: A recording's id.
        account: Who heard.
        how: One of Way.
        number: The caller's number, E.164. With `tickets` as well: one of the two is enough.
        tickets: Some tickets' ids.
        since: First moment, inclusive.
        until: Last moment, exclusive.
        least: Seconds heard, at least.
        unit: A unit that heard by a grant.
        words: Words of the reason, or beginnings of words, each of them; accents do not matter.
    """

    hotlines: Collection[str] | None = None
    hotline: str | None = None
    recording: str | None = None
    account: str | None = None
    how: str | None = None
    number: str | None = None
    tickets: Collection[str] | None = None
    since: datetime | None = None
    until: datetime | None = None
    least: float | None = None
    unit: str | None = None
    words: str = ""


async def page(
    session: AsyncSession,
    wanted: PlaysWanted,
    *,
    limit: int = 50,
    before: tuple[datetime, str] | None = None,
) -> list[RecordingPlay]:
    """Return who heard what, newest first.

    Args:
        session: A session to read with.
        wanted: What to narrow the list to.
        limit: How many at most.
        before: `at` and id of the last one of the page before.
    """
    query = select(RecordingPlay).where(*_conditions(wanted))
    if before is not None:
        query = query.where(tuple_(col(RecordingPlay.at), col(RecordingPlay.id)) < before)
    query = query.order_by(col(RecordingPlay.at).desc(), col(RecordingPlay.id).desc())
    return list((await session.execute(query.limit(limit))).scalars())


async def hearers(session: AsyncSession, hotlines: Collection[str]) -> list[tuple[str, str]]:
    """Return id and name of everybody who ever heard a recording of the hotlines, by name."""
    query = select(col(RecordingPlay.account), col(RecordingPlay.name)).where(_within(hotlines))
    found = (await session.execute(query.distinct())).tuples().all()
    return sorted(dict(found).items(), key=lambda one: one[1])


def _conditions(wanted: PlaysWanted) -> list[ColumnElement[bool]]:
    equal = (
        (col(RecordingPlay.hotline), wanted.hotline),
        (col(RecordingPlay.recording), wanted.recording),
        (col(RecordingPlay.account), wanted.account),
        (col(RecordingPlay.how), wanted.how),
    )
    found = [column == value for column, value in equal if value is not None]
    if wanted.hotlines is not None:
        found.append(_within(wanted.hotlines))
    if wanted.since is not None:
        found.append(col(RecordingPlay.at) >= wanted.since)
    if wanted.until is not None:
        found.append(col(RecordingPlay.at) < wanted.until)
    if wanted.least is not None:
        found.append(col(RecordingPlay.heard_seconds) >= wanted.least)
    if wanted.unit is not None:
        granted = select(col(RecordingRequest.id)).where(col(RecordingRequest.unit) == wanted.unit)
        found.append(col(RecordingPlay.request).in_(granted))
    reason = literal(" ") + col(RecordingPlay.folded)
    found += [reason.contains(f" {w}", autoescape=True) for w in fold(wanted.words).split()]
    about = [col(CallRow.caller_number) == wanted.number] if wanted.number is not None else []
    if wanted.tickets is not None:
        about.append(col(CallRow.ticket).in_(wanted.tickets))
    if about:
        of_calls = select(col(Recording.id)).join(CallRow, col(CallRow.id) == col(Recording.call))
        found.append(col(RecordingPlay.recording).in_(of_calls.where(or_(*about))))
    return found


def _within(hotlines: Collection[str]) -> ColumnElement[bool]:
    return or_(
        col(RecordingPlay.hotline).in_(sorted(hotlines)), col(RecordingPlay.hotline).is_(None)
    )

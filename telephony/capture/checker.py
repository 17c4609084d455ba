"""Holds every recording against its call's timeline, as soon as both are known."""

import asyncio
from datetime import timedelta

import structlog
from sqlalchemy import func, or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from telephony.calls import store as calls
from telephony.calls.tables import CallRow
from telephony.capture import marks, sounds
from telephony.capture.checks import Finding, Timeline, Tolerance, findings
from telephony.capture.model import MarkKind, Span, paused, spans, stopped_at
from telephony.capture.tables import RecordingFinding, RecordingSound
from telephony.recordings.model import Kind
from telephony.recordings.tables import Recording
from telephony.transfers.tables import Transfer
from tongdai.clock import Clock
from tongdai.db import Database, DatabaseAway, Tx
from tongdai.ids import CallId
from tongdai.settings import Settings

log = structlog.get_logger()

AT_ONCE = 50
PAUSE_SECONDS = 3.0
GRACE = timedelta(seconds=3)
"""How long after a recording its call's last marks may come."""
ALARM = timedelta(hours=24)
"""How long a finding that nobody has looked at is an alarm on /healthz."""

Row = tuple[RecordingSound, Recording, CallRow | None]


class Checker:
    """Writes a row for everything that is wrong; knows how many of them nobody has looked at."""

    def __init__(self, settings: Settings, db: Database, clock: Clock) -> None:
        """Take what is needed; nothing is read before `run`."""
        kept = settings.recordings
        self._db, self._clock = db, clock
        self._tolerance = Tolerance(
            length=kept.length_tolerance_seconds,
            one_sided=kept.one_sided_seconds,
            silent=kept.silent_seconds,
        )
        self.open = 0
        """Findings of the last day that have no known reason and that nobody has looked at."""
        self.trouble = ""
        """Why recordings are not checked now: a sentence, or empty."""

    async def run(self) -> None:
        """Check what came, until cancelled."""
        while True:
            try:
                while await self.round() == AT_ONCE:
                    pass
            except DatabaseAway:
                pass  # the recordings wait; /healthz says that the database is away
            except Exception as error:
                log.exception("recording.checks_failed")
                self.trouble = f"recordings are not checked: {type(error).__name__}, see the log"
            await asyncio.sleep(PAUSE_SECONDS)

    async def round(self) -> int:
        """Check some recordings; return how many. One that cannot be checked holds up no other."""
        async with self._db.read() as session:
            waiting = await _waiting(session, self._clock)
        checked = 0
        if waiting:
            async with self._db.write() as tx:
                for row in waiting:
                    try:
                        await self._note(tx, row)
                        checked += 1
                    except (ValueError, TypeError):
                        log.exception("recording.check_failed", recording=row[1].id)
        left = len(waiting) - checked
        self.trouble = f"{left} recordings cannot be checked: see the log" if left else ""
        async with self._db.read() as session:
            self.open = await _open(session, self._clock)
        return checked

    async def _note(self, tx: Tx, waiting: Row) -> None:
        """Check one recording and write down what is wrong with it."""
        sound, recording, call = waiting
        for one in await self._check(tx.session, sound, recording, call):
            tx.session.add(_row_of(one, recording, call, self._clock))
            log.warning(
                "recording.doubtful",
                recording=recording.id,
                what=one.kind,
                seconds=round(one.seconds, 1),
                why=one.why,
            )
        row = await tx.session.get(RecordingSound, sound.recording)
        if row is not None:
            row.checked_at = self._clock.now()

    async def _check(
        self,
        session: AsyncSession,
        measured: RecordingSound,
        recording: Recording,
        call: CallRow | None,
    ) -> list[Finding]:
        sound = sounds.of_row(measured)
        if recording.kind != Kind.CALL or call is None or call.answered_at is None:
            return list(findings(sound, None, self._tolerance))
        lengths = await _lengths(session, recording.call)
        if recording.n != min(lengths):
            return list(findings(sound, None, self._tolerance))
        timeline = await timeline_of(session, call)
        return list(findings(sound, timeline, self._tolerance, recorded=sum(lengths.values())))


async def timeline_of(session: AsyncSession, call: CallRow) -> Timeline | None:
    """Return what a call that has ended was; None when nobody answered it."""
    if call.answered_at is None or call.ended_at is None:
        return None
    told = await marks.kept_of(session, call.id)
    quiet: list[Span] = paused(told, call.ended_at)
    quiet += spans(told, MarkKind.HOLD, MarkKind.UNHOLD, call.ended_at)
    transfers = await session.execute(select(Transfer).where(col(Transfer.call_id) == call.id))
    quiet += [(t.started_at, t.ended_at or call.ended_at) for t in transfers.scalars()]
    stop = stopped_at(told)
    return Timeline(
        answered_at=call.answered_at,
        ended_at=min(call.ended_at, stop) if stop else call.ended_at,
        quiet=quiet,
        lost=any(leg.how == "lost" for leg in await calls.legs(session, CallId(call.id))),
    )


async def _waiting(session: AsyncSession, clock: Clock) -> list[Row]:
    rows = await session.execute(
        select(RecordingSound, Recording, CallRow)
        .join(Recording, col(Recording.id) == col(RecordingSound.recording))
        .join(CallRow, col(CallRow.id) == col(Recording.call), isouter=True)
        .where(
            col(RecordingSound.checked_at).is_(None),
            col(Recording.created_at) <= clock.now() - GRACE,
            or_(col(Recording.kind) != Kind.CALL, col(CallRow.ended_at).is_not(None)),
        )
        .order_by(col(RecordingSound.recording))
        .limit(AT_ONCE)
    )
    return [(sound, recording, call) for sound, recording, call in rows]


async def _lengths(session: AsyncSession, call: str) -> dict[int, float]:
    rows = await session.execute(
        select(Recording.n, Recording.seconds).where(
            col(Recording.call) == call, col(Recording.kind) == Kind.CALL
        )
    )
    return dict(rows.tuples().all())


async def _open(session: AsyncSession, clock: Clock) -> int:
    rows = await session.execute(
        select(func.count())
        .select_from(RecordingFinding)
        .where(
            col(RecordingFinding.created_at) >= clock.now() - ALARM,
            col(RecordingFinding.why) == "",
            col(RecordingFinding.seen_at).is_(None),
        )
    )
    return int(rows.scalar_one())


def _row_of(
    found: Finding, recording: Recording, call: CallRow | None, clock: Clock
) -> RecordingFinding:
    return RecordingFinding(
        recording=recording.id,
        call=recording.call,
        hotline=call.hotline if call else recording.hotline,
        kind=found.kind,
        seconds=found.seconds,
        at_second=found.at,
        why=found.why,
        created_at=clock.now(),
    )

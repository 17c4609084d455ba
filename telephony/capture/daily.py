"""The daily reconciliation: run once a day, its result kept by day, an alarm when it is unclean."""

import asyncio
from collections.abc import Iterable
from datetime import date, datetime, timedelta

import structlog
from sqlalchemy import delete
from sqlmodel import col, select

from telephony.capture.checker import Checker
from telephony.capture.pull import Pull
from telephony.capture.reconcile import Reconciled, bounds, lying, reconcile
from telephony.capture.tables import ReconciliationDay, ReconciliationItem
from telephony.recordings.intake import Intake
from telephony.recordings.spool import Spool
from tongdai.clock import HCM, Clock
from tongdai.db import Database, DatabaseAway, Tx
from tongdai.health import Condition, Part, State
from tongdai.settings import Settings

log = structlog.get_logger()

LOOK_SECONDS = 30.0
GRACE = timedelta(minutes=2)
"""How long a recording may take from its call's end into the archive."""
BACK = timedelta(days=7)
"""How far back a day that was not reconciled (the service was off) is made good."""


class Daily:
    """Reconciles each day after [recordings] reconcile_at of the next, in Vietnam."""

    def __init__(
        self, settings: Settings, db: Database, clock: Clock, spools: Iterable[Spool]
    ) -> None:
        """Take what is needed; nothing is read before `run`."""
        self._db, self._clock, self._at = db, clock, settings.recordings.reconcile_at
        self._spools = tuple(Spool(spool.pbx, spool.folder) for spool in spools)
        self.unclean: date | None = None
        """The newest reconciled day, when something of it has no known reason."""
        self.trouble = ""
        """Why nothing can be reconciled now: a sentence, or empty."""

    async def run(self) -> None:
        """Reconcile what is due, until cancelled."""
        while True:
            try:
                await self.round()
                self.trouble = ""
            except DatabaseAway:
                pass  # tried again; /healthz says that the database is away
            except OSError as error:
                self._unreadable(error)
            except Exception as error:
                log.exception("recording.reconciliation_failed")
                self.trouble = f"days cannot be reconciled: {type(error).__name__}, see the log"
            await asyncio.sleep(LOOK_SECONDS)

    async def round(self) -> list[Reconciled]:
        """Reconcile every day that is due and was not yet; return the results."""
        now = self._clock.now()
        newest = _newest_due(now, self._at.hour * 60 + self._at.minute)
        async with self._db.read() as session:
            rows = await session.execute(
                select(col(ReconciliationDay.day), col(ReconciliationDay.clean))
                .where(col(ReconciliationDay.day) > newest - BACK)
                .order_by(col(ReconciliationDay.day))
            )
            known = dict(rows.tuples().all())
        due = [newest - timedelta(days=n) for n in range(BACK.days - 1, -1, -1)]
        done = [await self.of_day(day) for day in due if day not in known]
        known |= {one.day: one.clean for one in done}
        for one in done:
            tell = log.info if one.clean else log.warning
            tell("recording.reconciled", day=one.day.isoformat(), items=len(one.items))
        self.unclean = newest if not known.get(newest, True) else None
        return done

    def _unreadable(self, error: OSError) -> None:
        """Say once that a spool cannot be looked into; what lies there belongs to the result."""
        place = error.filename or "the spool"
        trouble = f"days cannot be reconciled: {place}: {error.strerror or error}"
        if trouble != self.trouble:
            log.warning("recording.spool_unreadable", why=trouble)
        self.trouble = trouble

    async def of_day(self, day: date, *, grace: timedelta = GRACE) -> Reconciled:
        """Reconcile one day and keep the result in the place of an older one.

        Args:
            day: In Vietnam.
            grace: Calls that ended less than that ago are left out.
        """
        now = self._clock.now()
        files = await asyncio.to_thread(lying, self._spools, now)
        recent = now < bounds(day)[1] + timedelta(days=1)
        async with self._db.read() as session:
            found = await reconcile(session, day, files if recent else [], before=now - grace)
        async with self._db.write() as tx:
            await _keep(tx, found)
        return found


class Watch:
    """The part `spool` of /healthz: intake and pulls, what is doubtful, what is not reconciled."""

    def __init__(
        self,
        clock: Clock,
        intake: Intake,
        checker: Checker,
        daily: Daily,
        pulls: Iterable[Pull] = (),
    ) -> None:
        """Ask all of them."""
        self._intake, self._checker, self._daily = intake, checker, daily
        self._pulls = tuple(pulls)
        self._condition = Condition(clock, State.OK)

    async def health(self) -> dict[str, Part]:
        """Return the worst; see tongdai.health.HasHealth."""
        spool = (await self._intake.health())["spool"]
        said = [spool.detail] if spool.state is not State.OK else []
        said += [pull.trouble for pull in self._pulls if pull.trouble]
        if self._checker.open:
            said.append(f"{self._checker.open} recordings are doubtful: see /audit/reconciliation")
        if self._daily.unclean:
            said.append(
                f"calls and recordings of {self._daily.unclean} do not match: "
                "see /audit/reconciliation"
            )
        said += [one.trouble for one in (self._checker, self._daily) if one.trouble]
        worst = spool.state if spool.state is State.DOWN else State.DEGRADED if said else State.OK
        self._condition.set(worst, "; ".join(said))
        return {"spool": spool if worst is spool.state and len(said) < 2 else self._condition.part}


def _newest_due(now: datetime, minutes: int) -> date:
    return (now.astimezone(HCM) - timedelta(minutes=minutes)).date() - timedelta(days=1)


async def _keep(tx: Tx, found: Reconciled) -> None:
    await tx.session.execute(
        delete(ReconciliationItem).where(col(ReconciliationItem.day) == found.day)
    )
    row = await tx.session.get(ReconciliationDay, found.day)
    if row is not None:
        await tx.session.delete(row)
        await tx.session.flush()  # its key is given out again at once
    tx.session.add(
        ReconciliationDay(
            day=found.day,
            ran_at=tx.now,
            answered=found.answered,
            recordings=found.recordings,
            clean=found.clean,
        )
    )
    for item in found.items:
        tx.session.add(
            ReconciliationItem(
                day=found.day,
                kind=item.kind,
                why=item.why,
                hotline=item.hotline,
                call=item.call,
                recording=item.recording,
                file=item.file,
                at=item.at,
                seconds=item.seconds,
            )
        )

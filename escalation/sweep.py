"""Carries out everything that is due, in due order, many deadlines in one transaction (ADR 6)."""

import asyncio
from dataclasses import dataclass
from datetime import datetime

import structlog

from escalation import editions, record, standstill, store
from escalation.acts import Acts
from escalation.lawbook import Lawbook
from escalation.store import Claim, Position
from escalation.tables import CalendarInForce
from tongdai.accounts.model import SYSTEM
from tongdai.db import Database, DatabaseAway

log = structlog.get_logger()
TOGETHER = 50
"""Deadlines a transaction: it lasts some 0.2 s, and acts of the same hotline wait so long."""


@dataclass(frozen=True, slots=True)
class _Step:
    """What a transaction did: how many it claimed and carried out, how many to try one by one."""

    claimed: int = 0
    done: int = 0
    again: int = 0


class Sweep:
    """Late is late but never lost: what fell due while the service was away is due now.

    A deadline that cannot be carried out is logged, left waiting and tried again by the next
    sweep; it stops nobody else's.
    """

    def __init__(self, db: Database, acts: Acts) -> None:
        self._db = db
        self._acts = acts
        self._one_at_a_time = asyncio.Lock()
        self._passed: Position | None = None
        self.failing = 0
        """How many deadlines the last sweep could not carry out."""

    async def run_due(self) -> int:
        """Carry out what is due; return how many deadlines that were.

        Raises:
            DatabaseAway: The database does not answer; what was done so far is done.
        """
        async with self._one_at_a_time:
            done = await standstill.carry_on(self._db, self._acts, self._db.clock.now())
            self.failing, self._passed = 0, None
            return done + await self._all_due()

    async def next_due(self) -> datetime | None:
        """Return when something falls due next, beside what the last sweep had to leave."""
        async with self._db.read() as session:
            found = (
                await store.next_due(session, self._passed),
                await standstill.next_end(session),
            )
        return min((at for at in found if at is not None), default=None)

    async def refresh_law(self) -> bool:
        """Take over what the administration has changed; say whether anything was.

        Raises:
            DatabaseAway: The database does not answer.
        """
        async with self._db.read() as session:
            return await editions.refresh(session, self._acts.lawbook)

    def calendar_versions(self) -> dict[str, str]:
        """Return the hash of each hotline's calendars as they are known here."""
        lawbook = self._acts.lawbook
        return {hotline: lawbook.calendar_version(hotline) for hotline in lawbook.calendars}

    async def follow_calendars(self) -> int:
        """Work due times out anew where a calendar has changed; return how many moved.

        Raises:
            DatabaseAway: The database does not answer.
        """
        moved = 0
        for hotline in self._acts.lawbook.calendars:
            if await self._calendar_is_known(hotline):
                continue
            async with self._db.read() as session:
                tickets = await store.open_tickets(session, hotline)
            why = await self._why(hotline)
            for ticket in tickets:
                async with self._db.write() as tx:
                    lines = await self._acts.recount(tx, ticket, why)
                moved += sum(line.do == "moved" for line in lines)
            await self._keep_calendar(hotline)
            log.info("calendar.followed", hotline=hotline, tickets=len(tickets), moved=moved)
        return moved

    async def _all_due(self) -> int:
        """Carry out deadlines together; those of a failed transaction again, one by one."""
        done, alone = 0, 0
        while True:
            step = await self._together(1 if alone else TOGETHER)
            if step.claimed == 0:
                return done
            done += step.done
            alone = alone - 1 if alone else step.again

    async def _together(self, limit: int) -> _Step:
        """Carry out the deadlines that passed longest ago, in one transaction."""
        claims: list[Claim] = []
        try:
            async with self._db.write() as tx:
                claims = await store.claim(tx, limit, self._passed)
                if not claims:
                    return _Step()
                fired = await self._acts.fall_due(tx, claims)
        except DatabaseAway:
            raise
        except Exception as error:
            if len(claims) > 1:  # the one that is to blame is named when it comes to it
                why = type(error).__name__
                log.warning("deadlines.one_by_one", deadlines=len(claims), why=why)
                return _Step(claimed=len(claims), again=len(claims))
            log.exception("deadline.failed", deadline=[claim.at.deadline for claim in claims])
            for claim in claims:
                self._leave(claim.at)
            return _Step(claimed=len(claims))
        for idle in fired.idle:
            log.error("deadline.idle", deadline=idle.deadline)
            self._leave(idle)
        for ticket, line in fired.lines:
            log.info("deadline.carried_out", ticket=ticket, do=line.do, due=line.at)
        return _Step(claimed=len(claims), done=fired.done)

    def _leave(self, at: Position) -> None:
        """Leave a deadline to the next sweep: all that is due before it is done or left as well."""
        self.failing += 1
        self._passed = max(self._passed or at, at)

    async def _calendar_is_known(self, hotline: str) -> bool:
        async with self._db.read() as session:
            row = await session.get(CalendarInForce, hotline)
        return row is not None and row.version == _version(self._acts.lawbook, hotline)

    async def _why(self, hotline: str) -> record.Why:
        version = _version(self._acts.lawbook, hotline)
        async with self._db.read() as session:
            last = await editions.latest(session, editions.CALENDAR, hotline)
        if last is None:
            return record.Why(by=SYSTEM.id, note="", version=version)
        return record.Why(by=last.by, note=last.note, version=version)

    async def _keep_calendar(self, hotline: str) -> None:
        async with self._db.write() as tx:
            row = await tx.session.get(CalendarInForce, hotline)
            version = _version(self._acts.lawbook, hotline)
            if row is None:
                tx.session.add(CalendarInForce(hotline=hotline, version=version, since=tx.now))
            else:
                row.version, row.since = version, tx.now


def _version(lawbook: Lawbook, hotline: str) -> str:
    return lawbook.calendar_version(hotline)

"""Carries out everything that is due, in due order, each deadline in a transaction of its own."""

import asyncio
from datetime import datetime

import structlog

from escalation import editions, record, standstill, store
from escalation.acts import Acts
from escalation.lawbook import Lawbook
from escalation.tables import WAITING, CalendarInForce
from tongdai.accounts.model import SYSTEM
from tongdai.db import Database, DatabaseAway

log = structlog.get_logger()


class Sweep:
    """Late is late but never lost: what fell due while the service was away is due now.

    A deadline that cannot be carried out is logged, left waiting and tried again by the next
    sweep; it stops nobody else's.
    """

    def __init__(self, db: Database, acts: Acts) -> None:
        self._db = db
        self._acts = acts
        self._one_at_a_time = asyncio.Lock()
        self.failing = 0
        """How many deadlines the last sweep could not carry out."""

    async def run_due(self) -> int:
        """Carry out what is due; return how many deadlines that were.

        Raises:
            DatabaseAway: The database does not answer; what was done so far is done.
        """
        async with self._one_at_a_time:
            failed = set[str]()
            done = await standstill.carry_on(self._db, self._acts, self._db.clock.now())
            while (carried := await self._next(failed)) is not None:
                done += carried
            self.failing = len(failed)
            return done

    async def next_due(self) -> datetime | None:
        """Return when something falls due next."""
        async with self._db.read() as session:
            found = (await store.next_due(session), await standstill.next_end(session))
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

    async def _next(self, failed: set[str]) -> int | None:
        """Carry out the deadline that passed longest ago; None: nothing is due."""
        claimed = ""
        try:
            async with self._db.write() as tx:
                found = await store.claim(tx, failed)
                if found is None:
                    return None
                ticket, deadline = found
                claimed = deadline.id
                if deadline.state != WAITING:
                    return 0  # another node was quicker
                lines = await self._acts.fall_due(tx, ticket, deadline)
                if deadline.state == WAITING:
                    failed.add(deadline.id)
                    log.error("deadline.idle", deadline=deadline.id, ticket=ticket.id)
                    return 0
                for line in lines:
                    log.info("deadline.carried_out", ticket=ticket.id, do=line.do, due=line.at)
        except DatabaseAway:
            raise
        except Exception:
            failed.add(claimed)
            log.exception("deadline.failed", deadline=claimed)
            return 0 if claimed else None
        return 1

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

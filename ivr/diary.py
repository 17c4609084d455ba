"""Which prompt was played to which call and when; what was pressed; where the caller was led.

Kept in memory while the call is in the menus, written in one transaction at its end: two hundred
callers in menus must not queue for the database's one writer.
"""

from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from ivr.desk import Visit
from ivr.tables import CallPrompt
from tongdai.clock import Clock
from tongdai.db import Database, DatabaseAway

log = structlog.get_logger()
_MOST = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Something that was said, pressed, or done."""

    at: datetime
    step: str
    kind: str
    text: str


class Diary:
    """What one caller heard."""

    def __init__(self, visit: Visit, version: str, clock: Clock) -> None:
        self._visit, self._version, self._clock = visit, version, clock
        self._step = ""
        self.entries: list[Entry] = []

    def at(self, step: str) -> None:
        """Note where the caller is now."""
        self._step = step

    def said(self, text: str) -> None:
        """Note a prompt, as it begins."""
        self._note("said", text)

    def pressed(self, key: str) -> None:
        """Note a key; of an entry only how long it was."""
        self._note("pressed", key)

    def led(self, where: str) -> None:
        """Note where the caller was led: queue, desk, end, dialplan, or that he hung up."""
        self._note("led", where)
        log.info("menu.led", call=self._visit.call, hotline=self._visit.hotline, where=where)

    async def write(self, db: Database) -> None:
        """Write it down; without a database it is only in the log."""
        visit = self._visit
        try:
            async with db.write() as tx:
                for n, entry in enumerate(self.entries):
                    tx.session.add(
                        CallPrompt(
                            call=visit.call,
                            n=n,
                            hotline=visit.hotline,
                            version=self._version,
                            at=entry.at,
                            step=entry.step,
                            kind=entry.kind,
                            text=entry.text,
                        )
                    )
        except DatabaseAway:
            log.warning("menu.diary_lost", call=visit.call, entries=len(self.entries))

    def _note(self, kind: str, text: str) -> None:
        if len(self.entries) < _MOST:
            now = self._clock.now()
            self.entries.append(Entry(at=now, step=self._step, kind=kind, text=text))


async def of_call(session: AsyncSession, call: str) -> list[CallPrompt]:
    """Return what a caller heard and pressed, in order."""
    query = select(CallPrompt).where(col(CallPrompt.call) == call).order_by(col(CallPrompt.n))
    return list((await session.execute(query)).scalars())

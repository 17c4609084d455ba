"""Which prompt was played to which call and when; what was pressed; where the caller was led.

Written behind (tongdai.behind) while the call is in the menus: no caller waits for the database,
and a service that is killed loses no more than a moment.
"""

from collections import deque
from collections.abc import Sequence
from itertools import islice

import structlog
from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from ivr.desk import Visit
from ivr.tables import CallPrompt
from tongdai.behind import WriteBehind
from tongdai.clock import Clock
from tongdai.db import Database, DatabaseAway, Tx

log = structlog.get_logger()
_MOST = 400
PAUSE_SECONDS = 0.25
"""Between two writes: what is said and pressed in it is one transaction."""
RETRY_SECONDS = 2.0
BATCH = 500
MOST_WAITING = 50_000
"""Entries that are kept while the database is away (25 MB); of later ones there is only the log."""


class DiaryWriter(WriteBehind):
    """Writes all callers' entries; `note` never waits."""

    def __init__(self, db: Database) -> None:
        super().__init__(pause_seconds=PAUSE_SECONDS, retry_seconds=RETRY_SECONDS)
        self._db = db
        self._rows: deque[CallPrompt] = deque()
        self._full = False

    @property
    def waiting(self) -> int:
        """How many entries are not written yet."""
        return len(self._rows)

    def note(self, row: CallPrompt) -> None:
        """Remember an entry that has to be written."""
        if len(self._rows) >= MOST_WAITING:
            if not self._full:
                log.warning("menu.diary_full", waiting=len(self._rows))
            self._full = True
            return
        self._rows.append(row)
        self._noted()

    async def _write(self) -> bool:
        while self._rows:
            rows = list(islice(self._rows, BATCH))
            try:
                async with self._db.write() as tx:
                    await _save(tx, rows)
            except DatabaseAway:
                log.warning("menu.diary_waits", waiting=len(self._rows))
                return False
            except Exception:  # no entry may stop those that come after it
                log.exception("menu.diary_lost", entries=len(rows))
            for _row in rows:
                self._rows.popleft()
        self._full = False
        return True


class Diary:
    """What one caller heard."""

    def __init__(
        self, visit: Visit, version: str, clock: Clock, writer: DiaryWriter, *, first: int = 0
    ) -> None:
        """Begin an empty diary.

        Args:
            visit: Who calls.
            version: The flow's.
            clock: When it was.
            writer: Writes it down.
            first: The number of its first entry: later parts of a call come after its menus.
        """
        self._visit, self._version, self._clock = visit, version, clock
        self._writer = writer
        self._step = ""
        self._first, self._count = first, 0

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

    def _note(self, kind: str, text: str) -> None:
        if self._count >= _MOST:
            return
        row = CallPrompt(
            call=self._visit.call,
            n=self._first + self._count,
            hotline=self._visit.hotline,
            version=self._version,
            at=self._clock.now(),
            step=self._step,
            kind=kind,
            text=text,
        )
        self._count += 1
        self._writer.note(row)


async def of_call(session: AsyncSession, call: str) -> list[CallPrompt]:
    """Return what a caller heard and pressed, in order."""
    order = (col(CallPrompt.at), col(CallPrompt.n))  # menus and queue count each by themselves
    query = select(CallPrompt).where(col(CallPrompt.call) == call).order_by(*order)
    return list((await session.execute(query)).scalars())


async def _save(tx: Tx, rows: Sequence[CallPrompt]) -> None:
    """Write entries; one that is there already stays: the commit before may have been heard."""
    connection = await tx.session.connection()
    table: Table = CallPrompt.__table__  # type: ignore[attr-defined]  # SQLModel's own
    is_sqlite = connection.dialect.name == "sqlite"
    statement = (sqlite.insert if is_sqlite else postgresql.insert)(table)
    saving = statement.on_conflict_do_nothing(index_elements=["id"])
    await connection.execute(saving, [row.model_dump() for row in rows])

"""The flows in force, by hotline: as shipped or installed, else as the administration changed them.

An edition holds for the next call; a caller who is inside goes on in the flow that he began with.
"""

import asyncio
from dataclasses import dataclass
from pathlib import Path

import structlog
from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from ivr.flow.parse import FlowError, Version, of_hotline, read_version
from ivr.tables import FlowEdition
from ivr.voices import Voices
from tongdai import audit
from tongdai.accounts.model import Viewer
from tongdai.db import Database, DatabaseAway, Tx
from tongdai.text import nfc

log = structlog.get_logger()
PATIENCE_SECONDS = 3.0
"""How long a caller may wait for the register to say whether the flow was changed."""


@dataclass(slots=True)
class Flowbook:
    """The flows in force.

    Attributes:
        versions: By hotline; a hotline without one has no menus.
        seen: How far the editions were read.
        voices: Persons' recordings, taken over together with the flows.
    """

    versions: dict[str, Version]
    seen: tuple[int, int] = (0, 0)
    voices: Voices | None = None

    @classmethod
    def load(cls, hotlines: tuple[str, ...], folder: Path | None = None) -> "Flowbook":
        """Read the files.

        Raises:
            FlowError: One contradicts itself: file, line, reason.
        """
        found = {hotline: of_hotline(hotline, folder) for hotline in hotlines}
        return cls(versions={hotline: v for hotline, v in found.items() if v is not None})

    async def refresh(self, session: AsyncSession) -> bool:
        """Take over what was changed, here or by another node; say whether anything was."""
        query = select(func.count(), func.coalesce(func.max(col(FlowEdition.id)), 0))
        count, latest = (await session.execute(query.select_from(FlowEdition))).one()
        if (count, latest) == self.seen:
            return False
        newest = select(func.max(col(FlowEdition.id))).group_by(col(FlowEdition.hotline))
        rows = select(FlowEdition).where(col(FlowEdition.id).in_(newest.scalar_subquery()))
        for row in (await session.execute(rows)).scalars():
            self._take(row)
        self.seen = (count, latest)
        return True

    async def now(self, db: Database, hotline: str) -> Version | None:
        """Return a hotline's flow for the call that begins; without a database the last known."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS), db.read() as session:
                await self.refresh(session)
                if self.voices is not None:
                    await self.voices.refresh(session)
        except (DatabaseAway, TimeoutError):  # one that hangs must not leave a caller in silence
            log.warning("flow.database_away", hotline=hotline)
        return self.versions.get(hotline)

    def _take(self, row: FlowEdition) -> None:
        try:
            self.versions[row.hotline] = read_version(row.text, f"{row.hotline}.toml")
        except FlowError:  # the one before stays in force
            log.exception("flow.edition_not_taken", edition=row.id)


async def change(tx: Tx, hotline: str, text: str, *, by: Viewer, note: str) -> FlowEdition:
    """Write a new edition down, with who and why; it holds for the next call after the commit.

    Raises:
        FlowError: The text contradicts itself, or is another hotline's: file, line, reason.
    """
    text = nfc(text.replace("\r\n", "\n")).strip() + "\n"
    version = read_version(text, f"{hotline}.toml")
    if version.flow.id != hotline:
        message = f"{hotline}.toml, line 1: id: is {version.flow.id!r}, not {hotline!r}"
        raise FlowError(message)
    row = FlowEdition(
        hotline=hotline, version=version.id, text=text, at=tx.now, by=by.id, note=note
    )
    tx.session.add(row)
    await audit.append(
        tx,
        chain=audit.ADMINISTRATION,
        subject=hotline,
        kind="flow_changed",
        actor=by.id,
        data={"version": version.id, "note": note},
    )
    return row


async def history(session: AsyncSession, hotline: str, limit: int = 50) -> list[FlowEdition]:
    """Return a hotline's editions, the newest first."""
    query = (
        select(FlowEdition)
        .where(col(FlowEdition.hotline) == hotline)
        .order_by(col(FlowEdition.id).desc())
        .limit(limit)
    )
    return list((await session.execute(query)).scalars())


async def in_force(session: AsyncSession, hotline: str) -> FlowEdition | None:
    """Return the edition that the administration wrote last; None: the file holds."""
    found = await history(session, hotline, limit=1)
    return found[0] if found else None


async def edition(session: AsyncSession, number: int) -> FlowEdition | None:
    """Return an edition by its number."""
    return await session.get(FlowEdition, number)

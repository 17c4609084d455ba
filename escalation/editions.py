"""The law as the administration changes it: each change is a new edition, kept for ever.

A procedure's new edition holds for tickets filed from then on; a running ticket keeps the version
it began with. A calendar's new edition holds at once, for every running due time.
"""

from dataclasses import dataclass
from typing import Literal

import structlog
from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from escalation.events import LawChanged
from escalation.lawbook import Lawbook, read_version
from escalation.procedure import ProcedureError, version_of
from escalation.tables import LawEdition
from tickets import units
from tongdai import audit
from tongdai.accounts.model import Viewer
from tongdai.calendar import CalendarError, parse_calendar
from tongdai.db import Tx
from tongdai.ids import HotlineId
from tongdai.text import nfc

log = structlog.get_logger()
Kind = Literal["procedure", "calendar"]
PROCEDURE: Kind = "procedure"
CALENDAR: Kind = "calendar"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What an edition is of: a hotline's procedure, its calendar, or a unit's calendar."""

    kind: Kind
    hotline: str
    unit: str | None = None


async def change(tx: Tx, place: Place, text: str, *, by: Viewer, note: str) -> LawEdition:
    """Write a new edition down, with who and why; `refresh` puts it in force after the commit.

    Args:
        tx: The open transaction.
        place: Of what.
        text: The TOML; empty for a unit's calendar: it goes by the hotline's again.
        by: An administrator of the hotline (the caller has asked).
        note: Why.

    Raises:
        ProcedureError: The text contradicts itself, or is another hotline's: file, line, reason.
        CalendarError: Likewise.
        NoSuchUnit: The unit is not of this hotline, or closed.
    """
    text = nfc(text.replace("\r\n", "\n")).strip()
    text = f"{text}\n" if text else ""
    if place.unit is not None:
        await units.handling(tx.session, place.hotline, place.unit, tx.now)
    _check(place, text)
    row = LawEdition(
        kind=place.kind,
        hotline=place.hotline,
        unit_id=place.unit,
        version=version_of(text),
        text=text,
        at=tx.now,
        by=by.id,
        note=note,
    )
    tx.session.add(row)
    await audit.append(
        tx,
        chain=audit.ADMINISTRATION,
        subject=place.hotline,
        kind=f"{place.kind}_changed",
        actor=by.id,
        data={"version": row.version, "unit": place.unit, "note": note},
    )
    tx.emit(LawChanged(kind=place.kind, hotline=HotlineId(place.hotline)))
    return row


async def refresh(session: AsyncSession, lawbook: Lawbook) -> bool:
    """Take over what was changed, here or by another node; say whether anything was."""
    query = select(func.count(), func.coalesce(func.max(col(LawEdition.id)), 0))
    count, latest = (await session.execute(query.select_from(LawEdition))).one()
    if (count, latest) == lawbook.seen:
        return False
    for row in await _in_force(session):
        _take(lawbook, row)
    lawbook.seen = (count, latest)
    return True


async def history(session: AsyncSession, place: Place, limit: int = 50) -> list[LawEdition]:
    """Return the editions of something, the newest first."""
    query = (
        select(LawEdition)
        .where(col(LawEdition.kind) == place.kind, col(LawEdition.hotline) == place.hotline)
        .order_by(col(LawEdition.id).desc())
        .limit(limit)
    )
    if place.unit is not None:
        query = query.where(col(LawEdition.unit_id) == place.unit)
    return list((await session.execute(query)).scalars())


async def edition(session: AsyncSession, number: int) -> LawEdition | None:
    """Return an edition by its number."""
    return await session.get(LawEdition, number)


async def latest(session: AsyncSession, kind: Kind, hotline: str) -> LawEdition | None:
    """Return a hotline's last edition of a kind, of a unit's calendar too."""
    found = await history(session, Place(kind=kind, hotline=hotline), limit=1)
    return found[0] if found else None


def _check(place: Place, text: str) -> None:
    if place.kind == CALENDAR:
        if text or place.unit is None:
            parse_calendar(text, f"{place.hotline}.toml")
        return
    found = read_version(text, f"{place.hotline}.toml").procedure
    if found.id != place.hotline:
        message = f"{place.hotline}.toml, line 1: id: is {found.id!r}, not {place.hotline!r}"
        raise ProcedureError(message)


async def _in_force(session: AsyncSession) -> list[LawEdition]:
    newest = (
        select(func.max(col(LawEdition.id)))
        .group_by(col(LawEdition.kind), col(LawEdition.hotline), col(LawEdition.unit_id))
        .scalar_subquery()
    )
    query = select(LawEdition).where(col(LawEdition.id).in_(newest)).order_by(col(LawEdition.id))
    return list((await session.execute(query)).scalars())


def _take(lawbook: Lawbook, row: LawEdition) -> None:
    source = f"{row.hotline}.toml, edition {row.id}"
    try:
        if row.kind == PROCEDURE:
            lawbook.versions[row.hotline] = read_version(row.text, source)
        elif row.unit_id is None:
            lawbook.calendars[row.hotline] = parse_calendar(row.text, source)
            lawbook.texts[row.hotline] = row.text
        elif row.text:
            lawbook.of_units[row.hotline, row.unit_id] = parse_calendar(row.text, source)
        else:
            lawbook.of_units.pop((row.hotline, row.unit_id), None)
    except (ProcedureError, CalendarError):
        log.exception("law.edition_not_taken", edition=row.id)  # the one before stays in force

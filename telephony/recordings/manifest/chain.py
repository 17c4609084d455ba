"""Adds lines to the manifest, in the transaction of what they tell."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from telephony.calls.tables import CallRow
from telephony.recordings.manifest.lines import START, EntryKind, digest, entry_line, moment
from telephony.recordings.manifest.tables import ManifestEntry, ManifestTip
from telephony.recordings.tables import Recording
from tongdai.db import Tx, add_unless_there
from tongdai.text import mask_number

ROW_FACTS = (
    "kind",
    "pbx",
    "linkedid",
    "n",
    "call",
    "seconds",
    "bytes",
    "sha256",
    "stored_bytes",
    "stored_sha256",
    "source_bytes",
    "source_sha256",
    "pcm_sha256",
    "format",
    "channels",
    "sample_rate",
    "key",
)
"""Columns of a recording that `archived` repeats under their names."""


async def append(
    tx: Tx, event: EntryKind, recording: str, facts: dict[str, Any] | None = None
) -> ManifestEntry:
    """Add an entry; one chain an installation, whoever appends waits for the one before.

    Args:
        tx: The open transaction: of the recording's row.
        event: What happened.
        recording: The recording's id.
        facts: What else is said (JSON values).
    """
    tip = await locked_tip(tx.session)
    line = entry_line(
        event,
        seq=tip.seq + 1,
        at=tx.now,
        previous=tip.hash,
        facts={"recording": recording, **(facts or {})},
    )
    entry = ManifestEntry(
        seq=tip.seq + 1,
        event=event,
        recording=recording,
        at=tx.now,
        line=line,
        hash=digest(line),
    )
    tip.seq, tip.hash = entry.seq, entry.hash
    tx.session.add(entry)
    return entry


async def append_archived(tx: Tx, row: Recording) -> ManifestEntry:
    """Say that a recording is archived: everything that its row says, parties masked.

    The manifest may leave the house: numbers are in it as logs have them (0912***78). A plain
    hash of a number would hide nothing: there are few enough numbers to try them all.
    """
    call = await tx.session.get(CallRow, row.call)
    return await append(tx, EntryKind.ARCHIVED, row.id, row_facts(row) | _call_facts(call))


def row_facts(row: Recording) -> dict[str, Any]:
    """Return what the manifest repeats of a recording's row."""
    return {name: getattr(row, name) for name in ROW_FACTS} | {
        "name": row.path,
        "hotline": row.hotline,
        "started_at": moment(row.started_at),
    }


async def of_recording(session: AsyncSession, recording: str) -> list[ManifestEntry]:
    """Return the entries about one recording, oldest first."""
    rows = await session.execute(
        select(ManifestEntry)
        .where(col(ManifestEntry.recording) == recording)
        .order_by(col(ManifestEntry.seq))
    )
    return list(rows.scalars())


async def locked_tip(session: AsyncSession) -> ManifestTip:
    """Return the end of the manifest, locked until the transaction ends."""
    query = select(ManifestTip).where(col(ManifestTip.id) == 1).with_for_update()
    tip: ManifestTip | None = (await session.execute(query)).scalar_one_or_none()
    if tip is None:
        await add_unless_there(session, ManifestTip, id=1, seq=0, hash=START)
        tip = (await session.execute(query)).scalar_one()
    return tip


def _call_facts(call: CallRow | None) -> dict[str, Any]:
    if call is None:
        return {"ticket": None, "parties": None}
    return {
        "ticket": call.ticket,
        "parties": {
            "caller": mask_number(call.caller_number or call.caller_raw),
            "called": call.called_number,
            "direction": call.direction,
            "operator": call.operator,
        },
    }

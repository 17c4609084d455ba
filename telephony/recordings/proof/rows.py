"""What the manifest says that a row must be. Pure."""

import json
from collections.abc import Sequence
from typing import Any

from telephony.recordings.manifest.chain import row_facts
from telephony.recordings.manifest.lines import EntryKind
from telephony.recordings.manifest.tables import ManifestEntry
from telephony.recordings.model import RecordingState
from telephony.recordings.tables import Recording

_STATES = {
    EntryKind.ARCHIVED: RecordingState.ARCHIVED,
    EntryKind.HELD: RecordingState.HELD,
    EntryKind.RELEASED: RecordingState.ARCHIVED,
    EntryKind.DELETED: RecordingState.DELETED,
}
_MOVED = ("name", "stored_bytes", "stored_sha256", "key")


def expected(entries: Sequence[ManifestEntry]) -> dict[str, Any] | None:
    """Return what a recording's entries, oldest first, make of its row; None: never archived."""
    facts: dict[str, Any] | None = None
    for entry in entries:
        said = json.loads(entry.line)
        event = EntryKind(said["event"])
        if event is EntryKind.ARCHIVED and facts is None:
            facts = said
        if facts is None:
            return None
        if event is EntryKind.ADOPTED:
            facts = {**facts, "hotline": said["hotline"]}
        if event is EntryKind.REKEYED:
            facts = {**facts, **{name: said[name] for name in _MOVED}}
        if event in _STATES:
            facts = {**facts, "state": _STATES[event]}
    return facts


def differing(row: Recording, facts: dict[str, Any]) -> list[str]:
    """Return the names of the columns in which a row is not what the manifest says."""
    found = {**row_facts(row), "state": row.state}
    return sorted(name for name, value in found.items() if facts.get(name) != value)

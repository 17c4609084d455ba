"""What happened to recordings."""

from dataclasses import dataclass

from tongdai.events import Event
from tongdai.ids import CallId, RecordingId


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingArchived(Event):
    """A recording is sealed in the archive; emitted in the transaction that says so."""

    recording: RecordingId
    call: CallId
    kind: str
    hotline: str | None

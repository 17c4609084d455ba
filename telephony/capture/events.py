"""What the recording of a live call tells the other parts."""

from dataclasses import dataclass

from telephony.capture.model import Kept
from tongdai.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepingChanged(Event):
    """A call's recording was paused, resumed or stopped; in memory, at once."""

    kept: Kept

"""What transfers tell the other parts."""

from dataclasses import dataclass
from datetime import datetime

from telephony.transfers.model import TransferView
from tongdai.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferChanged(Event):
    """A transfer is in another state; published in memory, at once."""

    transfer: TransferView
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferEnded(Event):
    """A transfer came to its end; emitted once, in the transaction that stores its last row."""

    transfer: TransferView

"""What the menus need of the other parts: small protocols, filled by compose.

Voicemail lists, call-back tasks and queue announcements hang in here: a part that does more than
ivr/register.py implements the same protocol.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from ivr.flow.acts import Locked, NumberNeeded, TicketFound, TicketUnknown
from telephony.calls.choice import Choice
from telephony.calls.model import CallView
from tongdai.events import Event
from tongdai.ids import CallId, HotlineId
from tongdai.phone import Caller

Found = TicketFound | TicketUnknown | NumberNeeded | Locked


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A caller in the menus.

    Attributes:
        call: The call's id.
        pbx: The PBX that has it.
        linkedid: As that PBX knows it.
        hotline: That was called.
        caller: The number that the network shows.
        waiting_since: Who waits in the queue: his place there.
    """

    call: CallId
    pbx: str
    linkedid: str
    hotline: HotlineId
    caller: Caller
    waiting_since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerLeftMessage(Event):
    """A caller has left a message: it lies in the spool, a form for it in the register."""

    visit: Visit


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerWantsCallBack(Event):
    """A caller wants to be called back.

    Attributes:
        visit: Who; `caller` is the number to call, his own or the one that he keyed.
        waiting_since: The place that the caller had in the queue when he asked; None: he asked
            in the menus.
    """

    visit: Visit
    waiting_since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerLedOn(Event):
    """A caller goes from the menus to the operators, with what was chosen there."""

    visit: Visit
    choice: Choice


class Desk(Protocol):
    """Carries out what a caller chooses."""

    async def find_ticket(self, visit: Visit, typed: str, own: str) -> Found:
        """Look a ticket up: by its code, or by its number and the caller's own number.

        Raises:
            DatabaseAway: The register does not answer.
        """
        ...

    def message_file(self, visit: Visit) -> Path:
        """Return where a message is recorded: in the PBX's spool, tied to the call."""
        ...

    async def keep_message(self, visit: Visit) -> bool:
        """Write down that there is a message; False: there is none."""
        ...

    async def drop_message(self, visit: Visit) -> None:
        """Throw the message away."""
        ...

    async def note_call_back(self, visit: Visit, number: str = "") -> str:
        """Write the wish down; return the number that will be called, empty when there is none.

        Args:
            visit: Who wants it.
            number: Another number than his own, as he keyed it.

        Raises:
            DatabaseAway: The register does not answer.
        """
        ...

    async def desk_number(self, visit: Visit, unit: str) -> str:
        """Return the digits to dial for a unit's one-stop desk; empty: there are none.

        Raises:
            DatabaseAway: The register does not answer.
        """
        ...

    async def cut_off_before(self, visit: Visit) -> CallView | None:
        """Return the caller's call that was cut off a moment ago: he comes before the others.

        Nobody waits long for it, and no error comes of it.
        """
        ...

    def led_on(self, visit: Visit, choice: Choice) -> None:
        """Tell the other parts what was chosen, before the caller is queued."""
        ...

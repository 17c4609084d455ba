"""What the pages need of the parts that hold live state: small protocols, filled by compose."""

from collections.abc import Collection
from datetime import datetime
from typing import Literal, Protocol

from telephony.calls.model import CallView
from telephony.calls.transfer import Kind
from telephony.capture.model import Kept
from telephony.control import Place
from telephony.operators.model import Operator
from telephony.transfers.model import Target, TransferView
from tongdai.accounts.model import Viewer
from tongdai.ids import AccountId, CallId, HotlineId, TicketId, TransferId


class Calls(Protocol):
    """The calls in memory (telephony.bridge.Bridge)."""

    def calls(self) -> Collection[CallView]:
        """Return every call that has not ended."""
        ...

    def call(self, call_id: CallId) -> CallView | None:
        """Return a call that is live or lately ended."""
        ...


class CallDesk(Protocol):
    """Begins and ends calls (telephony.control.CallControl)."""

    async def dial(self, by: Viewer, hotline_id: HotlineId, number: str) -> CallId:
        """Call a citizen; return when the operator's own phone is answered."""
        ...

    async def lead(
        self, by: Viewer, hotline_id: HotlineId, place: Place, number: str, order: str
    ) -> CallId:
        """Call somebody for a place of the dialplan; return when it is answered."""
        ...

    async def hang_up(self, call_id: CallId, by: Viewer) -> None:
        """End the operator's part of a call."""
        ...


class RecordingDesk(Protocol):
    """Pauses, resumes and ends recordings (telephony.capture.control.RecordingControl)."""

    def kept(self) -> tuple[Kept, ...]:
        """Return every live call whose recording is paused or stopped."""
        ...

    async def pause(self, call_id: CallId, by: Viewer) -> Kept:
        """Write silence from now on."""
        ...

    async def resume(self, call_id: CallId, by: Viewer) -> Kept:
        """Record again."""
        ...

    async def stop(self, call_id: CallId, by: Viewer) -> Kept:
        """End the recording for good."""
        ...


class OperatorDesk(Protocol):
    """Who is signed on (telephony.operators.Operators)."""

    def get(self, account: AccountId) -> Operator | None:
        """Return the operator, if signed on."""
        ...

    def snapshot(self) -> tuple[Operator, ...]:
        """Return everybody who is signed on."""
        ...

    async def sign_on(
        self,
        viewer: Viewer,
        device: Literal["web", "desk"],
        hotlines: tuple[HotlineId, ...] | None = None,
    ) -> Operator:
        """Sign on, or move to another phone or other hotlines."""
        ...

    async def sign_off(self, account: AccountId) -> None:
        """Sign off."""
        ...

    async def ready(self, account: AccountId) -> Operator:
        """End a pause or the wrap-up."""
        ...

    async def pause(self, account: AccountId, reason: str) -> Operator:
        """Pause now, or after the call that is going on."""
        ...

    def browser_seen(self, account: AccountId) -> None:
        """Note that the console is open."""
        ...

    def browser_gone(self, account: AccountId) -> None:
        """Note that it is not."""
        ...


class TransferDesk(Protocol):
    """Live transfers (telephony.transfers.service.Transfers)."""

    async def start(
        self,
        call_id: CallId,
        *,
        kind: Kind,
        target: Target,
        by: Viewer,
        ticket_id: TicketId | None = None,
    ) -> TransferView:
        """Begin one."""
        ...

    async def complete(self, transfer_id: TransferId, by: Viewer) -> TransferView:
        """Let the operator leave."""
        ...

    async def join(self, transfer_id: TransferId, by: Viewer) -> TransferView:
        """Bring the caller in."""
        ...

    async def cancel(self, transfer_id: TransferId, by: Viewer) -> TransferView:
        """Give up."""
        ...

    async def get(self, transfer_id: TransferId) -> TransferView:
        """Return one, running or ended."""
        ...

    def running(self) -> tuple[TransferView, ...]:
        """Return all that run."""
        ...


def iso(at: datetime | None) -> str | None:
    """Return a moment as JSON has it."""
    return at.isoformat() if at else None

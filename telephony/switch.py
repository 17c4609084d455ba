"""What operators, queues and transfers need of the bridge: doors, not how they are built."""

from collections.abc import Callable, Mapping
from typing import Protocol

from telephony.ami.client import Originated
from telephony.ami.packets import Raw
from telephony.ami.protocol import Reply
from telephony.ami.wire import HeaderValue
from telephony.calls.model import CallChannels, CallView
from telephony.calls.reconcile import PbxState
from tongdai.ids import CallId, TransferId


class Pbx(Protocol):
    """Does things at one PBX; see telephony.ami.client.Ami."""

    async def action(
        self,
        name: str,
        *,
        timeout: float = ...,  # noqa: ASYNC109 - see telephony.ami.client.Ami
        **headers: HeaderValue | None,
    ) -> Reply:
        """Do an AMI action once and return the answer."""
        ...

    async def originate(
        self,
        channel: str,
        *,
        variables: Mapping[str, str] | None = None,
        ring_seconds: float = ...,
        **headers: HeaderValue | None,
    ) -> Originated:
        """Call somebody; return when it is answered or has failed."""
        ...


PacketListener = Callable[[str, Raw], None]
StateListener = Callable[[str, PbxState], None]


class Switch(Protocol):
    """The bridge; see telephony.bridge.Bridge."""

    def ami(self, pbx: str) -> Pbx:
        """Return the door to one PBX."""
        ...

    def call(self, call_id: CallId) -> CallView | None:
        """Return a call that is live or lately ended."""
        ...

    def channels_of(self, call_id: CallId) -> CallChannels | None:
        """Return the names of a live call's channels."""
        ...

    def expect(self, pbx: str, transfer_id: TransferId, call_id: CallId) -> None:
        """Fold the legs that carry this transfer into that call."""
        ...

    def on_packet(self, names: tuple[str, ...], listener: PacketListener) -> None:
        """Call `listener` with every packet of these names, in order, after the fold."""
        ...

    def on_state(self, listener: StateListener) -> None:
        """Call `listener` with what a PBX has, after each connect."""
        ...


def seat_of(channel_or_interface: str) -> str:
    """Return the seat (`web-1001`) of `PJSIP/web-1001` or `PJSIP/web-1001-0000002a`, else ''."""
    technology, _, rest = channel_or_interface.partition("/")
    parts = rest.split("-")
    known = technology == "PJSIP" and len(parts) >= 2 and parts[0] in ("web", "desk")
    return f"{parts[0]}-{parts[1]}" if known else ""

"""Which calls are in progress, as the intake asks it: from the bridge and its connections."""

from typing import Protocol

from telephony.calls.events import PbxConnected, PbxLost
from telephony.calls.model import CallView
from tongdai.events import Bus


class HasCalls(Protocol):
    """The bridge, as far as it is needed here."""

    def calls(self) -> tuple[CallView, ...]:
        """Return every call that has not ended."""
        ...


class LiveCalls:
    """Answers only for PBXs that are connected: what was heard last of another proves nothing."""

    def __init__(self, bus: Bus, bridge: HasCalls) -> None:
        self._bridge = bridge
        self._connected: set[str] = set()
        bus.on(PbxConnected, lambda e: self._connected.add(e.pbx))
        bus.on(PbxLost, lambda e: self._connected.discard(e.pbx))

    def live_linkedids(self, pbx: str) -> frozenset[str] | None:
        """Return the linkedids of the calls in progress; None while the PBX cannot be asked."""
        if pbx not in self._connected:
            return None
        return frozenset(view.linkedid for view in self._bridge.calls() if view.pbx == pbx)

"""Who is in a room after a transfer's end: when the caller hangs up, they are released."""

from collections.abc import Iterable

from telephony.calls.reconcile import PbxState
from telephony.switch import seat_of

CONTEXT = "tongdai-room"
_ROLES = ("operator", "person")


class Rooms:
    """At one PBX: the caller's channel -> the other channels of the room."""

    def __init__(self) -> None:
        """Begin with none."""
        self._others: dict[str, set[str]] = {}

    def keep(self, caller: str, others: Iterable[str | None]) -> None:
        """Remember who is with the caller."""
        present = {channel for channel in others if channel}
        if present:
            self._others.setdefault(caller, set()).update(present)

    def leave(self, caller: str, *but: str | None) -> set[str]:
        """Forget the caller's room; return who is left in it without him, except `but`."""
        return self._others.pop(caller, set()) - set(but)

    def hung_up(self, channel: str) -> set[str]:
        """Note that a channel is gone; return whom that leaves in the room without the caller."""
        for others in self._others.values():
            others.discard(channel)
        return self.leave(channel)

    def learn(self, state: PbxState) -> set[str]:
        """Take the rooms from the PBX; return channels that are in a room without a caller."""
        self._others.clear()
        callers: dict[str, str] = {}
        others: dict[str, set[str]] = {}
        for channel in state.channels:
            facts = channel.facts
            if facts.context == CONTEXT and facts.exten in _ROLES:
                others.setdefault(facts.linkedid, set()).add(facts.name)
            elif facts.context.startswith("tongdai-") and not seat_of(facts.name):
                callers.setdefault(facts.linkedid, facts.name)
        for linkedid, present in others.items():
            if linkedid in callers:
                self.keep(callers[linkedid], present)
        lonely = [present for linkedid, present in others.items() if linkedid not in callers]
        return set().union(*lonely)

"""What the PBXs tell of the seats' phones: their channels, and whether they can be reached."""

from collections import defaultdict
from collections.abc import Collection, Mapping

Channels = Mapping[str, Collection[str]]


class Phones:
    """The phones at all PBXs; a seat (`web-1001`) may be registered at one of them, or at each."""

    def __init__(self) -> None:
        self._channels: dict[str, defaultdict[str, set[str]]] = {}
        self._there: dict[str, dict[str, bool]] = {}

    def learn(self, pbx: str, channels: Channels) -> None:
        """Take the channels that a PBX has, by seat."""
        known = self._channels[pbx] = defaultdict(set)
        for seat, names in channels.items():
            known[seat] = set(names)

    def add(self, pbx: str, seat: str, channel: str) -> None:
        """Note a channel of a phone."""
        self._channels.setdefault(pbx, defaultdict(set))[seat].add(channel)

    def gone(self, pbx: str, seat: str, channel: str) -> bool:
        """Note a channel's end; say whether the phone has no channel left, at any PBX."""
        self._channels.setdefault(pbx, defaultdict(set))[seat].discard(channel)
        return not any(known[seat] for known in self._channels.values())

    def elsewhere(self, pbx: str, seat: str) -> bool:
        """Say whether the phone has a channel at another PBX."""
        return any(known[seat] for name, known in self._channels.items() if name != pbx)

    def reached(self, pbx: str, seat: str, *, there: bool) -> bool:
        """Note whether a PBX reaches a phone; say whether any does."""
        self._there.setdefault(pbx, {})[seat] = there
        return any(known.get(seat) for known in self._there.values())

    def home(self, seat: str, pbxs: Collection[str]) -> str:
        """Return the first of `pbxs` that reaches the phone, else the first."""
        reaching = (name for name in pbxs if self._there.get(name, {}).get(seat))
        return next(reaching, next(iter(pbxs)))

"""Which gateways a message may take, in which order; pure."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import lru_cache

import phonenumbers
from phonenumbers import carrier

_NETWORKS = {
    "viettel": "viettel",
    "mobifone": "mobifone",
    "vinaphone": "vinaphone",
    "vietnamobile": "vietnamobile",
    "gmobile": "gmobile",
    "itel": "itel",
    "itelecom": "itel",
    "reddi": "wintel",
    "wintel": "wintel",
}
"""The library's names, letters alone, in ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """What a gateway takes.

    Attributes:
        name: The gateway's.
        priority: The lowest is tried first; equal ones in the order given.
        hotlines: Whose messages; empty: everybody's.
        networks: To which networks; empty: to all.
        registered_only: Only texts that the recipient's network has registered.
    """

    name: str
    priority: int = 100
    hotlines: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    registered_only: bool = False


def route(ways: Iterable[Way], hotline: str, network: str) -> tuple[str, ...]:
    """Return the gateways that a hotline's message to a network may take, the best first.

    A number may have moved to another network, so its prefix is a guess (VIETNAM.md 1.1): where
    no gateway names the network and none takes all, every gateway of the hotline is tried.
    """
    own = [w for w in ways if not w.hotlines or hotline in w.hotlines]
    fitting = [w for w in own if not w.networks or network in w.networks]
    return tuple(w.name for w in sorted(fitting or own, key=lambda w: w.priority))


def may_carry(
    ways: Iterable[Way], names: Iterable[str], network: str, registered: Collection[str]
) -> tuple[str, ...]:
    """Return those of `names` that may carry a text which these networks have registered.

    A network drops a text that it has not registered, or the gateway refuses it (VIETNAM.md 1.1).
    Where the prefix names no network nobody can tell, so it is tried.
    """
    strict = {way.name for way in ways if way.registered_only}
    if not network or network in registered:
        return tuple(names)
    return tuple(name for name in names if name not in strict)


@lru_cache(maxsize=4096)
def network_of(e164: str) -> str:
    """Return the network that the prefix of a number stands for, or "" when it names none."""
    try:
        number = phonenumbers.parse(e164)
    except phonenumbers.NumberParseException:
        return ""
    name = carrier.name_for_number(number, "en")
    return _NETWORKS.get("".join(c for c in name.casefold() if c.isalpha()), "")

"""Which gateways a message may take, in which order; pure."""

from collections.abc import Iterable
from dataclasses import dataclass

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
    """

    name: str
    priority: int = 100
    hotlines: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()


def route(ways: Iterable[Way], hotline: str, network: str) -> tuple[str, ...]:
    """Return the gateways that a hotline's message to a network may take, the best first.

    A number may have moved to another network, so its prefix is a guess (VIETNAM.md 1.1): where
    no gateway names the network and none takes all, every gateway of the hotline is tried.
    """
    own = [w for w in ways if not w.hotlines or hotline in w.hotlines]
    fitting = [w for w in own if not w.networks or network in w.networks]
    return tuple(w.name for w in sorted(fitting or own, key=lambda w: w.priority))


def network_of(e164: str) -> str:
    """Return the network that the prefix of a number stands for, or "" when it names none."""
    try:
        number = phonenumbers.parse(e164)
    except phonenumbers.NumberParseException:
        return ""
    name = carrier.name_for_number(number, "en")
    return _NETWORKS.get("".join(c for c in name.casefold() if c.isalpha()), "")

"""Ports that nobody uses just now, and that nobody takes before they are used."""

import random
import socket
from collections.abc import Iterable

ADDRESSES = ("127.0.0.1", "127.0.0.2", "127.0.0.3")
FIRST, LAST = 24_100, 32_700
"""Below those that the kernel gives to whoever connects (ip_local_port_range), above all RTP."""

_ours: list[socket.socket] = []
"""What keeps our ports from other processes that ask here, until this one ends."""


def free_ports(count: int, taken: Iterable[int] = ()) -> list[int]:
    """Return `count` ports free for TCP and UDP on every loopback address that the rig uses."""
    avoid = set(taken)
    found: list[int] = []
    while len(found) < count:
        port = random.randint(FIRST, LAST)  # noqa: S311 - no secret
        if port in avoid or not all(_is_free(address, port) for address in ADDRESSES):
            continue
        avoid.add(port)
        if _reserved(port):
            found.append(port)
    return found


def is_taken(host: str, port: int, kind: socket.SocketKind = socket.SOCK_STREAM) -> bool:
    """Whether somebody already listens there."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return True
    return False


def _reserved(port: int) -> bool:
    """Take a port among those who ask here; an abstract name (unix(7)) goes with its process."""
    name = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        name.bind(f"\0tongdai-rig-port-{port}")
    except OSError:
        name.close()
        return False
    _ours.append(name)
    return True


def _is_free(address: str, port: int) -> bool:
    kinds = (socket.SOCK_STREAM, socket.SOCK_DGRAM)
    return not any(is_taken(address, port, kind) for kind in kinds)

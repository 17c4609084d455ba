"""Ports that nobody uses just now."""

import socket
from collections.abc import Iterable

ADDRESSES = ("127.0.0.1", "127.0.0.2", "127.0.0.3")


def free_ports(count: int, taken: Iterable[int] = ()) -> list[int]:
    """Return `count` ports free for TCP and UDP on every loopback address that the rig uses."""
    avoid = set(taken)
    found: list[int] = []
    while len(found) < count:
        port = _candidate()
        if port not in avoid and all(_is_free(address, port) for address in ADDRESSES):
            avoid.add(port)
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


def _candidate() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _is_free(address: str, port: int) -> bool:
    kinds = (socket.SOCK_STREAM, socket.SOCK_DGRAM)
    return not any(is_taken(address, port, kind) for kind in kinds)

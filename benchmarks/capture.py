"""The capture of benchmarks/make_capture.py, as bytes and as packets."""

import lzma
from functools import cache

from benchmarks.make_capture import DATA
from telephony.ami.wire import Splitter, value_of


@cache
def stream() -> bytes:
    """Return the capture's bytes without the banner; make_capture.py makes the file."""
    if not DATA.exists():
        message = f"{DATA} is missing: run benchmarks/make_capture.py"
        raise SystemExit(message)
    return lzma.decompress(DATA.read_bytes()).partition(b"\r\n")[2]


def packets(count: int) -> list[bytes]:
    """Return `count` packets of the capture, from its beginning, again and again."""
    every = [p for p in Splitter().feed(stream())[1] if p.startswith(b"Event: ")]
    return [every[n % len(every)] for n in range(count)]


def ring_of(packet: bytes) -> str:
    """Return whose call rings at which seat in an AgentCalled, or nothing."""
    if not packet.startswith(b"Event: AgentCalled"):
        return ""
    seat = value_of(packet, b"Interface").removeprefix("PJSIP/")
    return f"{value_of(packet, b'Linkedid')}/{seat}"

"""Bytes of the manager interface <-> packets; pure.

A packet is the bytes of its header lines, CRLF between them, without the blank line that ends it.
Source: docs.asterisk.org, "AMI v2 Specification"; the oddities are DESIGN.md's list on panoramisk.
"""

from collections.abc import Iterable, Mapping

END = b"\r\n\r\n"
MAX_PACKET = 4_000_000
"""Bytes without an end after which it is no manager interface (a real packet has 9 kB at most)."""
BANNER = b"Asterisk Call Manager/"
RESPONSE = b"Response"

HeaderValue = str | int | Iterable[str]


class WireError(Exception):
    """The bytes are not those of a manager interface."""


class UnsafeValueError(ValueError):
    """A value would have ended its header line and begun another: a second action in disguise."""


class Splitter:
    """Cuts a stream of bytes into packets, wherever the stream was cut on its way."""

    def __init__(self) -> None:
        self._rest = b""
        self._greeted = False
        self.version = ""

    def feed(self, data: bytes) -> tuple[bytes, list[bytes]]:
        """Take the next bytes; return the whole packets that are complete now.

        Returns:
            The bytes of the complete packets as they came (for the journal), and the packets.

        Raises:
            WireError: More than MAX_PACKET bytes came without the end of a packet.
        """
        if self._rest:
            data = self._rest + data
        if not self._greeted:
            data = self._greet(data)
        packets = data.split(END)
        self._rest = packets.pop()
        if len(self._rest) > MAX_PACKET:
            message = f"{len(self._rest)} bytes without the end of a packet"
            raise WireError(message)
        if not packets:
            return b"", packets
        return data[: len(data) - len(self._rest)], packets

    def _greet(self, data: bytes) -> bytes:
        """Take the banner off: one line that no blank line follows."""
        if len(data) < len(BANNER) and BANNER.startswith(data):
            return data
        if not data.startswith(BANNER):
            self._greeted = True
            return data
        line, end, rest = data.partition(b"\r\n")
        if not end:
            return data
        self._greeted = True
        self.version = line[len(BANNER) :].decode("ascii", "replace").strip()
        return rest


def name_of(packet: bytes) -> bytes:
    """Return the event's name, `Response` for a reply, or nothing for what is neither.

    Asterisk now and then ends a packet with one blank line too many: its bytes stand here in front.
    """
    if not packet.startswith(b"Event: "):
        packet = packet.lstrip(b"\r\n")
        if packet.startswith(b"Response: "):
            return RESPONSE
        if not packet.startswith(b"Event: "):
            return b""
    end = packet.find(b"\r\n", 7)
    return packet[7:] if end < 0 else packet[7:end]


def value_of(packet: bytes, header: bytes) -> str:
    """Return the first value of `header` (without colon), or nothing.

    Bytes that are not UTF-8 become U+FFFD: a name is shown with a hole rather than dropped.
    """
    start = packet.find(b"\r\n" + header + b": ")
    if start < 0:
        return ""
    start += len(header) + 4
    end = packet.find(b"\r\n", start)
    return (packet[start:] if end < 0 else packet[start:end]).decode("utf-8", "replace")


def variable_of(packet: bytes, name: bytes, prefix: bytes = b"") -> str:
    """Return the value in `ChanVariable: NAME=value` (`prefix` Dest: of the other side)."""
    start = packet.find(b"\r\n" + prefix + b"ChanVariable: " + name + b"=")
    if start < 0:
        return ""
    start += len(prefix) + len(name) + 17
    end = packet.find(b"\r\n", start)
    return (packet[start:] if end < 0 else packet[start:end]).decode("utf-8", "replace")


def headers_of(packet: bytes) -> dict[str, str]:
    """Return all headers; of those that come several times the last (see `values_of`)."""
    headers = {}
    for line in packet.decode("utf-8", "replace").split("\r\n"):
        key, colon, value = line.partition(":")
        if colon:
            headers[key] = value.removeprefix(" ")
    return headers


def values_of(packet: bytes, header: str) -> tuple[str, ...]:
    """Return every value of a header that may come several times."""
    start = header + ":"
    return tuple(
        line[len(start) :].removeprefix(" ")
        for line in packet.decode("utf-8", "replace").split("\r\n")
        if line.startswith(start)
    )


_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


def unescape(text: str) -> str:
    r"""Undo what Asterisk did to a caller's name: ast_escape_c, as \" for a quotation mark."""
    if "\\" not in text:
        return text
    out, rest = [], iter(text)
    for letter in rest:
        if letter != "\\":
            out.append(letter)
            continue
        following = next(rest, "\\")
        out.append(_ESCAPES.get(following, following))
    return "".join(out)


def encode(headers: Mapping[str, HeaderValue]) -> bytes:
    """Return an action's bytes, its end included.

    Args:
        headers: Name -> value, in this order; a list or tuple repeats its header.

    Raises:
        UnsafeValueError: A name or a value holds CR, LF or NUL.
    """
    lines = []
    for key, value in headers.items():
        values = (str(value),) if isinstance(value, str | int) else tuple(value)
        for one in values:
            check_safe(key, one)
            lines.append(f"{key}: {one}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def check_safe(header: str, value: str) -> None:
    """Refuse what would be a second header, or a second action.

    Raises:
        UnsafeValueError: CR, LF or NUL is in it.
    """
    if any(c in "\r\n\0" for c in header + value) or ":" in header:
        raise UnsafeValueError(header)

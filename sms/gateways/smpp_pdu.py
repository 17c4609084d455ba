"""What an SMSC tells (deliver_sm), read from its bytes: receipts in both forms, replies; pure.

The library's own reader refuses a receipt that has no text, dies of an `err` that is no number and
mixes up parts with a 16-bit reference, so these bytes are read here. Source: SMPP 3.4, 4.6 and
appendix B; 3GPP TS 23.040 9.2.3.24 for the header of parts.
"""

import re
import struct
from dataclasses import dataclass

from aiosmpplib import GSM7BitCodec

from sms.model import Signal

_RECEIPTED_ID, _STATE, _OUR_REFERENCE = 0x001E, 0x0427, 0x0204
_PAYLOAD, _SAR_REFERENCE, _SAR_TOTAL, _SAR_NUMBER = 0x0424, 0x020C, 0x020E, 0x020F
_HEADER_FLAG = 0x40
_RECEIPT_TYPES = frozenset({1, 8})
"""Bits 5-2 of esm_class: a delivery receipt, an intermediate notification."""
_STATES = {
    "DELIVRD": Signal.GOT_DELIVERED,
    "EXPIRED": Signal.GOT_UNDELIVERED,
    "DELETED": Signal.GOT_UNDELIVERED,
    "UNDELIV": Signal.GOT_UNDELIVERED,
    "REJECTD": Signal.GOT_SMSC_REJECTED,
    "ACCEPTD": Signal.GOT_SMSC_ACCEPTED,
    "ENROUTE": Signal.GOT_BUFFERED,
}
"""`stat` of a receipt's text (appendix B); UNKNOWN says nothing."""
_STATE_NAMES = {
    1: "ENROUTE",
    2: "DELIVRD",
    3: "EXPIRED",
    4: "DELETED",
    5: "UNDELIV",
    6: "ACCEPTD",
    7: "UNKNOWN",
    8: "REJECTD",
}
"""message_state (5.2.28) as the text would say it."""
_WORD = re.compile(r"\b(id|stat|err):(\S*)", re.IGNORECASE)


class PduError(ValueError):
    """The bytes are no deliver_sm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A delivery receipt.

    Attributes:
        reference: The SMSC's id of the message; "" when it names none.
        ours: The user_message_reference that we gave the message, where the SMSC returns it.
        to: The recipient's number, as the SMSC writes it.
        stat: DELIVRD, UNDELIV, ...
        error: The network's own code.
        signal: What it says; None when nobody can tell.
    """

    reference: str
    ours: int | None
    to: str
    stat: str
    error: str
    signal: Signal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What somebody wrote, or a part of it: `number` of `of`, which share `group`."""

    sender: str
    to: str
    text: str
    group: int = 0
    number: int = 1
    of: int = 1


def read(body: bytes) -> Receipt | Said:
    """Return what a deliver_sm says.

    Args:
        body: The PDU without its header of 16 bytes.

    Raises:
        PduError: They are no deliver_sm.
    """
    try:
        return _read(body)
    except (IndexError, struct.error, UnicodeDecodeError) as error:
        message = f"no deliver_sm: {error}"
        raise PduError(message) from error


def _read(body: bytes) -> Receipt | Said:
    _, rest = _string(body)
    sender, rest = _string(rest[2:])
    to, rest = _string(rest[2:])
    esm_class = rest[0]
    _, rest = _string(rest[3:])
    _, rest = _string(rest)
    coding, length = rest[2], rest[4]
    raw, options = rest[5 : 5 + length], _options(rest[5 + length :])
    if len(raw) != length:
        message = "the text is cut off"
        raise PduError(message)
    raw = raw or options.get(_PAYLOAD, b"")
    if (esm_class >> 2) & 0xF in _RECEIPT_TYPES:
        return _receipt(sender, raw, options)
    group, number, of = _sar(options)
    if esm_class & _HEADER_FLAG:
        header, raw = raw[1 : 1 + raw[0]], raw[1 + raw[0] :]
        group, number, of = _concatenated(header)
    return Said(sender=sender, to=to, text=_decoded(raw, coding), group=group, number=number, of=of)


def _receipt(sender: str, raw: bytes, options: dict[int, bytes]) -> Receipt:
    said = {k.lower(): v for k, v in reversed(_WORD.findall(raw.decode("ascii", "replace")))}
    named = options.get(_RECEIPTED_ID, b"").rstrip(b"\0").decode("ascii", "replace")
    state = options.get(_STATE, b"")
    stat = said.get("stat", "").upper() or _STATE_NAMES.get(state[0] if state else 0, "")
    ours = options.get(_OUR_REFERENCE, b"")
    return Receipt(
        reference=(named or said.get("id", "")).strip()[:65],
        ours=int.from_bytes(ours, "big") if len(ours) == 2 else None,
        to=sender,
        stat=stat[:16],
        error=said.get("err", "")[:16],
        signal=_STATES.get(stat),
    )


def _string(data: bytes) -> tuple[str, bytes]:
    """Return the C string that `data` begins with, and what follows it."""
    end = data.find(b"\0")
    if end < 0:
        message = "a string does not end"
        raise PduError(message)
    return data[:end].decode("ascii"), data[end + 1 :]


def _options(data: bytes) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    while len(data) >= 4:
        tag, length = struct.unpack_from("!HH", data)
        found[tag] = data[4 : 4 + length]
        data = data[4 + length :]
    return found


def _sar(options: dict[int, bytes]) -> tuple[int, int, int]:
    of = int.from_bytes(options.get(_SAR_TOTAL, b"\1"), "big")
    number = int.from_bytes(options.get(_SAR_NUMBER, b"\1"), "big")
    group = int.from_bytes(options.get(_SAR_REFERENCE, b""), "big")
    return _sound(group, number, of)


def _concatenated(header: bytes) -> tuple[int, int, int]:
    """Return reference, number and count of a part; a header of something else is passed over."""
    while len(header) >= 2:
        kind, length = header[0], header[1]
        data, header = header[2 : 2 + length], header[2 + length :]
        if (kind, len(data)) == (0x00, 3):
            return _sound(data[0], data[2], data[1])
        if (kind, len(data)) == (0x08, 4):
            return _sound(int.from_bytes(data[:2], "big"), data[3], data[2])
    return 0, 1, 1


def _sound(group: int, number: int, of: int) -> tuple[int, int, int]:
    return (group, number, of) if 1 <= number <= of <= 255 else (0, 1, 1)


def _decoded(raw: bytes, coding: int) -> str:
    match coding:
        case 8:
            return raw.decode("utf-16-be", "replace")
        case 0:
            return str(GSM7BitCodec.get_codec_info().decode(raw, "replace")[0])
        case 1:
            return raw.decode("ascii", "replace")
        case _:
            return raw.decode("latin-1")


class Joiner:
    """Puts the parts of what somebody wrote together again; in memory."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[str, str, int, int], tuple[float, dict[int, Said]]] = {}

    def add(self, part: Said, now: float) -> Said | None:
        """Take a part; return the whole once it is there."""
        if part.of == 1:
            return part
        key = (part.sender, part.to, part.group, part.of)
        _, parts = self._waiting.setdefault(key, (now, {}))
        parts[part.number] = part
        if len(parts) < part.of:
            return None
        del self._waiting[key]
        return _joined(parts)

    def late(self, before: float) -> list[Said]:
        """Return what has waited for its other parts since `before`, as far as it came."""
        keys = [key for key, (since, _) in self._waiting.items() if since < before]
        return [_joined(self._waiting.pop(key)[1]) for key in keys]


def _joined(parts: dict[int, Said]) -> Said:
    first = next(iter(parts.values()))
    text = "".join(parts[n].text if n in parts else " [...] " for n in range(1, first.of + 1))
    return Said(sender=first.sender, to=first.to, text=text)

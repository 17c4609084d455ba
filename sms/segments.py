"""What a text costs: pure printable ASCII or UCS-2, never in between (VIETNAM.md section 1.2)."""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from tongdai.text import nfc, unaccent

_EXTENDED = frozenset("^{}\\[~]|")
_PLAIN = frozenset(chr(code) for code in range(0x20, 0x7F)) - {"`"}
_TYPOGRAPHY = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032`\u00b4", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb", '"'),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"),
        "\u2026": "...",
        "\u2022": "-",
        "\u2044": "/",
        "\u20ab": "đ",
    }
)


class Alphabet(StrEnum):
    """How a text travels: GSM's 7 bits, of which we use printable ASCII only, or UCS-2."""

    ASCII = "ascii"
    UCS2 = "ucs2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Segments:
    """What a text is on the air.

    Attributes:
        alphabet: How it travels.
        units: Septets or UTF-16 code units, extension characters counted double.
        parts: Messages it is cut into and paid for, 0 for an empty text.
    """

    alphabet: Alphabet
    units: int
    parts: int


def prepare(text: str, *, unaccented: bool) -> str:
    """Return `text` as it may be sent: NFC, typography of word processors undone, one line.

    Args:
        text: Any text.
        unaccented: Fold it to ASCII; what has no ASCII form (an emoji, say) is left out.
    """
    one_line = " ".join(_visible(nfc(text).translate(_TYPOGRAPHY)).split())
    if not unaccented:
        return one_line
    folded = unicodedata.normalize("NFKD", unaccent(one_line)).translate(_TYPOGRAPHY)
    return " ".join("".join(c for c in folded if c in _PLAIN).split())


def alphabet_of(text: str) -> Alphabet:
    """Return ASCII when every character is plain, else UCS-2: `là` is in GSM-7, yet never sent so.

    Gateways here print rubbish for the few Vietnamese letters that GSM-7 has (VIETNAM.md 1.2).
    """
    return Alphabet.ASCII if all(c in _PLAIN for c in text) else Alphabet.UCS2


def segments(text: str) -> Segments:
    """Count `text` (prepared): 160 then 153 septets a part, 70 then 67 code units a part.

    A doubled character or a surrogate pair is never cut in two by the border between parts.
    """
    alphabet = alphabet_of(text)
    single, several = (160, 153) if alphabet is Alphabet.ASCII else (70, 67)
    costs = [_cost(c, alphabet) for c in text]
    units = sum(costs)
    if units <= single:
        return Segments(alphabet=alphabet, units=units, parts=min(units, 1))
    parts, room = 1, several
    for cost in costs:
        if cost > room:
            parts, room = parts + 1, several
        room -= cost
    return Segments(alphabet=alphabet, units=units, parts=parts)


def split(text: str) -> list[str]:
    """Return the parts of `text` (prepared), each as long as may be; one for what fits in one."""
    counted = segments(text)
    if counted.parts <= 1:
        return [text]
    several = 153 if counted.alphabet is Alphabet.ASCII else 67
    parts, room = [""], several
    for character in text:
        cost = _cost(character, counted.alphabet)
        if cost > room:
            parts.append("")
            room = several
        parts[-1] += character
        room -= cost
    return parts


def cut(text: str, limit: int) -> str:
    """Return `text` in at most `limit` characters, cut at a word where there is one.

    A registered template's variable holds so many characters and no more (VIETNAM.md 1.1).
    """
    if len(text) <= limit:
        return text
    kept = text[: limit + 1].rsplit(" ", 1)[0] if " " in text[: limit + 1] else text[:limit]
    return re.sub(r"[\s,;:.(\-/]+$", "", kept[:limit]) or text[:limit]


def _cost(character: str, alphabet: Alphabet) -> int:
    if alphabet is Alphabet.ASCII:
        return 2 if character in _EXTENDED else 1
    return 2 if ord(character) > 0xFFFF else 1


def _visible(text: str) -> str:
    return "".join(c if unicodedata.category(c)[0] != "C" else " " for c in text)

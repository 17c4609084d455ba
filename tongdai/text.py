"""Vietnamese text: one folding for search, duplicates and SMS; masks for numbers."""

import re
import unicodedata

_NUMBER = re.compile(r"(?<![\w.:-])(\+?\d{2,5})\d{4,}(\d{2})(?![\w:-]|\.\d)")


def nfc(text: str) -> str:
    """Return `text` in NFC: iPhones and macOS send NFD (VIETNAM.md section 8)."""
    return unicodedata.normalize("NFC", text)


def unaccent(text: str) -> str:
    """Return `text` without Vietnamese diacritics, case kept; đ becomes d (VIETNAM.md 1.2)."""
    bare = "".join(
        c for c in unicodedata.normalize("NFD", nfc(text)) if unicodedata.category(c) != "Mn"
    )
    return nfc(bare).replace("đ", "d").replace("Đ", "D")


def fold(text: str) -> str:
    """Return the key under which `text` is found: no diacritics, casefolded, spaces single."""
    return " ".join(unaccent(text).casefold().split())


def clean(text: str) -> str:
    """Return `text` in NFC without control characters, fit to be stored and shown on one line."""
    return " ".join(
        "".join(c if unicodedata.category(c)[0] != "C" else " " for c in nfc(text)).split()
    )


def mask_number(text: str) -> str:
    """Return `text` with the middle of every telephone number in it starred: 0912***78."""
    return _NUMBER.sub(lambda m: f"{m[1]}***{m[2]}", text)

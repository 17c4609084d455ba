"""Telephone numbers as Vietnam dials them; kept raw beside normalised (VIETNAM.md section 2)."""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from tongdai.text import clean

_REGION = "VN"
_HIDDEN = {
    "anonymous",
    "unknown",
    "restricted",
    "unavailable",
    "private",
    "withheld",
    "asterisk",
    "",
}
_EMERGENCY = {"111", "112", "113", "114", "115"}
_SERVICES = (
    PhoneNumberType.PREMIUM_RATE,
    PhoneNumberType.SHARED_COST,
    PhoneNumberType.TOLL_FREE,
)
_DIALLED = re.compile(r"[\d\s().\-/]+")


class Kind(StrEnum):
    """What a caller id is."""

    MOBILE = "mobile"
    LANDLINE = "landline"
    FOREIGN = "foreign"
    SHORT = "short"
    EXTENSION = "extension"
    EMERGENCY = "emergency"
    ANONYMOUS = "anonymous"
    MALFORMED = "malformed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A caller id, as received and as understood.

    Attributes:
        kind: What it is.
        raw: As received, never thrown away.
        e164: `+84...` when it is a possible public number, else None; the key for look-ups.
        national: How people here write it (`0912 345 678`), or the raw text.
    """

    kind: Kind
    raw: str
    e164: str | None
    national: str


def parse_caller(raw: str, *, presentation_allowed: bool = True) -> Caller:
    """Say what a received number is.

    A number is never rejected for being unassigned: is_valid_number lags behind the networks.

    Args:
        raw: The number as the network gave it.
        presentation_allowed: False when the caller asked to be hidden (Privacy: id).
    """
    text = clean(raw)[:64]
    if not presentation_allowed or text.casefold() in _HIDDEN:
        return Caller(kind=Kind.ANONYMOUS, raw=text, e164=None, national="")
    plus = text.startswith(("+", "00"))
    body = text.removeprefix("+")
    if not _DIALLED.fullmatch(body):
        return Caller(kind=Kind.MALFORMED, raw=text, e164=None, national=text)
    digits = re.sub(r"\D", "", body)
    if digits in _EMERGENCY:
        return Caller(kind=Kind.EMERGENCY, raw=text, e164=None, national=digits)
    if not plus and 2 <= len(digits) <= 6:
        kind = (
            Kind.SHORT
            if digits.startswith(("1", "18", "19")) and len(digits) == 4
            else Kind.EXTENSION
        )
        return Caller(kind=kind, raw=text, e164=None, national=digits)
    return _public(text, ("+" if text.startswith("+") else "") + digits)


def normalise(typed: str) -> str | None:
    """Return the E.164 form of what a person typed, or None if no public number can be so."""
    return parse_caller(typed).e164


def national(e164: str) -> str:
    """Return `+84912345678` as people here read it: `0912 345 678`; foreign ones with their +."""
    try:
        number = phonenumbers.parse(e164, _REGION)
    except phonenumbers.NumberParseException:
        return e164
    form = (
        PhoneNumberFormat.NATIONAL if number.country_code == 84 else PhoneNumberFormat.INTERNATIONAL
    )
    return phonenumbers.format_number(number, form)


def dial_digits(e164: str) -> str:
    """Return the digits to dial through the carrier: 0912345678, or 00... abroad."""
    return "0" + e164[3:] if e164.startswith("+84") else "00" + e164.removeprefix("+")


def is_mobile(e164: str) -> bool:
    """Say whether an SMS can reach the number: a Vietnamese mobile, 0 and nine digits."""
    return re.fullmatch(r"\+84[35789]\d{8}", e164) is not None


def can_be_rung(e164: str) -> bool:
    """Say whether somebody can be rung at a number of this country: a mobile, or a line at a place.

    Not at a number with a digit too many or too few, nor at 1800 and 1900: nobody is reached there,
    and 1900 costs whoever calls it.
    """
    if is_mobile(e164) or re.fullmatch(r"\+842\d{9}", e164):
        return True
    number = phonenumbers.parse(e164, _REGION)
    kind = phonenumbers.number_type(number)
    ours = number.country_code == 84 and phonenumbers.is_valid_number(number)
    return ours and kind not in _SERVICES


@lru_cache(maxsize=4096)
def _public(raw: str, number_text: str) -> Caller:
    """Understand a public number: a third of a millisecond, so it is kept for a while."""
    if number_text.startswith("00"):
        number_text = "+" + number_text[2:]
    elif number_text.startswith("84") and len(number_text) in (11, 12):
        number_text = "+" + number_text
    try:
        number = phonenumbers.parse(number_text, _REGION)
    except phonenumbers.NumberParseException:
        return Caller(kind=Kind.MALFORMED, raw=raw, e164=None, national=raw)
    if not phonenumbers.is_possible_number(number):
        return Caller(kind=Kind.MALFORMED, raw=raw, e164=None, national=raw)
    e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    if number.country_code != 84:
        kind = Kind.FOREIGN
    elif is_mobile(e164) or phonenumbers.number_type(number) == PhoneNumberType.MOBILE:
        kind = Kind.MOBILE
    else:
        kind = Kind.LANDLINE
    return Caller(kind=kind, raw=raw, e164=e164, national=national(e164))

"""What may be dialled for a transfer: digits that we made ourselves, of ordinary numbers."""

import re
from collections.abc import Collection
from dataclasses import dataclass

import phonenumbers
from phonenumbers import PhoneNumberType

from telephony.transfers.errors import NoNumber, NumberNotAllowed
from telephony.transfers.model import Target
from tongdai.phone import Kind, dial_digits, parse_caller
from tongdai.settings import HotlineTable, Settings

TRUNK = "carrier"
_COSTLY = frozenset({PhoneNumberType.PREMIUM_RATE, PhoneNumberType.SHARED_COST})


@dataclass(frozen=True, slots=True, kw_only=True)
class Dial:
    """What reaches Originate, and how it is written down."""

    channel: str
    number: str


def dial_of(
    settings: Settings,
    hotline: HotlineTable,
    target: Target,
    *,
    seat_for: str = "",
    also_allowed: Collection[str] = (),
) -> Dial:
    """Return the channel to call for a target.

    Args:
        settings: The seats and the hotlines' own numbers.
        hotline: Whose call it is.
        target: Whom to call.
        seat_for: The endpoint that rings for the target's extension (`web-1003`).
        also_allowed: E.164 numbers that may be called although the rules forbid them.

    Raises:
        NoNumber: The target has neither a number nor a seat of the pool.
        NumberNotAllowed: A number that may not be called, or typed where that is not allowed.
    """
    if target.extension is not None:
        return _seat(settings, target.extension, seat_for)
    if not target.number:
        raise NoNumber(fields={"number": "missing"})
    if target.typed and not hotline.transfer_typed_numbers:
        raise NumberNotAllowed("typed_numbers_not_allowed", hotline=hotline.id)
    return _outside(settings, target.number, also_allowed)


def _seat(settings: Settings, extension: str, seat: str) -> Dial:
    known = (
        extension.isascii() and extension.isdigit() and int(extension) in settings.seats.extensions
    )
    if not known or not re.fullmatch(rf"(web|desk)-{extension}", seat):
        raise NoNumber(fields={"extension": "unknown"})
    return Dial(channel=f"PJSIP/{seat}", number=extension)


def _outside(settings: Settings, text: str, also_allowed: Collection[str]) -> Dial:
    called = parse_caller(text)
    if called.kind is Kind.MALFORMED:
        raise NoNumber(fields={"number": "malformed"})
    number = called.e164
    if number is None or (number not in also_allowed and not _is_ordinary(called.kind, number)):
        raise NumberNotAllowed(None, kind=called.kind.value)
    digits = dial_digits(number)
    own = {form.lstrip("+0") for h in settings.hotlines for form in h.numbers}
    if digits.lstrip("0") in own or number.removeprefix("+") in own:
        raise NumberNotAllowed("number_is_our_own")
    if not re.fullmatch(r"[0-9]{3,15}", digits):
        raise NoNumber(fields={"number": "malformed"})
    return Dial(channel=f"PJSIP/{digits}@{TRUNK}", number=number)


def _is_ordinary(kind: Kind, number: str) -> bool:
    if kind not in (Kind.MOBILE, Kind.LANDLINE):
        return False
    return phonenumbers.number_type(phonenumbers.parse(number)) not in _COSTLY

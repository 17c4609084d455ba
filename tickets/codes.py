"""What a citizen is told: a look-up code for keypad and web, ten digits, none to be guessed."""

import re
import secrets

_DIGITS = 10


def new_code() -> str:
    """Return a fresh code: nine random digits and a check digit, never beginning with 0.

    Digits alone, because letters that sound alike cannot be said on the phone (VIETNAM.md 9).
    """
    body = str(secrets.randbelow(9) + 1) + "".join(
        str(secrets.randbelow(10)) for _ in range(_DIGITS - 2)
    )
    return body + _check_digit(body)


def read(typed: str) -> str | None:
    """Return the code that somebody typed or said, None when it cannot be one.

    A mistyped digit is noticed here and costs no look-up.
    """
    digits = re.sub(r"[\s.\-]", "", typed)
    if not re.fullmatch(rf"[0-9]{{{_DIGITS}}}", digits):
        return None
    return digits if _check_digit(digits[:-1]) == digits[-1] else None


def spoken(code: str) -> str:
    """Return a code in the groups in which it is written and said: 123 456 7890."""
    return f"{code[:3]} {code[3:6]} {code[6:]}"


def _check_digit(body: str) -> str:
    """Luhn's digit: it finds every single wrong digit and nearly every exchange."""
    total = 0
    for place, digit in enumerate(reversed(body)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)

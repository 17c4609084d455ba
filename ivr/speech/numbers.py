"""Numbers in Vietnamese words, as they are read aloud; pure.

num2words 0.5.14 was tried: it reads 105 "một trăm lẻ năm", 24 "hai mươi bốn" and drops the empty
hundred of 1001 and 2026 ("hai nghìn lẻ hai mươi sáu"), so the rules stand here.
"""

DIGITS = ("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín")
_SCALES = ((1_000_000_000, "tỷ"), (1_000_000, "triệu"), (1_000, "nghìn"))
_AFTER_TENS = {1: "mốt", 4: "tư", 5: "lăm"}


def number(value: int) -> str:
    """Return a whole number in words: 21 is "hai mươi mốt", 105 "một trăm linh năm".

    A thousand, a million that is empty is passed over; an empty hundred before something is said
    ("hai nghìn không trăm hai mươi sáu").
    """
    if value < 0:
        return f"âm {number(-value)}"
    return " ".join(_words(value, padded=False)) or DIGITS[0]


def digits(text: str) -> str:
    """Return digits one by one: "1022" is "một không hai hai"; what is no digit is left out."""
    return " ".join(DIGITS[int(d)] for d in text if d in "0123456789")


def _words(value: int, *, padded: bool) -> list[str]:
    for scale, name in _SCALES:
        if value >= scale:
            high, rest = divmod(value, scale)
            return [*_words(high, padded=padded), name, *_words(rest, padded=True)]
    return _below_thousand(value, padded=padded)


def _below_thousand(value: int, *, padded: bool) -> list[str]:
    if value == 0:
        return []
    hundreds, rest = divmod(value, 100)
    said = [DIGITS[hundreds], "trăm"] if hundreds or padded else []
    return [*said, *_below_hundred(rest, linked=bool(said))]


def _below_hundred(value: int, *, linked: bool) -> list[str]:
    tens, one = divmod(value, 10)
    if value == 0:
        return []
    if tens == 0:
        return ["linh", DIGITS[one]] if linked else [DIGITS[one]]
    if tens == 1:
        return ["mười", *([] if one == 0 else ["lăm" if one == 5 else DIGITS[one]])]
    return [DIGITS[tens], "mươi", *([] if one == 0 else [_AFTER_TENS.get(one, DIGITS[one])])]

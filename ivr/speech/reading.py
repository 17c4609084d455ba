"""Dates, times, telephone numbers and codes in Vietnamese words; pure.

A comma in what is returned is a short pause: groups of digits are told apart by it.
"""

from datetime import date, datetime, time

from ivr.speech.numbers import digits, number
from tongdai.clock import HCM

_WEEKDAYS = ("thứ hai", "thứ ba", "thứ tư", "thứ năm", "thứ sáu", "thứ bảy", "chủ nhật")
_MONTHS = ("một", "hai", "ba", "tư", "năm", "sáu", "bảy", "tám", "chín", "mười")
LETTERS = {
    "A": "a",
    "B": "bê",
    "C": "xê",
    "D": "dê",
    "Đ": "đê",
    "E": "e",
    "F": "ép phờ",
    "G": "giê",
    "H": "hát",
    "I": "i",
    "J": "gi",
    "K": "ca",
    "L": "e lờ",
    "M": "em mờ",
    "N": "en nờ",
    "O": "o",
    "P": "pê",
    "Q": "quy",
    "R": "e rờ",
    "S": "ét sì",
    "T": "tê",
    "U": "u",
    "V": "vê",
    "W": "vê kép",
    "X": "ích xì",
    "Y": "y dài",
    "Z": "dét",
}
_MOBILE, _MOST_IN_GROUP = 10, 4


def day(moment: date) -> str:
    """Return a date: "ngày mùng năm tháng tư năm hai nghìn không trăm hai mươi sáu"."""
    first = "mùng " if moment.day <= 10 else ""
    return f"ngày {first}{number(moment.day)} {month(moment.month)} năm {number(moment.year)}"


def month(which: int) -> str:
    """Return a month: the fourth is "tháng tư"."""
    return f"tháng {_MONTHS[which - 1] if which <= len(_MONTHS) else number(which)}"


def weekday(moment: date) -> str:
    """Return the day of the week: "thứ hai", "chủ nhật"."""
    return _WEEKDAYS[moment.weekday()]


def clock_time(moment: time) -> str:
    """Return a time of day: 07:30 is "bảy giờ ba mươi phút", 07:00 "bảy giờ"."""
    minutes = f" {number(moment.minute)} phút" if moment.minute else ""
    return f"{number(moment.hour)} giờ{minutes}"


def moment(when: datetime, *, year: bool = False) -> str:
    """Return a moment as a caller wants to hear it: time, weekday, date, in Vietnam's time.

    Args:
        when: Aware.
        year: Say the year as well.
    """
    here = when.astimezone(HCM)
    first = "mùng " if here.day <= 10 else ""
    tail = f" năm {number(here.year)}" if year else ""
    dated = f"ngày {first}{number(here.day)} {month(here.month)}{tail}"
    return f"{clock_time(here.time())}, {weekday(here)}, {dated}"


def phone(text: str) -> str:
    """Return a telephone number digit by digit, in groups: four, three, three for ten digits."""
    plain = "".join(d for d in text if d in "0123456789")
    if len(plain) == _MOBILE:
        groups = [plain[:4], plain[4:7], plain[7:]]
    elif len(plain) > _MOST_IN_GROUP:
        groups = [plain[:4], *(plain[i : i + 3] for i in range(4, len(plain), 3))]
        if len(groups[-1]) == 1:  # no digit stands alone
            groups[-2:] = [groups[-2] + groups[-1]]
    else:
        groups = [plain]
    return ", ".join(digits(group) for group in groups if group)


def code(text: str) -> str:
    """Return a code letter by letter and digit by digit; a pause where it has a mark.

    "2026-000123" is "hai không hai sáu, không không không, một hai ba".
    """
    groups: list[str] = []
    for run in _runs(text.upper()):
        if run.isdecimal() and len(run) > _MOST_IN_GROUP:
            groups += [digits(run[i : i + 3]) for i in range(0, len(run), 3)]
        elif run.isdecimal():
            groups.append(digits(run))
        else:
            groups.append(" ".join(LETTERS[letter] for letter in run))
    return ", ".join(groups)


def _runs(text: str) -> list[str]:
    """Split into runs of letters and of digits; anything else only parts them."""
    runs: list[str] = []
    kind = ""
    for sign in text:
        now = "digit" if sign in "0123456789" else "letter" if sign in LETTERS else ""
        if now and now == kind:
            runs[-1] += sign
        elif now:
            runs.append(sign)
        kind = now
    return runs

"""Text made ready to be spoken: NFC, abbreviations, dates, times, numbers in words (VIETNAM.md 9).

The synthesiser reads UBND as an English word, drops the slashes of a date and spells the h of
17h30: what it would spoil is written out before it sees it.
"""

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from datetime import date, time
from functools import cache
from importlib import resources

from ivr.speech.numbers import digits, number
from ivr.speech.reading import clock_time, code, day, month, phone

_DATE = re.compile(r"(?:\bngày\s+)?\b(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})\b", re.IGNORECASE)
_DAY_MONTH = re.compile(r"\b(ngày)\s+(\d{1,2})[/-](\d{1,2})\b", re.IGNORECASE)
_TIME = re.compile(r"\b([01]?\d|2[0-4])(?:h|:|\s*giờ\s*)([0-5]\d)(?:\s*phút)?\b", re.IGNORECASE)
_HOUR = re.compile(r"\b([01]?\d|2[0-4])h\b", re.IGNORECASE)
_PHONE = re.compile(r"(?<![\d.,])(?:\+84|0)[\d .]{7,13}\d(?![\d])")
_CODE = re.compile(r"\b\d{4}-\d{6}\b")
_GROUPED = re.compile(r"\b\d{1,3}(?:\.\d{3})+\b")
_DECIMAL = re.compile(r"\b(\d+),(\d+)\b")
_MONEY = re.compile(r"(?<=\d)\s?(?:đ|₫|VNĐ|VND)(?![\w/])", re.IGNORECASE)
_UNTIL = re.compile(r"(\d[h:](?:[0-5]\d)?)\s*[-–]\s*(?=\d{1,2}[h:])", re.IGNORECASE)
_NUMBER = re.compile(r"\d+")
_MOST_DIGITS = 12
_MARKS = str.maketrans(
    {"–": ",", "—": ",", "…": ",", "&": " và ", "%": " phần trăm ", "+": " cộng "}
)


@cache
def abbreviations() -> Mapping[str, str]:
    """Return the table of abbreviations: ivr/speech/abbreviations.toml."""
    text = resources.files("ivr.speech").joinpath("abbreviations.toml").read_text("utf-8")
    return {unicodedata.normalize("NFC", k): v for k, v in tomllib.loads(text).items()}


def clean(text: str) -> str:
    """Return a text as it is to be spoken: on one line, nothing left that is read wrongly."""
    text = unicodedata.normalize("NFC", text)
    text = "".join(sign if sign.isprintable() else " " for sign in text)
    text = _UNTIL.sub(r"\1 đến ", _MONEY.sub(" đồng", _spelled_out(text)))
    text = _DATE.sub(_say_date, text)
    text = _DAY_MONTH.sub(_say_day_month, text)
    text = _TIME.sub(_say_time, text)
    text = _HOUR.sub(lambda found: f"{number(int(found[1]))} giờ", text)
    text = _CODE.sub(lambda found: code(found[0]), text)
    text = _PHONE.sub(lambda found: phone(found[0].replace("+84", "0")), text)
    text = _GROUPED.sub(lambda found: number(int(found[0].replace(".", ""))), text)
    text = _DECIMAL.sub(lambda f: f"{number(int(f[1]))} phẩy {digits(f[2])}", text)
    text = _NUMBER.sub(_say_number, text)
    text = re.sub(r"[/\\|_*#<>{}\[\]\"“”]+", " ", text.translate(_MARKS))
    return re.sub(r" +([,.;:!?])", r"\1", " ".join(text.split()))


def _spelled_out(text: str) -> str:
    table = abbreviations()
    known = "|".join(re.escape(k) for k in sorted(table, key=len, reverse=True))
    # "P.5" and "TP.Cần Thơ" are written without a blank; a word's part is no abbreviation.
    pattern = re.compile(rf"(?<!\w)(?:{known})(?![^\W\d_])|(?<!\w)(?:{known})(?<=\.)")
    return pattern.sub(lambda found: f"{table[found[0]]} ", text)


def _say_date(found: re.Match[str]) -> str:
    try:
        return day(date(int(found[3]), int(found[2]), int(found[1])))
    except ValueError:
        return found[0]


def _say_day_month(found: re.Match[str]) -> str:
    which, in_month = int(found[2]), int(found[3])
    if not (1 <= which <= 31 and 1 <= in_month <= 12):
        return found[0]
    first = "mùng " if which <= 10 else ""
    return f"{found[1]} {first}{number(which)} {month(in_month)}"


def _say_time(found: re.Match[str]) -> str:
    hour, minute = int(found[1]), int(found[2])
    if hour == 24:
        return "hai mươi bốn giờ" if minute == 0 else found[0]
    return clock_time(time(hour, minute))


def _say_number(found: re.Match[str]) -> str:
    text = found[0]
    by_digit = len(text) > _MOST_DIGITS or (len(text) > 1 and text[0] == "0")
    words = digits(text) if by_digit else number(int(text))
    before, after = found.string[: found.start()][-1:], found.string[found.end() :][:1]
    return " " * before.isalpha() + words + " " * after.isalpha()  # QL1A: quốc lộ một A

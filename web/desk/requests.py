"""What a unit asks for in a note: an extension (CT-9.1.2d) as a sentence that can be read back."""

import re
from dataclasses import dataclass
from datetime import date, datetime

from tongdai.clock import HCM
from tongdai.text import clean


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionWish:
    """The one extension, as the focal point asks for it; only an operator enters it.

    Attributes:
        document: Number of the letter to the sender (công văn hẹn xử lý).
        document_date: Its day.
        until: The last day promised in it.
        reason: Why.
    """

    document: str
    document_date: date
    until: date
    reason: str

    def as_text(self) -> str:
        """Return the note's words; the history keeps them as they were said."""
        return (
            f"Công văn hẹn xử lý số {clean(self.document)} ngày {self.document_date:%d/%m/%Y}, "
            f"hẹn đến hết ngày {self.until:%d/%m/%Y}. Lý do: {clean(self.reason)}"
        )


_WORDS = re.compile(
    r"Công văn hẹn xử lý số (?P<document>.+?) ngày (?P<day>\d\d/\d\d/\d{4}), "
    r"hẹn đến hết ngày (?P<until>\d\d/\d\d/\d{4})\. Lý do: (?P<reason>.*)",
    re.DOTALL,
)


def read_wish(text: str) -> ExtensionWish | None:
    """Return what `as_text` wrote, or None for other words."""
    found = _WORDS.fullmatch(text)
    if found is None:
        return None
    try:
        day, until = (read_day(found[name]) for name in ("day", "until"))
    except ValueError:
        return None
    return ExtensionWish(
        document=found["document"], document_date=day, until=until, reason=found["reason"]
    )


def read_moment(text: str) -> datetime:
    """Return the moment of the hotline's clock that was typed: 05/12/2026 17:30.

    Raises:
        ValueError: It is none; a browser's own 2026-12-05T17:30 is one.
    """
    text = text.strip()
    form = "%Y-%m-%dT%H:%M" if "T" in text else "%d/%m/%Y %H:%M"
    return datetime.strptime(text, form).replace(tzinfo=HCM)


def read_day(text: str) -> date:
    """Return the day that was typed: 26/11/2026, or a browser's own 2026-11-26.

    Raises:
        ValueError: It is none.
    """
    text = text.strip()
    form = "%Y-%m-%d" if "-" in text and text[:4].isdigit() else "%d/%m/%Y"
    return datetime.strptime(text, form).date()  # noqa: DTZ007 - a day has no zone

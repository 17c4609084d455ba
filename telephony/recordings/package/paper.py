"""The facts of a package for people: a PDF with a Vietnamese font (fpdf2, DejaVu). Blocking."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from fpdf import FPDF
from fpdf.enums import MethodReturnValue

from telephony.recordings.errors import FontMissing

FONTS = Path("/usr/share/fonts/truetype/dejavu")
"""Where Debian's fonts-dejavu-core lies."""
_REGULAR, _BOLD = "DejaVuSans.ttf", "DejaVuSans-Bold.ttf"
_LABEL_MM, _LINE_MM = 45.0, 6.0
_TOGETHER_MM = 3 * _LINE_MM
"""A fact is not cut by a page's end before that much of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A heading and its lines: what it is, and what it says."""

    heading: str
    lines: Sequence[tuple[str, str]]


def paper(title: str, sections: Sequence[Section], foot: str) -> bytes:
    """Return the PDF.

    Args:
        title: The first line.
        sections: What follows, in order.
        foot: The last line of each page.

    Raises:
        FontMissing: This machine has no DejaVu font.
    """
    if not (FONTS / _REGULAR).is_file() or not (FONTS / _BOLD).is_file():
        raise FontMissing(folder=str(FONTS))
    pdf = _Sheet(foot)
    pdf.add_page()
    pdf.set_font("DejaVu", "B", 15)
    pdf.multi_cell(0, 8, title, new_x="LMARGIN", new_y="NEXT")
    for section in sections:
        pdf.ln(3)
        pdf.set_font("DejaVu", "B", 11)
        pdf.multi_cell(0, 7, section.heading, new_x="LMARGIN", new_y="NEXT")
        for label, words in section.lines:
            pdf.line_of(label, words)
    return bytes(pdf.output())


class _Sheet(FPDF):
    def __init__(self, foot: str) -> None:
        super().__init__(format="A4")
        self._foot = foot
        self.add_font("DejaVu", "", FONTS / _REGULAR)
        self.add_font("DejaVu", "B", FONTS / _BOLD)
        self.set_margins(18, 18, 18)
        self.set_auto_page_break(auto=True, margin=20)

    def footer(self) -> None:
        """Write the last line of a page; fpdf2 calls it."""
        self.set_y(-14)
        self.set_font("DejaVu", "", 7)
        self.cell(0, 5, f"{self._foot} · {self.page_no()}")

    def line_of(self, label: str, words: str) -> None:
        """Write one fact; the next begins below the longer of its two columns."""
        self.set_font("DejaVu", "", 9)
        parts = ((_LABEL_MM, label), (self.epw - _LABEL_MM, words or "–"))
        high = [self._height(width, text) for width, text in parts]
        if self.will_page_break(min(max(high), _TOGETHER_MM)):
            self.add_page()
        top, page = self.get_y(), self.page
        for (width, text), x, y in zip(parts, ("RIGHT", "LMARGIN"), ("TOP", "NEXT"), strict=True):
            self.multi_cell(width, _LINE_MM, text, align="L", new_x=x, new_y=y)
        if self.page == page:
            self.set_y(max(self.get_y(), top + high[0]))

    def _height(self, width: float, text: str) -> float:
        """Return how high a cell will be, in mm."""
        height = MethodReturnValue.HEIGHT
        found = self.multi_cell(width, _LINE_MM, text, align="L", dry_run=True, output=height)
        return cast("float", found)

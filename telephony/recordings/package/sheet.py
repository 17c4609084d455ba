"""The sheets that a package's facts are written on (fpdf2)."""

from pathlib import Path
from typing import cast

from fpdf import FPDF
from fpdf.enums import MethodReturnValue

_LABEL_MM, _LINE_MM = 45.0, 6.0
_TOGETHER_MM = 3 * _LINE_MM
"""A fact is not cut by a page's end before that much of it."""


class Sheet(FPDF):
    """A4 pages with a foot and facts in two columns."""

    def __init__(self, foot: str, regular: Path, bold: Path) -> None:
        """Begin a document in these two fonts; no page is there yet."""
        super().__init__(format="A4")
        self._foot = foot
        self.add_font("DejaVu", "", regular)
        self.add_font("DejaVu", "B", bold)
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

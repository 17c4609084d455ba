"""The facts of a package for people: a PDF with a Vietnamese font (fpdf2, DejaVu). Blocking."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from telephony.recordings.errors import FontMissing

FONTS = Path("/usr/share/fonts/truetype/dejavu")
"""Where Debian's fonts-dejavu-core lies."""
_REGULAR, _BOLD = "DejaVuSans.ttf", "DejaVuSans-Bold.ttf"


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
    # It takes half a second to load, which every command would pay and few need.
    from telephony.recordings.package.sheet import Sheet  # noqa: PLC0415

    pdf = Sheet(foot, FONTS / _REGULAR, FONTS / _BOLD)
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

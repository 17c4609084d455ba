"""What a walk through the archive found, and where, in words; the walk itself writes English."""

import re

from tongdai.i18n import _
from web.words import N_

_PLACES = {
    r"manifest entry (\d+)": N_("sổ ghi âm, dòng {0}"),
    r"manifest head (\d+)": N_("chữ ký ngày số {0}"),
    r"manifest tip": N_("cuối sổ ghi âm"),
}
_DETAILS = {
    r"(\d+) bytes": N_("độ dài hiện nay: {0} byte"),
    r"it holds recording (.+)": N_("trong tệp là bản ghi âm {0}"),
    r"it is in (.+)": N_("có trong tệp {0}"),
    r"entry (\d+)": N_("dòng {0}"),
    r"key (.+)": N_("khóa {0}"),
    r"head or file": N_("chữ ký ngày, hoặc tệp của ngày đó"),
    r"(\w+(?:, \w+)*)": N_("khác ở: {0}"),
}
"""The last one: the names of columns (proof.rows, proof.chain)."""


def place(path: str) -> str:
    """Return in words where something is wrong: Problem.path, a file's own name as it is."""
    return _said(path, _PLACES)


def detail(text: str) -> str:
    """Return in words what is wrong: Problem.detail; what has no words as it is."""
    return _said(text, _DETAILS)


def _said(text: str, words: dict[str, str]) -> str:
    for pattern, template in words.items():
        match = re.fullmatch(pattern, text)
        if match:
            return _(template).format(*match.groups())
    return text

"""What a walk found is said in Vietnamese, and in English to whoever reads English (issue 5)."""

import pytest

from telephony.capture.checks import FindingKind
from tongdai import i18n
from web.audit import problem_words
from web.audit.doubts import doubts

DETAILS = {
    "1 bytes": ("độ dài hiện nay: 1 byte", "length now in bytes: 1"),
    "it holds recording 0f": ("trong tệp là bản ghi âm 0f", "it holds recording 0f"),
    "it is in 3.jsonl": ("có trong tệp 3.jsonl", "it is in 3.jsonl"),
    "entry 12": ("dòng 12", "entry 12"),
    "key ab:1": ("khóa ab:1", "key ab:1"),
    "head or file": (
        "chữ ký ngày, hoặc tệp của ngày đó",
        "the daily signature, or that day's file",
    ),
    "hash": ("khác ở: hash", "differs in: hash"),
    "name, stored_bytes": ("khác ở: name, stored_bytes", "differs in: name, stored_bytes"),
    "": ("", ""),
    "None bytes": ("None bytes", "None bytes"),
}
PLACES = {
    "manifest entry 12": ("sổ ghi âm, dòng 12", "manifest, entry 12"),
    "manifest head 3": ("chữ ký ngày số 3", "daily signature 3"),
    "manifest tip": ("cuối sổ ghi âm", "end of the manifest"),
    "call/2026/11/0f.flac": ("call/2026/11/0f.flac", "call/2026/11/0f.flac"),
}


@pytest.mark.parametrize("language", ["vi", "en"])
def test_each_place_and_each_detail_has_its_words(language: str) -> None:
    i18n.use(language)
    which = ("vi", "en").index(language)
    for written, words in DETAILS.items():
        assert problem_words.detail(written) == words[which], written
    for written, words in PLACES.items():
        assert problem_words.place(written) == words[which], written
    i18n.use("vi")


@pytest.mark.parametrize("language", ["vi", "en"])
def test_a_doubt_begins_with_a_great_letter(language: str) -> None:
    i18n.use(language)
    said = doubts(("Người gọi", "Tổng đài viên"))
    i18n.use("vi")
    assert set(said) == set(FindingKind)
    assert all(words[0].isupper() for words in said.values()), said

import unicodedata

import pytest

from sms.segments import Alphabet, alphabet_of, cut, prepare, segments

SENTENCE = "Phiếu 2026-000123, lĩnh vực Hạ tầng đô thị. Hạn trả lời 17:00 26/11/2026."


@pytest.mark.parametrize(
    ("text", "alphabet", "units", "parts"),
    [
        ("", Alphabet.ASCII, 0, 0),
        ("a" * 160, Alphabet.ASCII, 160, 1),
        ("a" * 161, Alphabet.ASCII, 161, 2),
        ("a" * 306, Alphabet.ASCII, 306, 2),
        ("a" * 307, Alphabet.ASCII, 307, 3),
        ("[" * 80, Alphabet.ASCII, 160, 1),
        ("[" * 81, Alphabet.ASCII, 162, 2),
        ("a" * 152 + "[" + "a" * 152, Alphabet.ASCII, 306, 3),
        ("ấ" * 70, Alphabet.UCS2, 70, 1),
        ("ấ" * 71, Alphabet.UCS2, 71, 2),
        ("ấ" * 134, Alphabet.UCS2, 134, 2),
        ("ấ" * 135, Alphabet.UCS2, 135, 3),
        ("ấ" * 66 + "😀" + "ấ" * 66, Alphabet.UCS2, 134, 3),
        ("là è é ì ò ù", Alphabet.UCS2, 12, 1),
        ("a`b", Alphabet.UCS2, 3, 1),
        ("€", Alphabet.UCS2, 1, 1),
    ],
)
def test_a_text_is_counted_as_the_networks_count_it(
    text: str, alphabet: Alphabet, units: int, parts: int
) -> None:
    counted = segments(text)
    assert (counted.alphabet, counted.units, counted.parts) == (alphabet, units, parts)


def test_the_same_sentence_costs_the_same_in_nfc_and_nfd() -> None:
    decomposed = unicodedata.normalize("NFD", SENTENCE)
    assert prepare(decomposed, unaccented=False) == SENTENCE
    assert segments(prepare(decomposed, unaccented=False)) == segments(SENTENCE)


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        (SENTENCE, "Phieu 2026-000123, linh vuc Ha tang do thi. Han tra loi 17:00 26/11/2026."),
        ("Đường “Hoà Bình” – số 5…", 'Duong "Hoa Binh" - so 5...'),
        ("a\u00a0b\r\nc\u200bd", "a b c d"),
        ("khói 🔥 lửa", "khoi lua"),
        ("½ km, 10\u202f000\u00a0₫", "1/2 km, 10 000 d"),
    ],
)
def test_unaccented_text_is_printable_ascii_and_nothing_else(typed: str, sent: str) -> None:
    assert prepare(typed, unaccented=True) == sent


def test_a_curly_quote_does_not_make_a_plain_text_expensive() -> None:
    assert alphabet_of(
        prepare("Phieu \u2018A\u2019 \u2013 \u201cB\u201d\u2026", unaccented=False)
    ) is (Alphabet.ASCII)


@pytest.mark.parametrize(
    ("text", "limit", "kept"),
    [
        ("Hạ tầng đô thị", 30, "Hạ tầng đô thị"),
        ("Ban quản lý các khu chế xuất và công nghiệp", 30, "Ban quản lý các khu chế xuất"),
        ("Vệ sinh môi trường (rác thải)", 20, "Vệ sinh môi trường"),
        ("Phòng Y tế - Dân số", 12, "Phòng Y tế"),
        ("Llanfairpwllgwyngyll", 8, "Llanfair"),
    ],
)
def test_a_long_name_is_cut_at_a_word(text: str, limit: int, kept: str) -> None:
    assert cut(text, limit) == kept

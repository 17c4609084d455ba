"""Numbers, dates, times, telephone numbers and codes as a caller hears them."""

from datetime import UTC, date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.speech.cleaning import clean
from ivr.speech.numbers import digits, number
from ivr.speech.reading import clock_time, code, day, moment, phone, weekday

_UNITS = {
    w: n
    for n, w in enumerate(["không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín"])
}
_UNITS |= {"mốt": 1, "tư": 4, "lăm": 5}
_SCALES = {"nghìn": 10**3, "triệu": 10**6, "tỷ": 10**9}


def heard(words: str) -> int:
    """Understand a number below a thousand billion as a listener does."""
    total = group = digit = 0
    for word in words.split():
        if word in _SCALES:
            total, group, digit = total + (group + digit) * _SCALES[word], 0, 0
        elif word == "trăm":
            group, digit = group + digit * 100, 0
        elif word == "mươi":
            group, digit = group + digit * 10, 0
        elif word == "mười":
            group, digit = group + 10, 0
        elif word != "linh":
            digit = _UNITS[word]
    return total + group + digit


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0, "không"),
        (4, "bốn"),
        (10, "mười"),
        (14, "mười bốn"),
        (15, "mười lăm"),
        (20, "hai mươi"),
        (21, "hai mươi mốt"),
        (24, "hai mươi tư"),
        (25, "hai mươi lăm"),
        (100, "một trăm"),
        (105, "một trăm linh năm"),
        (110, "một trăm mười"),
        (111, "một trăm mười một"),
        (115, "một trăm mười lăm"),
        (121, "một trăm hai mươi mốt"),
        (1001, "một nghìn không trăm linh một"),
        (2026, "hai nghìn không trăm hai mươi sáu"),
        (10_000, "mười nghìn"),
        (21_000, "hai mươi mốt nghìn"),
        (1_000_005, "một triệu không trăm linh năm"),
        (1_250_000, "một triệu hai trăm năm mươi nghìn"),
        (3_000_000_000, "ba tỷ"),
        (-7, "âm bảy"),
    ],
)
def test_a_number_is_read_as_people_read_it(value: int, words: str) -> None:
    assert number(value) == words


@given(st.integers(min_value=0, max_value=10**12 - 1))
def test_whoever_hears_a_number_knows_which(value: int) -> None:
    assert heard(number(value)) == value


@given(st.text(alphabet="0123456789", max_size=20))
def test_digits_are_read_one_by_one(text: str) -> None:
    assert "".join(str(_UNITS[w]) for w in digits(text).split()) == text


@given(st.text(alphabet="0123456789+ .", max_size=20))
def test_no_digit_of_a_telephone_number_is_lost(text: str) -> None:
    plain = "".join(d for d in text if d.isdecimal())
    assert digits(plain) == phone(text).replace(",", "")


def test_dates_and_times() -> None:
    assert day(date(2026, 4, 5)) == "ngày mùng năm tháng tư năm hai nghìn không trăm hai mươi sáu"
    assert day(date(2027, 1, 21)).startswith("ngày hai mươi mốt tháng một năm hai nghìn")
    assert day(date(2026, 12, 10)).startswith("ngày mùng mười tháng mười hai năm")
    assert clock_time(time(7, 30)) == "bảy giờ ba mươi phút"
    assert clock_time(time(7, 0)) == "bảy giờ"
    assert clock_time(time(0, 5)) == "không giờ năm phút"
    assert (weekday(date(2026, 11, 29)), weekday(date(2026, 11, 25))) == ("chủ nhật", "thứ tư")
    opening = datetime(2026, 11, 27, 0, 30, tzinfo=UTC)  # half past seven in Vietnam
    said = "bảy giờ ba mươi phút, thứ sáu, ngày hai mươi bảy tháng mười một"
    assert moment(opening) == said
    assert moment(opening, year=True) == f"{said} năm hai nghìn không trăm hai mươi sáu"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("0912345678", "không chín một hai, ba bốn năm, sáu bảy tám"),
        ("0292 3812345", "không hai chín hai, ba tám một, hai ba bốn năm"),
        ("113", "một một ba"),
        ("", ""),
    ],
)
def test_a_telephone_number_is_read_in_groups(text: str, words: str) -> None:
    assert phone(text) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2026-000123", "hai không hai sáu, không không không, một hai ba"),
        ("CT12", "xê tê, một hai"),
        ("đx", "đê ích xì"),
        ("1234567890", "một hai ba, bốn năm sáu, bảy tám chín, không"),
        ("../\x00", ""),
    ],
)
def test_a_code_is_read_letter_by_letter(text: str, words: str) -> None:
    assert code(text) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("UBND TP. Cần Thơ", "Ủy ban nhân dân thành phố Cần Thơ"),
        ("UBND P.5, Q.3", "Ủy ban nhân dân phường năm, quận ba"),
        ("lúc 17h30 ngày 5/3/2026", f"lúc mười bảy giờ ba mươi phút {day(date(2026, 3, 5))}"),
        ("ngày 05/01", "ngày mùng năm tháng một"),
        ("31/2/2026", "ba mươi mốt hai hai nghìn không trăm hai mươi sáu"),
        ("1.250.000 đồng", "một triệu hai trăm năm mươi nghìn đồng"),
        ("phạt 100.000đ", "phạt một trăm nghìn đồng"),
        ("50.000VNĐ; 3 đ/c", "năm mươi nghìn đồng; ba đồng chí"),
        ("từ 8h00-17h30", "từ tám giờ đến mười bảy giờ ba mươi phút"),
        ("QL1A", "quốc lộ một A"),
        ("Sở TT&TT, SĐT", "Sở Thông tin và Truyền thông, số điện thoại"),
        ("tăng 12,5%", "tăng mười hai phẩy năm phần trăm"),
        ("gọi 0912345678.", "gọi không chín một hai, ba bốn năm, sáu bảy tám."),
        ("Tổng đài 1022", "Tổng đài một không hai hai"),
        ("phiếu 2026-000123", "phiếu hai không hai sáu, không không không, một hai ba"),
        ("VẬTP", "VẬTP"),
        ("hai\ndòng\x07", "hai dòng"),
        ("Tiê\u0301ng Vie\u0323\u0302t", "Tiếng Việt"),
    ],
)
def test_what_a_voice_would_spoil_is_written_out(text: str, words: str) -> None:
    assert clean(text) == words


@given(st.text(max_size=200))
def test_any_text_becomes_one_line_without_a_digit(text: str) -> None:
    said = clean(text)
    assert "\n" not in said
    assert not any(d in said for d in "0123456789")
    assert not set(said) & set('<>{}"|\\')

import pytest

from tongdai.phone import Kind, dial_digits, is_mobile, national, normalise, parse_caller
from tongdai.text import clean, fold, mask_number, unaccent


@pytest.mark.parametrize(
    ("raw", "kind", "e164"),
    [
        ("0912345678", Kind.MOBILE, "+84912345678"),
        ("84912345678", Kind.MOBILE, "+84912345678"),
        ("+84 912-345-678", Kind.MOBILE, "+84912345678"),
        ("0084912345678", Kind.MOBILE, "+84912345678"),
        ("0892345678", Kind.MOBILE, "+84892345678"),  # allocated, though is_valid_number says no
        ("02923812345", Kind.LANDLINE, "+842923812345"),
        ("(0292) 3812345", Kind.LANDLINE, "+842923812345"),
        ("+14155552671", Kind.FOREIGN, "+14155552671"),
        ("0014155552671", Kind.FOREIGN, "+14155552671"),
        ("1022", Kind.SHORT, None),
        ("201", Kind.EXTENSION, None),
        ("113", Kind.EMERGENCY, None),
        ("anonymous", Kind.ANONYMOUS, None),
        ("", Kind.ANONYMOUS, None),
        ("Unknown", Kind.ANONYMOUS, None),
        ("${SHELL(id)}", Kind.MALFORMED, None),
        ("09123\r\n45678", Kind.MOBILE, "+84912345678"),
        ("<script>", Kind.MALFORMED, None),
        ("0" * 40, Kind.MALFORMED, None),
    ],
)
def test_a_caller_id_is_shown_as_what_it_is(raw: str, kind: Kind, e164: str | None) -> None:
    caller = parse_caller(raw)
    assert (caller.kind, caller.e164) == (kind, e164)


def test_a_hidden_caller_keeps_no_key_for_a_history() -> None:
    assert parse_caller("0912345678", presentation_allowed=False).e164 is None


def test_numbers_are_read_and_dialled_as_here() -> None:
    assert national("+84912345678") == "0912 345 678"
    assert dial_digits("+84912345678") == "0912345678"
    assert dial_digits("+14155552671") == "0014155552671"
    assert normalise("0912 345 678") == "+84912345678"
    assert is_mobile("+84912345678")
    assert not is_mobile("+842923812345")


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("Đường Trường Sa", "duong truong sa"),
        ("ẤP Đông  Hòa", "ap dong hoa"),
        ("uỷ ban / ủy ban", "uy ban / uy ban"),
    ],
)
def test_folding_finds_what_was_typed_without_diacritics(typed: str, key: str) -> None:
    assert fold(typed) == key


def test_folding_is_the_same_for_both_normal_forms() -> None:
    assert fold("e\u0302\u0301") == fold("ế") == "e"
    assert unaccent("Đặng") == "Dang"


def test_cleaning_takes_control_characters_out() -> None:
    assert clean('Lan\r\nAction: Originate\x00 "x"') == 'Lan Action: Originate "x"'


def test_numbers_are_masked_but_ids_and_times_are_not() -> None:
    assert (
        mask_number("call from 0912345678 to +84292381234") == "call from 0912***78 to +84292***34"
    )
    assert mask_number("linkedid 1764042000.123") == "linkedid 1764042000.123"

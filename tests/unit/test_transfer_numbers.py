"""What a transfer may dial: digits made here, of ordinary numbers, or a seat of the pool."""

import pytest

from telephony.transfers.errors import NoNumber, NumberNotAllowed
from telephony.transfers.model import Target
from telephony.transfers.numbers import Dial, dial_of
from tests.support.small_settings import small_settings

SETTINGS = small_settings()
HOTLINE = SETTINGS.hotlines[0]


def dial(number: str, **changes: bool) -> Dial:
    return dial_of(SETTINGS, HOTLINE, Target(number=number, **changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("number", "channel"),
    [
        ("+84913000001", "PJSIP/0913000001@carrier"),
        ("0913 000 001", "PJSIP/0913000001@carrier"),
        ("(0292) 3812345", "PJSIP/02923812345@carrier"),
        ("84913000001", "PJSIP/0913000001@carrier"),
    ],
)
def test_digits_reach_the_trunk_however_it_was_written(number: str, channel: str) -> None:
    assert dial(number).channel == channel


@pytest.mark.parametrize("number", ["113", "114", "115", "112", "+19005551234", "0019005551234"])
def test_emergency_and_foreign_numbers_are_refused(number: str) -> None:
    with pytest.raises(NumberNotAllowed):
        dial(number)


@pytest.mark.parametrize("number", ["19001234", "02921022", "+842921022", "1001", "anonymous"])
def test_premium_own_and_inner_numbers_are_refused(number: str) -> None:
    with pytest.raises((NumberNotAllowed, NoNumber)):
        dial(number)


@pytest.mark.parametrize(
    "number",
    [
        "",
        "abc",
        "0913000001@evil",
        "0913000001&PJSIP/1",
        "0913${EXTEN}",
        "09130\r\nAction: x",
        "0" * 40,
    ],
)
def test_what_is_no_number_never_reaches_originate(number: str) -> None:
    with pytest.raises((NoNumber, NumberNotAllowed)):
        dial(number)


def test_a_number_can_be_allowed_by_name() -> None:
    target = Target(number="+85512345678")
    found = dial_of(SETTINGS, HOTLINE, target, also_allowed=("+85512345678",))
    assert found.channel == "PJSIP/0085512345678@carrier"


def test_typed_numbers_only_where_the_hotline_allows_them() -> None:
    closed = small_settings(transfer_typed_numbers=False)
    typed, known = (Target(number="0913000001", typed=t) for t in (True, False))
    with pytest.raises(NumberNotAllowed):
        dial_of(closed, closed.hotlines[0], typed)
    assert dial_of(closed, closed.hotlines[0], known).number == "+84913000001"
    assert dial_of(SETTINGS, HOTLINE, typed).number == "+84913000001"


def test_a_seat_rings_at_the_phone_that_is_used() -> None:
    target = Target(extension="1003")
    assert dial_of(SETTINGS, HOTLINE, target, seat_for="web-1003").channel == "PJSIP/web-1003"


@pytest.mark.parametrize(
    ("extension", "seat"), [("0900", "desk-0900"), ("1003", "x"), ("١٠٠٣", "")]
)
def test_what_is_no_seat_of_the_pool_is_refused(extension: str, seat: str) -> None:
    with pytest.raises(NoNumber):
        dial_of(SETTINGS, HOTLINE, Target(extension=extension), seat_for=seat)

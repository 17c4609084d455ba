"""What people type that is nothing: texts without a word, keys of no telephone, far-away days."""

import pytest

from escalation.lawbook import default_lawbook
from ivr.flow.parse import FlowError, of_hotline, read_version
from ivr.flow.report import facts_at, moment_of, played, presses_of
from ivr.followups.sums import day_of
from tongdai.commands.menus import ivr_try
from tongdai.commands.support import CommandError

GREETING = 'greeting = "Tổng đài 1022 tỉnh Tây Ninh xin chào."'
NOTICE = 'notice = "Cuộc gọi này được ghi âm."'
WAIT = 'say = "Xin quý vị chờ máy."'


def text() -> str:
    version = of_hotline("tay-ninh")
    assert version is not None
    return version.text


@pytest.mark.parametrize("said", ["...", "?", "…", "\\u200b", "😀", "   "])
@pytest.mark.parametrize("place", [GREETING, NOTICE, WAIT])
def test_a_text_without_a_word_is_refused_with_its_line(place: str, said: str) -> None:
    name = place.partition(" ")[0]
    wrong = text().replace(place, f'{name} = "{said}"', 1)
    line = text()[: text().index(place)].count("\n") + 1
    with pytest.raises(FlowError, match=rf"line {line}: [a-z.]+: there is no word in it"):
        read_version(wrong, "tay-ninh.toml")


@pytest.mark.parametrize(
    ("new", "why"),
    [
        ('say = "Xin \\u0000 chào"', "control character"),  # PostgreSQL keeps no such text
        ('say = "Xin \\u001b[2J chào"', "control character"),
        (f'say = "{"a" * 2001}"', "at most 2000"),
    ],
)
def test_what_no_database_keeps_or_nobody_reads_is_refused(new: str, why: str) -> None:
    with pytest.raises(FlowError, match=why):
        read_version(text().replace(WAIT, new, 1), "tay-ninh.toml")


@pytest.mark.parametrize("value", ['"2"', "true", "2.5", "0"])
def test_a_number_is_a_number(value: str) -> None:
    with pytest.raises(FlowError, match=r"step\.wait_seconds"):
        read_version(text().replace("wait_seconds = 2", f"wait_seconds = {value}", 1), "x.toml")


def test_keys_that_stand_together_are_pressed_one_after_the_other() -> None:
    version = of_hotline("can-tho")
    assert version is not None
    facts = facts_at(version.flow, default_lawbook(("can-tho",)).calendar("can-tho"), MORNING)
    apart = list(played(version.flow, facts, presses_of("3, 1")))
    assert list(played(version.flow, facts, presses_of("31"))) == apart
    assert any("Xi-ma-ti" in heard.text for heard in apart)


MORNING = moment_of("2026-11-30T09:00")


@pytest.mark.parametrize("keys", ["x", "3,b", "1 2", "２", "--"])
def test_what_is_no_key_is_said_so(keys: str) -> None:
    with pytest.raises(CommandError, match="keys are 0 to 9"):
        ivr_try("tay-ninh", "2026-11-30T09:00", keys)


@pytest.mark.parametrize("at", ["gestern", "9999-12-31T23:59", "0001-01-01", "2026-13-01"])
def test_a_moment_that_no_calendar_knows_is_said_so(at: str) -> None:
    with pytest.raises(CommandError, match="--at"):
        ivr_try("tay-ninh", at, "")


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "30/11/2026"])
def test_a_day_that_cannot_be_counted_is_none(day: str) -> None:
    with pytest.raises(ValueError, match=r"not between|Invalid isoformat"):
        day_of(day)

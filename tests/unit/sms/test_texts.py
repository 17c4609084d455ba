from datetime import UTC, datetime

import pytest

from sms import texts
from sms.model import Purpose
from sms.segments import segments

DUE = datetime(2026, 12, 1, 9, 30, tzinfo=UTC)
LINK = "https://1022.example.vn/l/" + "x" * 22
STAGE = {"ticket": "2026-000123", "field": "Hạ tầng đô thị", "due": DUE}


def _sms(
    template: str,
    params: dict[str, texts.Param],
    *,
    language: str = "vi",
    unaccented: bool = True,
    sender: str = "1022 Cần Thơ",
    brandname: str = "1022CanTho",
) -> str:
    values = texts.check(template, params)
    if texts.needs_link(template):
        values["link"] = LINK
    return texts.sms(
        template,
        language,
        values,
        sender_name=sender,
        brandname=brandname,
        unaccented=unaccented,
    ).text


def test_a_referral_says_number_field_until_when_and_link() -> None:
    assert _sms("referral", STAGE) == (
        "1022 Can Tho: Phieu 2026-000123, linh vuc Ha tang do thi. "
        f"Han tra loi 16:30 01/12/2026. Xem: {LINK}"
    )


def test_the_end_of_a_day_is_that_days_and_not_the_next_ones_beginning() -> None:
    midnight = datetime(2026, 12, 1, 17, 0, tzinfo=UTC)
    assert texts.moment_text(midnight) == "24:00 01/12/2026"


def test_a_referral_with_the_longest_field_is_one_part() -> None:
    longest = {**STAGE, "field": "Ban quản lý các khu chế xuất và công nghiệp thành phố"}
    assert segments(_sms("referral", longest)).parts == 1


def test_diacritics_are_kept_where_the_settings_want_them() -> None:
    assert _sms("referral", STAGE, unaccented=False).startswith(
        "1022 Cần Thơ: Phiếu 2026-000123, lĩnh vực Hạ tầng đô thị. Hạn trả lời"
    )


def test_english_is_spoken_to_those_who_want_it() -> None:
    assert _sms("referral", STAGE, language="en").startswith(
        "1022 Can Tho: Ticket 2026-000123, field Ha tang do thi. Answer by 16:30 01/12/2026."
    )


def test_the_sender_name_is_not_said_twice() -> None:
    text = _sms("extension", {"ticket": "1", "due": DUE}, sender="1022 Huế", brandname="1022 Hue")
    assert text == "Phieu 1 duoc gia han tra loi den 16:30 01/12/2026."


def test_a_passage_without_its_value_falls_away() -> None:
    assert _sms("referral", {**STAGE, "due": None}).endswith(
        f"linh vuc Ha tang do thi. Xem: {LINK}"
    )
    assert (
        _sms("result", {"ticket": "1"}) == "1022 Can Tho: Phieu 1 cua Ong/Ba da co ket qua xu ly."
    )


def test_braces_and_brackets_in_a_value_are_only_text() -> None:
    text = _sms("rejection", {"ground": "{ticket} [x] {link}", "guidance": "{ground}"})
    assert text.endswith("Ly do: {ticket} [x] {link}. {ground}")


def test_a_letter_has_a_subject_and_cuts_nothing() -> None:
    unit = "Ban Quản lý các khu chế xuất và công nghiệp thành phố Cần Thơ"
    values = texts.check(
        "overdue_report",
        {"ticket": "2026-000123", "field": "Môi trường", "unit": unit, "since": DUE},
    )
    letter = texts.letter(
        "overdue_report", "vi", {**values, "link": LINK}, sender_name="Tổng đài 1022 Cần Thơ"
    )
    assert letter.subject == "Phiếu 2026-000123 trễ hạn (chưa xử lý)"
    assert f"Đơn vị xử lý: {unit}\nTrễ hạn từ: 16:30 01/12/2026\n" in letter.text


@pytest.mark.parametrize(
    ("template", "params"),
    [
        ("referal", STAGE),
        ("referral", {"ticket": "1", "due": DUE}),
        ("referral", {**STAGE, "content": "Nhà ông A xả rác"}),
        ("referral", {**STAGE, "link": "http://x"}),
        ("referral", {**STAGE, "ticket": "1" * 21}),
        ("referral", {**STAGE, "due": datetime(2026, 12, 1)}),  # noqa: DTZ001 - naive on purpose
        ("referral", {**STAGE, "due": "tomorrow"}),
        ("referral", {**STAGE, "field": DUE}),
    ],
)
def test_wrong_variables_are_the_programs_mistake(
    template: str, params: dict[str, texts.Param]
) -> None:
    with pytest.raises(ValueError, match=r"template|isoformat|offset"):
        texts.check(template, params)


def test_every_purpose_has_its_text_in_both_languages_with_just_its_variables() -> None:
    for purpose in Purpose:
        variables = texts.VARIABLES[purpose]
        for language in ("vi", "en"):
            named = set(texts._VARIABLE.findall(texts._source(purpose, language, "")))
            assert named == set(variables), (purpose, language)

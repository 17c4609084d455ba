"""What the desk says: due times in words, the history as sentences, days as people type them."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from importlib import resources
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongdai import i18n
from tongdai.calendar import Calendar, parse_calendar
from tongdai.errors import Invalid
from web.desk.countdown import countdown, span
from web.desk.forms import ExtensionForm
from web.desk.requests import ExtensionWish, read_wish
from web.desk.sentences import sentences
from web.forms import parse

MONDAY_EIGHT = datetime(2026, 11, 30, 1, 0, tzinfo=UTC)
AT = {"at": "2026-11-30T08:00:00+07:00", "actor": "a1"}


@pytest.fixture
def calendar() -> Calendar:
    text = resources.files("escalation").joinpath("calendars/can-tho.toml").read_text("utf-8")
    return parse_calendar(text, "can-tho.toml")


@pytest.fixture(autouse=True)
def _vietnamese() -> Iterator[None]:
    i18n.use("vi")
    yield
    i18n.use("vi")


@pytest.mark.parametrize(
    ("hours", "left", "tone"),
    [
        (0.005, "còn dưới 1 phút làm việc", "warn"),
        (1.5, "còn 1 giờ 30 phút làm việc", "warn"),
        (3, "còn 3 giờ làm việc", "good"),
        (24, "còn 8 giờ làm việc", "good"),
        (-24 * 2.5, "quá hạn 1 giờ làm việc", "bad"),
        (0, "còn dưới 1 phút làm việc", "warn"),
    ],
)
def test_what_is_left_is_told_in_working_time(
    calendar: Calendar, hours: float, left: str, tone: str
) -> None:
    told = countdown(MONDAY_EIGHT, MONDAY_EIGHT + timedelta(hours=hours), calendar)
    assert (told.left, told.tone) == (left, tone)


def test_without_a_calendar_plain_time_is_told() -> None:
    due = MONDAY_EIGHT + timedelta(hours=30)
    assert countdown(MONDAY_EIGHT, due, None).left == "còn 30 giờ"
    assert countdown(due, MONDAY_EIGHT, None).left == "quá hạn 30 giờ"
    assert countdown(MONDAY_EIGHT, due, None).due == "trước 14:00 ngày 01/12/2026"


@given(st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=90)))
def test_a_span_is_never_longer_than_it_is(time: timedelta) -> None:
    words = span(time).replace("dưới 1 phút", "0 phút").split()
    numbers = dict(zip(words[1::2], map(int, words[::2]), strict=True))
    told = timedelta(hours=numbers.get("giờ", 0), minutes=numbers.get("phút", 0))
    assert timedelta(0) <= time - told < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"kind": "act", "event": "referred", "unit_id": "u1"}, "Chuyển đến Sở Xây dựng."),
        ({"kind": "act", "event": "referred", "unit_id": "u9"}, "Chuyển đến đơn vị xử lý."),
        (
            {"kind": "act", "event": "answered", "document_number": "1/SXD"},
            "Trả lời bằng văn bản số 1/SXD.",
        ),
        (
            {"kind": "act", "event": "answered", "attachment_id": "f1"},
            "Trả lời bằng văn bản (tệp đính kèm).",
        ),
        ({"kind": "act", "event": "answered"}, "Cập nhật kết quả xử lý."),
        ({"kind": "act", "event": "referred"}, "Chuyển xử lý."),
        (
            {
                "kind": "act",
                "event": "referred",
                "unit_id": "u1",
                "until": "2026-12-05T09:30:00+07:00",
            },
            "Chuyển đến Sở Xây dựng. Hẹn trả lời người gửi trước 09:30 ngày 05/12/2026.",
        ),
        (
            {"kind": "act", "event": "extended", "until": "2026-12-07T09:00:00+07:00"},
            "Gia hạn trước 09:00 ngày 07/12/2026.",
        ),
        (
            {"kind": "act", "event": "level_changed", "level": "complex"},
            "Đổi mức độ thành phức tạp.",
        ),
        (
            {"kind": "act", "event": "rework", "ground": "form"},
            "Yêu cầu xử lý lại: không đúng mẫu quy định.",
        ),
        (
            {"kind": "act", "event": "rated", "score": "acceptable"},
            "Người gửi đánh giá: chấp nhận được.",
        ),
        (
            {
                "kind": "act",
                "event": "extended",
                "until": "2026-12-11T00:00:00+07:00",
                "document": "7",
            },
            "Gia hạn hết ngày 10/12/2026 theo công văn hẹn xử lý số 7.",
        ),
        (
            {"do": "start", "stage": "focal_point", "due": "2026-12-01T16:30:00+07:00"},
            "Bắt đầu bước đầu mối xử lý, hạn trước 16:30 ngày 01/12/2026.",
        ),
        (
            {"do": "start", "stage": "leadership", "due": None},
            "Bắt đầu bước báo cáo lãnh đạo.",
        ),
        (
            {"do": "notify", "by": "sms", "to": "unit_head"},
            "Nhắn tin SMS cho Thủ trưởng đơn vị: phiếu quá hạn ở đầu mối.",
        ),
        (
            {"do": "notify", "by": "ticket_channel", "to": "sender"},
            "Báo cho người gửi qua kênh tiếp nhận: thông tin về phiếu.",
        ),
        (
            {"do": "refuse", "event": "extended", "why": "Đã hẹn lại một lần."},
            "Không thực hiện được: Đã hẹn lại một lần.",
        ),
        (
            {"kind": "transfer", "to": "Đỗ Hoàng Phúc", "state": "returned",
             "reason": "no_answer", "detail": "", "seconds": 25.4},
            "Chuyển máy đến Đỗ Hoàng Phúc: không thành (không nghe máy), sau 25 giây.",
        ),
        (
            {"kind": "transfer", "to": "…78", "state": "returned", "reason": "not_accepted",
             "detail": "refused", "seconds": 9},
            "Chuyển máy đến …78: không thành (bấm phím từ chối), sau 9 giây.",
        ),
        (
            {"kind": "transfer", "to": "A", "state": "completed", "reason": None},
            "Chuyển máy đến A: đã nối máy.",
        ),
        (
            {"kind": "reroute_request", "text": "Của {unit} khác"},
            "Đề nghị chuyển đơn vị khác: Của {unit} khác",
        ),
        (
            {"kind": "alert", "what": "no_unit_head"},
            "Đơn vị chưa khai báo Thủ trưởng: không gửi được tin nhắn.",
        ),
    ],
)  # fmt: skip
def test_the_history_is_told_in_sentences(entry: dict[str, Any], words: str) -> None:
    (line,) = sentences([AT | entry], {"a1": "Lan"}, {"u1": "Sở Xây dựng"})
    assert (line.words, line.who) == (words, "Lan")


def test_what_says_nothing_to_people_is_left_out() -> None:
    assert sentences([AT | {"kind": "something_new"}, AT | {"kind": "alert"}], {}, {}) == []


@given(
    st.text(st.characters(codec="utf-8", categories=["L", "N", "P"]), min_size=1, max_size=40),
    st.dates(date(2020, 1, 1), date(2090, 1, 1)),
    st.dates(date(2020, 1, 1), date(2090, 1, 1)),
    st.text(st.characters(codec="utf-8", categories=["L", "N", "P"]), max_size=60),
)
def test_an_extension_that_was_asked_for_is_read_back(
    document: str, day: date, until: date, reason: str
) -> None:
    asked = ExtensionWish(document=document, document_date=day, until=until, reason=reason)
    read = read_wish(asked.as_text())
    assert read is not None
    assert (read.document_date, read.until) == (day, until)
    assert read.as_text() == asked.as_text()


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "required"),
        ("31/11/2026", "not_a_date"),
        ("mai", "not_a_date"),
        ("2026-13-01", "not_a_date"),
    ],
)
def test_a_day_that_is_none_is_said_at_its_field(typed: str, code: str) -> None:
    form = {"document": "1", "document_date": "30/11/2026", "until": typed}
    with pytest.raises(Invalid) as refused:
        parse(ExtensionForm, form)
    assert refused.value.fields == {"until": code}


@pytest.mark.parametrize("typed", ["10/12/2026", "2026-12-10", " 10/12/2026 "])
def test_a_day_is_promised_to_its_end(typed: str) -> None:
    form = parse(ExtensionForm, {"document": "1", "document_date": "30/11/2026", "until": typed})
    assert form.until == datetime(2026, 12, 10, 17, 0, tzinfo=UTC)


@pytest.mark.parametrize("typed", ["10/12/2026 09:30", "2026-12-10T09:30", " 10/12/2026 09:30 "])
def test_a_moment_is_promised_as_it_is(typed: str) -> None:
    form = parse(ExtensionForm, {"until": typed})
    assert form.until == datetime(2026, 12, 10, 2, 30, tzinfo=UTC)
    with pytest.raises(Invalid) as refused:
        parse(ExtensionForm, {"until": typed.replace("30", "71")})
    assert refused.value.fields == {"until": "not_day_and_time"}

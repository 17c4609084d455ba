"""A ticket's history as Vietnamese sentences; pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tongdai.i18n import _
from web.desk.deeds import deed, due_words
from web.desk.hearing_words import TELLERS as HEARING
from web.desk.words import calendar_deed, message_deed
from web.words import N_

Entry = Mapping[str, Any]

ROLES: Mapping[str, str] = {
    "operator": N_("tổng đài viên"),
    "supervisor": N_("trưởng ca"),
    "focal_point": N_("đầu mối của đơn vị"),
    "unit_head": N_("Thủ trưởng đơn vị"),
    "coordinator": N_("đơn vị điều phối"),
    "one_stop": N_("bộ phận một cửa"),
    "city_office": N_("Văn phòng Ủy ban nhân dân"),
    "leadership": N_("lãnh đạo"),
    "auditor": N_("người kiểm tra"),
    "administrator": N_("quản trị viên"),
    "sender": N_("người gửi"),
}
STAGES: Mapping[str, str] = {
    "focal_point": N_("đầu mối xử lý"),
    "unit_head": N_("Thủ trưởng xử lý"),
    "leadership": N_("báo cáo lãnh đạo"),
    "province": N_("Ủy ban nhân dân tỉnh"),
    "reception": N_("tiếp nhận"),
    "dispatch": N_("phân công"),
    "processing": N_("xử lý"),
    "approval": N_("phê duyệt"),
    "posting": N_("đăng kết quả"),
    "rework": N_("xử lý lại"),
    "publication": N_("công khai"),
    "clarification": N_("làm rõ"),
    "one_stop": N_("bộ phận một cửa"),
    "unit": N_("đơn vị xử lý"),
}
_PURPOSES = {
    "referral": N_("phiếu được chuyển đến"),
    "forwarding": N_("phiếu quá hạn ở đầu mối"),
    "result": N_("kết quả xử lý"),
    "rejection": N_("việc không tiếp nhận"),
    "copy": N_("bản sao nội dung"),
    "extension": N_("việc gia hạn"),
}
_ABOUT = {
    ("sms", "focal_point"): _PURPOSES["referral"],
    ("sms", "unit_head"): _PURPOSES["forwarding"],
    ("system", "city_office"): _PURPOSES["copy"],
}
"""What a notice is about, where the line does not say it (TIMELINE.md's lines hold no purpose)."""

_ALERTS = {
    "no_focal_point": N_("Đơn vị chưa có đầu mối: không gửi được tin nhắn."),
    "no_unit_head": N_("Đơn vị chưa khai báo Thủ trưởng: không gửi được tin nhắn."),
    "no_leadership": N_("Chưa khai báo lãnh đạo nhận báo cáo trễ hạn."),
    "focal_point_without_mobile": N_("Đầu mối không có số di động: không gửi được tin nhắn."),
    "unit_head_without_mobile": N_("Thủ trưởng không có số di động: không gửi được tin nhắn."),
    "message_failed": N_("Tin nhắn không đến được người nhận."),
    "message_gave_up": N_("Đã gửi tin nhắn nhiều lần không được, hệ thống thôi gửi."),
    "message_not_registered": N_(
        "Nhà mạng của người nhận chưa đăng ký mẫu tin này: tin nhắn chờ, quản trị cần xem lại."
    ),
    "message_unknown": N_("Chưa rõ tin nhắn đã đến hay chưa; trưởng ca cần quyết định."),
}
_TRANSFERS = {
    "completed": N_("Chuyển máy đến {to}: đã nối máy."),
    "returned": N_("Chuyển máy đến {to}: không thành ({reason}), sau {seconds} giây."),
    "cancelled": N_("Chuyển máy đến {to}: tổng đài viên thôi chuyển."),
    "abandoned": N_("Chuyển máy đến {to}: người gọi gác máy."),
}
_REASONS = {
    "no_answer": N_("không nghe máy"),
    "busy": N_("máy bận"),
    "rejected": N_("từ chối cuộc gọi"),
    "refused": N_("bấm phím từ chối"),
    "later": N_("bấm phím hẹn lại sau"),
    "unreachable": N_("không liên lạc được"),
    "not_accepted": N_("không bấm phím nhận"),
    "no_key": N_("nghe máy nhưng không bấm phím nhận"),
    "hung_up": N_("nghe rồi gác máy"),
    "person_hung_up": N_("nghe rồi gác máy"),
    "operator_cancelled": N_("tổng đài viên thôi chuyển"),
    "operator_hung_up": N_("tổng đài viên gác máy"),
    "caller_hung_up": N_("người gọi gác máy"),
    "service_restarted": N_("hệ thống khởi động lại"),
    "pbx_failed": N_("lỗi tổng đài"),
}
_NOTES = {
    "note": N_("Ghi chú: {text}"),
    "correction": N_("Đính chính: {text}"),
    "reroute_request": N_("Đề nghị chuyển đơn vị khác: {text}"),
    "extension_request": N_("Đề nghị gia hạn. {text}"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """One line of the history.

    Attributes:
        at: When.
        words: What happened.
        who: Who did it, empty for the system.
        tone: "", good, warn or bad.
    """

    at: datetime
    words: str
    who: str
    tone: str = ""


def sentences(
    history: Sequence[Entry], names: Mapping[str, str], units: Mapping[str, str]
) -> list[Sentence]:
    """Return the history, oldest first; an entry that says nothing to people is left out.

    Args:
        history: As escalation's `history` gives it.
        names: Account id -> name.
        units: Unit id -> name.
    """
    found = []
    for entry in history:
        told = _words(entry, units)
        if told:
            words, tone = told
            at = datetime.fromisoformat(str(entry["at"]))
            who = names.get(str(entry.get("actor", "")), "")
            found.append(Sentence(at=at, words=words, who=who, tone=tone))
    return found


def role(name: object) -> str:
    """Return a role as people say it."""
    return _(ROLES[str(name)]) if name in ROLES else str(name)


def stage(name: object) -> str:
    """Return a stage as people say it."""
    return _(STAGES[str(name)]) if name in STAGES else str(name or "")


def _words(entry: Entry, units: Mapping[str, str]) -> tuple[str, str] | None:
    kind = entry.get("do") or entry.get("kind")
    if kind == "act":
        return deed(entry, units), ""
    tell = _TELLERS.get(str(kind))
    return tell(entry) if tell else None


def _start(entry: Entry) -> tuple[str, str]:
    if entry.get("due"):
        words = _("Bắt đầu bước {stage}, hạn {due}.")
    else:
        words = _("Bắt đầu bước {stage}.")
    return words.format(stage=stage(entry.get("stage")), due=due_words(entry.get("due"))), ""


def _moved(entry: Entry) -> tuple[str, str]:
    words = _("Hạn của bước {stage} đổi thành {due}.")
    return words.format(stage=stage(entry.get("stage")), due=due_words(entry.get("due"))), "warn"


def _notify(entry: Entry) -> tuple[str, str]:
    how = {
        "sms": _("Nhắn tin SMS cho {to}: {what}."),
        "system": _("Báo trong phần mềm cho {to}: {what}."),
        "ticket_channel": _("Báo cho {to} qua kênh tiếp nhận: {what}."),
    }
    template = how.get(str(entry.get("by")), how["system"])
    about = _ABOUT.get((str(entry.get("by")), str(entry.get("to"))), N_("thông tin về phiếu"))
    what = _PURPOSES.get(str(entry.get("purpose")), about)
    return template.format(to=role(entry.get("to")), what=_(what)), ""


def _remind(entry: Entry) -> tuple[str, str]:
    return _("Nhắc hạn {to}.").format(to=role(entry.get("to"))), ""


def _missed(entry: Entry) -> tuple[str, str]:
    return _("Hết hạn ở bước {stage} mà chưa có kết quả.").format(
        stage=stage(entry.get("stage"))
    ), "bad"


def _overdue(_entry: Entry) -> tuple[str, str]:
    return _("Trễ hạn (chưa xử lý)."), "bad"


def _report(entry: Entry) -> tuple[str, str]:
    return _("Báo cáo trễ hạn cho {to}.").format(to=role(entry.get("to"))), "bad"


def _refuse(entry: Entry) -> tuple[str, str]:
    return _("Không thực hiện được: {why}").format(why=entry.get("why") or ""), "warn"


def _close(_entry: Entry) -> tuple[str, str]:
    return _("Kết thúc xử lý phiếu."), "good"


def _attached(entry: Entry) -> tuple[str, str]:
    return _("Đính kèm tệp {name}.").format(name=entry.get("name", "")), ""


def _noted(entry: Entry) -> tuple[str, str]:
    template = _NOTES.get(str(entry.get("kind")), _NOTES["note"])  # the note's own kind
    return _(template).format(text=entry.get("text", "")), ""


def _alert(entry: Entry) -> tuple[str, str] | None:
    words = _ALERTS.get(str(entry.get("what")))
    return (_(words), "warn") if words else None


def _transfer(entry: Entry) -> tuple[str, str]:
    state = str(entry.get("state"))
    template = _TRANSFERS.get(state, N_("Chuyển máy đến {to}: {reason}."))
    reason = str(entry.get("reason") or "")
    detail = str(entry.get("detail") or "")
    reason = detail if detail in _REASONS else reason
    words = _(template).format(
        to=entry.get("to") or _("số máy đã gõ"),
        reason=_(_REASONS[reason]) if reason in _REASONS else reason or "…",
        seconds=round(float(entry.get("seconds") or 0)),
    )
    return words, "good" if state == "completed" else "warn"


_TELLERS: Mapping[str, Callable[[Entry], tuple[str, str] | None]] = {
    "start": _start,
    "moved": _moved,
    "notify": _notify,
    "remind": _remind,
    "missed": _missed,
    "overdue": _overdue,
    "report": _report,
    "refuse": _refuse,
    "close": _close,
    "attached": _attached,
    **dict.fromkeys(("noted", *_NOTES), _noted),
    "alert": _alert,
    "message": message_deed,
    "transfer": _transfer,
    **HEARING,
    "calendar_changed": calendar_deed,
}

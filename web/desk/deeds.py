"""An act of a ticket's history as a Vietnamese sentence; pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tongdai.calendar import due_text
from tongdai.clock import HCM
from tongdai.i18n import _
from web.desk.doing import LEVELS, REWORK
from web.words import N_

_ACTS: Mapping[str, str] = {
    "received": N_("Tiếp nhận phiếu."),
    "accepted": N_("Nhận xử lý."),
    "rejected": N_("Từ chối tiếp nhận."),
    "answered_directly": N_("Trả lời trực tiếp cho người gửi."),
    "referred": N_("Chuyển đến {unit}."),
    "returned": N_("Trả lại: {reason}."),
    "extended": N_("Gia hạn {until} theo công văn hẹn xử lý số {document}."),
    "answered": N_("Trả lời bằng văn bản {document_number}."),
    "approved": N_("Phê duyệt."),
    "sent_back": N_("Yêu cầu làm lại."),
    "published": N_("Công khai kết quả."),
    "rated": N_("Người gửi đánh giá: {score}."),
    "rework": N_("Yêu cầu xử lý lại: {ground}."),
    "clarification_requested": N_("Người gửi đề nghị làm rõ."),
    "clarified": N_("Đã làm rõ."),
    "level_changed": N_("Đổi mức độ thành {level}."),
    "force_majeure_began": N_("Bắt đầu sự cố bất khả kháng: {reason}."),
    "force_majeure_ended": N_("Kết thúc sự cố bất khả kháng."),
}
_WITHOUT: Mapping[str, tuple[tuple[str, ...], str]] = {
    "referred": (("unit_id",), N_("Chuyển xử lý.")),
    "extended": (("document", "attachment_id"), N_("Gia hạn {until}.")),
    "answered": (("document_number", "attachment_id"), N_("Cập nhật kết quả xử lý.")),
}
"""What is said of an act that names none of these: not every regulation asks for a letter."""

_SCORES = {
    "satisfied": N_("hài lòng"),
    "acceptable": N_("chấp nhận được"),
    "unsatisfied": N_("không hài lòng"),
}


def deed(entry: Mapping[str, Any], units: Mapping[str, str]) -> str:
    """Return what somebody did; an act of another version's making keeps its own name.

    Args:
        entry: An act as escalation's `history` gives it.
        units: Unit id -> name.
    """
    event = str(entry.get("event"))
    template = _ACTS.get(event)
    if template is None:
        return event
    lacking, plain = _WITHOUT.get(event, ((), template))
    if lacking and not any(entry.get(name) for name in lacking):
        template = plain
    words = _(template).format(**_values(entry, units))
    if event == "referred" and entry.get("until"):
        words += " " + _("Hẹn trả lời người gửi {until}.").format(until=due_words(entry["until"]))
    return words


def due_words(value: object) -> str:
    """Return a due time as people say it; empty: there is none."""
    return due_text(datetime.fromisoformat(str(value)).astimezone(HCM)) if value else ""


def _values(entry: Mapping[str, Any], units: Mapping[str, str]) -> dict[str, str]:
    number = entry.get("document_number")
    return {
        "unit": units.get(str(entry.get("unit_id")), _("đơn vị xử lý")),
        "until": due_words(entry.get("until")),
        "score": _worded(_SCORES, entry.get("score")),
        "level": _worded(LEVELS, entry.get("level")),
        "ground": _worded(REWORK, entry.get("ground")),
        "document_number": _("số {number}").format(number=number)
        if number
        else _("(tệp đính kèm)"),
        **{name: str(entry.get(name) or "…") for name in ("reason", "document")},
    }


def _worded(words: Mapping[Any, str], value: object) -> str:
    return _(words[value]) if value in words else str(value or "…")

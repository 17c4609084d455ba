"""The words of units' requests to hear recordings: states, history, legal basis."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from escalation.lawbook import Lawbook
from tongdai.calendar import due_text
from tongdai.clock import HCM
from tongdai.i18n import _
from web.words import N_

STATES: Mapping[str, str] = {
    "open": N_("chờ quyết định"),
    "granted": N_("được nghe"),
    "refused": N_("không được nghe"),
    "ended": N_("đã hết thời gian nghe"),
}
REFUSALS: Mapping[str, str] = {
    "recording_request_unknown": N_("Không có đề nghị nghe ghi âm này."),
    "recording_request_decided": N_("Đề nghị này đã được người khác quyết định."),
    "recording_request_own": N_("Không tự quyết định đề nghị của chính mình."),
    "recording_grant_ended": N_("Chưa được cho nghe, hoặc đã hết thời gian nghe."),
    "not_a_part": N_("Đoạn này không nằm trong bản ghi âm."),
    "out_of_range": N_("Giá trị nằm ngoài khoảng cho phép."),
}
_ARTICLES = {
    "can-tho": N_("Điều 11 khoản 1"),
    "gia-lai": N_("Điều 12 khoản 1"),
    "tay-ninh": N_("Điều 12 khoản 1"),
}
"""Where a hotline's regulation speaks of supplying recordings (CT-11.1, GL-12.1, TN-12.1)."""


def basis_of(lawbook: Lawbook, hotline: str) -> str:
    """Return the legal basis that is offered; empty where the regulation has none."""
    procedure, article = lawbook.procedure(hotline), _ARTICLES.get(hotline)
    if procedure is None or article is None:
        return ""
    return _("{article} Quy chế theo Quyết định {decision}").format(
        article=_(article), decision=procedure.decision
    )


def _requested(entry: Mapping[str, Any]) -> tuple[str, str]:
    words = _("{unit} xin nghe ghi âm: {reason}. Căn cứ: {basis}.")
    return words.format_map({n: str(entry.get(n) or "…") for n in ("unit", "reason", "basis")}), ""


def _granted(entry: Mapping[str, Any]) -> tuple[str, str]:
    until = datetime.fromisoformat(str(entry["valid_until"])).astimezone(HCM)
    words = _("{unit} được nghe ghi âm {until}.")
    return words.format(unit=entry.get("unit"), until=due_text(until)), "good"


def _refused(entry: Mapping[str, Any]) -> tuple[str, str]:
    words = _("Không cho {unit} nghe ghi âm: {answer}.")
    return words.format(unit=entry.get("unit"), answer=entry.get("answer")), "warn"


TELLERS: Mapping[str, Callable[[Mapping[str, Any]], tuple[str, str] | None]] = {
    "recording_requested": _requested,
    "recording_request_granted": _granted,
    "recording_request_refused": _refused,
}

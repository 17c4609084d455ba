"""The words of the auditor's desk: refusals, ways of hearing."""

from telephony.recordings.hearing.plays import Way
from tongdai import i18n
from tongdai.i18n import _
from web.words import N_

REFUSALS = {
    "hearing_reason_missing": N_("Hãy ghi lý do trước khi nghe."),
    "hearing_not_begun": N_("Chưa ghi lý do nghe, hoặc đã quá lâu. Hãy tải lại trang."),
    "package_font_missing": N_("Máy chủ thiếu phông chữ (gói fonts-dejavu-core)."),
    "too_few_digits": N_("Cần ít nhất 4 chữ số của số điện thoại."),
    "number_or_ticket": N_("Hãy viết cả số điện thoại, hoặc mã phiếu."),
    "period_reversed": N_("Ngày cuối phải sau ngày đầu."),
    "not_a_time": N_("Giờ không đúng; hãy viết giờ:phút."),
}
WAYS: dict[Way, str] = {
    "page": N_("trang ghi âm"),
    "api": N_("API"),
    "request": N_("đơn vị được cấp"),
    "export": N_("gói niêm phong"),
    "callback": N_("lời nhắn cần gọi lại"),
}
PLAYER = (
    N_("Không mở được bản ghi âm. Hãy tải lại trang."),
    N_("Lý do nghe: {reason}"),
)
"""What the player's script says (assets/ts/audit)."""


def player() -> dict[str, str]:
    """Return the player's words in the language in use; none in Vietnamese: they are the keys."""
    return {} if i18n.language() == "vi" else {text: _(text) for text in PLAYER}

"""The desk's words for codes: states, channels, gateways, refusals."""

from collections.abc import Mapping
from typing import Any

from tongdai.i18n import _
from web.words import N_

STATES: Mapping[str, str] = {
    "draft": N_("đang nhập"),
    "open": N_("đang xử lý"),
    "answered": N_("đã trả lời"),
    "closed": N_("đã kết thúc"),
    "rejected": N_("không tiếp nhận"),
}
CHANNELS: Mapping[str, str] = {
    "phone": N_("điện thoại"),
    "portal": N_("cổng thông tin"),
    "email": N_("thư điện tử"),
    "app": N_("ứng dụng"),
    "zalo": N_("Zalo"),
    "facebook": N_("Facebook"),
    "in_person": N_("trực tiếp"),
}
MESSAGES: Mapping[str, str] = {
    "queued": N_("chờ gửi"),
    "sending": N_("đang gửi"),
    "accepted": N_("nhà mạng đã nhận"),
    "delivered": N_("đã đến máy"),
    "undelivered": N_("không đến máy"),
    "rejected": N_("bị từ chối"),
    "unknown": N_("chưa rõ đã gửi hay chưa"),
    "not_sendable": N_("không gửi được"),
    "cancelled": N_("đã hủy"),
}
TONES: Mapping[str, str] = {
    "delivered": "good",
    "accepted": "brand",
    "undelivered": "bad",
    "rejected": "bad",
    "unknown": "warn",
    "not_sendable": "warn",
}
PURPOSES: Mapping[str, str] = {
    "referral": N_("Báo phiếu chuyển đến"),
    "referral_sender": N_("Báo người gửi phiếu đã chuyển"),
    "forwarding": N_("Báo chuyển Thủ trưởng"),
    "reminder": N_("Nhắc hạn"),
    "extension": N_("Báo gia hạn"),
    "overdue_report": N_("Báo cáo trễ hạn"),
    "result": N_("Báo kết quả"),
    "rejection": N_("Báo không tiếp nhận"),
    "survey": N_("Khảo sát"),
    "code": N_("Mã xác nhận"),
}
REASONS: Mapping[str, str] = {
    "landline": N_("số cố định không nhận được tin nhắn"),
    "hidden": N_("không có số di động"),
    "foreign": N_("số nước ngoài"),
    "emergency": N_("số khẩn cấp"),
    "malformed": N_("số hoặc địa chỉ không đúng"),
    "gave_up": N_("đã gửi lại nhiều lần không được"),
    "not_registered": N_("nhà mạng của người nhận chưa đăng ký mẫu tin này"),
    "stopped": N_("người nhận đã nhắn DUNG"),
    "hotline_unknown": N_("tổng đài không còn trong cấu hình"),
    "by_hand_cancel": N_("trưởng ca hủy"),
    "by_hand_arrived": N_("trưởng ca xác nhận đã đến"),
    "by_hand_lost": N_("trưởng ca xác nhận không đến"),
    "by_hand_again": N_("trưởng ca cho gửi lại"),
    "answered": N_("phiếu đã có kết quả"),
    "rerouted": N_("phiếu đã chuyển đơn vị khác"),
}
DEEDS: Mapping[str, str] = {
    "reply": N_("Người nhận nhắn lại: {reason}"),
    "again": N_("Cho gửi lại tin nhắn. Lý do: {reason}"),
    "cancel": N_("Hủy tin nhắn đang chờ gửi. Lý do: {reason}"),
    "arrived": N_("Xác nhận tin nhắn đã đến. Lý do: {reason}"),
    "lost": N_("Xác nhận tin nhắn không đến. Lý do: {reason}"),
}

REFUSALS: Mapping[str, str] = {
    "act_refused": N_("Quy chế không cho phép việc này lúc này."),
    "act_incomplete": N_("Còn thiếu thông tin để thực hiện việc này."),
    "no_procedure": N_("Chưa có quy chế của tổng đài này trong hệ thống."),
    "no_such_ticket": N_("Không có phiếu này, hoặc phiếu không thuộc phạm vi của bạn."),
    "ticket_forbidden": N_("Bạn xem được phiếu này nhưng không được làm việc vừa chọn."),
    "wrong_ticket_state": N_("Trạng thái của phiếu không cho phép việc này."),
    "no_such_unit": N_("Không có đơn vị này, hoặc đơn vị không còn hoạt động."),
    "no_such_attachment": N_("Không có tệp này."),
    "attachment_refused": N_("Tệp không dùng được: chỉ nhận ảnh, video, âm thanh hoặc PDF."),
    "kind_not_taken": N_("Chỉ nhận tệp ảnh, video, âm thanh hoặc PDF."),
    "not_later": N_("Thời điểm phải sau bây giờ."),
    "not_day_and_time": N_("Hãy viết ngày/tháng/năm giờ:phút, ví dụ 05/12/2026 17:30."),
    "no_tickets": N_("Không có phiếu nào đang xử lý ở đây."),
    "standstill_refused": N_("Chưa ghi được. Hãy xem lại các mục được đánh dấu."),
    "empty": N_("Tệp không có nội dung."),
    "letter_missing": N_("Cần đính kèm công văn hẹn xử lý."),
    "document_missing": N_("Cần số văn bản, hoặc tệp văn bản trả lời."),
    "link_unknown": N_("Liên kết không đúng. Hãy mở đúng liên kết trong tin nhắn."),
    "link_spent": N_("Liên kết đã được dùng hoặc đã hết hạn."),
    "bad_cursor": N_("Trang này của danh sách không còn. Hãy mở lại danh sách."),
}


def message_deed(entry: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return what a person did with a message by hand, and its tone."""
    words = DEEDS.get(str(entry.get("what")))
    return (_(words).format(reason=entry.get("reason") or "…"), "") if words else None


def calendar_deed(entry: Mapping[str, Any]) -> tuple[str, str]:
    """Return the words for a change of the working calendar, and their tone."""
    words = _("Lịch làm việc thay đổi: {note}.")
    return words.format(note=entry.get("note") or "…"), "warn"

"""The API's own refusals and their words."""

from tongdai.errors import Invalid
from web.words import N_


class CursorUnreadable(Invalid):
    """The cursor is none that a list of ours has given."""

    code = "cursor_unreadable"

    def __init__(self) -> None:
        super().__init__(fields={"cursor": "cursor_unreadable"})


WORDS = {
    "cursor_unreadable": N_('Con trỏ trang không đúng; hãy dùng đúng giá trị "next" đã nhận.'),
    "not_known": N_("Tham số này không có."),
    "out_of_range": N_("Giá trị nằm ngoài khoảng cho phép."),
    "not_a_moment": N_("Thời điểm phải theo ISO 8601, có độ lệch múi giờ."),
    "hearing_forbidden": N_("Chỉ kiểm soát viên và trưởng ca của tổng đài được nghe ghi âm."),
    "recording_unknown": N_("Không có bản ghi âm này."),
    "recording_deleted": N_("Bản ghi âm đã được xóa theo thời hạn lưu trữ."),
    "recording_audio_missing": N_(
        "Tệp ghi âm không có trong kho lưu trữ. Hãy báo người quản trị kiểm tra kho."
    ),
    "recording_stored_damaged": N_(
        "Tệp trong kho lưu trữ không còn như lúc cất giữ. Hãy báo kiểm soát viên và người quản trị."
    ),
    "recording_key_missing": N_(
        "Bản ghi âm được mã hóa bằng khóa không có trong vòng khóa của máy chủ, "
        "nên không nghe được. Hãy báo người quản trị khôi phục khóa."
    ),
    "recording_key_wrong": N_(
        "Khóa trong vòng khóa không phải khóa đã mã hóa bản ghi âm này, "
        "nên không nghe được. Hãy báo người quản trị khôi phục đúng khóa."
    ),
    "recording_key_ring_unusable": N_("Vòng khóa mã hóa ghi âm không dùng được."),
    "recording_signing_key_missing": N_(
        "Chưa có khóa ký sổ ghi âm. Người quản trị tạo bằng lệnh: tongdai recordings keygen."
    ),
    "manifest_unsigned": N_("Sổ ghi âm chưa được ký đến bản ghi này."),
    "call_unknown": N_("Không có cuộc gọi này."),
    "message_unknown": N_("Không có tin nhắn này."),
}

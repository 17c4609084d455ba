"""The words for refusals that an operator may meet."""

from web.words import N_

WORDS = {
    "operator_not_signed_on": N_("Bạn chưa vào ca. Hãy bấm Sẵn sàng."),
    "operator_has_no_seat": N_("Tài khoản chưa có máy lẻ; hãy báo quản trị viên."),
    "operator_in_call": N_("Không đổi được khi đang có cuộc gọi."),
    "not_an_operator_here": N_("Bạn không trực đường dây này."),
    "unknown_pause": N_("Lý do tạm dừng không có trong danh mục."),
    "bridge_away": N_("Máy chủ điều khiển cuộc gọi chưa trả lời. Hãy thử lại."),
    "pbx_away": N_("Tổng đài điện thoại chưa trả lời. Hãy thử lại."),
    "operator_did_not_answer": N_("Máy của bạn đổ chuông mà chưa được nhấc; chưa gọi ai cả."),
    "no_number": N_("Không có số để gọi, hoặc số không đúng."),
    "number_not_allowed": N_(
        "Từ đây không gọi được số này: chỉ gọi di động và cố định trong nước."
    ),
    "number_is_our_own": N_("Đây là số của chính tổng đài."),
    "recording_stopped": N_("Đã dừng ghi âm hẳn; cuộc gọi này không ghi âm lại nữa."),
    "recording_not_running": N_("Cuộc gọi này hiện không được ghi âm."),
    "call_not_connected": N_("Cuộc gọi không còn đang nói."),
    "not_your_call": N_("Cuộc gọi này không phải của bạn."),
    "no_such_call": N_("Không còn cuộc gọi này."),
    "no_such_ticket": N_("Không có phiếu này."),
    "ticket_forbidden": N_("Bạn không được làm việc này với phiếu."),
    "ticket_changed_meanwhile": N_("Phiếu vừa được sửa ở cửa sổ khác."),
    "wrong_ticket_state": N_("Phiếu không còn ở bước này."),
    "form_incomplete": N_("Phiếu chưa đủ thông tin. Hãy xem các mục được đánh dấu."),
    "not_known": N_("Hãy chọn trong danh sách."),
    "not_readable": N_("Không đọc được; hãy viết lại."),
    "unknown_ground": N_("Căn cứ từ chối không có trong quy chế."),
    "no_procedure": N_(
        "Quy chế của đường dây này chưa có trong hệ thống; chưa chuyển đơn vị được."
    ),
    "attachment_refused": N_("Chỉ nhận ảnh, video, âm thanh hoặc PDF, không quá dung lượng."),
    "no_such_unit": N_("Không có đơn vị này, hoặc đơn vị không nhận phiếu."),
    "no_such_person": N_("Không có người này trong danh bạ."),
    "act_refused": N_("Quy chế không cho phép việc này lúc này."),
}

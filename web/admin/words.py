"""The administration's words for codes: roles, kinds of units, states of parts, refusals."""

from collections.abc import Mapping

from tongdai.accounts.model import Role
from web.words import N_

ROLES: Mapping[str, str] = {
    Role.OPERATOR: N_("Tổng đài viên"),
    Role.SUPERVISOR: N_("Trưởng ca"),
    Role.FOCAL_POINT: N_("Đầu mối đơn vị"),
    Role.UNIT_HEAD: N_("Thủ trưởng"),
    Role.COORDINATOR: N_("Cán bộ điều phối"),
    Role.ONE_STOP: N_("Bộ phận một cửa"),
    Role.CITY_OFFICE: N_("Văn phòng UBND"),
    Role.LEADERSHIP: N_("Lãnh đạo UBND"),
    Role.AUDITOR: N_("Kiểm tra ghi âm"),
    Role.ADMINISTRATOR: N_("Quản trị hệ thống"),
}
RESPONSIBLE: Mapping[str, str] = {**ROLES, "sender": N_("Người phản ánh")}
"""Whose turn a stage is; the last one holds no account."""

KINDS: Mapping[str, str] = {
    "department": N_("Sở, ban, ngành"),
    "district": N_("Quận, huyện"),
    "commune": N_("Xã, phường, thị trấn"),
    "public_unit": N_("Đơn vị sự nghiệp công lập"),
    "utility": N_("Doanh nghiệp dịch vụ công ích"),
    "post": N_("Bưu điện"),
    "vertical_agency": N_("Cơ quan ngành dọc"),
    "office": N_("Văn phòng UBND"),
}
PARTS: Mapping[str, str] = {
    "database": N_("Cơ sở dữ liệu"),
    "pbx": N_("Tổng đài điện thoại"),
    "agi": N_("Lời chào và kịch bản thoại"),
    "spool": N_("Thư mục ghi âm"),
    "scheduler": N_("Bộ nhắc hạn"),
    "sms": N_("Cổng tin nhắn"),
    "mail": N_("Thư điện tử"),
    "journal": N_("Nhật ký tổng đài"),
}
CONDITIONS: Mapping[str, tuple[str, str]] = {
    "ok": (N_("hoạt động"), "good"),
    "degraded": (N_("hoạt động kém"), "warn"),
    "down": (N_("không hoạt động"), "bad"),
}
OPERATOR_STATES: Mapping[str, tuple[str, str]] = {
    "ready": (N_("sẵn sàng"), "good"),
    "ringing": (N_("đang đổ chuông"), "brand"),
    "talking": (N_("đang nói chuyện"), "brand"),
    "wrap_up": (N_("đang hoàn tất phiếu"), "warn"),
    "paused": (N_("tạm nghỉ"), "warn"),
    "signed_off": (N_("chưa vào ca"), ""),
}
DONE: Mapping[str, str] = {
    "saved": N_("Đã lưu."),
    "closed": N_("Đã khóa tài khoản. Mọi phiên đăng nhập của tài khoản này đã kết thúc."),
    "closed_in_call": N_(
        "Đã khóa tài khoản. Tổng đài viên đang có cuộc gọi và sẽ rời hàng đợi khi trưởng ca "
        "cho ra ca."
    ),
    "reopened": N_("Đã mở lại tài khoản. Chỗ ngồi (số máy lẻ) cần được cấp lại."),
    "unit_added": N_("Đã thêm đơn vị. Hãy chỉ định đầu mối và thủ trưởng."),
    "appointed": N_(
        "Đã chỉ định. Phiếu đang mở, cuộc gọi chuyển tiếp và tin nhắn từ nay đến người mới."
    ),
    "dismissed": N_("Đã cho thôi nhiệm vụ."),
    "ended": N_("Đã ghi ngày kết thúc hoạt động của đơn vị."),
    "field_added": N_("Đã thêm lĩnh vực."),
    "flow_changed": N_("Đã lưu. Cuộc gọi tiếp theo nghe bản mới."),
    "flow_calls": N_("Máy của bạn đã nghe: đang phát bản thử."),
    "prompt_taken": N_("Đã lưu. Cuộc gọi tiếp theo nghe bản thu này."),
    "prompt_returned": N_("Đã trả lại giọng máy."),
    "prompt_calls": N_("Máy của bạn đã nghe: hãy đọc sau tiếng bíp. Lưu xong thì tải lại trang."),
    "law_changed": N_("Đã lưu. Bản mới có hiệu lực từ bây giờ."),
}
REFUSALS: Mapping[str, str] = {
    "wording_unknown": N_("Có biến không dùng được ở mẫu này, hoặc ngoặc không thành cặp."),
    "wording_lacks": N_("Thiếu một biến bắt buộc."),
    "no_such_wording": N_("Không có mẫu tin nhắn này."),
    "no_such_edition": N_("Không có bản này."),
    "no_such_account": N_("Không có tài khoản này, hoặc tài khoản không thuộc tổng đài của bạn."),
    "account_of_others": N_(
        "Tài khoản này còn làm việc cho tổng đài mà bạn không quản trị. Bạn chỉ đổi được vai trò "
        "tại tổng đài của mình."
    ),
    "not_yourself": N_("Bạn không thể khóa tài khoản đang dùng."),
    "last_administrator": N_(
        "Đây là người quản trị cuối cùng của tổng đài {hotline}. Hãy cử người khác trước."
    ),
    "account_refused": N_("Chưa lưu được. Hãy xem lại các mục được đánh dấu."),
    "bad_username": N_(
        "Tên đăng nhập gồm 2 đến 64 ký tự: chữ thường không dấu, chữ số, dấu chấm, gạch ngang."
    ),
    "username_taken": N_("Tên đăng nhập này đã có người dùng."),
    "extension_taken": N_("Số máy này đã cấp cho người khác."),
    "seat_without_role": N_("Chỉ tổng đài viên và trưởng ca có số máy."),
    "role_needed": N_("Cần ít nhất một vai trò. Nếu người này không còn làm việc, hãy khóa."),
    "role_missing_here": N_("Hãy chọn vai trò."),
    "unit_needed": N_("Vai trò này gắn với một đơn vị: hãy chọn đơn vị."),
    "unit_not_taken": N_("Vai trò này không gắn với đơn vị; hãy để trống."),
    "unit_unknown": N_("Không có đơn vị này. Hãy chọn trong danh sách gợi ý."),
    "unit_ambiguous": N_("Có nhiều đơn vị cùng tên. Hãy chọn trong danh sách gợi ý."),
    "no_such_hotline": N_("Bạn không quản trị tổng đài này."),
    "no_such_unit": N_("Không có đơn vị này, hoặc đơn vị không còn hoạt động."),
    "no_such_person": N_("Không có người này trong danh bạ."),
    "no_such_field": N_("Không có lĩnh vực này."),
    "bad_code": N_("Mã gồm chữ thường không dấu, chữ số và gạch ngang."),
    "code_taken": N_("Mã này đã dùng cho đơn vị khác."),
    "not_a_mobile": N_("Tin nhắn chỉ gửi được đến số di động Việt Nam (10 số)."),
    "number_needed": N_("Cần ít nhất một số: để chuyển cuộc gọi hoặc để nhắn tin."),
    "already_left": N_("Người này đã thôi nhiệm vụ."),
    "unit_has_units": N_("Đơn vị còn {units} đơn vị trực thuộc đang hoạt động."),
    "unit_has_tickets": N_(
        "Đơn vị còn {tickets} phiếu đang xử lý. Hãy chuyển các phiếu này sang đơn vị khác trước."
    ),
    "ends_before_it_begins": N_("Ngày kết thúc phải sau ngày bắt đầu hoạt động."),
}

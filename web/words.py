"""The words for every refusal, by its code; Vietnamese is the msgid.

A package of pages adds the words of its own codes in its `setup`: `words.add({...})`.
"""

from collections.abc import Mapping

from tongdai.errors import Conflict, Forbidden, Invalid, NotFound, Refusal, Unavailable
from tongdai.i18n import _


def N_(text: str) -> str:  # noqa: N802 - gettext's own name for "to be translated later"
    """Mark `text` for the catalogue; it is translated when it is shown."""
    return text


_BY_CODE: dict[str, str] = {
    "login_refused": N_("Tên đăng nhập hoặc mật khẩu không đúng."),
    "login_throttled": N_("Đăng nhập sai quá nhiều lần. Vui lòng thử lại sau {minutes} phút."),
    "not_signed_in": N_("Phiên làm việc đã kết thúc. Vui lòng đăng nhập lại."),
    "password_not_replaced": N_("Hãy đổi mật khẩu được cấp trước khi làm việc."),
    "password_refused": N_("Chưa đổi mật khẩu. Hãy xem lại các mục được đánh dấu."),
    "password_too_short": N_("Mật khẩu mới quá ngắn."),
    "password_same": N_("Mật khẩu mới phải khác mật khẩu đang dùng."),
    "password_wrong": N_("Mật khẩu đang dùng không đúng."),
    "password_not_twice": N_("Hai lần nhập mật khẩu mới không giống nhau."),
    "role_missing": N_("Tài khoản của bạn không có quyền mở trang này."),
    "csrf_refused": N_("Trang đã cũ hoặc yêu cầu đến từ nơi khác. Hãy tải lại trang rồi thử lại."),
    "database_away": N_(
        "Cơ sở dữ liệu tạm thời không trả lời. Thông tin đang nhập vẫn được giữ trên máy này."
    ),
    "required": N_("Cần nhập mục này."),
    "too_long": N_("Nội dung dài quá mức cho phép."),
    "too_short": N_("Nội dung quá ngắn."),
    "body_unreadable": N_("Nội dung gửi lên phải là một đối tượng JSON."),
    "not_a_number": N_("Cần nhập một con số."),
    "not_keys": N_("Phím chỉ gồm 0 đến 9, *, #, và - khi không bấm; cách nhau bằng dấu phẩy."),
    "not_a_date": N_("Ngày không đúng; hãy viết ngày/tháng/năm."),
    "not_an_email": N_("Địa chỉ e-mail không đúng."),
    "not_a_phone": N_("Số điện thoại không đúng."),
    "not_allowed": N_("Giá trị này không dùng được ở đây."),
    "wrong": N_("Giá trị không đúng."),
    "too_large": N_("Tệp lớn quá mức cho phép."),
    "changed_elsewhere": N_("Phiếu vừa được sửa ở nơi khác."),
}
_BY_KIND: tuple[tuple[type[Refusal], str], ...] = (
    (NotFound, N_("Không tìm thấy nội dung bạn cần.")),
    (Forbidden, N_("Bạn không có quyền làm việc này.")),
    (Conflict, N_("Việc này không còn thực hiện được vì dữ liệu đã thay đổi.")),
    (Invalid, N_("Một số mục chưa đúng. Hãy xem lại các mục được đánh dấu.")),
    (Unavailable, N_("Một bộ phận của hệ thống tạm thời không trả lời. Hãy thử lại sau ít phút.")),
)


def add(words: Mapping[str, str]) -> None:
    """Teach the words for further codes; values are Vietnamese msgids marked with N_."""
    _BY_CODE.update(words)


def of(refusal: Refusal) -> str:
    """Return the sentence for a refusal in the language in use."""
    known = _BY_CODE.get(refusal.reason) or _BY_CODE.get(refusal.code)
    if known is None:
        known = next((text for kind, text in _BY_KIND if isinstance(refusal, kind)), None)
    text = _(known or N_("Yêu cầu không thực hiện được."))
    return text.format_map(_Ids(refusal.ids))


def of_code(code: str) -> str:
    """Return the words for a bare code (a field's fault), in the language in use."""
    return _(_BY_CODE.get(code, N_("Giá trị không đúng.")))


class _Ids(dict[str, str | int | None]):
    def __missing__(self, key: str) -> str:
        return "?"

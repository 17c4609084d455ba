"""How tasks of calling back are named on the pages."""

from ivr.followups.model import Kind, Result, State
from ivr.followups.sums import Figure
from tongdai.i18n import _


def kinds() -> dict[str, str]:
    """Return why somebody is to be called back."""
    return {
        Kind.ABANDONED: _("Gọi nhỡ"),
        Kind.CALLBACK: _("Xin gọi lại"),
        Kind.MESSAGE: _("Lời nhắn"),
    }


def states() -> dict[str, str]:
    """Return where a task is."""
    return {
        State.OPEN: _("Chờ gọi"),
        State.CLAIMED: _("Đã có người nhận"),
        State.UNREACHABLE: _("Không liên lạc được, chờ trưởng ca"),
        State.DONE: _("Đã gọi lại"),
        State.RANG_AGAIN: _("Người dân đã gọi lại"),
        State.ANSWERED: _("Đã gặp tổng đài viên trong cùng cuộc gọi"),
        State.NO_NUMBER: _("Giấu số, không gọi lại được"),
        State.GIVEN_UP: _("Ngừng gọi lại, có lý do"),
    }


def results() -> dict[str, str]:
    """Return how a try ended."""
    return {
        Result.REACHED: _("Đã gặp"),
        Result.BUSY: _("Máy bận"),
        Result.NO_ANSWER: _("Không nghe máy"),
        Result.WRONG_NUMBER: _("Nhầm số"),
        Result.REFUSED: _("Từ chối nói chuyện"),
    }


def figures() -> dict[str, str]:
    """Return what a call counts as in the sum, and the heads of its table."""
    return {
        "day": _("Ngày"),
        "hotline": _("Tổng đài"),
        "calls": _("Cuộc gọi đến"),
        Figure.IN_PROGRESS: _("Đang diễn ra"),
        Figure.ANSWERED: _("Có người nghe"),
        Figure.SELF_SERVICE: _("Tự tra cứu"),
        Figure.MESSAGES: _("Lời nhắn đã xử lý"),
        Figure.CALLED_BACK: _("Đã gọi lại"),
        Figure.RANG_AGAIN: _("Tự gọi lại được"),
        Figure.GIVEN_UP: _("Ngừng gọi lại, có lý do"),
        Figure.NO_NUMBER: _("Giấu số"),
        Figure.OPEN: _("Chờ gọi lại"),
        Figure.FAILED: _("Lỗi mạng"),
        Figure.BEFORE: _("Trước khi có sổ gọi lại"),
        Figure.BEING_WRITTEN: _("Đang ghi"),
        Figure.DIFFERENCE: _("Chênh lệch"),
    }

"""The words for refusals that whoever calls back may meet."""

from web.words import N_

WORDS = {
    "no_such_callback": N_("Không có việc gọi lại này."),
    "callback_forbidden": N_("Chỉ trưởng ca được làm việc này với việc gọi lại."),
    "callback_taken": N_("Người khác đang nhận việc gọi lại này."),
    "callback_closed": N_("Việc gọi lại này đã kết thúc."),
    "callback_without_number": N_("Người gọi giấu số; không gọi lại được."),
    "callback_reason_missing": N_("Hãy ghi lý do, ít nhất ba chữ cái."),
    "callback_no_message": N_("Cuộc gọi này không có lời nhắn, hoặc lời nhắn chưa lưu xong."),
}

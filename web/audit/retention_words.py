"""The words of keeping, deleting and proving."""

from web.words import N_

REFUSALS = {
    "retention_forbidden": N_(
        "Chỉ kiểm soát viên được giữ lại ghi âm; "
        "chỉ kiểm soát viên và quản trị viên được đề nghị xóa."
    ),
    "deletion_same_person": N_(
        "Việc xóa cần hai người khác nhau: một kiểm soát viên và một quản trị viên."
    ),
    "reason_needed": N_("Hãy ghi rõ lý do."),
    "recording_held_already": N_("Bản ghi âm này đang được giữ lại."),
    "recording_not_held": N_("Bản ghi âm này không bị giữ lại."),
    "deletion_nothing_due": N_("Không có bản ghi âm nào hết thời hạn lưu trữ."),
    "deletion_unknown": N_("Không có danh sách xóa này."),
    "deletion_decided": N_("Danh sách này đã có người quyết định."),
    "deletion_not_proposed": N_(
        "Danh sách do hệ thống lập; cần một người đề nghị trước khi duyệt."
    ),
    "retention_rule_unknown": N_("Chưa đặt thời hạn lưu trữ cho loại ghi âm này."),
}
LISTS = {
    "scheduled": N_("Hệ thống lập, chờ người đề nghị"),
    "proposed": N_("Chờ người thứ hai duyệt"),
    "approved": N_("Đã duyệt, đang xóa"),
    "rejected": N_("Không duyệt"),
    "done": N_("Đã xóa xong"),
}
WHYS = {
    "missing": N_("Mất tệp"),
    "changed": N_("Tệp bị sửa"),
    "swapped": N_("Tệp bị tráo"),
    "no_row": N_("Tệp lạ, không có trong sổ"),
    "deleted_but_there": N_("Đã ghi là xóa nhưng tệp vẫn còn"),
    "row_changed": N_("Dữ liệu bị sửa"),
    "row_missing": N_("Dữ liệu bị xóa"),
    "not_in_manifest": N_("Không có trong sổ ghi âm"),
    "entry_missing": N_("Sổ thiếu dòng"),
    "entry_changed": N_("Dòng trong sổ bị sửa"),
    "entry_misplaced": N_("Dòng trong sổ bị đổi chỗ"),
    "tip_changed": N_("Cuối sổ bị sửa"),
    "head_missing": N_("Thiếu chữ ký ngày"),
    "head_changed": N_("Chữ ký ngày bị sửa"),
    "head_unsigned": N_("Chữ ký không đúng khóa"),
    "unsigned": N_("Chưa được ký"),
    "line_missing": N_("Tệp sổ thiếu dòng"),
    "line_changed": N_("Tệp sổ bị sửa"),
}

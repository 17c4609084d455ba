"""Lines of the administration's history in sentences, and what exactly became of what."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tongdai.accounts.model import SYSTEM
from tongdai.audit import AuditEntry
from tongdai.i18n import _
from tongdai.phone import national
from web.admin.words import KINDS, ROLES
from web.render import day
from web.words import N_

_SENTENCES: Mapping[str, str] = {
    "account_created": N_("Tạo tài khoản {account}"),
    "account_changed": N_("Sửa tài khoản {account}"),
    "account_closed": N_("Khóa tài khoản {account}"),
    "account_reopened": N_("Mở lại tài khoản {account}"),
    "password_changed": N_("{account} tự đổi mật khẩu"),
    "password_set": N_("Đặt mật khẩu mới cho tài khoản {account}"),
    "unit_added": N_("Thêm đơn vị {unit}"),
    "unit_changed": N_("Sửa đơn vị {unit}"),
    "unit_ended": N_("Ghi ngày kết thúc hoạt động của đơn vị {unit}"),
    "unit_reopened": N_("Bỏ ngày kết thúc hoạt động của đơn vị {unit}"),
    "person_appointed": N_("Chỉ định {person} làm {role} của {of}"),
    "person_dismissed": N_("Cho {person} thôi làm {role} của {of}"),
    "person_corrected": N_("Sửa thông tin của {person}, {role} của {of}"),
    "field_added": N_("Thêm lĩnh vực {field}"),
    "field_changed": N_("Sửa lĩnh vực {field}"),
    "procedure_changed": N_("Sửa quy chế của {hotline}: {note}"),
    "flow_changed": N_("Sửa lời chào, menu của {hotline}: {note}"),
    "prompt_changed": N_("Đổi giọng đọc câu {prompt} của {hotline}"),
    "calendar_changed": N_("Sửa lịch làm việc của {hotline}: {note}"),
    "wording_changed": N_("Sửa mẫu tin nhắn"),
    "sample_loaded": N_("Nạp dữ liệu mẫu của {hotline}"),
}
_REPLACED = N_("Chỉ định {person} làm {role} của {of}, thay {predecessor}")
_LABELS: Mapping[str, str] = {
    "username": N_("Tên đăng nhập"),
    "full_name": N_("Họ và tên"),
    "language": N_("Ngôn ngữ"),
    "extension": N_("Số máy"),
    "person": N_("Người trong danh bạ"),
    "text": N_("Nội dung mẫu"),
    "networks": N_("Nhà mạng đã đăng ký mẫu"),
    "active": N_("Đang dùng"),
    "name": N_("Tên"),
    "aliases": N_("Tên khác"),
    "kind": N_("Loại"),
    "handling_unit": N_("Nhận phiếu chuyển"),
    "address": N_("Địa chỉ"),
    "valid_to": N_("Ngày cuối cùng"),
    "title": N_("Chức vụ"),
    "phone": N_("Điện thoại"),
    "mobile": N_("Di động nhận tin nhắn"),
    "keywords": N_("Từ khóa"),
    "type": N_("Loại phiếu"),
    "position": N_("Thứ tự"),
    "unit": N_("Đơn vị"),
    "role": N_("Vai trò"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """Names by id; hotlines only those that the reader administers."""

    hotlines: Mapping[str, str]
    accounts: Mapping[str, str]
    units: Mapping[str, str]
    people: Mapping[str, str]
    fields: Mapping[str, str]

    def actor(self, account: str) -> str:
        """Return who did something."""
        if account == SYSTEM.id:
            return _("Hệ thống")
        if account.startswith("token:"):
            return _("Chương trình (API)")
        return self.accounts.get(account, _("tài khoản không còn"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What became of what; empty texts: nothing."""

    label: str
    before: str
    after: str


def sentence(entry: AuditEntry, names: Names) -> str:
    """Return a line in words."""
    known = _SENTENCES.get(entry.kind)
    if known is None:
        return _("Thay đổi: {kind}").format(kind=entry.kind)
    facts = entry.data.get("after") or entry.data
    if entry.kind == "person_appointed" and entry.data.get("predecessor"):
        known = _REPLACED
    return _(known).format(
        account=_account(entry, names),
        unit=facts.get("name") or names.units.get(entry.subject, "?"),
        person=facts.get("name") or names.people.get(entry.subject, "?"),
        role=_(ROLES.get(str(facts.get("role", "")), "?")).lower(),
        of=names.units.get(str(facts.get("unit", "")), "?"),
        predecessor=names.people.get(str(entry.data.get("predecessor")), "?"),
        field=facts.get("name") or names.fields.get(entry.subject, "?"),
        note=facts.get("note") or "…",
        hotline=names.hotlines.get(entry.subject, entry.subject),
    )


def differences(entry: AuditEntry, names: Names) -> list[Difference]:
    """Return what a change changed, one line each; roles only at the reader's hotlines."""
    before, after = entry.data.get("before"), entry.data.get("after")
    if entry.kind == "person_appointed":
        after = {key: entry.data.get(key) for key in ("title", "phone", "mobile")}
    if not isinstance(after, dict):
        return []
    was = before if isinstance(before, dict) else {}
    found = [
        Difference(label=_(_LABELS[key]), before=was_text, after=now_text)
        for key, now in after.items()
        if key in _LABELS
        for was_text, now_text in [(_said(key, was.get(key), names), _said(key, now, names))]
        if was_text != now_text and not (before is None and key in ("active", "language"))
    ]
    old, new = _roles(was, names), _roles(after, names)
    found += [Difference(label=_("Vai trò"), before=r, after="") for r in old if r not in new]
    found += [Difference(label=_("Vai trò"), before="", after=r) for r in new if r not in old]
    return found


def _account(entry: AuditEntry, names: Names) -> str:
    facts = entry.data.get("after") or entry.data
    name = names.accounts.get(entry.subject) or facts.get("full_name") or "?"
    username = facts.get("username")
    return f"{name} ({username})" if username else name


def _said(key: str, value: Any, names: Names) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return _("có") if value else _("không")
    say = _SAY.get(key)
    return say(str(value), names) if say else str(value).replace("\n", "; ")


_SAY: Mapping[str, Callable[[str, Names], str]] = {
    "phone": lambda text, _names: national(text),
    "mobile": lambda text, _names: national(text),
    "kind": lambda text, _names: _(KINDS.get(text, text)),
    "role": lambda text, _names: _(ROLES.get(text, text)),
    "unit": lambda text, names: names.units.get(text, text),
    "person": lambda text, names: names.people.get(text, text),
    "language": lambda text, _names: {"vi": "Tiếng Việt", "en": "English"}.get(text, text),
    "valid_to": lambda text, _names: day(datetime.fromisoformat(text) - timedelta(seconds=1)),
}


def _roles(facts: Mapping[str, Any], names: Names) -> list[str]:
    found = []
    for held in facts.get("roles", ()):
        if held["hotline"] in names.hotlines:
            words = f"{_(ROLES[held['role']])}, {names.hotlines[held['hotline']]}"
            unit = names.units.get(held["unit"] or "")
            found.append(f"{words}: {unit}" if unit else words)
    return found

"""What a caller heard and pressed in the menus, as an auditor reads it (ivr.diary)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from ivr import diary
from ivr.tables import CallPrompt
from telephony.calls.choice import choice_of
from tongdai.i18n import _


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the list: when, what kind (said, pressed, led), in words."""

    at: datetime
    kind: str
    words: str


async def lines_of(session: AsyncSession, call: str) -> list[Line]:
    """Return what a caller heard and pressed before an operator answered, in order."""
    rows = await diary.of_call(session, call)
    return [Line(at=row.at, kind=row.kind, words=_words(row)) for row in rows]


def chosen_words(menu: str | None) -> str:
    """Return what a call's caller chose in the menus; empty: nothing."""
    choice = choice_of(menu)
    languages = {"en": _("tiếng Anh")}
    spoken = languages.get(choice.language, choice.language)
    skill = "" if choice.skill == choice.language else languages.get(choice.skill, choice.skill)
    first = _("ưu tiên {number}").format(number=choice.priority) if choice.priority else ""
    again = _("gọi lại sau khi bị ngắt") if choice.after else ""
    return " · ".join(filter(None, (choice.field, spoken, skill, first, again)))


def _words(row: CallPrompt) -> str:
    if row.kind == "pressed":
        if row.text == "-":
            return _("không bấm phím")
        return _("bấm {key}").format(key=row.text)
    if row.kind == "led":
        return _led(row.text)
    return row.text


def _led(where: str) -> str:
    known = {
        "queue": _("vào hàng đợi tổng đài viên"),
        "end": _("cuộc gọi kết thúc"),
        "dialplan": _("lời không phát được; kịch bản dự phòng của tổng đài tiếp tục"),
        "hung_up": _("người gọi gác máy"),
    }
    kind, _space, unit = where.partition(" ")
    if kind == "desk":
        return _("nối đến bộ phận một cửa {unit}").format(unit=unit)
    return known.get(where, where)

"""A flow as a readable text, and a call through it as text; pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from ivr.flow import acts
from ivr.flow.acts import Effect, Input, Say
from ivr.flow.diagram import mermaid, name_of, tree
from ivr.flow.graph import End, endings
from ivr.flow.model import Flow
from ivr.flow.state import Facts, Phase, State
from ivr.flow.walk import advance, begin
from ivr.speech.reading import moment, phone
from tongdai.calendar import Calendar
from tongdai.clock import HCM
from tongdai.i18n import _

_ENDS = {End.PERSON: "người", End.MESSAGE: "lời nhắn", End.FAREWELL: "lời chào"}
_MOST_TURNS = 400
_SAMPLE_NUMBER = "0912345678"
_PRESSES = re.compile("[0-9*#]+")
_FIRST_YEAR, _LAST_YEAR = 1901, 2199


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A line of a call on paper: who (`1022` or `khách`) and what."""

    who: str
    text: str


def facts_at(flow: Flow, calendar: Calendar | None, when: datetime) -> Facts:
    """Return what a flow may say at a moment; without a calendar it is taken to be open."""
    if flow.hours.open == "always" or calendar is None or calendar.is_open(when):
        return Facts(open=True)
    opening = calendar.next_opening(when)
    return Facts(open=False, next_opening=moment(opening) if opening else "")


def moment_of(typed: str) -> datetime:
    """Return a moment as people type it, `2026-11-28T20:00`; without a zone it is Vietnam's.

    Raises:
        ValueError: It is none, or none of the years that calendars know.
    """
    found = datetime.fromisoformat(typed)
    if not _FIRST_YEAR <= found.year <= _LAST_YEAR:
        message = f"not in the years {_FIRST_YEAR} to {_LAST_YEAR}"
        raise ValueError(message)
    return found if found.tzinfo else found.replace(tzinfo=HCM)


def presses_of(typed: str) -> list[str]:
    """Return what is pressed, as `3,1` or `2,1234567890#`; `-` is silence.

    Raises:
        ValueError: There is a key that no telephone has.
    """
    found = [item.strip() for item in typed.split(",") if item.strip()]
    for item in found:
        if item != "-" and not _PRESSES.fullmatch(item):
            message = f"{item!r}: keys are 0 to 9, * and #, - for none, with commas between"
            raise ValueError(message)
    return found


def report(flow: Flow) -> str:
    """Return what `tongdai ivr check` prints of a flow."""
    lines = [f"{flow.name} ({flow.id})"]
    hours = _("luôn mở") if flow.hours.open == "always" else _("theo lịch làm việc của tổng đài")
    lines.append(_("Giờ mở: {hours} [{source}]").format(hours=hours, source=flow.hours.source))
    for root, words in ((flow.start, _("Trong giờ")), (flow.closed, _("Ngoài giờ"))):
        if root is not None:
            ends = ", ".join(_(_ENDS[end]) for end in sorted(endings(flow, root)))
            lines.append(_("{when}: mọi đường kết thúc ở {ends}").format(when=words, ends=ends))
    lines.append("")
    for line in tree(flow):
        key = f"[{line.way}] " if line.way else ""
        again = _(" (xem ở trên)") if line.again else ""
        source = f" [{line.step.source}]" if line.step.source and not line.again else ""
        lines.append(f"{'    ' * line.depth}{key}{name_of(line.step)}{again}{source}")
    return "\n".join([*lines, "", mermaid(flow)])


def played(flow: Flow, facts: Facts, keys: Sequence[str]) -> Iterator[Heard]:
    """Play a call on paper.

    Args:
        flow: The flow.
        facts: Whether it is open, and when it opens next.
        keys: One item a press, or a whole number for an entry ("1234567890#"); `-` is silence.
            In a menu an item of several keys ("31") is pressed key by key. When none are left
            the caller presses nothing more.
    """
    left = list(keys)
    state, effects = begin(flow, facts)
    for _turn in range(_MOST_TURNS):
        for effect in effects:
            if isinstance(effect, Say):
                yield Heard(who="1022", text=effect.text)
        if state.gone:
            yield Heard(who="", text=_ended(effects[-1]))
            return
        given, told = _given(state, effects[-1], left)
        yield Heard(who="khách", text=told)
        state, effects = advance(state, given)


def _ended(effect: Effect) -> str:
    if isinstance(effect, acts.ToQueue):
        more = [effect.field] if effect.field else []
        more += [_("ưu tiên {n}").format(n=effect.priority)] if effect.priority else []
        more += [_("kỹ năng {skill}").format(skill=effect.skill)] if effect.skill else []
        return _("→ hàng đợi tổng đài viên") + (f" ({', '.join(more)})" if more else "")
    return _("→ kết thúc cuộc gọi")


def _given(  # noqa: PLR0911 - one branch a question
    state: State, effect: Effect, left: list[str]
) -> tuple[Input, str]:
    pressed = left.pop(0) if left and isinstance(effect, acts.ReadKey | acts.ReadDigits) else "-"
    match effect:
        case acts.ReadKey():
            if pressed == "-":
                return acts.Silence(), _("(không bấm phím)")
            if pressed[1:]:
                left.insert(0, pressed[1:])
            return acts.Key(press=pressed[0]), _("bấm {key}").format(key=pressed[0])
        case acts.ReadDigits():
            typed = "" if pressed == "-" else pressed.removesuffix("#")
            return acts.Digits(typed=typed), _("bấm {key}").format(key=typed or "-")
        case acts.FindTicket() if state.phase is Phase.FINDING and not effect.phone:
            found = _("(kết quả tra cứu được đọc ở đây)")
            return acts.TicketFound(said=(Say(text=found),)), _("(tổng đài tra cứu)")
        case acts.Record():
            return acts.Recorded(seconds=5), _("(nói lời nhắn)")
        case acts.NoteCallBack():
            return acts.CallBackNoted(number=phone(_SAMPLE_NUMBER)), _("(tổng đài ghi nhận)")
        case acts.ToDesk():
            return acts.NotDone(), _("(chưa có số của bộ phận một cửa)")
        case _:
            return acts.Done(), _("(tổng đài ghi nhận)")

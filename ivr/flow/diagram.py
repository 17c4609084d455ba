"""A flow drawn: Mermaid for the documentation, SVG (a tree, keys in front) for the pages; pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import assert_never

from ivr.flow.graph import Way, ways
from ivr.flow.model import (
    CallBack,
    Emergency,
    Flow,
    HangUp,
    Inform,
    Language,
    LookUp,
    Menu,
    Message,
    OneStop,
    Queue,
    Repeat,
    Step,
)
from tongdai.i18n import _

_ROW, _INDENT, _LEFT, _WIDTH, _TOP = 38, 34, 12, 900, 12
_LONGEST = 88


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of the tree.

    Attributes:
        depth: How far in.
        way: The key or the words that lead here.
        step: The step; one that was drawn above is only named.
        again: It stands above already.
    """

    depth: int
    way: str
    step: Step
    again: bool = False


def name_of(step: Step) -> str:  # noqa: C901, PLR0911 - one branch a kind of step
    """Return what a step does, in Vietnamese."""
    match step:
        case Menu():
            return _("Menu {name}").format(name=step.name or step.id)
        case Queue():
            field = f": {step.field}" if step.field else ""
            first = _(", ưu tiên {n}").format(n=step.priority) if step.priority else ""
            skill = ", " + _("kỹ năng {skill}").format(skill=step.skill) if step.skill else ""
            return _("Gặp tổng đài viên{field}{first}").format(field=field, first=first) + skill
        case Inform():
            return _("Thông tin {name}").format(name=step.name or step.id)
        case Emergency():
            return _("Số khẩn cấp {numbers}").format(numbers=", ".join(step.numbers))
        case LookUp():
            return _("Tra cứu phiếu")
        case Message():
            return _("Để lại lời nhắn")
        case CallBack():
            return _("Xin gọi lại")
        case Repeat():
            return _("Nghe lại")
        case Language():
            return _("Tiếng Anh") if step.language == "en" else _("Tiếng Việt")
        case OneStop():
            return _("Nối máy bộ phận một cửa: {unit}").format(unit=step.name or step.unit)
        case HangUp():
            return _("Chào và kết thúc")
        case other:
            assert_never(other)


def mermaid(flow: Flow) -> str:
    """Return the diagram as a Mermaid flowchart."""
    lines = ["flowchart LR", f'  caller(["{_("Lời chào, báo ghi âm")}"])']
    for step in flow.step:
        words = name_of(step).replace('"', "'")
        end = isinstance(step, Queue | HangUp | OneStop | Message | CallBack)
        lines.append(f'  s-{step.id}(["{words}"])' if end else f'  s-{step.id}["{words}"]')
    lines.append(f'  caller -->|"{_open_words(flow)}"| s-{flow.start}')
    if flow.closed is not None:
        lines.append(f'  caller -->|"{_("ngoài giờ")}"| s-{flow.closed}')
    for way in ways(flow):
        arrow = "-.->" if way.alone else "-->"
        label = f'|"{way.words}"|' if way.words else ""
        lines.append(f"  s-{way.tail} {arrow}{label} s-{way.head}")
    return "\n".join(lines) + "\n"


def tree(flow: Flow) -> list[Line]:
    """Return the flow as a tree, each step once; a step that stands above is only named again."""
    lines = list[Line]()
    seen = set[str]()
    by_tail: dict[str, list[Way]] = {}
    for way in ways(flow):
        by_tail.setdefault(way.tail, []).append(way)

    def walk(name: str, words: str, depth: int) -> None:
        step = flow.step_of(name)
        again = name in seen
        lines.append(Line(depth=depth, way=words, step=step, again=again))
        if again or isinstance(step, Repeat):
            return
        seen.add(name)
        for way in by_tail.get(name, []):
            walk(way.head, way.words, depth + 1)

    walk(flow.start, _open_words(flow), 0)
    if flow.closed is not None:
        walk(flow.closed, _("ngoài giờ"), 0)
    return lines


def svg(flow: Flow) -> str:
    """Return the tree as SVG."""
    lines = tree(flow)
    height = _TOP * 2 + len(lines) * _ROW
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
        f'width="{_WIDTH}" height="{height}" font-family="sans-serif" font-size="14">'
    )
    title = f"<title>{escape(flow.name)}</title>"
    drawn = (part for number, line in enumerate(lines) for part in _drawn(lines, number, line))
    return "\n".join([opening, title, *drawn, "</svg>"]) + "\n"


def _open_words(flow: Flow) -> str:
    return _("mọi lúc") if flow.closed is None else _("trong giờ")


def _drawn(lines: list[Line], number: int, line: Line) -> Iterator[str]:
    x, y = _LEFT + line.depth * _INDENT, _TOP + number * _ROW
    middle = y + _ROW // 2
    if line.depth:
        parent = max(n for n in range(number) if lines[n].depth == line.depth - 1)
        top = _TOP + parent * _ROW + _ROW // 2 + 13
        yield (f'<path d="M{x - _INDENT + 13} {top}V{middle}H{x}" fill="none" stroke="#94a3b8"/>')
    key = len(line.way) == 1
    shown = line.way
    width = 26 if key else 8 * len(shown) + 14 if shown else 0
    if shown:
        fill = "#1d4ed8" if key else "#e2e8f0"
        ink = "#ffffff" if key else "#334155"
        yield f'<rect x="{x}" y="{middle - 13}" width="{width}" height="26" rx="6" fill="{fill}"/>'
        yield (
            f'<text x="{x + width // 2}" y="{middle + 5}" text-anchor="middle" fill="{ink}" '
            f'font-weight="{"bold" if key else "normal"}">{escape(shown)}</text>'
        )
    words = name_of(line.step) + (_(" (xem ở trên)") if line.again else "")
    ink = "#64748b" if line.again else "#0f172a"
    words = words if len(words) <= _LONGEST else f"{words[: _LONGEST - 1]}…"
    yield f'<text x="{x + width + 8}" y="{middle + 5}" fill="{ink}">{escape(words)}</text>'

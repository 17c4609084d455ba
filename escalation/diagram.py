"""A procedure drawn: Mermaid for documentation and command line, SVG for the pages; pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from escalation.names import CLOSED, INTAKE, NEW
from escalation.procedure import Procedure
from escalation.rows import ActRule, Stage
from tongdai.calendar import parse_limit
from tongdai.i18n import _

_WIDTH, _HEIGHT, _GAP, _LEFT, _TOP = 320, 64, 36, 150, 16
_BULGE = 26
_TIP = (
    '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" '
    'markerHeight="8" orient="auto"><path d="M0 0L8 4L0 8z" fill="#475569"/></marker></defs>'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """A way from one box to another.

    Attributes:
        tail: Where from: a stage's id, or new, intake, closed.
        head: Where to.
        words: The act, or that the time is up.
        source: The row that it comes from.
        by_time: It is the passing of time.
    """

    tail: str
    head: str
    words: str
    source: str
    by_time: bool = False


def edges(procedure: Procedure) -> list[Edge]:
    """Return every way through the ladder, in the file's order, no two alike."""
    return list(dict.fromkeys([*_by_time(procedure), *_by_acts(procedure)]))


def mermaid(procedure: Procedure) -> str:
    """Return the diagram as a Mermaid flowchart."""
    lines = ["flowchart TD"]
    for box, words in _boxes(procedure):
        text = "<br>".join(_plain(line) for line in words)
        end = box in (NEW, CLOSED)
        lines.append(f'  {box}(["{text}"])' if end else f'  {box}["{text}"]')
    for edge in edges(procedure):
        arrow = "-.->" if edge.by_time else "-->"
        lines.append(f'  {edge.tail} {arrow}|"{_plain(edge.words)}"| {edge.head}')
    return "\n".join(lines) + "\n"


def svg(procedure: Procedure) -> str:
    """Return the diagram as SVG: the boxes in order, the ways numbered as `edges` lists them.

    What time alone brings runs down the left side, what people do the right one.
    """
    boxes = list(_boxes(procedure))
    place = {box: n for n, (box, _words) in enumerate(boxes)}
    ways = edges(procedure)
    furthest = max((abs(place[e.head] - place[e.tail]) for e in ways), default=1)
    width = _LEFT + _WIDTH + _BULGE * (furthest + 4)
    height = _TOP * 2 + len(boxes) * (_HEIGHT + _GAP)
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" font-family="sans-serif" font-size="13">'
    )
    parts = [
        opening,
        _TIP,
        f"<title>{escape(procedure.name)}</title>",
        *(_box(n, words) for n, (_box_id, words) in enumerate(boxes)),
        *(_way(n, edge, place) for n, edge in enumerate(ways, start=1)),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _by_time(procedure: Procedure) -> Iterator[Edge]:
    for stage in procedure.stage:
        if stage.expiry and stage.expiry.start:
            words = _("quá hạn, trễ hạn") if stage.expiry.overdue else _("quá hạn")
            head, source = stage.expiry.start, stage.expiry.source
            yield Edge(tail=stage.id, head=head, words=words, source=source, by_time=True)


def _by_acts(procedure: Procedure) -> Iterator[Edge]:
    for rule in procedure.act:
        for tail in rule.when:
            head = _head(rule, tail)
            if head:
                yield Edge(tail=tail, head=head, words=rule.name, source=rule.source)


def _head(rule: ActRule, tail: str) -> str | None:
    if rule.close:
        return CLOSED
    if rule.event == "received":
        return rule.start or INTAKE
    if rule.start:
        return rule.start
    ends = rule.stops is not None and tail in rule.stops
    return CLOSED if ends and rule.after_close else None


def _boxes(procedure: Procedure) -> Iterator[tuple[str, list[str]]]:
    yield NEW, [_("Người gửi")]
    if any(INTAKE in rule.when for rule in procedure.act):
        yield INTAKE, [_("Tiếp nhận")]
    for stage in procedure.stage:
        yield stage.id, [stage.name, _limits(stage)]
    yield CLOSED, [_("Kết thúc")]


def _limits(stage: Stage) -> str:
    texts = [stage.limit] if stage.limit else [limit.limit for limit in stage.limits]
    found = dict.fromkeys(parse_limit(text).vietnamese for text in texts)
    return ", ".join(found) or _("không có thời hạn")


def _plain(text: str) -> str:
    return text.replace('"', "'").replace("<", "(").replace(">", ")")


def _box(n: int, words: list[str]) -> str:
    y = _TOP + n * (_HEIGHT + _GAP)
    middle = _LEFT + _WIDTH // 2
    lines = [_cut(line) for line in words]
    first = y + _HEIGHT // 2 + 5 - 9 * (len(lines) - 1)
    texts = "".join(
        f'<text x="{middle}" y="{first + 20 * i}" text-anchor="middle" '
        f'font-weight="{"bold" if i == 0 else "normal"}" fill="#0f172a">{escape(line)}</text>'
        for i, line in enumerate(lines)
    )
    return (
        f'<rect x="{_LEFT}" y="{y}" width="{_WIDTH}" height="{_HEIGHT}" rx="8" fill="#f8fafc" '
        f'stroke="#64748b"/>{texts}'
    )


def _way(n: int, edge: Edge, place: dict[str, int]) -> str:
    tail, head = place[edge.tail], place[edge.head]
    shift = (n % 5 - 2) * 5
    begin = _TOP + tail * (_HEIGHT + _GAP) + _HEIGHT // 2 + shift
    end = _TOP + head * (_HEIGHT + _GAP) + _HEIGHT // 2 + shift + (12 if tail == head else 0)
    far = _BULGE * (abs(head - tail) + 1) + n % 6 * 15
    x, out = (_LEFT, _LEFT - min(far, 120)) if edge.by_time else (_LEFT + _WIDTH,) * 2
    out = out if edge.by_time else x + far
    dash = ' stroke-dasharray="5 4"' if edge.by_time else ""
    middle = (begin + end) // 2
    mark = (x + 3 * out) // 4
    return (
        f'<path d="M{x} {begin}C{out} {begin} {out} {end} {x} {end}" fill="none" '
        f'stroke="#475569"{dash} marker-end="url(#tip)"/>'
        f'<circle cx="{mark}" cy="{middle}" r="9" fill="#ffffff" stroke="#475569"/>'
        f'<text x="{mark}" y="{middle + 4}" text-anchor="middle" font-size="11" '
        f'fill="#0f172a">{n}</text>'
    )


def _cut(line: str) -> str:
    return line if len(line) <= 44 else f"{line[:43]}…"

"""The shipped flows, every hour of the week and holidays; and what a flow file may not say."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from escalation.lawbook import default_lawbook
from ivr.flow import acts
from ivr.flow.acts import Say
from ivr.flow.diagram import mermaid, svg, tree
from ivr.flow.graph import End, endings, reachable
from ivr.flow.parse import FlowError, find_flow, parse_flow, shipped
from ivr.flow.report import facts_at, played, report
from ivr.flow.state import Facts
from ivr.flow.walk import advance, begin
from tongdai.clock import HCM

FLOWS = Path(__file__).parents[3] / "ivr" / "flows"
DOCS = Path(__file__).parents[3] / "docs"
HOTLINES = ("can-tho", "gia-lai", "ha-noi", "hoa-binh", "tay-ninh")
LAWBOOK = default_lawbook(HOTLINES)
MONDAY = datetime(2026, 11, 23, tzinfo=HCM)
HOLIDAY = datetime(2026, 9, 2, 9, tzinfo=HCM)
MERMAID_WORDS = frozenset(
    [
        "graph",
        "flowchart",
        "subgraph",
        "end",
        "style",
        "linkStyle",
        "classDef",
        "class",
        "click",
        "call",
        "href",
        "default",
        "interpolate",
        "direction",
    ]
)


def test_every_hotline_has_its_flow() -> None:
    assert shipped() == HOTLINES


@pytest.mark.parametrize("hotline", HOTLINES)
def test_every_way_ends_in_a_person_a_message_or_a_farewell(hotline: str) -> None:
    flow = find_flow(hotline)
    assert End.PERSON in endings(flow, flow.start)
    if flow.closed is not None:
        assert endings(flow, flow.closed) == {End.MESSAGE, End.FAREWELL}
    for step in flow.step:
        for name in reachable(flow, step.id):
            assert endings(flow, name), f"{hotline}: nothing follows {name}"


@pytest.mark.parametrize("hotline", HOTLINES)
def test_every_hour_of_the_week_and_a_holiday_lead_where_the_calendar_says(hotline: str) -> None:
    flow, calendar = find_flow(hotline), LAWBOOK.calendar(hotline)
    assert calendar is not None
    moments = [MONDAY + timedelta(minutes=30 * n) for n in range(7 * 48)]
    for when in (*moments, *(HOLIDAY + timedelta(hours=n) for n in range(24))):
        facts = facts_at(flow, calendar, when)
        always = flow.hours.open == "always"
        assert facts.open is (always or calendar.is_open(when))
        *_rest, end = played(flow, facts, [])
        in_queue = "hàng đợi" in end.text
        assert in_queue is facts.open, f"{hotline} {when}"
        assert facts.open or facts.next_opening


@pytest.mark.parametrize("hotline", HOTLINES)
def test_whoever_presses_nothing_is_greeted_told_and_never_left_in_silence(hotline: str) -> None:
    flow = find_flow(hotline)
    for facts in (Facts(open=True), Facts(open=False, next_opening="bảy giờ")):
        _state, effects = begin(flow, facts)
        told = effects.index(acts.Told())
        assert [e.text for e in effects[:told] if isinstance(e, Say)][1:] == [flow.notice]
        assert isinstance(effects[told - 1], Say)
        assert not effects[told - 1].key  # the notice is said to its end


@pytest.mark.parametrize("hotline", HOTLINES)
def test_who_has_no_keys_is_led_on_right_after_one_reading(hotline: str) -> None:
    flow = find_flow(hotline)
    holds = [menu for menu in flow.menus() if menu.silence == 1]
    assert flow.start in {menu.id for menu in holds}
    for menu in holds:
        assert menu.wait_seconds <= 3, f"{hotline}: {menu.id}"
    state, effects = begin(flow, Facts(open=True))
    sentences = [e.text for e in effects if isinstance(e, Say)][-1].split(".")
    before = next(n for n, words in enumerate(sentences) if "giữ máy" in words)
    assert before <= 3, "choices before 'hold the line'"
    state, effects = advance(state, acts.Silence())
    assert state.gone
    assert isinstance(effects[-1], acts.ToQueue)


@pytest.mark.parametrize("hotline", ["tay-ninh", "hoa-binh"])
def test_outside_the_hours_the_next_opening_is_said_and_nobody_is_queued(hotline: str) -> None:
    """TN-5.2, HB-3.2."""
    flow, calendar = find_flow(hotline), LAWBOOK.calendar(hotline)
    saturday = datetime(2026, 11, 28, 20, tzinfo=HCM)
    said = [h.text for h in played(flow, facts_at(flow, calendar, saturday), [])]
    assert any("thứ hai, ngày ba mươi tháng mười một" in text for text in said)
    for key in "0123456789*#":
        *_rest, end = played(flow, facts_at(flow, calendar, saturday), [key])
        assert "hàng đợi" not in end.text


def test_the_drawings_in_the_documentation_are_those_of_the_flows() -> None:
    text = (DOCS / "ivr-flows.md").read_text(encoding="utf-8")
    for hotline in HOTLINES:
        assert f"```mermaid\n{mermaid(find_flow(hotline))}```" in text, (
            f"docs/ivr-flows.md: {hotline}"
        )


@pytest.mark.parametrize("hotline", HOTLINES)
def test_no_place_of_a_drawing_is_called_like_a_word_of_mermaid_s(hotline: str) -> None:
    """`call` is one: a drawing with a place of that name is a syntax error, and nothing is shown.

    https://mermaid.js.org/syntax/flowchart.html, and its grammar flow.jison.
    """
    heads = re.findall(r"^  ([\w-]+)", mermaid(find_flow(hotline)), flags=re.MULTILINE)
    assert len(heads) >= len(find_flow(hotline).step)
    for head in heads:
        assert head not in MERMAID_WORDS
        assert "--" not in head


@pytest.mark.parametrize("hotline", HOTLINES)
def test_the_tree_shows_every_step_and_its_svg_is_well_formed(hotline: str) -> None:
    flow = find_flow(hotline)
    assert {line.step.id for line in tree(flow)} == {step.id for step in flow.step}
    assert svg(flow).count("<text") >= len(flow.step)
    assert report(flow).count("Gặp tổng đài viên") >= 1


Change = Callable[[str], str]


@pytest.mark.parametrize(
    ("change", "where", "why"),
    [
        (lambda t: t.replace('go = "tra-cuu"', 'go = "nowhere"', 1), "key.go", "no step 'nowhere'"),
        (lambda t: t.replace('press = "2"', 'press = "1"', 1), "key.press", "twice"),
        (lambda t: t.replace('press = "2"', 'press = "12"', 1), "key.press", "match pattern"),
        (lambda t: t.replace('start = "chinh"', 'start = "x"'), "start", "no step 'x'"),
        (lambda t: t.replace('do = "queue"', 'do = "fly"', 1), "step", "do not match|does not"),
        (lambda t: t.replace("wait_seconds = 2", "wait_seconds = 99"), "wait_seconds", "15"),
        (lambda t: t.replace('open = "always"', 'open = "working"'), "hours.open", "closed = "),
        (lambda t: t.replace("số 115", "số một"), "step.say", "115 is not"),
        (lambda t: t.replace("Xin quý vị chờ", "{nobody} chờ"), "step.say", "place-holder"),
        (lambda t: t + '\n[[step]]\ndo = "hang-up"\nid = "alone"\nsay = "x"\n', "step.id", "leads"),
        (
            lambda t: t.replace('then = "sau-khan-cap"', 'then = "khan-cap"'),
            "step.id",
            "for ever|nothing leads",
        ),
        (lambda t: t.replace("[hours]", "[hours"), "", "is not TOML"),
        (lambda t: t.replace('name = "Tổng đài', 'nam = "Tổng đài', 1), "nam", "nexpected"),
    ],
)
def test_a_flow_that_contradicts_itself_is_refused_with_line_and_reason(
    change: Change, where: str, why: str
) -> None:
    text = (FLOWS / "can-tho.toml").read_text(encoding="utf-8")
    changed = change(text)
    assert changed != text
    with pytest.raises(FlowError, match=rf"^can-tho\.toml.*{where}.*({why})"):
        parse_flow(changed, "can-tho.toml")


def test_the_line_that_is_named_is_the_one_that_is_wrong() -> None:
    text = (FLOWS / "can-tho.toml").read_text(encoding="utf-8")
    wrong = text.replace('go = "khan-cap"', 'go = "khan-cop"', 1)
    line = next(n for n, row in enumerate(wrong.splitlines(), 1) if "khan-cop" in row)
    with pytest.raises(FlowError, match=rf"line {line}: key\.go: no step 'khan-cop'"):
        parse_flow(wrong, "can-tho.toml")


def test_an_operators_queue_outside_the_hours_is_refused() -> None:
    text = (FLOWS / "tay-ninh.toml").read_text(encoding="utf-8")
    wrong = text.replace('go = "loi-nhan"', 'go = "tong-dai-vien"', 1)
    with pytest.raises(FlowError, match="outside the hours nobody serves 'tong-dai-vien'"):
        parse_flow(wrong, "tay-ninh.toml")
